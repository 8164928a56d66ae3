"""What a run judges: the system's environments with their waivers, each check under its name."""

from __future__ import annotations

import datetime
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from stackproof.gates.gate import Policy
from stackproof.gates.waivers import Waiver, apply_waivers
from stackproof.model import Cause, Finding, Outcome, Severity
from stackproof.system.loading import System

if TYPE_CHECKING:
    from stackproof.engine.judgement import Judgement
    from stackproof.plugin.session import Session


@dataclass(frozen=True, slots=True)
class Judged:
    """Findings of each environment by the names of their checks, and what they cover (resources, marks ...)."""

    checks: Mapping[str, Mapping[str, Finding]]
    facts: Mapping[str, Mapping[str, Any]]


def judge_templates(session: Session, reporter: Any) -> Judged:
    """Judge the templates of the session's environments, or take what was judged before.

    Raises:
        MisuseError: system.yaml or a parameter file is wrong.

    """
    from stackproof.cache import Cache
    from stackproof.engine.coverage import coverage_findings
    from stackproof.engine.live import CHECKS
    from stackproof.engine.systems import judge_system
    from stackproof.plugin.progress import progress_to

    system = session.system
    with progress_to(reporter) as progress:
        judgements = judge_system(system, session.environments(), Cache(), session=session.name, progress=progress)
    covered = coverage_findings(system)
    elsewhere = {*CHECKS, *(probe.id for probe in system.file.probes)}
    return settled(judgements, [w for w in waivers_of(system) if w.control not in elsewhere], covered)


def settled(judgements: Sequence[Judgement], waivers: Sequence[Waiver], more: Sequence[Finding] = ()) -> Judged:
    """Apply the waivers to judgements of environments and name each check; `more` findings speak of all of them."""
    environments = [judgement.environment for judgement in judgements]
    found = [*more, *(finding for judgement in judgements for finding in judgement.findings)]
    all_waivers = list(dict.fromkeys([*waivers, *(mark for j in judgements for mark in j.marks)]))
    waived = apply_waivers(found, all_waivers, datetime.date.today(), environments)
    facts = {
        judgement.environment: {
            "resources": judgement.resources,
            "types_without_control": dict(judgement.uncovered),
            "marks": [str(mark) for mark in judgement.marks],
            **judgement.facts,
        }
        for judgement in judgements
    }
    return Judged({name: _checks(name, waived, all_waivers) for name in environments}, facts)


def left_out(finding: Finding) -> Finding:
    """Say of a check that the run did not report it (deselected, or lost with a worker): that is an unknown."""
    return replace(
        finding,
        outcome=Outcome.UNKNOWN,
        cause=Cause.NOT_RUN,
        decided_by="",
        message="this run left the check out",
        waiver="",
    )


def policy_of(system: System, gate: str) -> Policy:
    """When the gate passes."""
    said = system.file.gates.get(gate)  # type: ignore[call-overload]
    if said is None:
        return Policy()
    return Policy(Severity[said.blocks.upper()], said.allow.fail, said.allow.unknown, said.allow.flaky, said.budget)


def _checks(environment: str, findings: Sequence[Finding], waivers: Sequence[Waiver]) -> dict[str, Finding]:
    """Give each check of an environment a name that is unique, and stays the same while the check does."""
    foreign = [w for w in waivers if w.environments and environment not in w.environments]
    elsewhere = {(w.where, f"{w.control}/{w.resource}") for w in foreign}  # as findings about waivers are addressed
    mine = [
        finding if finding.environment else replace(finding, environment=environment)
        for finding in findings
        if finding.environment == environment
        or (not finding.environment and (finding.where, finding.resource) not in elsewhere)
    ]
    seen: dict[str, int] = {}
    named = {}
    for finding in sorted(mine, key=lambda f: (f.resource, f.control, f.where.source, f.where.line, f.message)):
        name = _printable(f"{environment}/{finding.resource or finding.where.source}/{finding.control}")
        seen[name] = seen.get(name, 0) + 1
        named[name if seen[name] == 1 else f"{name}#{seen[name]}"] = finding
    return named


def _printable(name: str) -> str:
    if name.isprintable():
        return name
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in name)


def waivers_of(system: System) -> list[Waiver]:
    """The waivers of system.yaml."""
    return [
        Waiver(
            control=waiver.control,
            resource=waiver.resource,
            owner=waiver.owner,
            reason=waiver.reason,
            until=waiver.until,
            where=system.place("waivers", index),
            environments=tuple(
                name for name in system.file.environments if set(waiver.environments) & set(system.lineage(name))
            ),
        )
        for index, waiver in enumerate(system.file.waivers)
    ]
