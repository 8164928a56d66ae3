"""JSON inside a text: dashboard bodies, secret strings and policies written as strings.

The text may hold references and unknowns; they come out as leaves of the tree that the JSON stands for.
"""

from __future__ import annotations

import json
import re
from dataclasses import replace
from typing import Final

from stackproof.model import Cause, Fact, Reference, Text, Unknown, Value

_MARK: Final = re.compile("\ue000([0-9]+)\ue001")  # private-use characters: no template holds them on purpose


def json_of(fact: Fact) -> Fact:
    """Read a text as JSON and return its tree as a fact of the same path and place.

    A value that is a mapping or list already is returned as it is. Text that is not JSON becomes
    `Unknown(parse-error)`, so that reading on stays unknown; `is_json` makes it a failure.
    """
    if isinstance(fact.value, str | Text):
        return replace(fact, value=parse(fact.value), source=None)
    return fact


def is_json(value: Value) -> bool | Unknown:
    """Say whether a value is JSON, as a mapping or as text; a reference's own text is not known."""
    if isinstance(value, Reference):
        return Unknown(Cause.NEEDS_LIVE, str(value))
    if isinstance(value, Text) and all(not isinstance(part, str) for part in value.parts):
        return next((part for part in value.parts if isinstance(part, Unknown)), True)
    if isinstance(value, str | Text):
        parsed = parse(value)
        return not (isinstance(parsed, Unknown) and parsed.cause is Cause.PARSE_ERROR)
    return isinstance(value, dict | list)


def parse(value: str | Text) -> Value:
    """Read a text as JSON: a tree with the text's references and unknowns as leaves, or Unknown(parse-error)."""
    parts = value.parts if isinstance(value, Text) else (value,)
    try:
        tree = json.loads(_marked(parts))
    except (ValueError, RecursionError) as error:
        return Unknown(Cause.PARSE_ERROR, f"not JSON: {error}")
    return _unmarked(tree, parts)


def _marked(parts: tuple[str | Reference | Unknown, ...]) -> str:
    """Replace each part that is no text by a mark, in quotes of its own where it stands outside a string."""
    written, inside = [], False
    for index, part in enumerate(parts):
        if isinstance(part, str):
            written.append(part)
            inside ^= _quotes(part) % 2 == 1
        else:
            mark = f"\ue000{index}\ue001"
            written.append(mark if inside else f'"{mark}"')
    return "".join(written)


def _quotes(part: str) -> int:
    return sum(1 for quote in re.findall(r'\\.|(")', part, re.DOTALL) if quote)


def _unmarked(tree: object, parts: tuple[str | Reference | Unknown, ...]) -> Value:
    if isinstance(tree, dict):
        return {str(_MARK.sub("?", key)): _unmarked(item, parts) for key, item in tree.items()}
    if isinstance(tree, list):
        return [_unmarked(item, parts) for item in tree]
    if isinstance(tree, str):
        return _text(tree, parts)
    return tree if tree is None or isinstance(tree, bool | int | float) else str(tree)


def _text(text: str, parts: tuple[str | Reference | Unknown, ...]) -> Value:
    pieces: list[str | Reference | Unknown] = []
    for index, piece in enumerate(_MARK.split(text)):
        if index % 2:
            pieces.append(parts[int(piece)])
        elif piece:
            pieces.append(piece)
    if len(pieces) == 1 and not isinstance(pieces[0], str):
        return pieces[0]
    return Text(tuple(pieces)) if any(not isinstance(piece, str) for piece in pieces) else text
