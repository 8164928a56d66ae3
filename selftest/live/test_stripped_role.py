"""With the emulator's real IAM enforcement: a role that lacks one permission, and what is then not known."""

from __future__ import annotations

import http.client
import json
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from selftest.live.seeding import TRUST, Lab
from stackproof.model import Cause, Unknown
from stackproof.sources import Deployment, StackSource, TemplateFile
from stackproof.sources.live import Aws, Credentials, read_system

TEMPLATE = json.dumps(
    {
        "Resources": {
            "Work": {"Type": "AWS::SQS::Queue", "Properties": {"QueueName": "strip-work"}},
            "Logs": {"Type": "AWS::Logs::LogGroup", "Properties": {"LogGroupName": "/strip/app"}},
            "Key": {"Type": "AWS::KMS::Key", "Properties": {"KeyPolicy": {"Statement": []}, "EnableKeyRotation": True}},
            "Role": {
                "Type": "AWS::IAM::Role",
                "Properties": {"RoleName": "strip-role", "AssumeRolePolicyDocument": json.loads(TRUST)},
            },
        }
    }
)


@contextmanager
def enforced(lab: Lab, *denied: str) -> Iterator[Credentials]:
    """Credentials of a user who may do everything but these; the emulator checks them."""
    iam = lab("iam")
    allow = {"Effect": "Allow", "Action": "*", "Resource": "*"}
    deny = {"Effect": "Deny", "Action": list(denied), "Resource": "*"}
    policy = {"Version": "2012-10-17", "Statement": [allow, *([deny] if denied else [])]}
    iam.create_user(UserName="stripped")
    iam.put_user_policy(UserName="stripped", PolicyName="p", PolicyDocument=json.dumps(policy))
    key = iam.create_access_key(UserName="stripped")["AccessKey"]
    enforce(lab, "0")
    try:
        yield Credentials(key["AccessKeyId"], key["SecretAccessKey"])
    finally:
        enforce(lab, "inf")
        iam.delete_access_key(UserName="stripped", AccessKeyId=key["AccessKeyId"])
        iam.delete_user_policy(UserName="stripped", PolicyName="p")
        iam.delete_user(UserName="stripped")


def enforce(lab: Lab, after: str) -> None:
    """Tell the emulator after how many calls it checks permissions."""
    connection = http.client.HTTPConnection(lab.endpoint.removeprefix("http://"), timeout=5)
    connection.request("POST", "/moto-api/reset-auth", after.encode(), {"Content-Type": "text/plain"})
    assert connection.getresponse().status == 200
    connection.close()


@pytest.fixture(scope="module")
def source(lab: Lab) -> StackSource:
    lab("cloudformation").create_stack(StackName="stripped", TemplateBody=TEMPLATE)
    return StackSource("s", TemplateFile.of("s.json", TEMPLATE), name="stripped")


def denied_facts(lab: Lab, source: StackSource, credentials: Credentials) -> tuple[set[tuple[str, str, str]], int, int]:
    """Address, property and permission of each fact that may not be read; then how many are missing, and gaps."""
    aws = Aws("us-east-1", endpoint=lab.endpoint, credentials=credentials, attempts=1)
    found = read_system([source], Deployment("prod", "us-east-1"), aws)
    facts = {
        (r.address, name, value.detail)
        for r in found.inventory.resources
        if isinstance(r.properties, dict)
        for name, value in r.properties.items()
        if isinstance(value, Unknown) and value.cause is Cause.ACCESS_DENIED
    }
    return facts, len(found.missing), len(found.inventory.gaps)


@pytest.mark.parametrize(
    ("permission", "facts"),
    [
        ("logs:ListTagsForResource", {("s.Logs", "Tags")}),
        ("sqs:ListQueueTags", {("s.Work", "Tags")}),
        ("iam:ListAttachedRolePolicies", {("s.Role", "ManagedPolicyArns")}),
        ("iam:ListRolePolicies", {("s.Role", "Policies")}),
        ("kms:GetKeyRotationStatus", {("s.Key", "EnableKeyRotation"), ("s.Key", "RotationPeriodInDays")}),
    ],
)
def test_one_missing_permission_costs_just_its_facts(
    lab: Lab, source: StackSource, permission: str, facts: set[tuple[str, str]]
) -> None:
    """Everything else is known, and the permission is named."""
    with enforced(lab, permission) as credentials:
        found = denied_facts(lab, source, credentials)
    assert found == ({(*fact, permission) for fact in facts}, 0, 0)


def test_nothing_is_unknown_with_all_permissions(lab: Lab, source: StackSource) -> None:
    """The enforcement itself costs nothing."""
    with enforced(lab) as credentials:
        assert denied_facts(lab, source, credentials) == (set(), 0, 0)


def test_without_the_list_of_resources_the_stack_is_a_gap(lab: Lab, source: StackSource) -> None:
    """Nothing is missing from a stack that may not be listed."""
    with enforced(lab, "cloudformation:ListStackResources") as credentials:
        facts, missing, gaps = denied_facts(lab, source, credentials)
    assert (facts, missing, gaps) == (set(), 0, 1)
