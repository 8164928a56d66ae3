"""The verdict on one screen: what was decided, then failures, then what is unknown."""

from __future__ import annotations

import textwrap
import unicodedata
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final

from stackproof.gates.gate import FLAKY, OWED, Decision, Status
from stackproof.model import Finding, Outcome, Severity
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
_WIDEST: Final = 140  # longer lines are hard to read
_ADVICE: Final = 24  # lines above which advice is only counted
_NAMED: Final = 4  # environments that are named one by one


@dataclass(frozen=True, slots=True)
class Screen:
    """Where a summary is shown: with or without colour, cells of a line, lines in all (0: as many as there are)."""

    colour: bool = False
    width: int = 100
    height: int = 40

    def paint(self, text: str, colour: str) -> str:
        """Put colour around text, or leave it plain."""
        return f"\x1b[{_COLOURS[colour]}m{text}\x1b[0m" if self.colour and text else text


@dataclass(frozen=True, slots=True)
class Shown:
    """One failure, and where it is the same (empty where only one environment was judged)."""

    finding: Finding
    places: str
    blocks: bool


def summary(
    title: str,
    decisions: Mapping[str, Decision],
    findings: Sequence[Finding],
    screen: Screen,
    *,
    blocks: Severity = Severity.LOW,
    environments: Sequence[str] = (),
) -> list[str]:
    """Write the decisions of one run as lines that fit the screen.

    `decisions` are by environment, or one for all the `environments` together. A failure that is the same in several
    environments is written once. Failures below `blocks` come last, as advice.
    """
    screen = replace(screen, width=min(screen.width, _WIDEST))
    names = tuple(environments or decisions)
    head = _head(title, decisions, screen)
    unknown = [*_flaky(findings, screen), *_unknowns(findings, screen, names)]
    failures = grouped(findings, blocks, names)
    if not screen.height:
        return [*head, *(line for failure in failures for line in describe(failure, screen)), *unknown]
    unknown, rest = _kept(unknown, _most_causes(screen), "causes")
    shown = _fitting(failures, screen, screen.height - len(head) - len(unknown) - len(rest) - 1)
    return [*head, *(line for told in shown for line in told), *_more(failures[len(shown) :]), *unknown, *rest]


def _fitting(failures: Sequence[Shown], screen: Screen, room: int) -> list[list[str]]:
    """Write as many failures as there is room for, and at least one; of advice no more than a small screen holds."""
    shown: list[list[str]] = []
    used = 0
    for failure in failures:
        told = describe(failure, screen)
        used += len(told)
        if used > (room if failure.blocks else min(room, _ADVICE)) and shown:
            break
        shown.append(told)
    return shown


def grouped(findings: Iterable[Finding], blocks: Severity, environments: Sequence[str]) -> list[Shown]:
    """List the failures, the worst first, each once with those of the judged `environments` that have it."""
    groups: dict[tuple[object, ...], list[Finding]] = {}
    for finding in ranked(f for f in findings if f.outcome is Outcome.FAIL):
        groups.setdefault((finding.control, finding.engine, finding.resource, finding.where), []).append(finding)
    shown = [Shown(same[0], _places(same, environments), same[0].severity >= blocks) for same in groups.values()]
    return sorted(shown, key=lambda failure: not failure.blocks)


def _places(findings: Iterable[Finding], environments: Sequence[str]) -> str:
    found = {finding.environment for finding in findings}
    if len(environments) < 2:
        return ""
    if found.issuperset(environments) and len(environments) > _NAMED:
        return f"in all {len(environments)} environments"
    return f"in {', '.join(name for name in environments if name in found)}"


def describe(failure: Shown, screen: Screen) -> list[str]:
    """Write one failure in a few lines: what, where and which calls showed it, why, and what to do."""
    finding = failure.finding
    colour = "red" if failure.blocks and finding.severity >= Severity.MEDIUM else "yellow"
    word = "FAIL" if failure.blocks else "ADVICE"
    head = f"{word:<7} {finding.severity.label:<8}"
    on = f" on {finding.resource}" if finding.resource else ""
    also = f"  (also {', '.join(finding.also)})" if finding.also else ""
    places = f" {failure.places}" if failure.places else ""
    rest = cut(f"{finding.control}{on}{places}{also}", screen.width - len(head) - 3)
    name, rest = rest[: len(finding.control)], rest[len(finding.control) :]
    room = screen.width - 6
    where, why = str(finding.where), finding.message
    if finding.evidence:
        where += f"  seen by {', '.join(str(call) for call in finding.evidence[:2])}"
    why_lines = _wrapped(why, room) if finding.engine == "pytest" else [why]  # a flow's reason is its own sentence
    told = [f"{where}  {why}"] if _cells(where) + _cells(why) + 2 <= room else [where, *why_lines]
    fix = [screen.paint(cut(f"fix: {finding.remediation}", room), "dim")] if finding.remediation else []
    lines = [*(cut(line, room) for line in told), *fix]
    return [f"  {screen.paint(head, colour)} {screen.paint(name, 'bold')}{rest}", *(f"      {line}" for line in lines)]


