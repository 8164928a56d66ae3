"""Waivers accept a failure for a time, and their own faults are findings."""

from __future__ import annotations

import datetime
from dataclasses import replace
from typing import Any

import pytest

from selftest.gates.test_gate import finding
from stackproof.gates.marks import Adoption, read_marks
from stackproof.gates.waivers import Waiver, apply_waivers
from stackproof.model import Cause, Finding, Outcome, Resource, Severity, Where

TODAY = datetime.date(2026, 11, 20)


def waiver(**given: Any) -> Waiver:
    base: dict[str, Any] = {
        "control": "rds-storage-encrypted",
        "resource": "data.Database",
        "owner": "platform",
        "reason": "encrypted by the storage array",
        "until": datetime.date(2026, 12, 31),
        "where": Where("system.yaml", 40),
    }
    return Waiver(**{**base, **given})


def applied(findings: list[Finding], *waivers: Waiver, honour_marks: bool = False) -> dict[str, Outcome]:
    found = apply_waivers(findings, waivers, TODAY, ["prod"], honour_marks=honour_marks)
    return {f.control: f.outcome for f in found}


def test_a_waiver_in_force_waives() -> None:
    """The failure is waived, says by whom and until when, and nothing else is wrong."""
    (waived,) = apply_waivers([finding(Outcome.FAIL)], [waiver()], TODAY, ["prod"])
    assert waived.outcome is Outcome.WAIVED
    assert waived.waiver == "platform, until 2026-12-31: encrypted by the storage array"


def test_the_last_day_still_holds() -> None:
    """A waiver holds on its last day and not on the next."""
    assert applied([finding(Outcome.FAIL)], waiver(until=TODAY)) == {"rds-storage-encrypted": Outcome.WAIVED}
    yesterday = TODAY - datetime.timedelta(days=1)
    assert applied([finding(Outcome.FAIL)], waiver(until=yesterday)) == {
        "rds-storage-encrypted": Outcome.FAIL,
        "waiver-expired": Outcome.FAIL,
    }


@pytest.mark.parametrize(
    ("findings", "given", "fault"),
    [
        ([finding()], {}, "waiver-unused"),
        ([finding(Outcome.FAIL)], {"resource": "data.Replica"}, "waiver-unmatched"),
        ([finding(Outcome.FAIL)], {"control": "rds-storage-encrypte"}, "waiver-unmatched"),
        ([finding()], {"until": datetime.date(2020, 1, 1)}, "waiver-unused"),
    ],
)
def test_a_waiver_that_waives_nothing_is_a_finding(findings: list[Finding], given: dict[str, Any], fault: str) -> None:
    """Unused and unmatched waivers are said at their line."""
    found = apply_waivers(findings, [waiver(**given)], TODAY, ["prod"])
    assert found[0].outcome is findings[0].outcome
    assert [(f.control, str(f.where)) for f in found[1:]] == [(fault, "system.yaml:40")]


def test_a_waiver_of_what_is_unknown_is_kept_and_waives_nothing() -> None:
    """An unknown is never waived; whether the waiver is needed is not known either, so nobody is told to remove it."""
    assert applied([finding(Outcome.UNKNOWN)], waiver()) == {"rds-storage-encrypted": Outcome.UNKNOWN}


def test_a_waiver_of_a_scanner_that_did_not_run_is_not_called_unmatched() -> None:
    """Where checkov is missing nobody knows whether its rule still speaks of the resource."""
    missing = replace(finding(Outcome.UNKNOWN), engine="checkov", control="checkov", cause=Cause.TOOL_MISSING)
    assert applied([missing], waiver(control="CKV_AWS_16")) == {"checkov": Outcome.UNKNOWN}
    assert applied([missing], waiver(control="rds-none-such")) == {
        "checkov": Outcome.UNKNOWN,
        "waiver-unmatched": Outcome.FAIL,
    }


def test_a_waiver_for_other_environments_is_left_alone() -> None:
    """A run of prod says nothing of a waiver for dev."""
    assert applied([finding(Outcome.FAIL)], waiver(environments=("dev",))) == {"rds-storage-encrypted": Outcome.FAIL}


def test_a_waiver_may_name_the_other_engines_id() -> None:
    """A finding of two engines is waived under either id."""
    both = finding(Outcome.FAIL, also=("checkov CKV_AWS_16",))
    assert applied([both], waiver(control="CKV_AWS_16")) == {"rds-storage-encrypted": Outcome.WAIVED}


TEMPLATE = """Resources:
  First:
    # checkov:skip=CKV_AWS_1:first reason
    Type: AWS::S3::Bucket
  Second:
    Type: AWS::S3::Bucket  # checkov:skip=CKV_AWS_2
"""
METADATA = {
    "checkov": {"skip": [{"id": "CKV_AWS_3", "comment": "why"}]},
    "cfn-lint": {"config": {"ignore_checks": ["W3011"]}},
    "cfn_nag": {"rules_to_suppress": [{"id": "W35", "reason": "because"}]},
}


def test_marks_of_three_tools_are_read_where_they_stand() -> None:
    """Comments belong to the resource in whose lines they stand, metadata to its resource."""
    first = Resource("a.First", "AWS::S3::Bucket", {}, {"": Where("a.yml", 2)}, {"Metadata": METADATA})  # type: ignore[dict-item]
    second = Resource("a.Second", "AWS::S3::Bucket", {}, {"": Where("a.yml", 5)})
    marks = read_marks([first, second], {"a.yml": TEMPLATE}, None)
    assert {(m.inline, m.control, m.resource, m.reason) for m in marks} == {
        ("checkov", "CKV_AWS_1", "a.First", "first reason"),
        ("checkov", "CKV_AWS_2", "a.Second", ""),
        ("checkov", "CKV_AWS_3", "a.First", "why"),
        ("cfn-lint", "W3011", "a.First", ""),
        ("cfn_nag", "W35", "a.First", "because"),
    }


@pytest.mark.parametrize(("honoured", "outcome"), [(True, Outcome.WAIVED), (False, Outcome.FAIL)])
def test_a_mark_without_an_owner_is_listed_as_such(honoured: bool, outcome: Outcome) -> None:
    """Nobody answers for such a mark: it is said, and in a system it waives nothing."""
    loose = waiver(owner="", until=None, inline="checkov")
    assert applied([finding(Outcome.FAIL)], loose, honour_marks=honoured) == {
        "rds-storage-encrypted": outcome,
        "waiver-ungoverned": Outcome.FAIL,
    }


def test_a_system_adopts_marks_with_owner_and_date() -> None:
    """`inline_waivers` makes a mark a waiver like any other."""
    first = Resource("a.First", "AWS::S3::Bucket", {}, {"": Where("a.yml", 2)})
    (adopted,) = read_marks([first], {"a.yml": TEMPLATE[:60]}, Adoption("platform", TODAY))
    assert (adopted.owner, adopted.until) == ("platform", TODAY)


def test_a_mark_of_an_unknown_id_is_only_informational() -> None:
    """A cfn_nag mark has no check of ours to waive; it is listed without failing the gate."""
    found = apply_waivers([finding()], [waiver(control="W35", inline="cfn_nag")], TODAY, ["prod"])
    assert [(f.control, f.severity) for f in found[1:]] == [("waiver-unmatched", Severity.INFO)]
