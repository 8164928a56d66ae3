"""What a probe is, what it is given, and how it answers."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeAlias

from stackproof.model import Cause, Inventory, Outcome, Resource, Severity, Unknown, Where
from stackproof.sources.live import Answer as Called
from stackproof.sources.live import Aws, Fault, permission_of


@dataclass(frozen=True, slots=True)
class Answer:
    """What came of a question: pass, fail or unknown, in a sentence.

    `evidence` is what was asked: an API call with the number of its entry in the ledger, or the request itself
    (`PUT https://...`, line 0). `cause` and `decided_by` are set just where the outcome is unknown.
    """

    outcome: Outcome
    message: str
    evidence: tuple[Where, ...] = ()
    cause: Cause | None = None
    decided_by: str = ""


@dataclass(frozen=True, slots=True)
class Probing:
    """All that probes may use: the connection, both inventories, and where things are.

    `physical` maps addresses to physical ids, `regions` components to regions that differ from the connection's.
    `embedded` says that this is our own emulator, the only place where probes may write. `authority` is a PEM file to
    verify servers with, beside the machine's own authorities. `resolve` maps host names to (address, port), for
    names that only the embedded environment knows. `timeout` is in seconds, for each single wait. `options` are the
    `with:` of the probe that is running, its defaults filled in.
    """

    aws: Aws
    declared: Inventory
    observed: Inventory
    physical: Mapping[str, str]
    environment: str
    base_url: str = ""
    embedded: bool = False
    authority: Path | None = None
    timeout: float = 5.0
    resolve: Mapping[str, tuple[str, int]] = field(default_factory=dict)
    regions: Mapping[str, str] = field(default_factory=dict)
    options: Mapping[str, Any] = field(default_factory=dict)

    def id_of(self, resource: Resource) -> str:
        """The physical id; empty when the resource is not deployed."""
        return self.physical.get(resource.address, "")

    def region_of(self, resource: Resource) -> str:
        """The region that the resource's stack is in."""
        return self.regions.get(resource.address.split(".")[0], "") or self.aws.region


Ask: TypeAlias = Callable[[Probing, Resource], Answer]


@dataclass(frozen=True, slots=True)
class Probe:
    """One active question to every resource of some types (empty: any type).

    `writes` says that it changes something, if only for a moment: it is then asked of the embedded environment alone.
    `permits` names calls that the read-only guard lets through only by name, `needs` the IAM actions that asking
    takes. `options` are what `with:` may
    say, with their defaults; a value must be of its default's kind. A kind (`str`) in place of a default: it must be
    said.
    """

    id: str
    title: str
    types: tuple[str, ...]
    severity: Severity
    rationale: str
    remediation: str
    ask: Ask
    writes: bool = False
    permits: tuple[str, ...] = ()
    needs: tuple[str, ...] = ()
    options: Mapping[str, Any] = field(default_factory=dict)


def probe(  # noqa: PLR0913 - named, and written once per probe
    *,
    id: str,  # noqa: A002 - as it is called in system.yaml
    title: str,
    severity: Severity,
    types: tuple[str, ...],
    remediation: str,
    writes: bool = False,
    permits: tuple[str, ...] = (),
    needs: tuple[str, ...] = (),
    options: Mapping[str, Any] | None = None,
) -> Callable[[Ask], Probe]:
    """Turn a function into a probe: its docstring is the rationale.

    Raises:
        TypeError: a function without docstring, which would explain nothing.

    """

    def build(ask: Ask) -> Probe:
        if not ask.__doc__:
            raise TypeError(f"probe {id}: got no docstring, expected the reason to ask")
        rationale = inspect.cleandoc(ask.__doc__)
        return Probe(id, title, types, severity, rationale, remediation, ask, writes, permits, needs, options or {})

    return build


def good(message: str, *evidence: Where) -> Answer:
    """Say that the thing answered as it should."""
    return Answer(Outcome.PASS, message, evidence)


def bad(message: str, *evidence: Where) -> Answer:
    """Say that the thing answered as it must not."""
    return Answer(Outcome.FAIL, message, evidence)


def unsure(unknown: Unknown, message: str, *evidence: Where) -> Answer:
    """Say that the question has no answer, and why."""
    return Answer(Outcome.UNKNOWN, message, evidence, unknown.cause, unknown.detail)


def faulty(fault: Fault, call: str, *evidence: Where) -> Answer:
    """Turn a call that failed into an unknown that names the permission."""
    said = f"{call} answered {fault.code}: {fault.message}" if fault.code else f"{call}: {fault.message}"
    return unsure(fault.unknown(permission_of(call)), said, *evidence)


class LackingError(Exception):
    """An answer of AWS lacks what the API always gives."""

    def __init__(self, call: str, name: str) -> None:
        self.call = call
        super().__init__(f"{call} answers no {name}")


class LeftBehindError(Exception):
    """A probe could not put back what it changed."""

    def __init__(self, what: str, fault: Fault, call: str) -> None:
        self.unknown = fault.unknown(permission_of(call))
        super().__init__(f"{what} is left behind, as {call} answered {fault.code}: {fault.message}")


def tidied(answer: Called, what: str) -> None:
    """Make sure that a probe's own trace is gone; `what` it is, in words.

    Raises:
        LeftBehindError: it is not. Whoever runs the probe makes an unknown of it.

    """
    if answer.fault:
        raise LeftBehindError(what, answer.fault, answer.call)


def part(answer: Called, name: str) -> Any:
    """A part of an answer that is always there.

    Raises:
        LackingError: it is not. Whoever runs the probe makes an unknown of it.

    """
    value = answer.value.get(name) if isinstance(answer.value, Mapping) else None
    if value is None:
        raise LackingError(answer.call, name)
    return value


def joined(answers: Iterable[Answer]) -> Answer:
    """One answer for several questions: a failure decides, then an unknown; all good is good.

    Raises:
        ValueError: no answers at all, which prove nothing.

    """
    given = tuple(answers)
    if not given:
        raise ValueError("no question was asked")
    for outcome in (Outcome.FAIL, Outcome.UNKNOWN, Outcome.PASS):
        deciding = [answer for answer in given if answer.outcome is outcome]
        if deciding:
            break
    evidence = tuple(dict.fromkeys(where for answer in given for where in answer.evidence))
    message = "; ".join(dict.fromkeys(answer.message for answer in deciding))
    return Answer(deciding[0].outcome, message, evidence, deciding[0].cause, deciding[0].decided_by)
