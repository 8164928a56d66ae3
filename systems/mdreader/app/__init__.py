"""MDReader: people write Markdown together. The API is `app.main`, the collaboration server `app.collaboration`."""

__version__ = "2.0.0"
