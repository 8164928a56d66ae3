"""The probes of user pools, secrets, dead letters and weights: each breaks when the thing does."""

from __future__ import annotations

import contextlib
import json
import uuid
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest

from selftest.probes.asking import World, ask, resource
from stackproof.model import Cause, Outcome
from stackproof.probes import Answer
from stackproof.probes.route53 import resolved

# --- user pool ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("weaker", "said"),
    [
        ({"MinimumLength": 6}, "of 7 characters"),
        ({"RequireUppercase": False}, "without upper case"),
        ({"RequireNumbers": False}, "without a number"),
    ],
)
def test_a_weakened_pool_is_seen(world: World, weaker: dict[str, Any], said: str) -> None:
    """A policy that was weakened by hand takes just the password that lacks it, and nobody is left signed up."""
    idp, pool = world.client("cognito-idp"), world.physical["security.UserPool"]
    before = idp.describe_user_pool(UserPoolId=pool)["UserPool"]["Policies"]["PasswordPolicy"]
    try:
        idp.update_user_pool(UserPoolId=pool, Policies={"PasswordPolicy": {**before, **weaker}})
        answer = world.ask("cognito-refuses-weak-password", "security.UserPool")
    finally:
        idp.update_user_pool(UserPoolId=pool, Policies={"PasswordPolicy": before})
    assert answer.outcome is Outcome.FAIL
    assert answer.message == f"the pool takes a password {said}"
    assert idp.list_users(UserPoolId=pool)["Users"] == []


def test_a_pool_that_cannot_be_asked_is_unknown(world: World) -> None:
    """Without a client, and with one that does not exist, no password was refused."""
    pool = world.declared.get("security.UserPool")
    assert pool is not None
    without = {key: value for key, value in world.physical.items() if key != "security.WebClient"}
    for physical, cause in (
        (without, Cause.NOT_DEPLOYED),
        ({**without, "security.WebClient": "none"}, Cause.NOT_DEPLOYED),
    ):
        answer = ask(world.probing(physical=physical), "cognito-refuses-weak-password", pool)
        assert (answer.outcome, answer.cause) == (Outcome.UNKNOWN, cause)


# --- secrets ------------------------------------------------------------------------------------------------

READER, STRANGER = "backend.BackendRole", "security.SignedInRole"


def may_read(world: World, reader: str = READER, stranger: str = STRANGER) -> Answer:
    return world.ask("secret-read-by-right-role-only", "data.DatabaseSecret", reader=reader, stranger=stranger)


@contextlib.contextmanager
def told(world: World, address: str, effect: str, **condition: Any) -> Iterator[None]:
    """One more inline policy about secrets in a role."""
    iam, role = world.client("iam"), world.physical[address]
    statement = {"Effect": effect, "Action": "secretsmanager:Get*", "Resource": "*", **condition}
    document = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
    iam.put_role_policy(RoleName=role, PolicyName="probed", PolicyDocument=document)
    try:
        yield
    finally:
        iam.delete_role_policy(RoleName=role, PolicyName="probed")


def test_a_stranger_who_may_read_is_seen(world: World) -> None:
    """A role that was given the secret by hand may read it."""
    with told(world, STRANGER, "Allow"):
        answer = may_read(world)
    assert answer.outcome is Outcome.FAIL
    assert answer.message == f"{STRANGER} may read data.DatabaseSecret"


def test_a_reader_who_may_not_is_seen(world: World) -> None:
    """A role that was denied the secret may not read it, whatever else allows it."""
    with told(world, READER, "Deny"):
        answer = may_read(world)
    assert answer.outcome is Outcome.FAIL
    assert "may not read" in answer.message


def test_a_condition_that_is_not_settled_is_unknown(world: World) -> None:
    """What depends on the caller's address is not known beforehand."""
    with told(world, STRANGER, "Allow", Condition={"IpAddress": {"aws:SourceIp": "10.0.0.0/8"}}):
        answer = may_read(world)
    assert (answer.outcome, answer.cause, answer.decided_by) == (Outcome.UNKNOWN, Cause.NOT_READ, "aws:SourceIp")


