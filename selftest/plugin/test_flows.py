"""Tests with a gate's mark are checks of it, as a user runs them."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from selftest.plugin.projects import Project, new_project

FLOWS = """\
import pytest

from stackproof.model import Cause
from stackproof.plugin.flows import unknown

pytestmark = pytest.mark.e2e
tries = []


@pytest.mark.proves("SHOP-2")
def test_it_goes_well():
    \"\"\"A visitor buys a thing.\"\"\"


def test_it_is_broken():
    \"\"\"A visitor pays.\"\"\"
    assert 1 == 2, "the page stays white"


@pytest.fixture
def slow_start():
    tries.append(1)
    if len(tries) == 1:
        raise ConnectionError("nobody there")


def test_it_goes_well_when_tried_again(slow_start):
    \"\"\"A visitor waits.\"\"\"


def test_it_cannot_be_looked_at():
    \"\"\"A visitor with a browser.\"\"\"
    unknown(Cause.TOOL_MISSING, "no browser")


def test_it_is_skipped():
    \"\"\"A visitor on holiday.\"\"\"
    pytest.skip("later")


@pytest.mark.system("bakery")
def test_it_is_another_shop():
    \"\"\"A visitor at the baker's.\"\"\"
    raise AssertionError
"""
PLACE = "tests/e2e/test_shopping.py"
GATES = "  unit: {budget: 5m, blocks: critical}"


@pytest.fixture
def project(tmp_path: Path) -> Project:
    made = new_project(tmp_path, tmp_path / ".stackproof")
    made.put(PLACE, FLOWS)
    return made


def results(project: Project) -> dict[str, Any]:
    found = json.loads((project.root / "reports/gates/e2e.json").read_text())
    content: dict[str, Any] = found["environments"]["prod"]
    return content


@pytest.mark.parametrize("workers", [(), ("-n", "2")], ids=["alone", "two workers"])
def test_each_test_is_a_check(project: Project, workers: tuple[str, ...]) -> None:
    """Outcome, cause, place and reason of each test are in the gate's file, in one process and in several."""
    ran = project.pytest("-m", "e2e", "--environment", "prod", *workers)
    assert ran.code == 1, ran.said
    content = results(project)
    found = {f["control"]: (f["outcome"], f["cause"], f["standing"], f["message"]) for f in content["findings"]}
    assert found == {
        "it-goes-well": ("pass", None, "", "A visitor buys a thing."),
        "it-is-broken": ("fail", None, "", "the page stays white"),
        "it-goes-well-when-tried-again": ("pass", None, "flaky", "passed on try 2: A visitor waits."),
        "it-cannot-be-looked-at": ("unknown", "tool-missing", "", "no browser"),
        "it-is-skipped": ("unknown", "not-run", "", "later"),
    }
    line = FLOWS.splitlines().index("def test_it_is_broken():") + 1
    assert {(f["file"], f["line"]) for f in content["findings"] if f["outcome"] == "fail"} == {(PLACE, line)}
    assert (content["status"], content["expected"], content["unknown"], content["flaky"]) == ("failed", 5, 2, 1)
    assert "| SHOP-2 | pages load in a second | load |" in (project.root / "reports/traceability.md").read_text()


def test_a_flaky_flow_counts_against_its_budget(project: Project) -> None:
    """A flow that passes on the second try fails the gate unless system.yaml allows it; without retries it fails."""
    only = ("-m", "e2e", "--environment", "prod", "--deselect", f"{PLACE}::test_it_is_broken")
    assert project.pytest(*only).code == 1
    assert "1 passed only when tried again, 0 allowed" in results(project)["reasons"][-1]
    project.edit("systems/shop/system.yaml", GATES, f"{GATES}\n  e2e: {{allow: {{flaky: 1}}}}")
    ran = project.pytest(*only)
    assert (ran.code, results(project)["status"]) == (0, "inconclusive")  # one was left out, two could not be judged
    assert "FLAKY" in ran.out
    project.edit("systems/shop/system.yaml", "flaky: 1}", "flaky: 1}, retries: 0")
    assert project.pytest(*only).code == 1
    assert results(project)["flaky"] == 0


