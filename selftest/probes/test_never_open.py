"""Every call that probes make, failing in every way: what was not answered is unknown, never a pass or a fail."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import pytest

from selftest.probes.asking import World
from stackproof.model import Cause, Finding, Outcome
from stackproof.probes import run_probes
from stackproof.sources.live import Answer, Aws, Credentials, Fault
from stackproof.system.loading import System

# What a probe's call is for; the probe is named by its entry. Calls that only tidy up afterwards are not here.
CALLS = {
    "s3:ListObjectsV2": "uploads-refuse-strangers",
    "s3:PutObject": "uploads-refuse-strangers",
    "rds:DescribeDBInstances": "database-answers-over-tls-only",
    "secretsmanager:GetSecretValue": "database-answers-over-tls-only cache-needs-its-token",
    "elasticache:DescribeReplicationGroups": "cache-needs-its-token",
    "cognito-idp:SignUp": "weak-passwords-are-refused",
    "secretsmanager:DescribeSecret": "database-secret-is-the-backends",
    "secretsmanager:GetResourcePolicy": "database-secret-is-the-backends",
    "kms:DescribeKey": "database-secret-is-the-backends",
    "kms:GetKeyPolicy": "database-secret-is-the-backends",
    "iam:GetRole": "database-secret-is-the-backends",
    "iam:SimulatePrincipalPolicy": "database-secret-is-the-backends",
    "lambda:GetFunctionConfiguration": "failed-rotation-is-a-dead-letter",
    "lambda:GetFunctionConcurrency": "failed-rotation-is-a-dead-letter",
    "lambda:PutFunctionConcurrency": "failed-rotation-is-a-dead-letter",
    "sqs:GetQueueUrl": "failed-rotation-is-a-dead-letter",
    "lambda:Invoke": "failed-rotation-is-a-dead-letter",
    "sqs:ReceiveMessage": "failed-rotation-is-a-dead-letter",
    "route53:ListResourceRecordSets": "colours-in-force",
    "elbv2:DescribeLoadBalancers": "colours-in-force",
}
TIDYING = {"s3:DeleteObject": "uploads-refuse-strangers", "sqs:DeleteMessage": "failed-rotation-is-a-dead-letter"}
# An empty answer is one that AWS gives, too: an empty bucket, a function without a limit, no message yet, done.
MAY_BE_EMPTY = {"s3:ListObjectsV2", "s3:PutObject", "lambda:GetFunctionConcurrency", "lambda:PutFunctionConcurrency"}
MAY_BE_EMPTY |= {"lambda:Invoke", "sqs:ReceiveMessage"}
FAULTS = (
    Fault(Cause.ACCESS_DENIED, "AccessDenied", "no"),
    Fault(Cause.DENIED_BY_ORGANISATION, "AccessDenied", "no"),
    Fault(Cause.THROTTLED, "Throttling", "slow down"),
    Fault(Cause.SERVICE_ERROR, "InternalError", "500"),
    Fault(Cause.TIMEOUT, "ReadTimeoutError", "late"),
    Fault(Cause.MALFORMED, "ResponseParserError", "<"),
)


class Broken(Aws):
    """A connection on which one operation fails."""

    def __init__(self, world: World, broken: str, fault: Fault | None) -> None:
        keys = Credentials("embedded", "embedded")
        super().__init__(world.running.region, endpoint=world.running.endpoint, credentials=keys, embedded=True)
        self.broken, self.fault = broken, fault

    def call(self, service: str, operation: str, parameters: Any = None, *, region: str = "") -> Answer:
        """As `Aws.call`."""
        return self._broken(service, operation) or super().call(service, operation, parameters, region=region)

    def ask(self, service: str, operation: str, parameters: Any = None, *, region: str = "") -> Answer:
        """As `Aws.ask`."""
        return self._broken(service, operation) or super().ask(service, operation, parameters, region=region)

    def _broken(self, service: str, operation: str) -> Answer | None:
        call = f"{service}:{operation}"
        if call != self.broken:
            return None
        empty: Mapping[str, Any] | None = None if self.fault else {}
        return Answer(call, empty, None, self.fault, 0)


def run(world: World, system: System, broken: str, fault: Fault | None) -> dict[str, list[Finding]]:
    """The findings by entry, of the entries that need the call and of the others."""
    findings = run_probes(system, "embedded", replace(world.probing(timeout=1.0), aws=Broken(world, broken, fault)))
    needing = {**CALLS, **TIDYING}[broken].split()
    return {
        "needing": [finding for finding in findings if finding.control in needing],
        "others": [f for f in findings if f.control not in needing and f.control != "api-says-that-it-is-healthy"],
    }


def test_these_are_all_calls(world: World, mdreader: System) -> None:
    """The table above has every call that the probes make."""
    probing = world.probing()
    run_probes(mdreader, "embedded", probing)
    assert {f"{e.service}:{e.operation}" for e in probing.aws.ledger.entries} == {*CALLS, *TIDYING}


@pytest.mark.parametrize("number", range(len(CALLS)), ids=list(CALLS))
def test_a_call_that_fails_costs_just_its_probe(world: World, mdreader: System, number: int) -> None:
    """The probe that needs it is unknown with the fault's cause; the others pass."""
    call, fault = list(CALLS)[number], FAULTS[number % len(FAULTS)]
    found = run(world, mdreader, call, fault)
    assert {(f.outcome, f.cause) for f in found["needing"]} == {(Outcome.UNKNOWN, fault.cause)}
    assert {f.outcome for f in found["others"]} == {Outcome.PASS}


@pytest.mark.parametrize("call", sorted(CALLS.keys() - MAY_BE_EMPTY))
def test_an_answer_that_lacks_everything_is_unknown(world: World, mdreader: System, call: str) -> None:
    """An empty answer, where AWS never gives one, is neither a pass nor a fail."""
    assert {f.outcome for f in run(world, mdreader, call, None)["needing"]} == {Outcome.UNKNOWN}


@pytest.mark.parametrize("call", TIDYING)
def test_what_a_probe_leaves_behind_is_said(world: World, mdreader: System, call: str) -> None:
    """When a probe's own trace cannot be removed, it is unknown what the thing is now, and the trace is named."""
    try:
        (finding,) = run(world, mdreader, call, FAULTS[0])["needing"]
    finally:
        bucket, queue = world.physical["storage.UploadsBucket"], world.physical["data.RotationFailures"]
        for left in world.client("s3").list_object_versions(Bucket=bucket).get("Versions", []):
            world.client("s3").delete_object(Bucket=bucket, Key=left["Key"], VersionId=left["VersionId"])
        for left in world.client("sqs").receive_message(QueueUrl=queue).get("Messages", []):
            world.client("sqs").delete_message(QueueUrl=queue, ReceiptHandle=left["ReceiptHandle"])
    assert (finding.outcome, finding.cause, finding.decided_by) == (Outcome.UNKNOWN, Cause.ACCESS_DENIED, call)
    assert "is left behind" in finding.message
