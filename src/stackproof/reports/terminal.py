"""The verdict on one screen: failures first, then what is unknown, then the counts."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from typing import Final

from stackproof.gates.gate import Decision, Status
from stackproof.model import Cause, Finding, Outcome, Severity
from stackproof.reports.records import ranked

_COLOURS: Final = {
    "red": "31;1",
    "yellow": "33",
    "green": "32;1",
    "dim": "2",
    "bold": "1",
}
_STATUS: Final = {
    Status.PASSED: "green",
    Status.FAILED: "red",
    Status.INCONCLUSIVE: "yellow",
    Status.NOT_RUN: "yellow",
}


class Painter:
    """Puts colour around text, or leaves it plain."""

    def __init__(self, *, colour: bool) -> None:
        self._colour = colour

    def __call__(self, text: str, colour: str) -> str:
        """Return the text in that colour."""
        return f"\x1b[{_COLOURS[colour]}m{text}\x1b[0m" if self._colour else text


def summary(
    title: str, decision: Decision, findings: Sequence[Finding], paint: Painter, *, width: int = 100, shown: int = 6
) -> list[str]:
    """Write one verdict as lines: the worst `shown` failures, then as many unknowns, then the counts."""
    status = decision.status.value.upper()
    lines = [f"{paint(title, 'bold')} {'.' * max(2, width - len(title) - len(status) - 2)} {_status(decision, paint)}"]
    lines += [f"  {reason}" for reason in decision.reasons]
    worst = [f for f in ranked(findings) if f.outcome is Outcome.FAIL]
    lines += [line for finding in worst[:shown] for line in describe(finding, paint, width)]
    lines += _more(len(worst) - shown, "failures")
    lines += _unknowns([f for f in findings if f.outcome is Outcome.UNKNOWN], paint, width, shown)
    lines.append(paint(f"  {_counts(decision)}", "dim"))
    return lines


def describe(finding: Finding, paint: Painter, width: int = 100) -> list[str]:
    """Write one finding as two or three lines: what, where and why, and what to do."""
    colour = "yellow" if finding.outcome is Outcome.UNKNOWN or finding.severity < Severity.MEDIUM else "red"
    head = f"{finding.outcome.value.upper():<7} {finding.severity.label:<8}"
    also = f"  (also {', '.join(finding.also)})" if finding.also else ""
    place = f" on {finding.resource}" if finding.resource else ""
    return [
        f"  {paint(head, colour)} {paint(finding.control, 'bold')}{place}{also}",
        f"      {_cut(f'{finding.where}  {finding.message}', width - 6)}",
        *([f"      {paint(_cut('fix: ' + finding.remediation, width - 6), 'dim')}"] if finding.remediation else []),
    ]


def _status(decision: Decision, paint: Painter) -> str:
    return paint(decision.status.value.upper(), _STATUS[decision.status])


def _unknowns(findings: Sequence[Finding], paint: Painter, width: int, shown: int) -> Iterable[str]:
    """Group unknowns by what decides them: one missing parameter may leave fifty checks unanswered."""
    blocking = [f for f in findings if f.cause is not Cause.NEEDS_LIVE]
    groups = Counter((str(f.cause), f.decided_by) for f in blocking)
    for (cause, decided_by), number in groups.most_common(shown):
        example = next(f for f in ranked(blocking) if (str(f.cause), f.decided_by) == (cause, decided_by))
        checks = "1 check" if number == 1 else f"{number} checks"
        why = f"{cause}: {decided_by}  {checks}, such as {example.control} on {example.resource or example.where}"
        yield f"  {paint('UNKNOWN', 'yellow')} {_cut(why, width - 10)}"
    yield from _more(len(groups) - shown, "causes")


def _counts(decision: Decision) -> str:
    parts = [
        f"{decision.expected} expected",
        f"{decision.judged} judged",
        f"{decision.passed} pass",
        f"{decision.failed} fail",
        f"{decision.unknown} unknown",
    ]
    optional = {
        f"{decision.owed} owed by the integration gate": decision.owed,
        f"{decision.waived} waived": decision.waived,
        f"{decision.advisory} advisory": decision.advisory,
        f"{decision.not_applicable} not applicable": decision.not_applicable,
    }
    return " · ".join([*parts, *(text for text, number in optional.items() if number)])


def _more(number: int, what: str) -> list[str]:
    return [f"  ... and {number} more {what}, in the report"] if number > 0 else []


def _cut(text: str, width: int) -> str:
    line = " ".join(text.split())
    return line if len(line) <= width else f"{line[: width - 3]}..."
