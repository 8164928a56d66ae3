"""User flows in a real browser: finding one, people who visit pages, what every page must keep, and the evidence.

The pytest fixtures over this are in `plugin/fixtures.py`; docs/flows.md shows how a flow is written.
"""
