"""No control fails open or shut: what is not known never turns one answer into another."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import pytest

from selftest.controls.proof_files import all_proofs, evaluated
from stackproof.controls import all_controls
from stackproof.controls.judge import Case, judge
from stackproof.model import Cause, Control, Gap, Inventory, Outcome, Unknown, Value

HOLE = Unknown(Cause.UNRESOLVED_PARAMETER, "stack.Anything")
FINE = (Outcome.PASS, Outcome.NOT_APPLICABLE)

# They judge what the template says, so that something is not known is itself an answer.
OF_THE_SYSTEM = {"Layer", "Order"}  # system.yaml says them, so they are always known
ABOUT_THE_WORDS = {
    "no-credentials-in-templates": "a credential is wrong because it is written, and what is not known is not",
    "stack-parameters-complete": "a parameter without a value is what it looks for",
}


@pytest.mark.parametrize(
    "control", [c for c in all_controls() if c.id not in ABOUT_THE_WORDS], ids=lambda control: control.id
)
def test_an_unknown_in_any_place_leaves_the_answer_or_makes_it_unknown(control: Control) -> None:
    """The value that was there is one that the unknown may turn out to be, so no other certain answer is right."""
    wrong = []
    for snippet in all_proofs().get(control.id, []):
        evaluation, address = evaluated(snippet, control)
        if len(evaluation.worlds) > 1:
            continue
        inventory = evaluation.worlds[0].inventory
        before = _outcome(control, inventory, address)
        for place, hidden in _hidden(inventory):
            after = _outcome(control, hidden, address)
            same = after is before or (after in FINE and before in FINE)
            if not same and after is not Outcome.UNKNOWN and before is not Outcome.UNKNOWN:
                wrong.append(f"{snippet.outcome}[{snippet.number}] without {place}: {before} became {after}")
    assert not wrong, "\n".join(wrong)


def _outcome(control: Control, inventory: Inventory, address: str) -> Outcome:
    findings = judge([Case({}, inventory)], [control])
    return next(finding.outcome for finding in findings if finding.resource == address)


def _hidden(inventory: Inventory) -> Iterator[tuple[str, Inventory]]:
    """The inventory with a part of the system unread, then with each value and each word of a resource unknown."""
    yield "the rest of the system", replace(inventory, gaps=(*inventory.gaps, Gap(HOLE)))
    for index, resource in enumerate(inventory.resources):
        for path, properties in _holed(resource.properties, ""):
            changed = replace(resource, properties=properties)
            resources = (*inventory.resources[:index], changed, *inventory.resources[index + 1 :])
            yield f"{resource.address}.{path}", replace(inventory, resources=resources)
        for word in resource.attributes.keys() - OF_THE_SYSTEM:
            changed = replace(resource, attributes={**resource.attributes, word: HOLE})
            resources = (*inventory.resources[:index], changed, *inventory.resources[index + 1 :])
            yield f"{word} of {resource.address}", replace(inventory, resources=resources)


def _holed(value: Value, path: str) -> Iterator[tuple[str, Value]]:
    if path:
        yield path, HOLE
    if isinstance(value, dict):
        for key, item in value.items():
            for inner, changed in _holed(item, f"{path}.{key}" if path else key):
                yield inner, {**value, key: changed}
    elif isinstance(value, list):
        for index, item in enumerate(value):
            for inner, changed in _holed(item, f"{path}[{index}]"):
                yield inner, [*value[:index], changed, *value[index + 1 :]]
