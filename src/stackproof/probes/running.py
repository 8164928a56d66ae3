"""Runs the probes that a system.yaml names, and turns their answers into findings."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from stackproof.errors import MisuseError
from stackproof.model import Cause, Claim, Finding, Inventory, Resource, Selection, Severity, Unknown, Where
from stackproof.probes.base import Answer, LackingError, LeftBehindError, Probe, Probing, bad, unsure
from stackproof.sources.live import Fault, RefusedError
from stackproof.system.expectations import selecting
from stackproof.system.loading import System
from stackproof.system.matchers import demand
from stackproof.system.mistakes import suggestion
from stackproof.system.schema import ProbeUse

READS_ONLY = "would write; probes only read outside the embedded environment"


@dataclass(frozen=True, slots=True)
class _Use:
    """A probe as one entry of system.yaml uses it."""

    entry: ProbeUse
    index: int
    probe: Probe
    options: Mapping[str, Any]


def unasked_probes(system: System, environment: str, declared: Inventory, why: Unknown) -> list[Finding]:
    """Answer for every probe that system.yaml names that it could not be asked, and why.

    Raises:
        MisuseError: as `run_probes`.

    """
    answer = unsure(why, f"not asked: {why}")
    findings = []
    for use in _uses(system, environment):
        chosen = _selection(system, environment, use, declared)
        counted = _counted(system, use, chosen)
        if counted.holds is not True:
            findings.append(_uncounted(system, use, counted, environment))
        findings += [_finding(system, use, resource, answer, environment) for resource in chosen]
    return findings


def run_probes(system: System, environment: str, probing: Probing) -> list[Finding]:
    """Ask every probe that system.yaml names for this environment, one after the other.

    A finding's control is the entry's id, `where` the resource's place in its template. An entry that selects fewer
    or more resources than it counts on gives a finding without a resource. Never raises for what the deployed
    system answers or does not answer.

    Raises:
        MisuseError: an entry names an unknown probe or option, or an option of another kind.

    """
    who = probing.aws.identity() if probing.aws.account else None
    if isinstance(who, Fault):
        return unasked_probes(system, environment, probing.declared, Unknown(who.cause, who.message))
    findings = []
    for use in _uses(system, environment):
        chosen = _selection(system, environment, use, probing.declared)
        counted = _counted(system, use, chosen)
        if counted.holds is not True:
            findings.append(_uncounted(system, use, counted, environment))
        for resource in chosen:
            answer = _asked(use, resource, replace(probing, options=use.options))
            findings.append(_finding(system, use, resource, answer, environment))
    return findings


def expected_probes(system: System, environment: str, declared: Inventory) -> set[tuple[str, str]]:
    """List the (entry's id, resource) pairs that `run_probes` answers; the resource is empty where the number is wrong.

    Raises:
        MisuseError: as `run_probes`.

    """
    pairs = set()
    for use in _uses(system, environment):
        chosen = _selection(system, environment, use, declared)
        if _counted(system, use, chosen).holds is not True:
            pairs.add((use.entry.id, ""))
        pairs |= {(use.entry.id, resource.address) for resource in chosen}
    return pairs


def permits_for(system: System, environment: str) -> frozenset[str]:
    """Name the calls that the read-only guard must let through for this environment's probes.

    Raises:
        MisuseError: as `run_probes`.

    """
    return frozenset(call for use in _uses(system, environment) for call in use.probe.permits)


def actions_for(system: System, environment: str) -> Mapping[str, frozenset[str]]:
    """Name each IAM action that this environment's reading probes take, with the entries that need it.

    Raises:
        MisuseError: as `run_probes`.

    """
    found: dict[str, set[str]] = {}
    for use in _uses(system, environment):
        for action in use.probe.needs:
            found.setdefault(action, set()).add(use.entry.id)
    return {action: frozenset(entries) for action, entries in sorted(found.items())}


def _uses(system: System, environment: str) -> list[_Use]:
    """Every entry is checked, those of other environments too."""
    from stackproof.probes import all_probes

    catalogue = {probe.id: probe for probe in all_probes()}
    lineage = set(system.lineage(environment))
    uses = []
    for index, entry in enumerate(system.file.probes):
        if entry.probe not in catalogue:
            where, known = system.where("probes", index, "probe"), ", ".join(catalogue)
            raise MisuseError(where, f"probe {entry.probe!r}", f"one of {known}", suggestion(entry.probe, catalogue))
        probe = catalogue[entry.probe]
        _check_types(system, index, entry, probe)
        use = _Use(entry, index, probe, _options(system, environment, index, entry, probe))
        if not entry.environments or lineage & set(entry.environments):
            uses.append(use)
    return uses


def _check_types(system: System, index: int, entry: ProbeUse, probe: Probe) -> None:
    for type_ in entry.resource.type if probe.types else ():
        if type_ not in probe.types:
            where = system.where("probes", index, "resource", "type")
            raise MisuseError(where, repr(type_), f"what {probe.id} asks: {' or '.join(probe.types)}")


def _options(system: System, environment: str, index: int, entry: ProbeUse, probe: Probe) -> dict[str, Any]:
    given = {}
    for name, value in entry.options.items():
        where = system.where("probes", index, "with", name)
        if name not in probe.options:
            known = ", ".join(probe.options) or "no options"
            raise MisuseError(where, f"option {name!r} of {probe.id}", known, suggestion(name, probe.options))
        default = probe.options[name]
        kind = default if isinstance(default, type) else type(default)
        if not isinstance(value, kind) or isinstance(value, bool) is not (kind is bool):
            raise MisuseError(where, f"{name}: {value!r}", f"{name} with {kind.__name__}")
        given[name] = system.fill(value, environment) if isinstance(value, str) else value
    missing = [name for name, default in probe.options.items() if isinstance(default, type) and name not in given]
    if missing:
        raise MisuseError(
            system.where("probes", index), f"no {', '.join(missing)}", f"{probe.id} with it under `with:`"
        )
    return {**probe.options, **given}


def _selection(system: System, environment: str, use: _Use, declared: Inventory) -> Selection:
    at = ("probes", use.index, "resource")
    return declared.of_type(*use.entry.resource.type).that(selecting(system, environment, use.entry.resource, at))


def _counted(system: System, use: _Use, chosen: Selection) -> Claim:
    wanted = demand(use.entry.count, system.where("probes", use.index, "count"))
    return chosen.count(wanted.holds, wanted.words)


def _asked(use: _Use, resource: Resource, probing: Probing) -> Answer:
    """Ask one resource. Nothing that happens on the way makes this raise."""
    if use.probe.writes and not probing.embedded:
        return unsure(Unknown(Cause.NOT_RUN, use.probe.id), READS_ONLY)
    if not probing.id_of(resource):
        return unsure(Unknown(Cause.NOT_DEPLOYED, resource.address), f"{resource.address} has no physical id")
    try:
        return use.probe.ask(probing, resource)
    except RefusedError as refused:
        return unsure(Unknown(Cause.NOT_RUN, refused.call), f"{refused.call} is not permitted to this connection")
    except LeftBehindError as left:
        return unsure(left.unknown, str(left))
    except LackingError as lacking:
        return unsure(Unknown(Cause.MALFORMED, lacking.call), str(lacking))
    except Exception as error:  # noqa: BLE001 - a probe that crashes is an unknown with its cause, never silence
        said = f"{use.probe.id} crashed: {type(error).__name__}: {error}"
        return unsure(Unknown(Cause.CONTROL_ERROR, use.probe.id), said)


def _finding(system: System, use: _Use, resource: Resource | None, answer: Answer, environment: str) -> Finding:
    entry = use.entry
    here, _, line = system.where("probes", use.index).rpartition(":")
    return Finding(
        control=entry.id,
        engine="stackproof",
        severity=Severity[entry.severity.upper()] if entry.severity else use.probe.severity,
        outcome=answer.outcome,
        where=resource.where("") if resource else Where(here, int(line)),
        resource=resource.address if resource else "",
        type=resource.type if resource else " or ".join(entry.resource.type),
        environment=environment,
        message=answer.message,
        remediation=entry.remediation or use.probe.remediation,
        cause=answer.cause,
        decided_by=answer.decided_by,
        proves=tuple(entry.proves),
        evidence=answer.evidence,
    )


def _uncounted(system: System, use: _Use, counted: Claim, environment: str) -> Finding:
    """The selection is not what the entry counts on: nothing to ask is no pass."""
    said = "; ".join(str(evidence) for evidence in counted.because)
    doubt = next((e.unknown for e in counted.because if e.unknown), None) if counted.holds is None else None
    if counted.holds is None and doubt is None:
        doubt = Unknown(Cause.CONTROL_ERROR, use.entry.id)
    answer = unsure(doubt, said) if doubt else bad(said)
    return _finding(system, use, None, answer, environment)
