"""Each statement that the design documents get wrong: their version, put into our templates, is caught by name."""

from __future__ import annotations

from pathlib import Path

import pytest

from selftest.mdreader.copies import SYSTEM, Copy
from selftest.mdreader.flaws import Findings, Flaw
from selftest.mdreader.flaws_of_services import FLAWS as OF_SERVICES
from selftest.mdreader.flaws_of_strategy import FLAWS as OF_STRATEGY
from stackproof.controls import all_controls
from stackproof.model import Outcome
from stackproof.system.loading import load_system

FLAWS = (*OF_SERVICES, *OF_STRATEGY)


@pytest.fixture(scope="session")
def untouched(tmp_path_factory: pytest.TempPathFactory) -> Findings:
    """What is found in the system as it is."""
    folder = tmp_path_factory.mktemp("untouched")
    return Copy.below(folder).judge("prod", folder / "cache")


@pytest.mark.parametrize("flaw", FLAWS, ids=lambda flaw: f"{flaw.requirement} {flaw.name}")
def test_flaw_is_caught(flaw: Flaw, untouched: Findings, tmp_path: Path) -> None:
    """The findings name control, resource, file and line; the system as it is does not have them."""
    copy = Copy.below(tmp_path)
    for edit in flaw.edits:
        copy.edit(edit)
    found = copy.judge("prod", tmp_path / "cache")
    for caught in flaw.caught:
        key = (caught.control, caught.resource)
        assert key in found, f"nothing says {caught.control} of {caught.resource}"
        assert (found[key].outcome, str(found[key].where)) == (Outcome.FAIL, copy.place(caught.file, *caught.marks))
        assert key not in untouched or untouched[key].outcome is Outcome.PASS


@pytest.mark.parametrize("flaw", FLAWS, ids=lambda flaw: f"{flaw.requirement} {flaw.name}")
def test_flaw_breaks_its_statement(flaw: Flaw) -> None:
    """Among those who catch it are an expectation that proves the statement and a control that every system has."""
    expectations = load_system(SYSTEM / "system.yaml").file.expectations
    proving = {expectation.id for expectation in expectations if flaw.requirement in expectation.proves}
    catching = {caught.control for caught in flaw.caught}
    assert catching & proving
    assert catching & {control.id for control in all_controls()}


def test_every_flawed_statement_has_its_flaw() -> None:
    """No statement that is marked as wrong in the documents, and that templates can prove, is left out."""
    requirements = load_system(SYSTEM / "system.yaml").requirements
    assert {r.id for r in requirements if r.flaw and "template" in r.proof} == {flaw.requirement for flaw in FLAWS}