def cut(text: str, width: int) -> str:
    """Put text on one line of at most `width` cells; what is not printable becomes a question mark."""
    indent = " " * (len(text) - len(text.lstrip(" ")))
    line = indent + "".join(c if c.isprintable() else "?" for c in " ".join(text.split()))
    if _cells(line) <= width:
        return line
    while line and _cells(line) > width - 3:
        line = line[: -max(1, (_cells(line) - width + 3) // 2)]
    return f"{line}..."


def counted(number: int, what: str) -> str:
    """Write a number of things: `1 template`, `2 templates`."""
    return f"{number} {what}{'s' if number != 1 else ''}"


def _cells(text: str) -> int:
    if text.isascii():
        return len(text)
    wide = sum(unicodedata.east_asian_width(c) in "WF" for c in text)
    return len(text) + wide - sum(unicodedata.combining(c) > 0 for c in text)


def _head(title: str, decisions: Mapping[str, Decision], screen: Screen) -> list[str]:
    """Write what was decided: in one line with the title, or one for each environment below it."""
    if len(decisions) == 1:
        name, decision = next(iter(decisions.items()))
        return _decided(f"{title} · {name}" if name else title, decision, screen, "bold")
    lines = [screen.paint(cut(title, screen.width), "bold")]
    for name, decision in decisions.items():
        lines += _decided(f"  {name}", decision, screen)
    return lines


def _decided(title: str, decision: Decision, screen: Screen, colour: str = "") -> list[str]:
    status = decision.status.value.upper()
    indent = " " * (len(title) - len(title.lstrip()))
    shown = cut(title, screen.width - len(status) - 5)
    dots = "." * max(2, screen.width - _cells(shown) - len(status) - 2)
    return [
        f"{screen.paint(shown, colour) if colour else shown} {dots} {screen.paint(status, _STATUS[decision.status])}",
        *(f"{indent}  {line}" for reason in decision.reasons for line in _wrapped(reason, screen.width - 4)),
        screen.paint(f"{indent}  {cut(_counts(decision), screen.width - 4)}", "dim"),
    ]


def _wrapped(text: str, width: int) -> list[str]:
    """Put a reason on as many lines as it takes, three at most."""
    lines = textwrap.wrap(cut(text, 3 * width), width)
    return [cut(line, width) for line in [*lines[:2], " ".join(lines[2:])] if line]


def _flaky(findings: Iterable[Finding], screen: Screen) -> list[str]:
    lines = [f"{f.control} at {f.where}: {f.message}" for f in ranked(findings) if f.standing == FLAKY]
    return [f"  {screen.paint('FLAKY  ', 'yellow')} {cut(line, screen.width - 10)}" for line in lines]


def _unknowns(findings: Iterable[Finding], screen: Screen, environments: Sequence[str]) -> list[str]:
    """Group unknowns by what decides them: one missing parameter may leave fifty checks unanswered."""
    groups: dict[tuple[str, str], list[Finding]] = {}
    for finding in ranked(f for f in findings if f.outcome is Outcome.UNKNOWN and f.cause not in OWED):
        groups.setdefault((str(finding.cause), finding.decided_by), []).append(finding)
    if screen.height and len(groups) > _most_causes(screen):
        groups = _by_cause(groups)
    lines = []
    for (cause, decided_by), same in sorted(groups.items(), key=lambda group: -len(group[1])):
        why = f"{cause}: {decided_by}" if decided_by else cause
        places = _places(same, environments)
        example = f"such as {same[0].control} on {same[0].resource or same[0].where}"
        said = f"{counted(len(same), 'check')} {places}".strip()
        line = cut(f"{cut(why, screen.width - 13 - _cells(said))} · {said}, {example}", screen.width - 10)
        lines.append(f"  {screen.paint('UNKNOWN', 'yellow')} {line}")
    return lines


def _by_cause(groups: Mapping[tuple[str, str], list[Finding]]) -> dict[tuple[str, str], list[Finding]]:
    """Put together what has the same cause: what decides most of it, and how many others there are."""
    joined: dict[tuple[str, str], list[Finding]] = {}
    for cause in dict.fromkeys(cause for cause, _ in groups):
        deciders = sorted((key for key in groups if key[0] == cause), key=lambda key: -len(groups[key]))
        others = f" and {counted(len(deciders) - 1, 'other')}" if len(deciders) > 1 else ""
        joined[cause, cut(deciders[0][1], 40) + others] = [f for key in deciders for f in groups[key]]
    return joined


def _most_causes(screen: Screen) -> int:
    return max(2, screen.height // 6)


def _kept(lines: list[str], most: int, what: str) -> tuple[list[str], list[str]]:
    rest = len(lines) - most
    return lines[:most], [f"  ... and {rest} more {what}, in the report"] if rest > 0 else []


def _more(failures: Sequence[Shown]) -> list[str]:
    """Count what is not shown, by severity."""
    if not failures:
        return []
    count = Counter(failure.finding.severity for failure in failures if failure.blocks)
    parts = [f"{count[severity]} {severity.label}" for severity in sorted(count, reverse=True)]
    advice = sum(not failure.blocks for failure in failures)
    parts += [f"{advice} advice"] if advice else []
    return [f"  ... and {len(failures)} more in the report: {', '.join(parts)}"]


def _counts(decision: Decision) -> str:
    parts = [
        f"{decision.judged} of {decision.expected} judged",
        f"{decision.passed} pass",
        f"{decision.failed} fail",
        f"{decision.unknown} unknown",
    ]
    optional = {
        f"{decision.owed} owed": decision.owed,
        f"{decision.flaky} flaky": decision.flaky,
        f"{decision.waived} waived": decision.waived,
        f"{decision.advisory} advice": decision.advisory,
        f"{decision.not_applicable} n/a": decision.not_applicable,
    }
    return " · ".join([*parts, *(text for text, number in optional.items() if number)])
