"""What a call says of one resource, or of a part of it."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, replace
from typing import Any

from stackproof.model import ABSENT, Cause, Unknown, Value, Where
from stackproof.sources.live.aws import Answer
from stackproof.sources.live.faults import Fault
from stackproof.sources.live.permissions import permission_of
from stackproof.sources.live.shaping import look, plain_value, shape_at


class GoneError(Exception):
    """AWS says that the thing is not there."""

    def __init__(self, part: Part) -> None:
        self.part = part
        super().__init__(part.call)


class NoHintError(Exception):
    """The physical id does not say where to look, and the template's value is not known."""

    def __init__(self, path: str) -> None:
        self.path = path
        super().__init__(path)


@dataclass(frozen=True, slots=True)
class Part:
    """What one call says: its value (None: known to be absent) with botocore's shape, or the fault."""

    call: str
    value: Any
    shape: Any
    fault: Fault | None
    entry: int

    @property
    def where(self) -> Where:
        """The call, and the line of the ledger that holds it."""
        return Where(self.call, self.entry)

    @property
    def unknown(self) -> Unknown:
        """What this call's properties are when it failed."""
        fault = self.fault or Fault(Cause.MALFORMED, "", "")
        if fault.gone:  # a part of something that is there: the answers contradict each other
            fault = replace(fault, cause=Cause.MALFORMED)
        return fault.unknown(permission_of(self.call))

    def at(self, path: str, *, required: bool = True) -> Part:
        """Look into the answer. A missing member is a malformed answer, or absence where it is not required."""
        inner = replace(self, value=look(self.value, path), shape=shape_at(self.shape, path))
        if self.fault is None and self.value is not None and inner.value is None and required:
            return replace(inner, fault=Fault(Cause.MALFORMED, "", f"{self.call} answered without {path}"))
        return inner

    def filled(self) -> Part:
        """Demand that there is something in the answer: an API that has another way to say "nothing" was cut off."""
        if self.fault is None and self.value == {}:
            return replace(self, fault=Fault(Cause.MALFORMED, "", f"{self.call} answered with nothing"))
        return self

    def element(self, index: int) -> Part:
        """Look at an element of a list; a list that is too short is a malformed answer."""
        shape = getattr(self.shape, "member", None)
        if self.fault is None and (not isinstance(self.value, list) or len(self.value) <= index):
            fault = Fault(Cause.MALFORMED, "", f"{self.call} answered with no element {index}")
            return replace(self, value=None, shape=shape, fault=fault)
        return replace(self, value=self.value[index] if self.fault is None else None, shape=shape)


ODD = (
    KeyError,
    TypeError,
    AttributeError,
    IndexError,
    ValueError,
)  # what an answer of another form than documented causes


def computed(make: Callable[[Any], Value], part: Part) -> Value:
    """Work out a value from an answer; one of another form than documented is unknown."""
    if part.value is None:
        return ABSENT
    try:
        return make(part.value)
    except ODD:
        return Unknown(Cause.MALFORMED, permission_of(part.call))


def tags(value: Any, *, listed: bool) -> Value:
    """Tags in one of AWS's forms (`{key: value}`, `[{Key, Value}]`, `[{key, value}]`, `[{TagKey, TagValue}]`)."""
    pairs: dict[str, Value] = {}
    if isinstance(value, Mapping):
        pairs = {str(key): plain_value(item) for key, item in value.items()}
    else:
        for tag in value or ():
            lower = {key.lower().removeprefix("tag"): item for key, item in tag.items()}
            pairs[str(lower.get("key"))] = plain_value(lower.get("value"))
    own = {key: item for key, item in pairs.items() if not key.startswith("aws:")}
    return [{"Key": key, "Value": item} for key, item in own.items()] if listed else dict(own)


def part_of(answer: Answer, path: str, absent: Collection[str] = ()) -> Part:
    """Look into an answer; error codes in `absent` mean that there is none."""
    fault = answer.fault
    known_absent = fault is not None and fault.code in absent
    part = Part(answer.call, answer.value, answer.shape, None if known_absent else fault, answer.entry)
    return part.at(path, required=not known_absent) if path else part


def pick(listed: Part, match: Mapping[str, str]) -> Part | None:
    """The element that matches; the fault itself when there is no list."""
    if listed.fault is not None:
        return None if listed.fault.gone else replace(listed, shape=member_of(listed.shape))
    for item in listed.value if isinstance(listed.value, list) else ():
        if all(str(look(item, key.replace("__", "."))).lower() == wanted.lower() for key, wanted in match.items()):
            return replace(listed, value=item, shape=member_of(listed.shape))
    return None


def member_of(shape: Any) -> Any:
    """The shape of a list's elements."""
    return getattr(shape, "member", None)
