"""Findings as plain records: the stable JSON form, and the order in which people should read them."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from stackproof.model import Finding, Outcome

ORDER = (Outcome.FAIL, Outcome.UNKNOWN, Outcome.WAIVED, Outcome.NOT_APPLICABLE, Outcome.PASS)


def record(finding: Finding) -> dict[str, Any]:
    """Write one finding as JSON data. `line` is 0 where there is none; `cause` is null unless unknown."""
    return {
        "control": finding.control,
        "engine": finding.engine,
        "also": list(finding.also),
        "severity": finding.severity.label,
        "outcome": finding.outcome.value,
        "cause": finding.cause.value if finding.cause else None,
        "decided_by": finding.decided_by,
        "file": finding.where.source,
        "line": finding.where.line,
        "resource": finding.resource,
        "type": finding.type,
        "environment": finding.environment,
        "message": finding.message,
        "remediation": finding.remediation,
        "proves": list(finding.proves),
        "waiver": finding.waiver,
        "evidence": [str(call) for call in finding.evidence],
        "standing": finding.standing,
    }


def ranked(findings: Iterable[Finding]) -> list[Finding]:
    """Sort failures first, the worst first, then by file and line."""
    return sorted(
        findings,
        key=lambda f: (ORDER.index(f.outcome), -f.severity, f.where.source, f.where.line, f.control, f.resource),
    )


def kleene(outcomes: Iterable[Outcome]) -> Outcome:
    """Join outcomes into one: a failure decides, then an unknown, then a waived failure; only passes pass."""
    seen = set(outcomes)
    for outcome in (Outcome.FAIL, Outcome.UNKNOWN, Outcome.WAIVED, Outcome.PASS):
        if outcome in seen:
            return outcome
    return Outcome.NOT_APPLICABLE
