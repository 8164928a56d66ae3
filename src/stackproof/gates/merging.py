"""One defect, one finding: what several engines found on one resource is joined under our control."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace

from stackproof.model import Control, Finding, Outcome, Severity


def merge(ours: Iterable[Finding], theirs: Iterable[Finding], controls: Iterable[Control]) -> list[Finding]:
    """Join a scanner's failure into our failure of the same defect on the same resource, naming both.

    Where we disagree (the scanner fails what our control does not), the scanner's finding stays and says so:
    a disagreement is for a person to settle. Nothing of ours is lost: a control may speak twice of one resource, as of
    two references in it that lead nowhere.
    """
    same = {rule: control.id for control in controls for rule in control.same_as}
    findings = list(ours)
    places: dict[tuple[str, str, str], int] = {}
    for number, finding in enumerate(findings):
        key = (finding.control, finding.resource, finding.environment)
        if key not in places or finding.outcome is Outcome.FAIL:
            places[key] = number
    kept = []
    for finding in theirs:
        place = places.get((same.get(finding.control, ""), finding.resource, finding.environment))
        if place is None or finding.outcome is not Outcome.FAIL:
            kept.append(finding)
            continue
        own = findings[place]
        if own.outcome is Outcome.FAIL:
            seen = f"{finding.engine} {finding.control}"
            findings[place] = replace(own, also=tuple(dict.fromkeys((*own.also, seen))))
        else:
            kept.append(replace(finding, message=f"{finding.message} ({own.control} says {own.outcome} here)"))
    return [*findings, *kept]


def with_severities(findings: Iterable[Finding], severities: Mapping[str, str]) -> list[Finding]:
    """Put a system's own severities (control or rule id -> level name) in place of the catalogue's."""

    levels = {name: Severity[level.upper()] for name, level in severities.items()}
    return [replace(f, severity=levels[f.control]) if f.control in levels else f for f in findings]
