"""All of MDReader's probes on the embedded environment: they answer, cite what they asked, and leave nothing."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest

from selftest.emulator.test_permissions import enforce
from selftest.probes.asking import World, ask
from stackproof.model import Cause, Finding, Outcome
from stackproof.probes import actions_for, expected_probes, permits_for, run_probes
from stackproof.sources.live import Aws, Credentials, Ledger
from stackproof.system.loading import System

ENTRIES = {
    "uploads-refuse-strangers",
    "database-answers-over-tls-only",
    "cache-needs-its-token",
    "weak-passwords-are-refused",
    "database-secret-is-the-backends",
    "failed-rotation-is-a-dead-letter",
    "colours-in-force",
}


def state(world: World) -> dict[str, Any]:
    """All that a probe could leave behind."""
    s3, idp, sqs = world.client("s3"), world.client("cognito-idp"), world.client("sqs")
    secrets, functions = world.client("secretsmanager"), world.client("lambda")
    logs = world.physical["storage.LogsBucket"]  # where S3 itself writes that it was asked
    listed = [b["Name"] for b in s3.list_buckets()["Buckets"] if b["Name"] != logs]
    versions = {name: s3.list_object_versions(Bucket=name) for name in listed}
    queues = {
        url: sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["All"]) for url in sqs.list_queues()["QueueUrls"]
    }
    pools = [p["Id"] for p in idp.list_user_pools(MaxResults=60)["UserPools"]]
    names = [f["FunctionName"] for f in functions.list_functions()["Functions"]]
    return {
        "objects": {name: [*v.get("Versions", []), *v.get("DeleteMarkers", [])] for name, v in versions.items()},
        "users": {pool: idp.list_users(UserPoolId=pool)["Users"] for pool in pools},
        "messages": {url: found["Attributes"]["ApproximateNumberOfMessages"] for url, found in queues.items()},
        "hidden": {url: found["Attributes"]["ApproximateNumberOfMessagesNotVisible"] for url, found in queues.items()},
        "secrets": {s["Name"]: s.get("SecretVersionsToStages") for s in secrets.list_secrets()["SecretList"]},
        "held": {
            n: functions.get_function_concurrency(FunctionName=n).get("ReservedConcurrentExecutions") for n in names
        },
    }


def without_dns(system: System) -> System:
    """The same without the probe that resolves a name of the real world when it is not embedded."""
    kept = [entry for entry in system.file.probes if entry.id != "colours-in-force"]
    return replace(system, file=system.file.model_copy(update={"probes": kept}))


def run(world: World, system: System) -> tuple[list[Finding], Ledger, dict[str, Any], dict[str, Any]]:
    probing, before = world.probing(), state(world)
    findings = run_probes(system, "embedded", probing)
    return findings, probing.aws.ledger, before, state(world)


def test_mdreader_as_deployed_answers_well(world: World, mdreader: System) -> None:
    """Every probe passes but the one whose address nobody serves yet, and every expected check is answered."""
    findings, _, before, after = run(world, mdreader)
    outcomes = {(f.control, f.outcome, f.cause) for f in findings}
    gap = ("api-says-that-it-is-healthy", Outcome.UNKNOWN, Cause.ENDPOINT_OFF)
    assert outcomes == {*((entry, Outcome.PASS, None) for entry in ENTRIES), gap}
    assert {(f.control, f.resource) for f in findings} == expected_probes(mdreader, "embedded", world.declared)
    assert after == before


def test_findings_cite_the_calls_that_showed_them(world: World, mdreader: System) -> None:
    """What is an AWS call has its entry in the ledger; each finding stands at its resource's line."""
    findings, ledger, _, _ = run(world, mdreader)
    calls = {entry.id: f"{entry.service}:{entry.operation}" for entry in ledger.entries}
    for finding in findings:
        assert finding.evidence
        assert all(calls[where.line] == where.source for where in finding.evidence if where.line)
        assert finding.where.source.endswith(".yml")
        assert finding.where.line


