"""Two evidences side by side: what the template declares and what is deployed, judged by the same controls."""

from __future__ import annotations

import contextlib
import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum

from stackproof.controls.judge import Case, judge
from stackproof.model import ABSENT, Absent, Control, Finding, Inventory, Outcome, Resource, Unknown, Value, Where
from stackproof.model.matching import equal, readable, show

_IMPORTED = "Body."  # an API definition: API Gateway makes methods of it and keeps no descriptions and summaries


class Standing(StrEnum):
    """What the two evidences of one control on one resource say together."""

    COMPLIANT = "compliant"
    DRIFTED = "drifted"  # the template keeps the control, the deployed resource does not
    REVERTING = "fixed by hand, about to be reverted"  # the other way round: the next deployment breaks it again
    BROKEN = "broken"
    UNVERIFIED = "unverified"  # one of the two is not known
    NOT_APPLICABLE = "not-applicable"


@dataclass(frozen=True, slots=True)
class Compared:
    """One control on one resource with both findings; None where that side does not have the resource."""

    control: str
    resource: str
    template: Finding | None
    deployed: Finding | None

    @property
    def standing(self) -> Standing:
        """Read both outcomes. A side that applies decides alone where the other does not."""
        sides = [f.outcome for f in (self.template, self.deployed) if f]
        known = [outcome for outcome in sides if outcome is not Outcome.NOT_APPLICABLE]
        if Outcome.UNKNOWN in known or self.deployed is None:
            return Standing.UNVERIFIED
        if not known:
            return Standing.NOT_APPLICABLE
        if all(outcome is known[0] for outcome in known):
            return Standing.COMPLIANT if known[0] is Outcome.PASS else Standing.BROKEN
        return Standing.DRIFTED if known[-1] is Outcome.FAIL else Standing.REVERTING


@dataclass(frozen=True, slots=True)
class Drift:
    """One property that is not as the template says: the author's line, and the call that showed it."""

    resource: str
    path: str
    declared: str
    observed: str
    where: Where
    call: Where


def compare(declared: Sequence[Case], observed: Inventory, controls: Sequence[Control]) -> list[Compared]:
    """Judge both evidences by the same controls and put the findings side by side, in a stable order.

    `declared` has a case for each way in which the templates' undecided parameters may turn out.
    """
    template = {(f.control, f.resource): f for f in judge(declared, controls)}
    deployed = {(f.control, f.resource): f for f in judge([Case({}, observed)], controls, cite=True)}
    return [Compared(*key, template.get(key), deployed.get(key)) for key in sorted(template.keys() | deployed.keys())]


def drifts(declared: Inventory, observed: Inventory) -> list[Drift]:
    """List every property that is declared and deployed with another value.

    Only what both sides know is compared, and only what is declared: AWS adds much of its own. Of a list equal elements
    are paired whatever their order; an element that is only deployed is drift too, but for lists of named settings
    (`Key` and `Value`), where AWS fills in the rest.
    """
    found: list[Drift] = []
    for resource in declared.resources:
        deployed = observed.get(resource.address)
        if deployed is not None:
            different = _different(resource.properties, deployed.properties, "")
            found += [
                _drift(resource, deployed, path, wanted, got)
                for path, wanted, got in different
                if not (path.startswith(_IMPORTED) and isinstance(got, Absent))
            ]
    return found


def line_of(finding: Finding, drifted: Sequence[Drift]) -> Where | None:
    """The author's line of the drifted property that a finding speaks of; None where it speaks of none of them."""
    subjects = [sentence.partition(" is ")[0] for sentence in finding.message.split("; ")]
    for subject in subjects:
        for drift in drifted:
            if _inside(subject, drift.path) or _inside(drift.path, subject):
                return drift.where
    return None


def _inside(path: str, outer: str) -> bool:
    return path == outer or path.startswith((f"{outer}.", f"{outer}["))


def _drift(resource: Resource, deployed: Resource, path: str, wanted: Value, got: Value) -> Drift:
    return Drift(resource.address, path, show(wanted), show(got), resource.where(path), deployed.where(path))


def _different(wanted: Value, got: Value, path: str) -> Iterator[tuple[str, Value, Value]]:
    if isinstance(wanted, Unknown | Absent) or isinstance(got, Unknown):
        return
    if isinstance(got, dict) and not isinstance(wanted, dict):
        wanted = _from_json(wanted)
    if isinstance(wanted, dict) and isinstance(got, dict):
        for key, value in wanted.items():
            below = f"{path}.{key}" if path else key
            yield from _different(value, got.get(key, ABSENT), below)
    elif isinstance(wanted, list) and isinstance(got, list):
        yield from _different_lists(wanted, got, path)
    elif equal(wanted, got) is False:
        yield path, wanted, got


def _different_lists(wanted: list[Value], got: list[Value], path: str) -> Iterator[tuple[str, Value, Value]]:
    """Pair equal elements first; what is left over on either side differs."""
    left = list(got)
    unpaired = []
    for index, value in enumerate(wanted):
        same = next((other for other in left if not any(_different(value, other, ""))), None)
        if same is None:
            unpaired.append((index, value))
        else:
            left.remove(same)
    for index, value in unpaired:
        yield from _different(value, left.pop(0) if left else ABSENT, f"{path}[{index}]")
    for other in left:
        if not (isinstance(other, dict) and {"Key", "Value"} >= other.keys()):
            yield path, ABSENT, other


def _from_json(value: Value) -> Value:
    """Read a document that the template writes as text, with references filled in where their text is known."""
    text = readable(value)
    if isinstance(text, str):
        with contextlib.suppress(ValueError):
            parsed: Value = json.loads(text)
            return parsed
    return text if isinstance(text, Unknown) else value
