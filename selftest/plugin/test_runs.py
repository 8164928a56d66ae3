"""The unit gate as a user runs it: items, exit codes, reports."""

from __future__ import annotations

import re
from collections import Counter
from pathlib import Path
from xml.etree import ElementTree as Xml

import pytest

from selftest.plugin.projects import Project, Ran, new_project
from stackproof.controls import all_controls

RESOURCES = {
    "network": "AWS::CloudFormation::Stack",
    "network.Vpc": "AWS::EC2::VPC",
    "network.Group": "AWS::EC2::SecurityGroup",
    "data": "AWS::CloudFormation::Stack",
    "data.Database": "AWS::RDS::DBInstance",
    "data.Uploads": "AWS::S3::Bucket",
    "data.Alarm": "AWS::CloudWatch::Alarm",
}
ALLOW = ("systems/shop/system.yaml", "blocks: critical", "blocks: critical, allow: {unknown: 9}")
DEV_FAILS = "systems/shop/data.yml:17: database-encrypted: StorageEncrypted is false, expected true"


@pytest.fixture(scope="module")
def both(tmp_path_factory: pytest.TempPathFactory, shared_cache: Path) -> tuple[Project, Ran]:
    """One run for both environments, which several tests look at."""
    project = new_project(tmp_path_factory.mktemp("both"), shared_cache)
    return project, project.gate("--environment", "all", "-v")


def cases(project: Project) -> dict[str, Xml.Element]:
    """The test cases of junit-unit.xml by name, without the module's part."""
    root = Xml.parse(project.root / "reports/junit-unit.xml").getroot()  # noqa: S314 - written by the run itself
    return {case.attrib["name"]: case for case in root.iter("testcase")}


def test_there_is_one_item_for_each_control_and_resource(both: tuple[Project, Ran]) -> None:
    """Every control of the catalogue is answered once for every resource of its types, in each environment."""
    project, ran = both
    wanted = {
        (control.id, address)
        for control in all_controls()
        for address, type_ in RESOURCES.items()
        if not control.selects and (type_ in control.types or not control.types)
    }
    assert len(wanted) > 30
    for environment in ("dev", "prod"):
        result = project.result(environment)
        ours = Counter((f["control"], f["resource"]) for f in result["findings"] if f["engine"] == "stackproof")
        assert wanted - ours.keys() == set()
        assert [pair for pair, number in ours.items() if number > 1] == []
        assert result["expected"] == len(result["findings"])
        assert result["resources"] == len(RESOURCES)
    for environment, word in (("dev", "FAIL"), ("prod", "PASS")):
        name = f"checks::{environment}/data.Database/database-encrypted {word}"
        assert len([line for line in ran.out.splitlines() if name in line]) == 1


def test_the_gate_file_says_what_was_decided_and_why(both: tuple[Project, Ran]) -> None:
    """The finding of the known mistake carries all that a person needs, and the counts add up."""
    project, _ = both
    dev, prod = project.result("dev"), project.result("prod")
    assert (dev["status"], dev["failed"]) == ("failed", 1)
    assert "1 failure of critical or higher, 0 allowed" in dev["reasons"]
    assert (prod["status"], prod["unknown"]) == ("inconclusive", 2)  # checkov could read neither of two templates
    (finding,) = (f for f in dev["findings"] if f["control"] == "database-encrypted" and f["resource"])
    assert finding == {
        "control": "database-encrypted",
        "engine": "stackproof",
        "also": [],
        "severity": "critical",
        "outcome": "fail",
        "cause": None,
        "decided_by": "",
        "file": "systems/shop/data.yml",
        "line": 17,
        "resource": "data.Database",
        "type": "AWS::RDS::DBInstance",
        "environment": "dev",
        "message": "StorageEncrypted is false, expected true",
        "remediation": "Make the template say what the design says, or change systems/shop/system.yaml:12.",
        "proves": ["SHOP-1"],
        "waiver": "",
        "evidence": [],
        "standing": "",
    }
    for result in (dev, prod):
        parts = ("passed", "failed", "advisory", "unknown", "owed", "waived", "not_applicable")
        assert sum(result[part] for part in parts) == result["expected"]


