"""Nothing but reads leaves towards an environment that is not the embedded one."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any

import pytest
from botocore.session import get_session

from selftest.live.seeding import Lab
from stackproof.sources.live import Aws, Credentials, Identity, RefusedError
from stackproof.sources.live.guard import Kind, kind_of
from stackproof.sources.live.reading import readers

# First words of operation names that change something, start something or hand out a right.
CHANGING = re.compile(
    r"(Create|Put|Delete|Update|Start|Run|Invoke|Modify|Set|Add|Remove|Attach|Detach|Associate|Disassociate|Enable|Disable|"
    r"Register|Deregister|Tag|Untag|Send|Publish|Stop|Cancel|Terminate|Reboot|Restore|Reset|Rotate|Import|Copy|Accept|Reject|"
    r"Execute|Restart|Purchase|Allocate|Release|Authorize|Revoke|Assume|Schedule|Purge|Change|Replace|Upload|Write|Batch(?!Get|Describe))"
)


def operations() -> Iterator[tuple[str, str]]:
    session = get_session()
    for service in session.get_available_services():
        for operation in session.get_service_model(service).operation_names:
            yield service, operation


def test_every_operation_of_every_service_is_classified() -> None:
    """What a name says to change something is refused; what is let through begins with a reading verb or is named."""
    kinds = {pair: kind_of(*pair) for pair in operations()}
    assert len(kinds) > 15_000
    assert [pair for pair, kind in kinds.items() if kind is not Kind.OTHER and CHANGING.match(pair[1])] == []
    reading = re.compile(r"Get|List|Describe|Head|BatchGet|BatchDescribe|Lookup|Simulate|Check|Validate|Select")
    assert [pair for pair, kind in kinds.items() if kind is Kind.READ and not reading.match(pair[1])] == []
    hidden = re.compile(r"^Get(SecretValue|Object|Item|AuthorizationToken|SessionToken|FederationToken|PasswordData)$")
    assert [pair for pair, kind in kinds.items() if kind is Kind.READ and hidden.match(pair[1])] == []


def test_an_operation_of_no_known_verb_is_refused() -> None:
    """A verb that AWS invents tomorrow is not a read."""
    assert kind_of("ec2", "FrobnicateInstances") is Kind.OTHER
    assert kind_of("ec2", "Getaway") is Kind.OTHER


def test_every_call_of_a_reader_is_a_read() -> None:
    """Readers ask nothing that needs a permit."""
    calls = {call for reader in readers().values() for call in reader.calls}
    assert [call for call in calls if kind_of(*call.split(":")) is not Kind.READ] == []


@pytest.mark.parametrize("embedded", [False, True])
def test_a_change_is_stopped_before_it_leaves(lab: Lab, *, embedded: bool) -> None:
    """A plain boto3 client of the connection is guarded too; only the embedded environment is exempt."""
    name = f"guarded-{embedded}".lower()
    aws = Aws("us-east-1", endpoint=lab.endpoint, credentials=Credentials("a", "b"), embedded=embedded)
    if embedded:
        aws.client("s3").create_bucket(Bucket=name)
    else:
        with pytest.raises(RefusedError, match="s3:CreateBucket"):
            aws.client("s3").create_bucket(Bucket=name)
        with pytest.raises(RefusedError):
            aws.call("secretsmanager", "GetSecretValue", {"SecretId": "x"})
    names = [bucket["Name"] for bucket in lab("s3").list_buckets()["Buckets"]]
    assert (name in names) is embedded


def test_a_role_is_assumed_for_reading_only(lab: Lab) -> None:
    """Assuming it is the one call besides reads, its session is held to reads, and it is guarded as well."""
    aws = Aws("us-east-1", endpoint=lab.endpoint, credentials=Credentials("a", "b"))
    asked: list[dict[str, Any]] = []
    aws.client("sts").meta.events.register("provide-client-params", lambda params, **_: asked.append(dict(params)))
    reader = aws.assume("arn:aws:iam::210987654321:role/reader", external_id="extern")
    assert isinstance(reader, Aws)
    assert reader.identity() == Identity("210987654321", "arn:aws:sts::210987654321:assumed-role/reader/stackproof")
    assert asked[0]["PolicyArns"] == [{"arn": "arn:aws:iam::aws:policy/ReadOnlyAccess"}]
    assert asked[0]["ExternalId"] == "extern"
    for connection in (aws, reader):
        with pytest.raises(RefusedError):
            connection.client("sts").assume_role(RoleArn="arn:aws:iam::210987654321:role/x", RoleSessionName="yy")


def test_a_role_may_do_what_is_permitted_besides(lab: Lab) -> None:
    """What a probe is permitted is in the session's policy, beside reading, and nothing else is."""
    permits = ("secretsmanager:GetSecretValue",)
    aws = Aws("us-east-1", endpoint=lab.endpoint, credentials=Credentials("a", "b"), permits=permits)
    asked: list[dict[str, Any]] = []
    aws.client("sts").meta.events.register("provide-client-params", lambda params, **_: asked.append(dict(params)))
    assert isinstance(aws.assume("arn:aws:iam::210987654321:role/reader"), Aws)
    assert asked[0]["PolicyArns"] == [{"arn": "arn:aws:iam::aws:policy/ReadOnlyAccess"}]
    (statement,) = json.loads(asked[0]["Policy"])["Statement"]
    assert statement["Action"] == ["kms:Decrypt", "secretsmanager:GetSecretValue"]


def test_a_permit_lets_one_call_through(lab: Lab) -> None:
    """A probe may read a secret when it says so; the ledger does not keep what it read."""
    lab("secretsmanager").create_secret(Name="permitted", SecretString="hunter2-and-more")
    permits = ("secretsmanager:GetSecretValue",)
    aws = Aws("us-east-1", endpoint=lab.endpoint, credentials=Credentials("a", "b"), permits=permits)
    assert aws.client("secretsmanager").get_secret_value(SecretId="permitted")["SecretString"] == "hunter2-and-more"
    (entry,) = aws.ledger.entries
    assert entry.operation == "GetSecretValue"
    assert "hunter2" not in str(aws.ledger.answer(entry))
