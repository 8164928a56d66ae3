"""Template and deployment side by side: standings and drift."""

from __future__ import annotations

from typing import Any

import pytest

from stackproof.controls.judge import Case
from stackproof.engine.deployed import Standing, compare, drifts
from stackproof.model import (
    Cause,
    Claim,
    Inventory,
    Reference,
    Resource,
    Severity,
    Unknown,
    Where,
    control,
)

HOLE = Unknown(Cause.ACCESS_DENIED, "s3:GetEncryptionConfiguration")


@control("AWS::S3::Bucket", severity=Severity.HIGH, remediation="Set it to true.")
def is_encrypted(bucket: Resource) -> Claim:
    """A bucket of this test is encrypted, or has nothing to encrypt."""
    return bucket["Encrypted"].equals(True).only_if(~bucket["Empty"].equals(True))


def inventory(*properties: Any) -> Inventory:
    positions = {"": Where("storage.yml", 3), "Encrypted": Where("storage.yml", 7)}
    made = [Resource(f"data.B{n}", "AWS::S3::Bucket", given, positions) for n, given in enumerate(properties)]
    return Inventory(tuple(made))


@pytest.mark.parametrize(
    ("declared", "deployed", "standing"),
    [
        ({"Encrypted": True}, {"Encrypted": True}, Standing.COMPLIANT),
        ({"Encrypted": True}, {"Encrypted": False}, Standing.DRIFTED),
        ({"Encrypted": False}, {"Encrypted": True}, Standing.REVERTING),
        ({"Encrypted": False}, {"Encrypted": False}, Standing.BROKEN),
        ({"Encrypted": True}, {"Encrypted": HOLE}, Standing.UNVERIFIED),
        ({"Encrypted": HOLE}, {"Encrypted": True}, Standing.UNVERIFIED),
        ({"Empty": True}, {"Empty": True}, Standing.NOT_APPLICABLE),
        ({"Empty": True}, {"Encrypted": False}, Standing.BROKEN),
    ],
)
def test_standing(declared: Any, deployed: Any, standing: Standing) -> None:
    """Both outcomes together say whether somebody changed it, mended it by hand, or could not look."""
    (compared,) = compare([Case({}, inventory(declared))], inventory(deployed), [is_encrypted])
    assert compared.standing is standing


def test_what_is_not_deployed_is_unverified() -> None:
    """A resource that is declared and was not found is not compliant by its template alone."""
    (compared,) = compare([Case({}, inventory({"Encrypted": True}))], inventory(), [is_encrypted])
    assert compared.standing is Standing.UNVERIFIED


@pytest.mark.parametrize(
    ("declared", "deployed", "paths"),
    [
        ({"Encrypted": True}, {"Encrypted": "true"}, []),
        ({"Encrypted": True}, {"Encrypted": False}, ["Encrypted"]),
        ({"Encrypted": True}, {}, ["Encrypted"]),
        ({"Encrypted": True}, {"Encrypted": HOLE}, []),
        ({}, {"Added": "by AWS"}, []),
        ({"Cors": {"Rules": [{"Age": 1}, {"Age": 2}]}}, {"Cors": {"Rules": [{"Age": 2}, {"Age": 1}]}}, []),
        ({"Rules": [{"Port": 443}]}, {"Rules": [{"Port": 443}, {"Port": 22}]}, ["Rules"]),
        ({"Rules": [{"Port": 443}]}, {"Rules": [{"Port": 444}]}, ["Rules[0].Port"]),
        (
            {"Tags": [{"Key": "a", "Value": "b"}]},
            {"Tags": [{"Key": "a", "Value": "b"}, {"Key": "x", "Value": "y"}]},
            [],
        ),
        ({"Policy": '{"Statement": []}'}, {"Policy": {"Statement": []}}, []),
        ({"Policy": '{"Statement": [1]}'}, {"Policy": {"Statement": []}}, ["Policy.Statement[0]"]),
        ({"Key": Reference("keys.Main", "Arn")}, {"Key": Reference("keys.Main", "Arn", "arn:1")}, []),
        ({"Key": Reference("keys.Main", "Arn")}, {"Key": Reference("keys.Other", "Arn", "arn:2")}, ["Key"]),
    ],
)
def test_drift(declared: Any, deployed: Any, paths: list[str]) -> None:
    """Only what is declared and known on both sides can drift; order and AWS's own additions do not count."""
    assert [drift.path for drift in drifts(inventory(declared), inventory(deployed))] == paths


def test_drift_names_the_authors_line() -> None:
    """A drift leads to the line of the property, and quotes both values."""
    (drift,) = drifts(inventory({"Encrypted": True}), inventory({"Encrypted": False}))
    assert (str(drift.where), drift.declared, drift.observed) == ("storage.yml:7", "true", "false")
