"""Whatever a statement or a control speaks of in MDReader's templates, somebody notices when it changes."""

from __future__ import annotations

import random
from dataclasses import replace

import pytest

from selftest.mdreader.changes import Changes
from selftest.mdreader.copies import SYSTEM
from selftest.mdreader.mutations import ANYONE, Unnoticed, allowed, spoken_of, unnoticed
from selftest.mdreader.rejudging import Baseline
from stackproof.controls.judge import Case, judge
from stackproof.model import Control, Outcome

STACKS = sorted(path.stem for path in (SYSTEM / "infrastructure").glob("*.yml"))
ROTATION = ("keys.DataKey", "EnableKeyRotation")


@pytest.mark.parametrize("stack", STACKS)
def test_what_is_spoken_of_is_noticed(prod: Baseline, stack: str) -> None:
    """Of every property that a control rests on, that control notices a change; of every other one, anyone does."""
    spoken = {part: controls for part, controls in spoken_of(prod).items() if part[0].partition(".")[0] == stack}
    found = unnoticed(prod, spoken)
    reasons = allowed()
    assert spoken, f"no control speaks of anything in {stack}"
    assert not [str(each) for each in found if not any(reason.covers(each) for reason in reasons)]


def test_reviewed_reasons_are_needed(prod: Baseline) -> None:
    """A reason for not noticing a change goes when the change is noticed."""
    reasons = allowed()
    types = {resource.address: resource.type for resource in prod.inventory.resources}
    spoken = {
        (address, path): controls
        for (address, path), controls in spoken_of(prod).items()
        if any(reason.covers(Unnoticed(reason.control, types[address], address, path)) for reason in reasons)
    }
    found = unnoticed(prod, spoken)
    assert not [reason for reason in reasons if not any(reason.covers(each) for each in found)]


def test_baseline_says_what_the_engine_says(prod: Baseline) -> None:
    """The answers that changes are compared with are the engine's own."""
    words = {True: Outcome.PASS, False: Outcome.FAIL, None: Outcome.UNKNOWN}
    mine = {}
    for (control, _), answers in prod.answers.items():
        for address, claim in answers.items():
            said = words[None] if claim is None else words[claim.holds] if claim.applies else Outcome.NOT_APPLICABLE
            mine[control, address] = said
    findings = judge([Case({}, prod.inventory)], list(prod.controls.values()))
    assert mine == {(finding.control, finding.resource): finding.outcome for finding in findings}


def test_judging_again_agrees_with_judging_everything(prod: Baseline) -> None:
    """What a change cannot reach is not judged again, and nothing is lost by that."""
    changes = Changes(prod.inventory)
    every = [change for resource in prod.inventory.resources for change in changes.of(resource)]
    draw = random.Random(1)  # noqa: S311 - the same sample in every run
    for change in draw.sample(every, 20):
        assert prod.noticed(change) == prod.noticed_by_all(change), str(change)


def test_a_control_that_is_gone_is_missed(prod: Baseline) -> None:
    """When the only control that speaks of a property is taken out, the property is reported."""
    (only,) = prod.deciding[ROTATION]
    without = Baseline(prod.inventory, [control for control in prod.controls.values() if control.id != only])
    assert unnoticed(prod, {ROTATION: frozenset({only})}) == []
    assert [each.control for each in unnoticed(without, {ROTATION: frozenset({only})})] == [ANYONE]


def test_a_control_that_reads_but_never_fails_is_missed(prod: Baseline) -> None:
    """A control that passes whatever the property's value is reported, though it reads the property."""
    (only,) = prod.deciding[ROTATION]

    def blunted(control: Control) -> Control:
        if control.id != only:
            return control
        return replace(control, judge=lambda key, _: key["EnableKeyRotation"].claim("any value", lambda _: True))

    blunt = Baseline(prod.inventory, [blunted(control) for control in prod.controls.values()])
    found = unnoticed(blunt, {ROTATION: spoken_of(blunt)[ROTATION]})
    assert [each.control for each in found] == [only]
