"""Judge what is deployed: put it beside its templates, and answer every check that either of them asks for."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

from stackproof.cache import key_of
from stackproof.controls import all_controls
from stackproof.controls.judge import Case, expected
from stackproof.engine.deployed import Compared, Drift, Standing, compare, drifts, line_of
from stackproof.engine.judgement import Judgement
from stackproof.engine.static import lost
from stackproof.engine.survey import Survey
from stackproof.gates.merging import with_severities
from stackproof.model import Cause, Finding, Outcome, Resource, Severity, Unknown, Where
from stackproof.model.matching import holes
from stackproof.model.pointers import leaves
from stackproof.sources.inventory import STACK
from stackproof.sources.live import ADVICE, Identity
from stackproof.system.loading import System

DEPLOYED = "resource-deployed"  # what the templates declare is there
UNCHANGED = "resource-unchanged"  # its properties are as declared
DECLARED = "resource-declared"  # the stacks hold nothing else
CHECKS = (DEPLOYED, UNCHANGED, DECLARED)
_AGAIN = "Deploy the stack again, or change the template if what is deployed is right."
_KNOWN = (Outcome.PASS, Outcome.FAIL, Outcome.NOT_APPLICABLE)


def judge_survey(seen: Survey, probed: Sequence[Finding] = (), facts: Mapping[str, Any] | None = None) -> Judgement:
    """Judge both evidences: each control on each resource, whether it is there, and whether it is as declared."""
    target, cases, observed = seen.templates.target, seen.templates.cases, seen.reading.inventory
    controls = (*all_controls(), *target.expectations)
    compared = compare(cases, observed, controls)
    wanted = expected(cases, controls) | expected([Case({}, observed)], controls)
    answered = {(pair.control, pair.resource) for pair in compared}
    absent, drifted = _absences(seen), _drifted(seen)
    found = [
        *_presence(seen, absent),
        *_unchanged(seen, absent, drifted),
        *(_side_by_side(seen, pair, absent, drifted.get(pair.resource, ())) for pair in compared),
        *(lost(control, address, target.environment) for control, address in sorted(wanted - answered)),
        *(_probed(answer, absent) for answer in probed),
    ]
    covered = {name for control in all_controls() for name in control.types}
    return Judgement(
        environment=target.environment,
        findings=tuple(with_severities(found, target.severities or {})),
        expected=len(found),
        resources=len(observed.resources),
        uncovered=dict(Counter(r.type for r in observed.resources if r.type not in covered)),
        marks=(),
        files=seen.templates.files,
        facts={**_facts(seen, compared), **(facts or {})},
    )


def names_of_checks(system: System) -> frozenset[str]:
    """Ids of all checks that are judged on the deployed system."""
    native = {control.id for control in all_controls()}
    named = {e.id for e in system.file.expectations} | {p.id for p in system.file.probes}
    return frozenset(native | named | set(CHECKS))


# --- what is there ---------------------------------------------------------------------------------------------


def _absences(seen: Survey) -> Mapping[str, Unknown]:
    """Say of each declared resource that is not in the inventory why: missing, its stack not read, or nothing read."""
    reading = seen.reading
    missing = {one.address for one in reading.missing}
    stacks = {s.address: s.unknown for top in reading.stacks for s in top.everything() if s.unknown}
    found = {}
    for address, resource in seen.declared.items():
        if reading.inventory.get(address) is not None and address not in stacks:
            continue
        if reading.fault is not None:
            found[address] = Unknown(reading.fault.cause, reading.fault.message)
        elif address in missing:
            found[address] = Unknown(Cause.NOT_DEPLOYED, f"{address} is not there")
        else:
            found[address] = _of_stack(resource, stacks)
    return found


def _of_stack(resource: Resource, stacks: Mapping[str, Unknown]) -> Unknown:
    stack = resource.address if resource.type == STACK else resource.stack
    while stack and stack not in stacks:
        stack = stack.rpartition(".")[0]
    return stacks.get(stack, Unknown(Cause.NOT_READ, f"nothing says where {resource.address} is"))


def _presence(seen: Survey, absent: Mapping[str, Unknown]) -> Iterator[Finding]:
    """Say of each declared resource whether it is deployed, and list what is deployed beside them."""
    partly = any(r.type == STACK for r in seen.reading.inventory.resources)
    missing = {one.address: one for one in seen.reading.missing}
    stacks = {state.address: state for state in seen.reading.stacks}
    for address, resource in seen.declared.items():
        there, gone = seen.reading.inventory.get(address), missing.get(address)
        unknown = absent.get(address) or (there.unseen if there else None)
        if gone is not None and seen.always(address):
            yield _about(seen, resource, DEPLOYED, Severity.HIGH, Outcome.FAIL, gone.message, (gone.where,))
        elif unknown is None:
            read = (there.where(""),) if there else ()
            yield _about(seen, resource, DEPLOYED, Severity.HIGH, Outcome.PASS, "it is there", read)
        elif partly and address in stacks and unknown.cause is Cause.NOT_DEPLOYED and seen.always(address):
            told = f"{stacks[address].message}, while other stacks of the system are there"
            asked = (stacks[address].where,)
            yield _about(seen, resource, DEPLOYED, Severity.HIGH, Outcome.FAIL, told, asked)
        else:
            yield _unanswered(_about(seen, resource, DEPLOYED, Severity.HIGH, Outcome.UNKNOWN, "", ()), unknown)
    known = seen.declared
    for extra in seen.reading.extra:
        if extra.address not in known:
            stack = known.get(extra.address.rpartition(".")[0])
            thing = Resource(extra.address, extra.type, {}, {"": stack.where("") if stack else extra.where})
            told = f"{extra.physical or extra.address} is in its stack and in no template"
            yield _about(seen, thing, DECLARED, Severity.MEDIUM, Outcome.FAIL, told, (extra.where,))


def _drifted(seen: Survey) -> Mapping[str, Sequence[Drift]]:
    """What drifted, by resource."""
    drifted: dict[str, list[Drift]] = {}
    sides = [
        {(d.resource, d.path): d for d in drifts(c.inventory, seen.reading.inventory)} for c in seen.templates.cases
    ]
    for key, drift in sides[0].items():
        if all(key in side for side in sides):  # else it may be as one of the cases declares it
            drifted.setdefault(drift.resource, []).append(drift)
    return drifted


def _unchanged(
    seen: Survey, absent: Mapping[str, Unknown], drifted: Mapping[str, Sequence[Drift]]
) -> Iterator[Finding]:
    """Say of each deployed resource whether every property is as declared: a finding for each that is not."""
    for address, resource in seen.declared.items():
        there = seen.reading.inventory.get(address)
        for drift in drifted.get(address, ()):
            told = f"{drift.path} is {drift.observed}, the template says {drift.declared}"
            found = _about(seen, resource, UNCHANGED, Severity.MEDIUM, Outcome.FAIL, told, (drift.call,))
            yield replace(found, where=drift.where, standing=Standing.DRIFTED.value)
        if address not in drifted:
            as_declared = "every property that can be read is as declared"
            read = (there.where(""),) if there else ()
            found = _about(seen, resource, UNCHANGED, Severity.MEDIUM, Outcome.PASS, as_declared, read)
            unknown = absent.get(address) or (_unread(resource, there) if there else None) or _undecided(seen, address)
            yield _unanswered(found, unknown) if unknown else found


def _unread(declared: Resource, there: Resource) -> Unknown | None:
    """The first declared property, or part of one, that should have been readable and was not."""
    wanted = {_unnumbered(path) for path, _ in leaves(declared.properties)}
    for path, leaf in leaves(there.properties):
        for hole in holes(leaf):
            place = _unnumbered(path)
            if hole.cause is not Cause.WRITE_ONLY and any(_on_one_branch(place, one) for one in wanted):
                return hole
    return None


def _undecided(seen: Survey, address: str) -> Unknown | None:
    """What the templates leave open of a resource, so that nobody can say whether it is deployed as declared."""
    cases = [resource for case in seen.templates.cases if (resource := case.inventory.get(address))]
    for hole in (hole for resource in cases for hole in holes(resource.properties)):
        if hole.cause is not Cause.NEEDS_LIVE:  # that is AWS's to decide, so there is nothing to differ from
            return hole
    if any(resource.properties != cases[0].properties for resource in cases):
        names = sorted({name for case in seen.templates.cases for name in case.assumptions})
        return Unknown(Cause.UNRESOLVED_PARAMETER, ", ".join(names))
    return None


def _unnumbered(path: str) -> str:
    return re.sub(r"\[\d+\]", "", path)


def _on_one_branch(one: str, other: str) -> bool:
    return not one or f"{one}.".startswith(f"{other}.") or f"{other}.".startswith(f"{one}.")


# --- findings ---------------------------------------------------------------------------------------------------


def _side_by_side(seen: Survey, pair: Compared, absent: Mapping[str, Unknown], drifted: Sequence[Drift]) -> Finding:
    """Make one finding of both: the deployed outcome, at the author's line, with the calls that showed it."""
    template, deployed, standing = pair.template, pair.deployed, pair.standing
    if deployed is None:
        assert template is not None  # noqa: S101 - one side has it
        unknown = absent.get(pair.resource) or _unselected(seen, pair.resource)
        return replace(_unanswered(template, unknown), standing=standing.value)
    found = replace(deployed, standing=standing.value, where=template.where if template else deployed.where)
    if deployed.outcome is Outcome.UNKNOWN:
        cause = deployed.cause or Cause.CONTROL_ERROR
        if cause is Cause.WRITE_ONLY and template is not None and template.outcome in _KNOWN:
            return replace(found, cause=Cause.NEEDS_TEMPLATE, remediation=ADVICE[Cause.WRITE_ONLY])
        return replace(found, remediation=ADVICE.get(cause, found.remediation))
    if standing is Standing.DRIFTED:
        line = line_of(deployed, drifted) or found.where
        return replace(found, where=line, message=f"drifted: {deployed.message}", remediation=_AGAIN)
    if standing is Standing.REVERTING and template is not None:
        return replace(found, message=f"fixed by hand, and the next deployment undoes it: {template.message}")
    return found