def test_no_secret_reaches_the_ledger_or_a_finding(world: World, mdreader: System) -> None:
    """Neither the password nor the token that were used stand anywhere in the evidence."""
    findings, ledger, _, _ = run(world, mdreader)
    read = world.client("secretsmanager").get_secret_value
    password = json.loads(read(SecretId="mdreader/prod/database")["SecretString"])["password"]
    token = json.loads(read(SecretId="mdreader/prod/redis-token")["SecretString"])["token"]
    written = json.dumps([ledger.answer(entry) for entry in ledger.entries]) + repr(ledger.entries) + repr(findings)
    assert "GetSecretValue" in written
    assert password not in written
    assert token not in written


@pytest.fixture
def role(world: World, mdreader: System) -> Iterator[Aws]:
    """A connection as to real AWS, of a role with just the actions that the probes say they need; IAM is enforced."""
    iam, statement = world.client("iam"), {"Effect": "Allow", "Resource": "*"}
    actions = list(actions_for(mdreader, "prod"))
    document = json.dumps({"Version": "2012-10-17", "Statement": [{**statement, "Action": actions}]})
    iam.create_user(UserName="prober")
    iam.put_user_policy(UserName="prober", PolicyName="p", PolicyDocument=document)
    key = iam.create_access_key(UserName="prober")["AccessKey"]
    keys = Credentials(key["AccessKeyId"], key["SecretAccessKey"])
    place, permits = world.running.endpoint, permits_for(mdreader, "prod")
    enforce(world.running, "0")
    yield Aws(world.running.region, endpoint=place, credentials=keys, permits=permits, attempts=1)
    enforce(world.running, "inf")
    iam.delete_access_key(UserName="prober", AccessKeyId=key["AccessKeyId"])
    iam.delete_user_policy(UserName="prober", PolicyName="p")
    iam.delete_user(UserName="prober")


def test_the_actions_that_probes_name_are_enough(world: World, mdreader: System, role: Aws) -> None:
    """With them, and the guard on, everything that only reads is answered; no permission is wanting."""
    probing = replace(world.probing(), aws=role, embedded=False, base_url="", timeout=0.5)
    findings = run_probes(without_dns(mdreader), "prod", probing)
    causes = {f.control: (f.cause, f.decided_by) for f in findings if f.outcome is not Outcome.PASS}
    record = world.declared.get("routing.BlueRecord")
    assert record is not None
    assert ask(world.probing(aws=role), "route53-weights-in-force", record).outcome is Outcome.PASS
    assert causes == {
        "uploads-refuse-strangers": (Cause.NOT_RUN, "an object to ask for"),
        "api-says-that-it-is-healthy": (Cause.NOT_RUN, "base_url"),
    }


def test_outside_the_embedded_environment_nothing_is_written(world: World, mdreader: System) -> None:
    """The same probes on a connection as to real AWS: what would write is not run, and no call is but a read."""
    probing = world.probing(embedded=False)
    probing.aws.embedded = False  # the guard is on
    findings = run_probes(without_dns(mdreader), "embedded", probing)
    unasked = {(f.control, f.cause, f.decided_by) for f in findings if f.cause is Cause.NOT_RUN}
    assert ("weak-passwords-are-refused", Cause.NOT_RUN, "cognito-refuses-weak-password") in unasked
    assert ("failed-rotation-is-a-dead-letter", Cause.NOT_RUN, "lambda-failed-event-reaches-dlq") in unasked
    assert ("database-answers-over-tls-only", Cause.NOT_RUN, "secretsmanager:GetSecretValue") in unasked
    assert all(e.operation.startswith(("Get", "List", "Describe", "Simulate")) for e in probing.aws.ledger.entries)
    assert permits_for(mdreader, "embedded") == {"secretsmanager:GetSecretValue"}
