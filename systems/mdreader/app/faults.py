"""Faults on purpose, so that the gates can be shown to see them. Never set MDREADER_FAULT where people work.

register-without-token     registering answers 200 and no token
lose-last-edit             saving keeps every edit but the last
foreign-document-readable  a document is shown to whoever asks
websocket-drops            the connection closes after some messages and does not come back
console-error              the page writes an error to the console
image-without-alt          the page's logo has no alternative text
slow-page                  the page shows itself after five seconds
"""

from __future__ import annotations

import os

VARIABLE = "MDREADER_FAULT"


def active(fault: str) -> bool:
    """Whether this fault is switched on: MDREADER_FAULT is a list with commas."""
    return fault in {name.strip() for name in os.environ.get(VARIABLE, "").split(",")}
