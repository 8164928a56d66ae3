"""Misuse of the gate ends with exit 4 and one line that says where and what; nothing is judged, no result is left."""

from __future__ import annotations

import pytest

from selftest.plugin.projects import Project

SYSTEM = "systems/shop/system.yaml"
MATCHER = (SYSTEM, "StorageEncrypted: true", "StorageEncrypted: {at_leest: 3}")
SEVERITY = (SYSTEM, "rds-storage-encrypted: low", "rds-storage-encryptid: low")
CONTROL = (SYSTEM, "expect: {StorageEncrypted: true}", "control: rds-storage-encryptid")
PARAMETERS = ("systems/shop/prod.json", "}]", "")

Edit = tuple[str, str, str] | None


@pytest.mark.parametrize(
    ("edit", "arguments", "variables", "words"),
    [
        (None, ["--system", "shoop"], {}, ["--system", "'shoop'", "Did you mean 'shop'?"]),
        (None, ["--system=systems/nowhere/system.yaml"], {}, ["--system", "systems/nowhere/system.yaml", "shop"]),
        (None, ["--environment", "prd"], {}, ["system.yaml:8:", "'prd'", "dev, prod", "Did you mean 'prod'?"]),
        (None, ["--evidence", "maybe"], {}, ["argument --evidence: ", "'maybe'", "optional"]),
        (None, [], {"STACKPROOF_EVIDENCE": "maybe"}, ["STACKPROOF_EVIDENCE", "'maybe'", "optional"]),
        (None, ["--reports=pytest.ini"], {}, ["--reports", "pytest.ini", "can be written"]),
        (None, ["-m", "unit and"], {}, ["unit and"]),
        ((SYSTEM, "stacks:", "staks:"), [], {}, ["system.yaml:5:", "'staks'", "Did you mean 'stacks'?"]),
        ((SYSTEM, "template: data.yml", "template: date.yml"), [], {}, ["system.yaml:7:", "'date.yml'", "no file"]),
        ((SYSTEM, "parameters: prod.json", "parameters: prd.json"), [], {}, ["system.yaml:10:", "'prd.json'"]),
        ((SYSTEM, "name: shop", "name: [shop"), [], {}, ["system.yaml:", "system description"]),
        (MATCHER, [], {}, ["system.yaml:15:", "'at_leest'", "Did you mean 'at_least'?"]),
        (CONTROL, [], {}, ["system.yaml:15:", "'rds-storage-encryptid'", "Did you mean 'rds-storage-encrypted'?"]),
        (SEVERITY, [], {}, ["system.yaml:19", "'rds-storage-encryptid'", "a control's id"]),
        (PARAMETERS, [], {}, ["prod.json:1:", "broken YAML", "ParameterKey"]),
        (
            ("systems/shop/prod.json", '"ParameterValue"', '"Valu"'),
            [],
            {},
            ["prod.json:1:", "'Valu'", "ParameterValue"],
        ),
        (("systems/shop/requirements.yaml", "proof: [load]", "proof: [lod]"), [], {}, ["requirements.yaml:2:", "load"]),
        # the same seen by xdist's workers only
        (MATCHER, ["-n", "2"], {}, ["system.yaml:15:", "'at_leest'"]),
        (SEVERITY, ["-n", "2"], {}, ["system.yaml:19", "'rds-storage-encryptid'"]),
        (PARAMETERS, ["-n", "2"], {}, ["prod.json:1:", "broken YAML"]),
    ],
)
def test_each_mistake_is_one_clear_line(
    project: Project, edit: Edit, arguments: list[str], variables: dict[str, str], words: list[str]
) -> None:
    """Exit 4, file and line, what was got and expected, whoever sees it first."""
    if edit:
        project.edit(*edit)
    selected = [] if any(a.startswith("--environment") for a in arguments) else ["--environment", "prod"]
    ran = project.gate(*selected, *arguments, **variables)
    assert ran.code == 4, ran.said
    for word in words:
        assert word in ran.err, ran.said
    assert "Traceback" not in ran.said
    assert "INTERNALERROR" not in ran.said
    told = [line for line in ran.err.splitlines() if "error: " in line.lower() and "usage: " not in line]
    assert len(told) == 1, ran.err
    assert "unit gate" not in ran.out


@pytest.mark.parametrize("arguments", [["--environment", "prd"], ["--environment", "prod"]])
def test_no_result_of_an_earlier_run_is_left_to_be_trusted(project: Project, arguments: list[str]) -> None:
    """Whether the mistake is seen before or while the templates are judged, yesterday's `passed` is gone."""
    stale = project.put("reports/gates/unit.json", '{"environments": {"prod": {"status": "passed"}}}')
    project.edit(*MATCHER)
    assert project.gate("--collect-only", *arguments).code == 4
    assert stale.exists()
    assert project.gate(*arguments).code == 4
    assert not stale.exists()


def test_checks_without_any_system_are_misuse(project: Project) -> None:
    """A suite that is laid in a project without a system.yaml says what is missing."""
    (project.root / SYSTEM).unlink()
    ran = project.gate()
    assert ran.code == 4, ran.said
    assert "ERROR: --system: got no system, expected" in ran.err
    assert "Traceback" not in ran.said


def test_the_same_mistake_without_a_marker_is_told_too(project: Project) -> None:
    """`pytest` alone collects the checks and ends the same way."""
    project.edit(*MATCHER)
    ran = project.pytest()
    assert ran.code == 4, ran.said
    assert "Did you mean 'at_least'?" in ran.err