def test_junit_has_a_case_for_each_item_and_no_unknown_is_green(both: tuple[Project, Ran]) -> None:
    """Only a pass has nothing to say; an unknown, or a failure that does not count, is skipped."""
    project, _ = both
    found = cases(project)
    told = {"pass": [], "fail": ["failure"], "unknown": ["skipped"], "not-applicable": ["skipped"]}
    findings = [f for environment in ("dev", "prod") for f in project.result(environment)["findings"]]
    assert len(found) == len(findings)
    for finding in findings:
        place = finding["resource"] or finding["file"]
        case = found[f"{finding['environment']}/{place}/{finding['control']}"]
        advice = finding["outcome"] == "fail" and finding["severity"] != "critical"  # the project blocks critical only
        expected = ["skipped"] if advice else told[finding["outcome"]]
        assert [child.tag for child in case if child.tag != "properties"] == expected, finding
    failure = found["dev/data.Database/database-encrypted"].find("failure")
    assert failure is not None
    assert DEV_FAILS in (failure.text or "")


def test_the_reports_are_whole_and_nothing_else_is_left(both: tuple[Project, Ran]) -> None:
    """The folder of the reports holds three files, none of them half written."""
    project, _ = both
    folder = project.root / "reports"
    files = sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file())
    assert files == ["gates/unit.json", "junit-unit.xml", "traceability.md"]


def test_traceability_lists_every_statement(both: tuple[Project, Ran]) -> None:
    """A statement has a row for each kind of proof: its verdict by environment, `owed`, or `unproven`."""
    project, _ = both
    table = (project.root / "reports/traceability.md").read_text()
    rows = [[cell.strip() for cell in row.split("|")] for row in table.splitlines() if row.startswith("| SHOP")]
    shown = {(row[1], row[3]): re.sub(r" \(.*?\)", "", row[5]) for row in rows}
    assert shown == {
        ("SHOP-1", "template"): "**fail** dev<br>pass prod",
        ("SHOP-2", "load"): "owed",
        ("SHOP-3", "template"): "**unproven** dev, prod",
        ("SHOP-3", "deployed"): "owed",
    }


def test_the_summary_names_each_failure_once_with_its_environments(both: tuple[Project, Ran]) -> None:
    """What only dev has is said of dev, and what both have is said once of both."""
    _, ran = both
    lines = ran.out.splitlines()
    assert [line for line in lines if "database-encrypted on data.Database" in line] == [
        "  FAIL    critical database-encrypted on data.Database in dev"
    ]
    assert max(len(line) for line in lines[lines.index("shop · unit gate") :]) <= 100
    assert len(lines) - lines.index("shop · unit gate") <= 40


@pytest.mark.parametrize(
    ("environment", "evidence", "edit", "status", "code"),
    [
        ("dev", "optional", (), "failed", 1),
        ("dev", "required", (), "failed", 1),
        ("prod", "optional", (), "inconclusive", 0),
        ("prod", "required", (), "inconclusive", 6),
        ("prod", "required", ALLOW, "passed", 0),
    ],
)
def test_exit_codes(
    project: Project, environment: str, evidence: str, edit: tuple[str, ...], status: str, code: int
) -> None:
    """A failure is 1 in both modes; what is unanswered is 6 where evidence is required, unless it is allowed."""
    if edit:
        project.edit(*edit)
    ran = project.gate("--environment", environment, "--evidence", evidence)
    assert (ran.code, project.result(environment)["status"]) == (code, status), ran.said
    unknown = [case for name, case in cases(project).items() if name.endswith("/checkov")]
    tag = "failure" if evidence == "required" else "skipped"
    assert [bool(case.findall(tag)) for case in unknown] == [True, True]


def test_a_gate_over_its_budget_fails(project: Project) -> None:
    """A run that took longer than `budget` is not compliant, and says by how much."""
    project.edit(*ALLOW)
    project.edit("systems/shop/system.yaml", "budget: 5m", "budget: 1s")
    project.put("conftest.py", "import time\n\n\ndef pytest_collection():\n    time.sleep(1.2)\n")
    ran = project.gate("--environment", "prod")
    assert ran.code == 1
    (reason,) = project.result("prod")["reasons"]
    assert reason.startswith("took ")
    assert reason.endswith(" s, budget 1 s")


@pytest.mark.parametrize(
    "selection",
    [
        ("-k", "Uploads or traceable"),
        ("--deselect", "tests/unit/test_templates.py::checks::prod/data.Uploads/s3-versioned"),
    ],
)
def test_what_is_left_out_makes_the_gate_inconclusive(project: Project, selection: tuple[str, ...]) -> None:
    """A subset is no verdict, whatever unknowns are allowed; what was left out is listed as not run."""
    project.edit(*ALLOW)
    ran = project.gate("--environment", "prod", "--evidence", "required", *selection)
    assert ran.code == 6, ran.said
    result = project.result("prod")
    missing = [f for f in result["findings"] if f["cause"] == "not-run"]
    unknown = len([f for f in result["findings"] if f["outcome"] == "unknown"])
    assert missing
    assert result["status"] == "inconclusive"
    assert result["reasons"] == [
        f"{unknown} of {result['expected']} checks unanswered ({len(missing)} left out of this run), 9 allowed"
    ]
    if "-k" in selection:
        assert (
            "| SHOP-1 | databases are encrypted | template | unit | **unknown** prod"
            in (project.root / "reports/traceability.md").read_text()
        )


