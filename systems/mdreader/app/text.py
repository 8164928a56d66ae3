"""A document's text as what its edits make of it (Yjs), so that edits of several people merge."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from pycrdt import Doc, Text

NAME = "content"  # of the text within the Yjs document, in the browser, too
NOTHING = b"\0\0"  # the update that changes nothing


def new(content: str) -> bytes:
    """The first state of a document with this text."""
    document: Doc[Any] = Doc()
    document[NAME] = Text(content)
    return document.get_update()


def document_of(updates: Iterable[bytes]) -> Doc[Any]:
    """The document that these updates make.

    Raises:
        ValueError: one of them is not an update.

    """
    document: Doc[Any] = Doc()
    document[NAME] = Text()
    for update in updates:
        document.apply_update(update)
    return document


def text_of(document: Doc[Any]) -> str:
    """The text of a document."""
    return str(document[NAME])


def edit(document: Doc[Any], content: str) -> bytes:
    """Change a document's text to `content` and return the update that does it, as small as beginning and end allow.

    NOTHING when the text is that already.
    """
    old, new_ = text_of(document), content
    if old == new_:
        return NOTHING
    start = _common(old, new_)
    end = _common(old[start:][::-1], new_[start:][::-1])
    before = document.get_state()
    text: Text = document[NAME]
    at = len(old[:start].encode())  # the library counts bytes of UTF-8
    gone = len(old[start : len(old) - end].encode())
    with document.transaction():
        if gone:
            del text[at : at + gone]
        text.insert(at, new_[start : len(new_) - end])
    return document.get_update(before)


def _common(one: str, other: str) -> int:
    """How many characters two texts have in common at their beginning."""
    for index, (a, b) in enumerate(zip(one, other, strict=False)):
        if a != b:
            return index
    return min(len(one), len(other))
