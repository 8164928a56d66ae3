"""Statements about facts that hold, fail or are unknown, combined by Kleene's three-valued logic.

A claim has no truth value in Python: `if claim` raises, so an unknown cannot become a pass by accident.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Final

from stackproof.model.values import Unknown

_OPPOSITES = {"nothing": "a value", "a value": "nothing", "at least one": "none", "none": "at least one"}


MOST_EVIDENCE: Final = 8  # facts that one claim quotes


@dataclass(frozen=True, slots=True)
class Where:
    """Where a fact was read: `source` is a file or an API call; `line` counts from 1, 0 when there is none."""

    source: str
    line: int = 0

    def __str__(self) -> str:
        return f"{self.source}:{self.line}" if self.line else self.source


@dataclass(frozen=True, slots=True)
class Evidence:
    """One fact that decided a claim: what was read, what was expected, and where it was read."""

    subject: str
    found: str
    expected: str
    where: Where
    unknown: Unknown | None = None

    def __str__(self) -> str:
        if self.unknown:
            return f"{self.subject} is unknown ({self.unknown}), expected {self.expected}"
        return f"{self.subject} is {self.found}, expected {self.expected}"


@dataclass(frozen=True, slots=True)
class Claim:
    """A statement that holds (True), fails (False) or is unknown (None), with the evidence that decides it.

    `applies` is False only for a statement that has nothing to judge; then `holds` is True.
    """

    holds: bool | None
    because: tuple[Evidence, ...]
    applies: bool = True

    def __and__(self, other: Claim) -> Claim:
        return all_of((self, other))

    def __or__(self, other: Claim) -> Claim:
        return any_of((self, other))

    def __invert__(self) -> Claim:
        if not self.applies:
            return self
        flipped = tuple(replace(e, expected=_negated(e.expected)) for e in self.because)
        return Claim(None if self.holds is None else not self.holds, flipped)

    def only_if(self, condition: Claim) -> Claim:
        """Judge this claim only where the condition holds.

        Where it fails there is nothing to judge (not-applicable); where it is unknown, a claim that fails
        becomes unknown.
        """
        if condition.holds is False:
            return Claim(holds=True, because=condition.because, applies=False)
        if condition.holds is None and self.holds is False:
            return Claim(None, condition.because)
        return self

    def __bool__(self) -> bool:
        raise TypeError("a claim may be unknown: combine claims with &, | and ~, do not branch on them")


def all_of(claims: Iterable[Claim]) -> Claim:
    """Holds when every claim holds; fails when one fails, whatever is unknown. Nothing to judge holds."""
    return _combine(claims, decisive=False)


def any_of(claims: Iterable[Claim]) -> Claim:
    """Holds when one claim holds, whatever is unknown; fails when every claim fails. No claims fail."""
    return _combine(claims, decisive=True)


def not_applicable(reason: str, where: Where) -> Claim:
    """Say that there is nothing to judge, and why."""
    return Claim(holds=True, because=(Evidence(reason, "", "", where),), applies=False)


def _combine(claims: Iterable[Claim], *, decisive: bool) -> Claim:
    relevant = tuple(claims)
    judged = tuple(c for c in relevant if c.applies) or relevant
    for verdict in (decisive, None):
        deciding = [c for c in judged if c.holds is verdict]
        if deciding:
            return Claim(verdict, _evidence(deciding), applies=any(c.applies for c in deciding))
    return Claim(not decisive, _evidence(judged), applies=not relevant or any(c.applies for c in judged))


def _evidence(claims: Sequence[Claim]) -> tuple[Evidence, ...]:
    """Gather the first facts that decided the claims; nobody reads the hundredth, and gathering it takes long."""
    if len(claims) == 1:
        return claims[0].because
    found: dict[Evidence, None] = {}
    for claim in claims:
        for evidence in claim.because:
            found[evidence] = None
            if len(found) == MOST_EVIDENCE:
                return tuple(found)
    return tuple(found)


def _negated(expected: str) -> str:
    if expected in _OPPOSITES:
        return _OPPOSITES[expected]
    return expected.removeprefix("not ") if expected.startswith("not ") else f"not {expected}"
