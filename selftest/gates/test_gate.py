"""The decision of a gate."""

from __future__ import annotations

from typing import Any

import pytest

from stackproof.gates.gate import Policy, Status, decide
from stackproof.gates.merging import merge
from stackproof.model import Cause, Claim, Control, Finding, Outcome, Severity, Where


def finding(outcome: Outcome = Outcome.PASS, **given: Any) -> Finding:
    base: dict[str, Any] = {
        "control": "rds-storage-encrypted",
        "engine": "stackproof",
        "severity": Severity.HIGH,
        "where": Where("data.yml", 7),
        "resource": "data.Database",
        "type": "AWS::RDS::DBInstance",
        "environment": "prod",
        "message": "StorageEncrypted is false, expected true",
        "remediation": "Set it.",
        "cause": Cause.UNRESOLVED_PARAMETER if outcome is Outcome.UNKNOWN else None,
    }
    return Finding(**{**base, "outcome": outcome, **given})


@pytest.mark.parametrize(
    ("findings", "missing", "status"),
    [
        ([], (), Status.NOT_RUN),
        ([finding()], (), Status.PASSED),
        ([finding(), finding(Outcome.FAIL)], (), Status.FAILED),
        ([finding(), finding(Outcome.UNKNOWN)], (), Status.INCONCLUSIVE),
        ([finding(), finding(Outcome.UNKNOWN, cause=Cause.NEEDS_LIVE)], (), Status.PASSED),
        ([finding()], ("prod/data.Cache/x",), Status.INCONCLUSIVE),
        ([finding(Outcome.FAIL, severity=Severity.INFO)], (), Status.PASSED),
        ([finding(Outcome.WAIVED)], (), Status.PASSED),
        ([finding(Outcome.FAIL), finding(Outcome.UNKNOWN)], (), Status.FAILED),
    ],
)
def test_status(findings: list[Finding], missing: tuple[str, ...], status: Status) -> None:
    """Only answered checks without a counted failure pass; a check that did not run is not a pass."""
    assert decide(findings, Policy(), 1.0, missing=missing).status is status


def test_over_budget_fails() -> None:
    """A gate that takes longer than its budget fails and says by how much."""
    decision = decide([finding()], Policy(budget=300), 301.0)
    assert decision.status is Status.FAILED
    assert decision.reasons == ("took 301 s, budget 300 s",)


def test_expected_is_what_was_judged_and_what_was_not() -> None:
    """The counts add up: answered, unanswered and never run."""
    decision = decide([finding(), finding(Outcome.UNKNOWN)], Policy(), 1.0, missing=("a", "b"))
    assert (decision.expected, decision.judged, decision.unknown) == (4, 1, 3)


OURS = Control(
    id="rds-storage-encrypted",
    types=("AWS::RDS::DBInstance",),
    severity=Severity.HIGH,
    rationale="x",
    remediation="x",
    judge=lambda *_: Claim(holds=True, because=()),
    same_as=("CKV_AWS_16",),
)
THEIRS = {"control": "CKV_AWS_16", "engine": "checkov", "severity": Severity.LOW}


def test_the_same_defect_found_twice_is_one_finding() -> None:
    """Our failure takes the scanner's in, under our severity, and names it."""
    joined = merge([finding(Outcome.FAIL)], [finding(Outcome.FAIL, **THEIRS)], [OURS])
    assert [(f.control, f.severity, f.also) for f in joined] == [
        ("rds-storage-encrypted", Severity.HIGH, ("checkov CKV_AWS_16",))
    ]


def test_a_disagreement_is_kept_and_said() -> None:
    """A scanner that fails what we pass stays a finding that a person must settle."""
    passed, failed = merge([finding()], [finding(Outcome.FAIL, **THEIRS)], [OURS])
    assert (passed.outcome, failed.outcome, failed.control) == (Outcome.PASS, Outcome.FAIL, "CKV_AWS_16")
    assert "rds-storage-encrypted says pass" in failed.message


def test_two_findings_of_one_control_on_one_resource_both_stay() -> None:
    """Two templates that cannot be read are two findings, though both are about no resource."""
    lost = [finding(Outcome.UNKNOWN, resource="", where=Where(name, 3)) for name in ("a.yml", "b.yml")]
    assert merge(lost, [], [OURS]) == lost
    twice = [finding(Outcome.PASS), finding(Outcome.FAIL, where=Where("data.yml", 9)), finding(Outcome.PASS)]
    joined = merge(twice, [finding(Outcome.FAIL, **THEIRS)], [OURS])
    assert [(f.outcome, f.also) for f in joined] == [
        (Outcome.PASS, ()),
        (Outcome.FAIL, ("checkov CKV_AWS_16",)),
        (Outcome.PASS, ()),
    ]


def test_another_resource_is_another_defect() -> None:
    """The same check on another resource is not taken in."""
    other = finding(Outcome.FAIL, resource="data.Replica", **THEIRS)
    assert len(merge([finding(Outcome.FAIL)], [other], [OURS])) == 2
