"""Every check has a reviewed level."""

from __future__ import annotations

import json
import subprocess

import pytest

from stackproof.model import Severity
from stackproof.scanners.engines import Tool
from stackproof.scanners.severity import rated, severity

CHECKS = """
import json
from checkov.cloudformation.checks.resource.registry import cfn_registry
from checkov.common.checks_infra.registry import get_graph_checks_registry
import checkov.cloudformation.checks.resource.aws

graph = get_graph_checks_registry("cloudformation")
graph.load_checks()
print(json.dumps(sorted({check.id for _, check in cfn_registry.all_checks()} | {check.id for check in graph.checks})))
"""


def test_every_check_of_checkov_has_a_level(checkov: Tool) -> None:
    """No CloudFormation check of the installed checkov falls back to the default."""
    answer = subprocess.run([checkov.python, "-c", CHECKS], capture_output=True, check=True).stdout
    checks = json.loads(answer.splitlines()[-1])
    assert len(checks) >= 139  # counted in 3.3.30
    assert [check for check in checks if rated(check)[1] == "default"] == []


@pytest.mark.parametrize(
    ("rule", "level"),
    [
        ("CKV_AWS_24", Severity.CRITICAL),  # SSH open to the world
        ("CKV_AWS_17", Severity.CRITICAL),  # a public database
        ("CKV_AWS_45", Severity.CRITICAL),  # secrets in plain text
        ("CKV_AWS_16", Severity.HIGH),  # an unencrypted database
        ("CKV_AWS_18", Severity.MEDIUM),  # no access logs
        ("CKV_AWS_158", Severity.LOW),  # AWS's key in place of an own one
        ("CKV_AWS_120", Severity.INFO),  # no cache
        ("E3012", Severity.HIGH),  # the deployment fails
        ("W3045", Severity.MEDIUM),
        ("W8001", Severity.LOW),
        ("I3011", Severity.INFO),
        ("CKV_NEW_1", Severity.MEDIUM),
        ("E12", Severity.MEDIUM),
    ],
)
def test_levels_are_what_they_should_be(rule: str, level: Severity) -> None:
    """Exposure and plain secrets come first, then missing encryption, then missing logs, then habits."""
    assert severity(rule) is level


def test_an_unknown_rule_says_so() -> None:
    """A rule that the table does not know has the default, and it shows."""
    assert rated("CKV_NEW_1") == (Severity.MEDIUM, "default")
