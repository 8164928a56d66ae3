"""Small operations on values: writing them as text, joining texts, and asking whether everything is known."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final, NamedTuple

from stackproof.model import ABSENT, Absent, Cause, Reference, Text, Unknown, Value
from stackproof.sources.nodes import Node


class Resolved(NamedTuple):
    """A node's value, and what a resolved template keeps in its place (the same object when all is known).

    The value ABSENT is AWS::NoValue.
    """

    value: Value
    rest: object


MAX_TEXT: Final = 1_000_000  # CloudFormation refuses far shorter ones; texts made of texts of texts end here
NO_VALUE: Final = Resolved(ABSENT, {"Ref": "AWS::NoValue"})


def known(value: Value) -> bool:
    """Say whether the value is plain JSON throughout."""
    if isinstance(value, dict):
        return all(known(item) for item in value.values())
    if isinstance(value, list):
        return all(known(item) for item in value)
    return not isinstance(value, Unknown | Reference | Text | Absent)


def settled(value: Value, rest: object) -> Resolved:
    """Pair a value with itself when all of it is known, else with what is left of its expression."""
    return Resolved(value, value if known(value) else rest)


def scalar_text(value: str | float | bool) -> str:
    """Write a number or boolean as CloudFormation does when it needs text."""
    return str(value).lower() if isinstance(value, bool) else str(value)


def join(parts: Iterable[Value], what: str) -> Value:
    """Put values together to one text: plain text when all are plain, the part itself when it is the only one.

    A list or mapping has no text; it makes an unknown that says `what` was being written.
    """
    merged: list[str | Reference | Unknown] = []
    size = 0
    for part in parts:
        size += len(part) if isinstance(part, str) else len(str(part)) if isinstance(part, Text) else 1
        if size > MAX_TEXT:
            return Unknown(Cause.PARSE_ERROR, f"{what} makes more than {MAX_TEXT:,} characters")
        for piece in part.parts if isinstance(part, Text) else (part,):
            if isinstance(piece, Reference | Unknown):
                merged.append(piece)
            elif isinstance(piece, str | int | float):
                text = scalar_text(piece)
                if merged and isinstance(merged[-1], str):
                    merged[-1] += text
                elif text:
                    merged.append(text)
            elif not isinstance(piece, Absent):
                return Unknown(Cause.PARSE_ERROR, f"{what} got a list or mapping, expected text")
    if not merged:
        return ""
    return merged[0] if len(merged) == 1 else Text(tuple(merged))


def split_text(value: Text, delimiter: str) -> list[Value]:
    """Split a text at a delimiter that none of its undecided parts can have, keeping those parts."""
    groups: list[list[Value]] = [[]]
    for part in value.parts:
        if not isinstance(part, str):
            groups[-1].append(part)
            continue
        first, *others = part.split(delimiter)
        groups[-1].append(first)
        groups += [[other] for other in others]
    return [join(group, "Fn::Split") for group in groups]


def first_unknown(value: Value) -> Unknown | None:
    """Return the first thing inside a value that stops it from being read, or None."""
    if isinstance(value, Unknown):
        return value
    if isinstance(value, Reference):
        return None if value.text is not None else Unknown(Cause.NEEDS_LIVE, str(value))
    if isinstance(value, Text):
        return next((found for part in value.parts if (found := first_unknown(part))), None)
    children = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    return next((found for child in children if (found := first_unknown(child))), None)


def plain(value: Value) -> Value:
    """Replace references by the text that they will have; an Unknown where one has none yet."""
    if isinstance(value, Reference | Text):
        hole = first_unknown(value)
        if hole:
            return hole
        parts = value.parts if isinstance(value, Text) else (value,)
        return "".join(part.text or "" if isinstance(part, Reference) else str(part) for part in parts)
    if isinstance(value, dict):
        return {key: plain(item) for key, item in value.items()}
    return [plain(item) for item in value] if isinstance(value, list) else value


def from_node(node: Node) -> Value:
    """Read a node as it stands, without evaluating anything in it."""
    if isinstance(node, dict):
        return {key: from_node(value) for key, value in node.items()}
    return [from_node(item) for item in node] if isinstance(node, list) else node