WAIVERS = """\
waivers:
  - {control: database-encrypted, resource: data.Database, owner: data team, reason: "holds no data", until: 2999-01-31}
  - {control: s3-versioned, resource: "data.*", owner: data team, reason: "has run out long ago", until: 2020-01-31}
  - {control: s3-versioned, resource: data.Upload, owner: data team, reason: "names no resource", until: 2999-01-31}
  - {control: ec2-group-rules-described, resource: "*", owner: net team, reason: "is not needed", until: 2999-01-31}
  - {control: s3-versioned, resource: data.Other, owner: data team, reason: "is for prod only", until: 2999-01-31,
     environments: prod}
"""


def test_waivers_hold_expire_miss_and_idle(project: Project) -> None:
    """A waiver in force waives; one that expired, matches nothing or waives nothing is a finding of its own."""
    text = (project.root / "systems/shop/system.yaml").read_text()
    project.put("systems/shop/system.yaml", text + WAIVERS)
    ran = project.gate("--environment", "dev")
    assert ran.code == 0, ran.said
    result = project.result("dev")
    waived = [f for f in result["findings"] if f["outcome"] == "waived"]
    assert [(f["control"], f["waiver"]) for f in waived] == [
        ("database-encrypted", "data team, until 2999-01-31: holds no data")
    ]
    told = {(f["control"], f["resource"], f["line"]) for f in result["findings"] if f["type"] == "waiver"}
    assert told == {
        ("waiver-expired", "s3-versioned/data.*", 22),
        ("waiver-unmatched", "s3-versioned/data.Upload", 23),
        ("waiver-unused", "ec2-group-rules-described/*", 24),
    }
    (still,) = (f for f in result["findings"] if f["control"] == "s3-versioned")
    assert still["outcome"] == "fail"


def test_all_options_have_variables(project: Project) -> None:
    """A pipeline can set system, environment, evidence and folder once."""
    ran = project.gate(
        STACKPROOF_SYSTEM="shop",
        STACKPROOF_ENVIRONMENT="dev,prod",
        STACKPROOF_EVIDENCE="required",
        STACKPROOF_REPORTS="out/here",
    )
    assert ran.code == 1
    assert [project.result(name, "out/here")["status"] for name in ("dev", "prod")] == ["failed", "inconclusive"]
    assert (project.root / "out/here/junit-unit.xml").is_file()
    assert not (project.root / "reports").exists()


@pytest.mark.parametrize("expression", ["integration", "not unit", "e2e or smoke"])
def test_other_gates_do_not_judge_templates(project: Project, expression: str) -> None:
    """What `-m` cannot select is not judged for nothing, and no result of it is written."""
    ran = project.pytest("-m", expression)
    assert ran.code == 5, ran.said  # pytest: no tests ran
    assert "collected 0 items" in ran.out
    assert not (project.root / "reports/gates/unit.json").exists()


def test_other_projects_are_left_alone(project: Project) -> None:
    """Where there is no system, a project's own `unit` marker means what it means there; nothing is written."""
    for name in ("systems/shop/system.yaml", "tests/unit/test_templates.py"):
        (project.root / name).unlink()
    project.put("tests/test_own.py", "import pytest\n\n\n@pytest.mark.unit\ndef test_own():\n    assert True\n")
    ran = project.gate()
    assert ran.code == 0, ran.said
    assert "1 passed" in ran.out
    assert not (project.root / "reports").exists()


def test_other_tests_beside_a_system_are_left_alone(project: Project) -> None:
    """Tests that are not ours run as ever; nothing is judged, and a failure of theirs is pytest's own exit code."""
    project.put("selftest/test_own.py", "def test_good():\n    pass\n\n\ndef test_bad():\n    raise ValueError\n")
    ran = project.pytest("selftest")
    assert ran.code == 1
    assert "1 failed, 1 passed" in ran.out
    assert "unit gate" not in ran.out
    assert not (project.root / "reports").exists()


def test_a_failing_test_beside_the_checks_is_not_hidden(project: Project) -> None:
    """A red test with the gate's mark fails the gate, whatever severity it blocks on."""
    project.put(
        "tests/unit/test_own.py", "import pytest\n\n\n@pytest.mark.unit\ndef test_bad():\n    raise ValueError\n"
    )
    ran = project.gate("--environment", "prod")
    assert ran.code == 1
    assert project.result("prod")["status"] == "failed"
