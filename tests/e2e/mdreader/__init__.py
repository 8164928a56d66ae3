"""MDReader's user flows: on its API, and in the browser."""
