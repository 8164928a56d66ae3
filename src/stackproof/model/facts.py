"""Facts: one property as it was declared, defaulted or observed, and the claims that can be made about it."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol

from stackproof.model import matching
from stackproof.model.claims import Claim, Evidence, Where, all_of, any_of
from stackproof.model.matching import Answer
from stackproof.model.values import ABSENT, Absent, Cause, Reference, Text, Unknown, Value


class Origin(StrEnum):
    """How a fact came to be known."""

    DECLARED = "declared"  # written in a template
    DEFAULTED = "defaulted"  # not written; AWS documents this value
    OBSERVED = "observed"  # read from the deployed resource


class Source(Protocol):
    """What a fact asks of the resource that it belongs to."""

    def where(self, path: str) -> Where:
        """Say where the property at this path was read."""

    def default(self, path: str) -> Value:
        """Return the value that AWS documents for an absent property, or ABSENT."""


@dataclass(frozen=True, slots=True)
class Fact:
    """One property of a resource: its path, value, where it was read and how it came to be known.

    Reading on with `fact["Key"]` or `fact[0]` never raises: what is not there is an absent fact, and what
    cannot be looked into is an unknown one.
    """

    path: str
    value: Value
    where: Where
    origin: Origin = Origin.DECLARED
    source: Source | None = None

    def __getitem__(self, key: str | int) -> Fact:
        path = f"{self.path}[{key}]" if isinstance(key, int) else f"{self.path}.{key}" if self.path else key
        return self._child(path, _look_into(self.value, key, self.path))

    def at(self, path: str) -> Fact:
        """Read a dotted path, such as `ViewerCertificate.Type` or `Rules[0].Name`; `["a.b"]` for a key with dots."""
        fact = self
        for key, index, quoted in re.findall(r'([^.\[\]]+)|\[(\d+)\]|\["([^"]+)"\]', path):
            fact = fact[int(index)] if index else fact[quoted or key]
        return fact

    def items(self) -> tuple[Fact, ...]:
        """The elements of a list, or of a single value where AWS allows one in place of a list.

        Empty when absent. An unknown list, or one with an unknown in place of elements, gives that unknown as
        an element, so that `each` and `some` stay unknown.
        """
        if isinstance(self.value, Absent):
            return ()
        if isinstance(self.value, list):
            return tuple(self._child(f"{self.path}[{i}]", item) for i, item in enumerate(self.value))
        return (self,)

    def keys(self) -> tuple[str, ...]:
        """The keys of a known mapping; empty for anything else."""
        return tuple(self.value) if isinstance(self.value, dict) else ()

    # --- claims -------------------------------------------------------------------------------------------

    def equals(self, expected: Value) -> Claim:
        """Hold when the value is the expected one, read as CloudFormation reads it ("true" is true)."""
        return self.claim(matching.show(expected), lambda value: matching.equal(value, expected))

    def one_of(self, *expected: Value) -> Claim:
        """Hold when the value is one of these."""
        claim = any_of(self.equals(value) for value in expected)
        wanted = f"one of {', '.join(matching.show(value) for value in expected)}"
        return Claim(claim.holds, (self._evidence(wanted, _undecided(claim)),))

    def at_least(self, bound: float) -> Claim:
        """Hold when the value is a number that is not below the bound."""
        return self._number(f"at least {bound}", lambda number: number >= bound)

    def at_most(self, bound: float) -> Claim:
        """Hold when the value is a number that is not above the bound."""
        return self._number(f"at most {bound}", lambda number: number <= bound)

    def present(self) -> Claim:
        """Hold when the property is set, whatever a reference in it turns out to be at deployment."""
        return self.claim("a value", _is_set)

    def absent(self) -> Claim:
        """Hold when the property is not set."""
        claim = ~self.present()
        return Claim(claim.holds, (self._evidence("nothing", _undecided(claim)),))

    def written(self) -> Claim:
        """Hold when the property is there, even if it is empty: `Block: {}` says something by being there."""
        return self.claim("to be there", lambda value: not isinstance(value, Absent))

    def starts_with(self, prefix: str) -> Claim:
        """Hold when the text begins so; what a text begins with may be known though its end is not."""
        return self.claim(f"text that starts with {prefix!r}", lambda value: matching.starts_with(value, prefix))

    def matches(self, pattern: str) -> Claim:
        """Hold when the whole text matches the regular expression."""
        return self.claim(f"text like {pattern}", lambda value: matching.match(value, re.compile(pattern)))

    def contains(self, expected: Value) -> Claim:
        """Hold when a list (or a single value in place of one) has this element."""
        claim = self.some(lambda item: item.equals(expected))
        wanted = f"to contain {matching.show(expected)}"
        return Claim(claim.holds, (self._evidence(wanted, _undecided(claim)),))

    def each(self, claim: Callable[[Fact], Claim]) -> Claim:
        """Hold when the claim holds for every element. An absent or empty list holds: say `present()` beside it."""
        items = self.items()
        if not items:
            return Claim(holds=True, because=(self._evidence("no element that breaks it", None),))
        return all_of(claim(item) for item in items)

    def some(self, claim: Callable[[Fact], Claim]) -> Claim:
        """Hold when the claim holds for at least one element."""
        items = self.items()
        if not items:
            return Claim(holds=False, because=(self._evidence("at least one element", None),))
        return any_of(claim(item) for item in items)

    def count(self, claim: Callable[[int], bool], expected: str) -> Claim:
        """Hold when the number of elements satisfies the test; `expected` says it in words."""
        if isinstance(self.value, list) and any(isinstance(item, Unknown) for item in self.value):
            hole = next(item for item in self.value if isinstance(item, Unknown))
            return Claim(None, (self._evidence(expected, hole),))
        return self.claim(expected, lambda _: claim(len(self.items())))

    def claim(self, expected: str, test: Callable[[Value], Answer]) -> Claim:
        """Make any claim: the test answers yes, no or an Unknown; an unknown value is never tested."""
        answer = self.value if isinstance(self.value, Unknown) else test(self.value)
        if isinstance(answer, Unknown):
            return Claim(None, (self._evidence(expected, answer),))
        return Claim(answer, (self._evidence(expected, None),))

    # --- inside -------------------------------------------------------------------------------------------

    def _number(self, expected: str, test: Callable[[float], bool]) -> Claim:
        def judge(value: Value) -> Answer:
            plain = matching.readable(value)
            if isinstance(plain, Unknown):
                return plain
            number = as_number(plain)
            return number is not None and test(number)

        return self.claim(expected, judge)

    def _child(self, path: str, value: Value) -> Fact:
        if self.source is None:
            return Fact(path, value, self.where, self.origin)
        where = self.source.where(path)
        if isinstance(value, Absent) and not isinstance(default := self.source.default(path), Absent):
            return Fact(path, default, where, Origin.DEFAULTED, self.source)
        return Fact(path, value, where, self.origin, self.source)

    def _evidence(self, expected: str, unknown: Unknown | None) -> Evidence:
        found = matching.show(self.value)
        if self.origin is Origin.DEFAULTED:
            found = f"not set (AWS's default: {found})"
        return Evidence(self.path, found, expected, self.where, unknown)


def as_number(value: Value) -> float | None:
    """Read a number as CloudFormation does, from a number or its text; None for anything else."""
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        return None
    try:
        return float(value)
    except ValueError:
        return None


def _is_set(value: Value) -> Answer:
    if isinstance(value, Absent):
        return False
    if value is None or value in ("", [], {}):
        return False
    if isinstance(value, Text):
        certain = any(part for part in value.parts if not isinstance(part, Unknown))
        return certain or next(matching.holes(value), False)
    return True


def _look_into(value: Value, key: str | int, path: str) -> Value:
    if isinstance(value, Unknown | Absent):
        return value
    if isinstance(value, dict) and isinstance(key, str):
        return value.get(key, ABSENT)
    if isinstance(value, list) and isinstance(key, int):
        return value[key] if -len(value) <= key < len(value) else ABSENT
    if isinstance(value, Reference | Text):
        return Unknown(Cause.NEEDS_LIVE, str(value))
    return Unknown(Cause.PARSE_ERROR, f"{path or 'value'} is {matching.show(value)}, which has no {key!r}")


def _undecided(claim: Claim) -> Unknown | None:
    return next((e.unknown for e in claim.because if e.unknown), None) if claim.holds is None else None
