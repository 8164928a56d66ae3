"""Run controls over every way an environment may turn out, and say one outcome for each control and resource."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from stackproof.model import Cause, Claim, Control, Evidence, Finding, Inventory, Outcome, Resource, Unknown, Where


@dataclass(frozen=True, slots=True)
class Case:
    """One inventory to judge, and what was assumed of the undecided parameters to get it (empty: nothing)."""

    assumptions: Mapping[str, str]
    inventory: Inventory


def judge(cases: Sequence[Case], controls: Sequence[Control], *, cite: bool = False) -> list[Finding]:
    """Judge every control on every resource of its types, in every case, and join the cases.

    A control whose cases disagree is unknown, and the finding says which parameter values decide it. With `cite` a
    finding lists where each deciding fact was read, which is what an inventory that was read from AWS rests on.
    """
    joined: dict[tuple[str, str], list[tuple[Case, Finding]]] = {}
    for case in cases:
        for finding in _judge_one(case.inventory, controls, cite=cite):
            joined.setdefault((finding.control, finding.resource), []).append((case, finding))
    return [_join(judged) for judged in joined.values()]


def expected(cases: Sequence[Case], controls: Sequence[Control]) -> set[tuple[str, str]]:
    """List the (control, resource) pairs that must be answered, found without judging anything."""
    pairs = set()
    for case in cases:
        for control in controls:
            if control.demands:
                pairs.add((control.id, ""))
            if not control.selects:
                pairs |= {(control.id, resource.address) for resource in case.inventory.of_type(*control.types)}
    return pairs


def _judge_one(inventory: Inventory, controls: Iterable[Control], *, cite: bool) -> Iterator[Finding]:
    for control in controls:
        resources = inventory.of_type(*control.types)
        if control.selects:
            resources = resources.that(control.selects)
        for resource in resources:
            yield _finding(control, resource, inventory, cite=cite)
        if control.demands:
            claim = resources.count(control.demands.holds, control.demands.words)
            yield _from_claim(control, claim, None, inventory, cite=cite)


def _finding(control: Control, resource: Resource, inventory: Inventory, *, cite: bool) -> Finding:
    try:
        claim = control.judge(resource, inventory)
    except Exception as error:  # noqa: BLE001 - a control that crashes is an unknown with its cause, never silence
        crash = Unknown(Cause.CONTROL_ERROR, f"{control.id} crashed: {type(error).__name__}: {error}")
        claim = Claim(None, (Evidence(resource.address, "", "an answer", resource.where(""), crash),))
    return _from_claim(control, claim, resource, inventory, cite=cite)


def _from_claim(
    control: Control, claim: Claim, resource: Resource | None, inventory: Inventory, *, cite: bool
) -> Finding:
    unknown = next((e.unknown for e in claim.because if e.unknown), None) if claim.holds is None else None
    if claim.holds is None and unknown is None:
        unknown = Unknown(Cause.CONTROL_ERROR, f"{control.id} is undecided without saying why")
    return Finding(
        control=control.id,
        engine="stackproof",
        severity=control.severity,
        outcome=_outcome(claim),
        where=_where(claim, resource) if resource or not control.stated else control.stated,
        resource=resource.address if resource else "",
        type=resource.type if resource else " or ".join(control.types),
        environment=inventory.environment,
        message="; ".join(_sentence(e, claim) for e in claim.because[:4]) or control.id,
        remediation=control.remediation,
        cause=unknown.cause if unknown else None,
        decided_by=unknown.detail if unknown else "",
        proves=control.proves,
        evidence=tuple(dict.fromkeys(e.where for e in claim.because)) if cite else (),
    )


def _outcome(claim: Claim) -> Outcome:
    if not claim.applies:
        return Outcome.NOT_APPLICABLE
    return {True: Outcome.PASS, False: Outcome.FAIL, None: Outcome.UNKNOWN}[claim.holds]


def _sentence(evidence: Evidence, claim: Claim) -> str:
    if not claim.applies:
        return f"{evidence.subject} is {evidence.found}" if evidence.found else evidence.subject
    return str(evidence)


def _where(claim: Claim, resource: Resource | None) -> Where:
    """Prefer the line of the deciding fact if it is in the resource's own file, else the resource's line."""
    home = resource.where("") if resource else None
    if claim.because and (home is None or claim.because[0].where.source == home.source):
        return claim.because[0].where
    return home or Where("system")


def _join(judged: Sequence[tuple[Case, Finding]]) -> Finding:
    findings = [finding for _, finding in judged if finding.outcome is not Outcome.NOT_APPLICABLE]
    if not findings:
        return judged[0][1]
    outcomes = {finding.outcome for finding in findings}
    if len(outcomes) == 1:
        return findings[0]
    telling = _telling(judged)
    how = "; ".join(f"{f.outcome} when {_assumed(case, telling)}" for case, f in judged)
    undecided = next((f for f in findings if f.outcome is Outcome.UNKNOWN), None)
    return replace(
        next((f for f in findings if f.outcome is Outcome.FAIL), undecided or findings[0]),
        outcome=Outcome.UNKNOWN,
        cause=Cause.UNRESOLVED_PARAMETER,
        decided_by=", ".join(telling) or (undecided.decided_by if undecided else ""),
        message=f"depends on {', '.join(telling)}: {how}",
    )


def _telling(judged: Sequence[tuple[Case, Finding]]) -> list[str]:
    """List the assumptions that the outcome depends on: changing just one of them changes it somewhere."""
    names = sorted({name for case, _ in judged for name in case.assumptions})
    telling = []
    for name in names:
        rest: dict[tuple[tuple[str, str], ...], set[Outcome]] = {}
        for case, finding in judged:
            others = tuple(sorted((k, v) for k, v in case.assumptions.items() if k != name))
            rest.setdefault(others, set()).add(finding.outcome)
        if any(len(outcomes) > 1 for outcomes in rest.values()):
            telling.append(name)
    return telling or names


def _assumed(case: Case, telling: Sequence[str]) -> str:
    return " and ".join(f"{name} is {case.assumptions.get(name, 'undecided')}" for name in telling)
