"""Waivers: failures that a named owner accepted until a date, for one control on named resources."""

from __future__ import annotations

import datetime
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from fnmatch import fnmatchcase

from stackproof.model import Cause, Finding, Outcome, Severity, Where

EXPIRED = "waiver-expired"
UNMATCHED = "waiver-unmatched"
UNUSED = "waiver-unused"
UNGOVERNED = "waiver-ungoverned"
_BLIND = (Cause.TOOL_MISSING, Cause.TOOL_ERROR, Cause.TIMEOUT)  # a scanner that did not run, or not to its end
NAMES = frozenset({EXPIRED, UNMATCHED, UNUSED, UNGOVERNED})


@dataclass(frozen=True, slots=True)
class Waiver:
    """One accepted failure. `resource` is an address in which `*` stands for any text.

    `until` is the last day on which it holds. `inline` names the tool whose mark in a template it was read from;
    such a mark has an owner and a date only where system.yaml's `inline_waivers` gives them.
    """

    control: str
    resource: str
    owner: str
    reason: str
    until: datetime.date | None
    where: Where
    environments: tuple[str, ...] = ()
    inline: str = ""

    def covers(self, finding: Finding) -> bool:
        """Say whether it speaks of this finding's control and resource, in this finding's environment."""
        return (
            self.speaks_of(finding)
            and fnmatchcase(finding.resource, self.resource)
            and (not self.environments or finding.environment in self.environments)
        )

    def speaks_of(self, finding: Finding) -> bool:
        """Say whether it names this finding's control, or a check of another engine that found the same."""
        return self.control == finding.control or self.control in {name.split()[-1] for name in finding.also}

    def holds(self, today: datetime.date) -> bool:
        """Say whether it is still in force."""
        return self.until is None or today <= self.until

    def __str__(self) -> str:
        until = f"until {self.until}" if self.until else "without end"
        return f"{self.owner or 'nobody'}, {until}: {self.reason or 'no reason given'}"


def apply_waivers(
    findings: Sequence[Finding],
    waivers: Sequence[Waiver],
    today: datetime.date,
    environments: Iterable[str],
    *,
    honour_marks: bool = False,
) -> list[Finding]:
    """Turn failures that a waiver covers into waived ones, and add what is wrong with the waivers themselves.

    `environments` are those judged in this run: a waiver for others is left alone. Marks in templates that nobody
    answers for waive only with `honour_marks` (where there is no system.yaml to name an owner).
    """
    judged = set(environments)
    relevant = [w for w in waivers if not w.environments or judged & set(w.environments)]
    in_force = [w for w in relevant if w.holds(today) and (w.until or honour_marks)]
    used: set[Waiver] = set()
    result = []
    for finding in findings:
        covering = next((w for w in in_force if finding.outcome is Outcome.FAIL and w.covers(finding)), None)
        if covering:
            used.add(covering)
            finding = replace(finding, outcome=Outcome.WAIVED, waiver=str(covering))  # noqa: PLW2901
        result.append(finding)
    for waiver in relevant:
        if waiver not in used or not waiver.until:
            result += _complaint(waiver, findings, today)
    return result


def _complaint(waiver: Waiver, findings: Sequence[Finding], today: datetime.date) -> list[Finding]:
    covered = [f for f in findings if waiver.covers(f)]
    if not waiver.holds(today) and any(f.outcome is Outcome.FAIL for f in covered):
        return [_about(waiver, EXPIRED, Severity.HIGH, f"expired on {waiver.until}, and what it waived still fails")]
    if not covered:
        if _engine_of(waiver.control) in {f.engine for f in findings if f.cause in _BLIND}:
            return []  # its check may be among those that nobody ran
        if waiver.inline:
            return [_about(waiver, UNMATCHED, Severity.INFO, "no check with this id speaks of this resource")]
        return [_about(waiver, UNMATCHED, Severity.MEDIUM, "no check with this id speaks of such a resource")]
    if not waiver.until and any(f.outcome is Outcome.FAIL for f in covered):
        problem = f"a {waiver.inline} mark without owner and date; `inline_waivers` in system.yaml gives it both"
        return [_about(waiver, UNGOVERNED, Severity.INFO, problem)]
    if any(f.outcome is Outcome.UNKNOWN for f in covered):
        return []  # it may be needed: nobody could look
    level = Severity.INFO if waiver.inline else Severity.LOW
    outcomes = ", ".join(sorted({f.outcome for f in covered}))
    return [_about(waiver, UNUSED, level, f"waives nothing: the check's outcome is {outcomes}")]


def _engine_of(control: str) -> str:
    """The scanner whose rules are called like this; empty for ids of our own."""
    if control.startswith("CKV"):
        return "checkov"
    return "cfn-lint" if re.fullmatch(r"[EWI]\d{4}", control) else ""


def _about(waiver: Waiver, kind: str, severity: Severity, problem: str) -> Finding:
    return Finding(
        control=kind,
        engine="stackproof",
        severity=severity,
        outcome=Outcome.FAIL,
        where=waiver.where,
        resource=f"{waiver.control}/{waiver.resource}",
        type="waiver",
        environment="",
        message=f"waiver of {waiver.control} on {waiver.resource} ({waiver}): {problem}",
        remediation="Remove the waiver, or correct its control and resource, or have its owner renew it.",
    )
