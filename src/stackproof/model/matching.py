"""Comparing a value with what is expected, in three values: yes, no, and cannot be known (an `Unknown`)."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import TypeAlias

from stackproof.model.values import Absent, Cause, Reference, Text, Unknown, Value

Answer: TypeAlias = bool | Unknown

_IDENTITIES = ("", "Arn", "Id")  # what names one resource: two resources never share it


def compare(value: Value, test: Callable[[Value], bool]) -> Answer:
    """Apply a test of plain values, or say why there is no plain value to test."""
    plain = readable(value)
    return plain if isinstance(plain, Unknown) else test(plain)


def readable(value: Value) -> Value:
    """Reduce references and texts to the plain text that they will have, or to the Unknown that prevents it."""
    if isinstance(value, Reference):
        return value.text if value.text is not None else Unknown(Cause.NEEDS_LIVE, str(value))
    if isinstance(value, Text):
        parts = [part if isinstance(part, str) else readable(part) for part in value.parts]
        unknown = next((part for part in parts if isinstance(part, Unknown)), None)
        return unknown or "".join(str(part) for part in parts)
    return value


def equal(value: Value, expected: Value) -> Answer:
    """Compare as CloudFormation does: `"true"` is true and `"30"` is 30; parts of a text may rule it out."""
    if isinstance(value, Reference) and isinstance(expected, Reference):
        if value == expected:
            return True
        if value.attribute == expected.attribute and value.attribute in _IDENTITIES:
            return False
        return _plainly_equal(readable(value), readable(expected))
    if isinstance(value, Reference | Text):
        if value == expected:
            return True
        plain = readable(expected)
        return plain if isinstance(plain, Unknown) else match(value, re.compile(re.escape(_as_text(plain))))
    if isinstance(value, dict | list) and isinstance(expected, dict | list):
        return _same_structure(value, expected)
    return _plainly_equal(value, readable(expected))


def match(value: Value, pattern: re.Pattern[str]) -> Answer:
    """Match the whole text; a text with undecided parts is answered where its known parts already rule it out."""
    plain = readable(value)
    if not isinstance(plain, Unknown):
        return not isinstance(plain, dict | list | Absent) and pattern.fullmatch(_as_text(plain)) is not None
    if isinstance(value, Text) and _ruled_out(value, pattern):
        return False
    return plain


def starts_with(value: Value, prefix: str) -> Answer:
    """Compare the beginning of a text as far as it is known."""
    plain = readable(value)
    if not isinstance(plain, Unknown):
        return isinstance(plain, str) and plain.startswith(prefix)
    known = ""
    for part in value.parts if isinstance(value, Text) else ():
        text = readable(part)
        if not isinstance(text, str):
            break
        known += text
    if known.startswith(prefix):
        return True
    return plain if prefix.startswith(known) else False


def holes(value: Value) -> Iterator[Unknown]:
    """Every unknown inside a value, in document order. A reference is not a hole: it is known what it points at."""
    if isinstance(value, Unknown):
        yield value
    elif isinstance(value, Text):
        for part in value.parts:
            if isinstance(part, Unknown):
                yield part
    elif isinstance(value, dict):
        for item in value.values():
            yield from holes(item)
    elif isinstance(value, list):
        for item in value:
            yield from holes(item)


def show(value: Value) -> str:
    """Write a value the way a finding quotes it, shortened to about 80 characters."""
    if isinstance(value, Reference | Text):
        shown = str(value)
    elif isinstance(value, Absent):
        return "not set"
    elif isinstance(value, bool):
        return str(value).lower()
    else:
        shown = repr(value)
    return shown if len(shown) <= 80 else f"{shown[:77]}..."


def _plainly_equal(value: Value, expected: Value) -> Answer:
    for side in (value, expected):
        if isinstance(side, Unknown):
            return side
    if isinstance(value, Absent) or isinstance(expected, Absent):
        return value is expected
    if isinstance(value, dict | list) or isinstance(expected, dict | list):
        return value == expected
    if isinstance(value, int | float) and isinstance(expected, int | float) and not _any_bool(value, expected):
        return value == expected
    return _as_text(value) == _as_text(expected)


def _same_structure(value: Value, expected: Value) -> Answer:
    if isinstance(value, dict) and isinstance(expected, dict):
        if value.keys() != expected.keys():
            return False
        return _all_equal([(value[key], expected[key]) for key in expected])
    if isinstance(value, list) and isinstance(expected, list):
        return len(value) == len(expected) and _all_equal(list(zip(value, expected, strict=True)))
    return False


def _all_equal(pairs: list[tuple[Value, Value]]) -> Answer:
    answers = [equal(left, right) for left, right in pairs]
    if any(answer is False for answer in answers):
        return False
    return next((answer for answer in answers if isinstance(answer, Unknown)), True)


def _as_text(value: Value) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    return str(value)


def _any_bool(*values: Value) -> bool:
    return any(isinstance(value, bool) for value in values)


def _ruled_out(text: Text, pattern: re.Pattern[str]) -> bool:
    """Say whether the known parts already prevent a match. Only a literal pattern can be ruled out this way."""
    literal = _literal(pattern.pattern)
    if literal is None:
        return False
    shape = "".join(
        re.escape(part) if isinstance(part, str) else ".+" if isinstance(part, Reference) else ".*"
        for part in text.parts
    )
    return re.fullmatch(shape, literal, re.DOTALL) is None


def _literal(pattern: str) -> str | None:
    """Return the text of a pattern that matches just one text, else None."""
    plain = re.sub(r"\\(.)", r"\1", pattern)
    return plain if re.escape(plain) == pattern else None
