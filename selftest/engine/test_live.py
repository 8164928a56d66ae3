"""Whether a deployed resource is as declared, where the templates leave that open."""

from __future__ import annotations

from typing import Any

import pytest

from stackproof.controls.judge import Case
from stackproof.engine.live import UNCHANGED, judge_survey
from stackproof.engine.static import Target
from stackproof.engine.survey import Declared, Survey
from stackproof.model import Cause, Inventory, Outcome, Resource, Unknown, Where
from stackproof.sources import Deployment
from stackproof.sources.live import Ledger, LiveReading

OPEN = Unknown(Cause.UNRESOLVED_PARAMETER, "Size")
LIVE = Unknown(Cause.NEEDS_LIVE, "GeneratedName")


def inventory(given: Any) -> Inventory:
    return Inventory((Resource("data.Thing", "Custom::Thing", given, {"": Where("data.yml", 3)}),))


def outcome(deployed: Any, *declared: Any) -> tuple[Outcome, Cause | None, str]:
    cases = [Case({"Size": str(number)}, inventory(given)) for number, given in enumerate(declared)]
    target = Target("prod", (), Deployment("prod", "eu-west-1"))
    reading = LiveReading(inventory(deployed), (), (), (), {}, Ledger())
    judged = judge_survey(Survey(Declared(target, cases, {}, {}), reading))
    (found,) = (finding for finding in judged.findings if finding.control == UNCHANGED)
    return found.outcome, found.cause, found.decided_by


@pytest.mark.parametrize(
    ("deployed", "declared", "expected"),
    [
        ({"A": 1, "B": 2}, [{"A": 1}], (Outcome.PASS, None, "")),
        ({"A": 2}, [{"A": 1}], (Outcome.FAIL, None, "")),
        ({"A": 1, "B": 2}, [{"A": 1, "B": OPEN}], (Outcome.UNKNOWN, Cause.UNRESOLVED_PARAMETER, "Size")),
        ({"A": 1, "B": {"C": 2}}, [{"A": 1, "B": {"C": OPEN}}], (Outcome.UNKNOWN, Cause.UNRESOLVED_PARAMETER, "Size")),
        ({"A": 1, "B": 2}, [{"A": 1, "B": LIVE}], (Outcome.PASS, None, "")),
        ({"A": 1}, [{"A": 1}, {"A": 2}], (Outcome.UNKNOWN, Cause.UNRESOLVED_PARAMETER, "Size")),
        ({"A": 1}, [{"A": 1}, {"A": 1}], (Outcome.PASS, None, "")),
        ({"A": 3}, [{"A": 1}, {"A": 2}], (Outcome.FAIL, None, "")),
    ],
)
def test_what_is_left_open_is_not_as_declared(deployed: Any, declared: list[Any], expected: Any) -> None:
    """A value that no parameter settles can be compared with nothing; what differs from every case is drift."""
    assert outcome(deployed, *declared) == expected