@pytest.mark.parametrize("effect", ["Allow", "Deny"])
def test_a_policy_of_the_secret_itself_leaves_it_open(world: World, effect: str) -> None:
    """IAM's simulation of a role has no resource policies, so one that could decide otherwise makes it unknown."""
    secrets, secret = world.client("secretsmanager"), world.physical["data.DatabaseSecret"]
    statement = {
        "Effect": effect,
        "Principal": {"AWS": "*"},
        "Action": "secretsmanager:GetSecretValue",
        "Resource": "*",
    }
    secrets.put_resource_policy(SecretId=secret, ResourcePolicy=json.dumps({"Statement": [statement]}))
    try:
        answer = may_read(world)
    finally:
        secrets.delete_resource_policy(SecretId=secret)
    assert (answer.outcome, answer.cause) == (Outcome.UNKNOWN, Cause.NOT_READ)


def test_a_role_that_is_not_there_is_unknown(world: World) -> None:
    """A name that no stack has is neither a reader nor a harmless stranger."""
    assert may_read(world, stranger="backend.Nobody").cause is Cause.NOT_DEPLOYED
    assert may_read(world, reader="data.Database").cause is Cause.NOT_DEPLOYED


# --- dead letters -------------------------------------------------------------------------------------------

FUNCTION = "lambda-failed-event-reaches-dlq"


def held(world: World) -> int | None:
    name = world.physical["data.RotationFunction"]
    found = world.client("lambda").get_function_concurrency(FunctionName=name)
    kept: int | None = found.get("ReservedConcurrentExecutions")
    return kept


@pytest.mark.parametrize("missing", ["sqs:SendMessage", "kms:GenerateDataKey"])
def test_a_role_that_may_not_send_is_seen(world: World, missing: str) -> None:
    """Without the right to send, or to use the queue's key, the event is lost, and the function is left as it was."""
    iam, role, before = world.client("iam"), world.physical["data.RotationRole"], held(world)
    document = json.dumps(
        {"Version": "2012-10-17", "Statement": [{"Effect": "Deny", "Action": missing, "Resource": "*"}]}
    )
    iam.put_role_policy(RoleName=role, PolicyName="probed", PolicyDocument=document)
    try:
        answer = ask_function(world)
    finally:
        iam.delete_role_policy(RoleName=role, PolicyName="probed")
    assert answer.outcome is Outcome.FAIL
    assert "not in the dead-letter queue" in answer.message
    assert held(world) == before


def ask_function(world: World) -> Answer:
    found = world.declared.get("data.RotationFunction")
    assert found is not None
    return ask(world.probing(timeout=0.3), FUNCTION, found)


def test_a_function_without_dead_letters_is_seen(world: World) -> None:
    """What has no DeadLetterConfig drops what fails."""
    answer = world.ask(FUNCTION, "backend.Backend")
    assert answer.outcome is Outcome.FAIL


