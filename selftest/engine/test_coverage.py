"""Coverage of a system's own code, read from the report of its tests."""

from __future__ import annotations

import json
import os
import time
from pathlib import Path

import pytest

from stackproof.engine.coverage import coverage_findings
from stackproof.model import Cause, Outcome
from stackproof.system.loading import load_system

SYSTEM = """\
name: shop
stacks: [{component: data, template: data.yml}]
environments: {prod: {region: eu-west-1}}
gates:
  unit:
    coverage: {at_least: 80, report: NAME, source: app}
"""
NOW = int(time.time())
JSON = json.dumps({"meta": {"timestamp": "2099-01-01T00:00:00"}, "totals": {"percent_covered": 79.9}})
XML = f'<coverage line-rate="0.8" timestamp="{(NOW + 86_400) * 1000}"></coverage>'


def judged(folder: Path, name: str, report: str | None) -> tuple[Outcome, Cause | None, str]:
    (folder / "app").mkdir()
    (folder / "app/main.py").write_text("x = 1\n")
    (folder / "data.yml").write_text("Resources: {}\n")
    (folder / "system.yaml").write_text(SYSTEM.replace("NAME", name))
    if report is not None:
        (folder / name).write_text(report)
    (finding,) = coverage_findings(load_system(folder / "system.yaml"))
    assert finding.where.line == 6
    return finding.outcome, finding.cause, finding.message


@pytest.mark.parametrize(
    ("name", "report", "outcome", "cause", "words"),
    [
        ("c.json", JSON, Outcome.FAIL, None, "79.9 % of the lines"),
        ("c.xml", XML, Outcome.PASS, None, "80.0 % of the lines"),
        ("c.json", None, Outcome.UNKNOWN, Cause.NOT_RUN, "there is no c.json"),
        ("c.json", "{}", Outcome.UNKNOWN, Cause.PARSE_ERROR, "c.json"),
        ("c.xml", "<coverage", Outcome.UNKNOWN, Cause.PARSE_ERROR, "c.xml"),
        ("c.json", JSON.replace("2099", "2001"), Outcome.UNKNOWN, Cause.NOT_RUN, "older than app/main.py"),
    ],
)
def test_report(
    tmp_path: Path, name: str, report: str | None, outcome: Outcome, cause: Cause | None, words: str
) -> None:
    """The bound decides; a report that is missing, broken, or older than the code is unknown."""
    found = judged(tmp_path, name, report)
    assert found[:2] == (outcome, cause)
    assert words in found[2]


def test_tests_and_what_others_wrote_do_not_age_a_report(tmp_path: Path) -> None:
    """Only the code itself must be older than the report."""
    (tmp_path / "app/node_modules").mkdir(parents=True)
    (tmp_path / "app/node_modules/other.js").write_text("1\n")
    os.utime(tmp_path / "app/node_modules/other.js", (NOW + 172_800, NOW + 172_800))
    (tmp_path / "app/main.py").write_text("x = 1\n")
    (tmp_path / "data.yml").write_text("Resources: {}\n")
    (tmp_path / "c.xml").write_text(XML)
    (tmp_path / "system.yaml").write_text(SYSTEM.replace("NAME", "c.xml"))
    (finding,) = coverage_findings(load_system(tmp_path / "system.yaml"))
    assert finding.outcome is Outcome.PASS