def _unselected(seen: Survey, address: str) -> Unknown:
    """Say why nobody knows whether a deployed resource is still one of those of which something is expected."""
    declared, there = seen.declared.get(address), seen.reading.inventory.get(address)
    unread = _unread(declared, there) if declared and there else None
    return unread or Unknown(Cause.NOT_READ, f"whether {address} is still a resource that this is expected of")


def _probed(answer: Finding, absent: Mapping[str, Unknown]) -> Finding:
    """A probe that found nothing to ask does not know whether that is not there, or could not be looked at."""
    if answer.cause is Cause.NOT_DEPLOYED and answer.resource in absent:
        return _unanswered(answer, absent[answer.resource])
    return answer


def _unanswered(finding: Finding, unknown: Unknown | None) -> Finding:
    unknown = unknown or Unknown(Cause.NOT_READ, finding.resource)
    return replace(
        finding,
        outcome=Outcome.UNKNOWN,
        cause=unknown.cause,
        decided_by=unknown.detail,
        message=f"not known: {unknown}",
        remediation=ADVICE.get(unknown.cause, finding.remediation),
        evidence=(),
    )


def _about(
    seen: Survey,
    resource: Resource,
    check: str,
    severity: Severity,
    outcome: Outcome,
    message: str,
    read: tuple[Where, ...],
) -> Finding:
    return Finding(
        control=check,
        engine="stackproof",
        severity=severity,
        outcome=outcome,
        where=resource.where(""),
        resource=resource.address,
        type=resource.type,
        environment=seen.templates.target.environment,
        message=message,
        remediation=_AGAIN if outcome is not Outcome.PASS else "",
        evidence=read,
    )


def _facts(seen: Survey, compared: Sequence[Compared]) -> Mapping[str, Any]:
    reading = seen.reading
    tops = [state for top in reading.stacks for state in top.everything()]
    who = next((Identity(e.account, e.caller) for e in reading.ledger.entries if e.caller), None)
    return {
        "inputs": key_of(*sorted(seen.templates.files.values())),
        "caller": who.arn if who else "",
        "account": who.account if who else "",
        "region": reading.inventory.region,
        "calls": len(reading.ledger.entries),
        "standings": dict(Counter(pair.standing.value for pair in compared)),
        "stacks": [{"name": s.name, "id": s.id, "status": s.status, "updated": s.updated} for s in tops],
    }