def test_what_cannot_be_looked_at_is_missing_evidence(project: Project) -> None:
    """Where evidence is required a test without a verdict ends with 6, and one that is left out does too."""
    ran = project.pytest("-m", "e2e", "--environment", "prod", "--evidence", "required", "-k", "well and not again")
    assert ran.code == 6, ran.said
    assert results(project)["reasons"] == ["4 of 5 checks unanswered (4 left out of this run), 0 allowed"]
    chosen = ("-k", "cannot", "--evidence", "required")
    assert project.pytest("-m", "e2e", "--environment", "prod", *chosen).code == 6


def test_tests_beside_the_declared_checks_do_not_stand_for_them(project: Project) -> None:
    """A gate whose module of checks was not collected is inconclusive, whatever else passed."""
    project.put("tests/more/test_more.py", "import pytest\n\n\n@pytest.mark.unit\ndef test_a():\n    pass\n")
    ran = project.pytest("tests/more", "-m", "unit", "--environment", "prod", "--evidence", "required")
    assert ran.code == 6, ran.said
    assert "left out of this run" in ran.out


def test_two_tests_of_one_name_are_two_checks(project: Project) -> None:
    """The failure of one does not vanish behind the pass of its namesake, whichever comes last."""
    good, bad = "    pass", "    raise AssertionError"
    for name, body in (("a", good), ("b", bad), ("c", good)):
        text = f"import pytest\n\n\n@pytest.mark.smoke\ndef test_page():\n{body}\n"
        project.put(f"tests/e2e/test_{name}.py", text)
    ran = project.pytest("-m", "smoke", "--environment", "prod", "-n", "2")
    assert ran.code == 1, ran.said
    found = json.loads((project.root / "reports/gates/smoke.json").read_text())["environments"]["prod"]
    assert (found["expected"], found["passed"], found["failed"]) == (3, 2, 1)


def test_a_test_of_no_environment_speaks_of_all(project: Project) -> None:
    """Where several environments are judged, none passes without a check that it was asked for."""
    ran = project.pytest("-m", "e2e", "--environment", "dev,prod", "-k", "broken")
    assert ran.code == 1, ran.said
    found = json.loads((project.root / "reports/gates/e2e.json").read_text())["environments"]
    assert {name: (one["expected"], one["failed"]) for name, one in found.items()} == {"dev": (5, 1), "prod": (5, 1)}


@pytest.mark.parametrize("workers", [(), ("-n", "2")], ids=["alone", "two workers"])
def test_a_module_that_does_not_load_is_missing(project: Project, workers: tuple[str, ...]) -> None:
    """Where pytest is told to go on, the gate still does not pass without what it could not collect."""
    project.put("tests/e2e/test_shopping.py", "import no_such_module\n")
    project.put("tests/e2e/test_b.py", "import pytest\n\n\n@pytest.mark.e2e\ndef test_b():\n    pass\n")
    ran = project.pytest("-m", "e2e", "--environment", "prod", "--continue-on-collection-errors", *workers)
    assert ran.code == 1, ran.said
    assert results(project)["status"] == "inconclusive"
    assert "1 left out of this run" in results(project)["reasons"][0]


@pytest.mark.parametrize(
    ("arguments", "whole"),
    [
        (("tests",), True),
        (("tests/e2e",), True),
        ((".",), True),
        ((PLACE,), False),
        ((f"{PLACE}::test_it_goes_well",), False),
        (("tests/unit", "tests/e2e/more"), False),
        (("--lf",), False),
        (("--ignore=tests/e2e/more",), False),
    ],
)
def test_a_part_of_the_tests_is_no_verdict(project: Project, arguments: tuple[str, ...], *, whole: bool) -> None:
    """Paths and options that leave some of the gate aside make it inconclusive, and are named."""
    project.put(PLACE, "import pytest\n\n\n@pytest.mark.e2e\ndef test_it_goes_well():\n    pass\n")
    project.put("tests/e2e/more/test_m.py", "import pytest\n\n\n@pytest.mark.e2e\ndef test_m():\n    pass\n")
    ran = project.pytest("-m", "e2e", "--environment", "prod", "--evidence", "required", *arguments)
    assert (ran.code, results(project)["status"]) == ((0, "passed") if whole else (6, "inconclusive")), ran.said
    assert ("the run leaves aside" in ran.out) is not whole
