"""YAML and JSON text as one flat stream of events, so that reading never recurses."""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterator
from json import JSONDecodeError
from json.decoder import scanstring  # type: ignore[attr-defined]
from typing import TYPE_CHECKING, Final, NamedTuple, cast

from stackproof.sources import scalars
from stackproof.sources.nodes import Node

if TYPE_CHECKING:
    import yaml


class NotReadableError(Exception):
    """The text has no readable form: why, and on which line."""

    def __init__(self, message: str, line: int) -> None:
        super().__init__(message)
        self.message = message
        self.line = line


class Event(NamedTuple):
    """`kind` is one of `{ } [ ] scalar alias`; `tag` is a CloudFormation short tag without its `!`."""

    kind: str
    line: int
    value: Node = None
    tag: str = ""
    anchor: str = ""


def of_yaml(text: str) -> Iterator[Event]:
    """Events of the first YAML document.

    Raises:
        NotReadableError: not YAML, or more than one document.

    """
    import yaml

    documents = 0
    try:
        parser = yaml.CSafeLoader(text) if yaml.__with_libyaml__ else yaml.SafeLoader(text)
        while parser.check_event():
            event = parser.get_event()
            if event is None:
                break
            if isinstance(event, yaml.DocumentStartEvent):
                documents += 1
                if documents > 1:
                    raise NotReadableError("a second YAML document starts here, expected one", _line(event))
            converted = _from_yaml(event)
            if converted:
                yield converted
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        reason = " ".join(part for part in (error.context, error.problem) if part)
        raise NotReadableError(f"not valid YAML: {reason}", mark.line + 1 if mark else 1) from None
    except (yaml.YAMLError, ValueError) as error:  # characters that YAML forbids, surrogates
        raise NotReadableError(f"not valid YAML: {str(error).splitlines()[0]}", 1) from None


def _line(event: yaml.Event) -> int:
    return event.start_mark.line + 1 if event.start_mark else 1


def _from_yaml(event: yaml.Event) -> Event | None:
    kind = _KINDS.get(type(event).__name__)
    if kind is None:
        return None
    value = _scalar(cast("yaml.ScalarEvent", event)) if kind == "scalar" else None
    return Event(kind, _line(event), value, _short(getattr(event, "tag", None)), getattr(event, "anchor", None) or "")


_KINDS: Final = {
    "ScalarEvent": "scalar",
    "MappingStartEvent": "{",
    "MappingEndEvent": "}",
    "SequenceStartEvent": "[",
    "SequenceEndEvent": "]",
    "AliasEvent": "alias",
}


def _scalar(event: yaml.ScalarEvent) -> Node:
    tag: str | None = event.tag
    if tag is None:
        return scalars.plain(event.value) if event.implicit[0] else str(event.value)
    kind = tag.removeprefix("tag:yaml.org,2002:")
    if kind in ("int", "float", "bool"):
        return scalars.plain(event.value)
    return None if kind == "null" else str(event.value)


def _short(tag: str | None) -> str:
    if tag is None or tag == "!" or tag.startswith("tag:yaml.org,2002:"):
        return ""
    return tag[1:]


_TOKEN: Final = re.compile(
    r'[ \t\r\n]*(?:([{}\[\],:])|(")|(-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][-+]?[0-9]+)?)|(true|false|null)|(.))?',
    re.DOTALL,
)
_HALF: Final = re.compile("[\ud800-\udfff]")
_CONSTANTS: Final = {"true": True, "false": False, "null": None}
# What may come next: v value, e value or end, k key or end, K key, c colon, n comma or end, . nothing.
_VALUE_STATES: Final = "vekK"
_WANTED: Final = {
    "v": "a value",
    "e": "a value or ]",
    "k": "a key in quotes or }",
    "K": "a key in quotes",
    "c": "a colon",
    "n": "a comma or the end of the mapping or list",
}


def of_json(text: str) -> Iterator[Event]:
    """Events of a JSON text, tabs and all.

    Raises:
        NotReadableError: not JSON.

    """
    newlines = [match.start() for match in re.finditer("\n", text)]
    open_: list[str] = []
    state, position = "v", 0
    while (match := _TOKEN.match(text, position)) and match.lastindex:
        position = match.end()
        line = bisect_right(newlines, position - 1) + 1
        mark, quote, number, word, odd = match.groups()
        if odd or not _allowed(state, mark, open_) or (state in "kK" and not (quote or mark)):
            raise NotReadableError(f"not valid JSON: got {match[0].strip()[:20]!r}, expected {_wanted(state)}", line)
        if mark:
            state = _after(mark, open_)
            if mark not in ",:":
                yield Event(mark, line)
            continue
        value: Node = _CONSTANTS[word] if word else None
        if quote:
            value, position = _string(text, position, line)
        elif number:
            value = _number(number)
        state = "c" if state in "kK" else "n" if open_ else "."
        yield Event("scalar", line, value)
    if state != ".":
        raise NotReadableError("not valid JSON: the text ends too early", len(newlines) + 1)


def _after(mark: str, open_: list[str]) -> str:
    """Return what may come after a mark, and keep track of what is open."""
    if mark in "{[":
        open_.append(mark)
        return "k" if mark == "{" else "e"
    if mark in "}]":
        open_.pop()
        return "n" if open_ else "."
    return "v" if mark == ":" or open_[-1] == "[" else "K"


def _allowed(state: str, mark: str | None, open_: list[str]) -> bool:
    if mark is None:
        return state in _VALUE_STATES
    if mark in "{[":
        return state in "ve"
    if mark == "}":
        return open_[-1:] == ["{"] and state in "kn"
    if mark == "]":
        return open_[-1:] == ["["] and state in "en"
    return state == ("n" if mark == "," else "c")


def _wanted(state: str) -> str:
    return _WANTED.get(state, "the end of the text")


def _string(text: str, position: int, line: int) -> tuple[str, int]:
    try:
        value, end = scanstring(text, position, False)
    except JSONDecodeError as error:
        raise NotReadableError(f"not valid JSON: {error.msg}", line) from None
    if not value.isascii() and _HALF.search(value):
        raise NotReadableError("not valid JSON: half a character (a surrogate without its other half)", line)
    return value, end


def _number(text: str) -> int | float | str:
    if len(text) > 400:
        return text
    if "." in text or "e" in text or "E" in text:
        number = float(text)
        return number if abs(number) != float("inf") else text
    return int(text)