@pytest.fixture
def queues(world: World) -> Iterator[tuple[str, str, str]]:
    """A queue, its dead-letter queue, and the ARN of the latter."""
    sqs, mark = world.client("sqs"), uuid.uuid4().hex[:8]
    dead = sqs.create_queue(QueueName=f"dead-{mark}")["QueueUrl"]
    arn = sqs.get_queue_attributes(QueueUrl=dead, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
    redrive = json.dumps({"deadLetterTargetArn": arn, "maxReceiveCount": 3})
    work = sqs.create_queue(QueueName=f"work-{mark}", Attributes={"RedrivePolicy": redrive})["QueueUrl"]
    yield work, dead, arn
    for url in (work, dead):
        with contextlib.suppress(sqs.exceptions.QueueDoesNotExist):
            sqs.delete_queue(QueueUrl=url)


def ask_queue(world: World, url: str) -> Answer:
    thing = resource("AWS::SQS::Queue")
    probing = world.probing(physical={thing.address: url}, timeout=0.3)
    return ask(probing, "sqs-failing-message-reaches-dlq", thing)


def waiting(world: World, url: str) -> int:
    found = world.client("sqs").get_queue_attributes(QueueUrl=url, AttributeNames=["All"])["Attributes"]
    return int(found["ApproximateNumberOfMessages"]) + int(found["ApproximateNumberOfMessagesNotVisible"])


def test_a_failing_message_is_followed(world: World, queues: tuple[str, str, str]) -> None:
    """It is a dead letter after as many receives as the policy says, and both queues are empty again."""
    work, dead, _ = queues
    answer = ask_queue(world, work)
    assert answer.outcome is Outcome.PASS
    assert "after 3 receives" in answer.message
    assert (waiting(world, work), waiting(world, dead)) == (0, 0)


def test_dead_letters_that_lead_nowhere_are_seen(world: World, queues: tuple[str, str, str]) -> None:
    """A dead-letter queue that was deleted, and no redrive policy at all, are failures."""
    work, dead, _ = queues
    world.client("sqs").delete_queue(QueueUrl=dead)
    assert "does not exist" in ask_queue(world, work).message
    assert ask_queue(world, work).outcome is Outcome.FAIL
    world.client("sqs").set_queue_attributes(QueueUrl=work, Attributes={"RedrivePolicy": ""})
    assert ask_queue(world, work).outcome is Outcome.FAIL


def test_messages_of_others_are_left_alone(world: World, queues: tuple[str, str, str]) -> None:
    """A queue in which messages wait is not asked: receiving them would count against them."""
    work, _, _ = queues
    world.client("sqs").send_message(QueueUrl=work, MessageBody="theirs")
    answer = ask_queue(world, work)
    assert (answer.outcome, answer.cause) == (Outcome.UNKNOWN, Cause.NOT_RUN)
    (kept,) = world.client("sqs").receive_message(QueueUrl=work, AttributeNames=["All"])["Messages"]
    assert (kept["Body"], kept["Attributes"]["ApproximateReceiveCount"]) == ("theirs", "1")


# --- weights ------------------------------------------------------------------------------------------------

WEIGHTS, BLUE = "route53-weights-in-force", "routing.BlueRecord"


@contextlib.contextmanager
def changed(world: World, **changes: Any) -> Iterator[None]:
    """Records by hand: other weights by colour, or another alias for blue."""
    dns, zone = world.client("route53"), world.physical["network.HostedZone"]
    every = dns.list_resource_record_sets(HostedZoneId=zone)["ResourceRecordSets"]
    before = [one for one in every if one.get("SetIdentifier") in ("blue", "green")]

    def put(records: list[dict[str, Any]]) -> None:
        batch = [{"Action": "UPSERT", "ResourceRecordSet": record} for record in records]
        dns.change_resource_record_sets(HostedZoneId=zone, ChangeBatch={"Changes": batch})

    after = [{**one, "Weight": changes.get(one["SetIdentifier"], one["Weight"])} for one in before]
    for one in after if "alias" in changes else ():
        one["AliasTarget"] = {**one["AliasTarget"], **changes["alias"]}
    put(after)
    try:
        yield
    finally:
        put(before)


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"blue": 90, "green": 10}, "is shared (blue 90, green 10)"),
        ({"green": 100}, "sum to 200"),
        ({"blue": 0}, "sum to 0"),
        ({"alias": {"DNSName": "gone-1.us-east-1.elb.amazonaws.com."}}, "no load balancer of us-east-1"),
        ({"alias": {"EvaluateTargetHealth": False}}, "does not evaluate the health"),
    ],
)
def test_weights_that_were_changed_by_hand_are_seen(world: World, changes: dict[str, Any], said: str) -> None:
    """What Route 53 says is what counts, whatever the template says."""
    with changed(world, **changes):
        answer = world.ask(WEIGHTS, BLUE)
    assert answer.outcome is Outcome.FAIL
    assert said in answer.message


def test_a_shift_may_be_under_way(world: World) -> None:
    """Where a shift is allowed for, weights that sum to 100 are in force."""
    with changed(world, blue=90, green=10):
        assert world.ask(WEIGHTS, BLUE, shifting=True).outcome is Outcome.PASS
    with changed(world, blue=90, green=20):
        assert world.ask(WEIGHTS, BLUE, shifting=True).outcome is Outcome.FAIL


def test_a_zone_that_cannot_be_listed_is_unknown(world: World) -> None:
    """Neither a zone that is not there nor one that was not deployed has weights."""
    record = world.declared.get(BLUE)
    assert record is not None
    for zone in ("", "/hostedzone/ZNOTHERE"):
        probing = replace(world.probing(), physical={**world.physical, "network.HostedZone": zone})
        answer = ask(probing, WEIGHTS, record)
        assert (answer.outcome, answer.cause) == (Outcome.UNKNOWN, Cause.NOT_DEPLOYED)


def test_names_are_resolved_where_dns_can_be_asked(world: World) -> None:
    """A name that resolves is good; one that does not is unknown, as it may be this machine's fault (RFC 6761)."""
    assert resolved(world.probing(), "localhost").outcome is Outcome.PASS
    assert resolved(world.probing(), "nowhere.invalid").outcome is Outcome.UNKNOWN
