"""A deployed system becomes an inventory: what is there, what is gone, and why the rest is not known."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from selftest.live.seeding import TRUST, Lab
from selftest.live.test_faults import always
from stackproof.model import Cause, Gap, Inventory, Origin, Reference, Unknown
from stackproof.sources import Deployment, StackSource, TemplateFile, evaluate
from stackproof.sources.live import Aws, Credentials, Ledger, LiveReading, Stored, read_system

TEMPLATE: dict[str, Any] = {
    "Parameters": {"Days": {"Type": "Number", "Default": 90}},
    "Resources": {
        "Uploads": {
            "Type": "AWS::S3::Bucket",
            "DeletionPolicy": "Retain",
            "Properties": {"BucketName": "sys-uploads"},
        },
        "Work": {
            "Type": "AWS::SQS::Queue",
            "DependsOn": "Uploads",
            "Properties": {"QueueName": "sys-work", "VisibilityTimeout": 60},
        },
        "Logs": {
            "Type": "AWS::Logs::LogGroup",
            "Properties": {"LogGroupName": "/sys/app", "RetentionInDays": {"Ref": "Days"}},
        },
        "Role": {
            "Type": "AWS::IAM::Role",
            "Properties": {"RoleName": "sys-role", "AssumeRolePolicyDocument": json.loads(TRUST)},
        },
    },
    "Outputs": {"Queue": {"Value": {"Ref": "Work"}, "Export": {"Name": "sys-queue"}}},
}
DEPLOYMENT = Deployment("prod", "us-east-1", "123456789012")


@pytest.fixture(scope="module")
def stacks(lab: Lab) -> list[StackSource]:
    """One stack that is deployed, and one that is not."""
    body = json.dumps(TEMPLATE)
    lab("cloudformation").create_stack(StackName="sys-data", TemplateBody=body)
    template = TemplateFile.of("data.json", body)
    return [
        StackSource("data", template, name="sys-data", layer="data", order=1),
        StackSource("edge", template, name="sys-edge", layer="edge", order=2),
    ]


def declared(stacks: list[StackSource]) -> Inventory:
    return evaluate(stacks, DEPLOYMENT).worlds[0].inventory


def test_a_stack_is_read_in_the_shape_of_its_template(aws: Aws, stacks: list[StackSource]) -> None:
    """Addresses, types and properties are the template's; values, names and positions are AWS's."""
    found = read_system(stacks[:1], DEPLOYMENT, aws, declared=declared(stacks[:1]))
    assert (found.missing, found.extra, found.fault, found.inventory.gaps) == ((), (), None, ())
    inventory = found.inventory
    assert {r.address for r in inventory.resources} == {"data", "data.Uploads", "data.Work", "data.Logs", "data.Role"}
    queue, bucket, stack = (inventory.get(a) for a in ("data.Work", "data.Uploads", "data"))
    assert queue is not None
    assert bucket is not None
    assert stack is not None
    assert queue.origin is Origin.OBSERVED
    assert queue["VisibilityTimeout"].equals(60).holds
    assert queue["VisibilityTimeout"].where.source == "sqs:GetQueueAttributes"
    assert {"arn:aws:sqs:us-east-1:123456789012:sys-work"} <= queue.names
    assert bucket.attribute("DeletionPolicy").equals("Retain").holds
    assert queue.attribute("DeletionPolicy").absent().holds
    assert queue.attributes["DependsOn"] == [Reference("data.Uploads")]
    assert stack["StackName"].equals("sys-data").holds
    assert stack.at("Outputs[0].ExportName").equals("sys-queue").holds
    assert stack.at("Parameters.Days").equals("90").holds
    assert stack.attributes["Layer"] == "data"


def test_a_stack_that_is_not_deployed_is_a_gap(aws: Aws, stacks: list[StackSource]) -> None:
    """Nothing is missing from a stack that does not exist; what it would hold is unknown."""
    found = read_system(stacks, DEPLOYMENT, aws, declared=declared(stacks))
    (gap,) = found.inventory.gaps
    assert gap.unknown.cause is Cause.NOT_DEPLOYED
    assert "sys-edge" in gap.unknown.detail
    assert "AWS::SQS::Queue" in gap.types
    assert found.missing == ()
    assert found.inventory.of_type("AWS::SQS::Queue").count(lambda n: n == 1, "one").holds is None
    assert [state.unknown is None for state in found.stacks] == [True, False]


def test_what_was_deleted_by_hand_is_missing(aws: Aws, lab: Lab, stacks: list[StackSource]) -> None:
    """The stack lists it, the service does not know it, and the finding says which call showed it."""
    lab("logs").delete_log_group(logGroupName="/sys/app")
    try:
        found = read_system(stacks[:1], DEPLOYMENT, aws)
    finally:
        lab("logs").create_log_group(logGroupName="/sys/app")
    (gone,) = found.missing
    assert (gone.address, gone.type) == ("data.Logs", "AWS::Logs::LogGroup")
    assert gone.where.source == "logs:DescribeLogGroups"
    assert found.inventory.get("data.Logs") is None


def test_templates_and_stacks_are_compared(aws: Aws, stacks: list[StackSource]) -> None:
    """What only the template has is missing, what only the stack has is extra."""
    other = {**TEMPLATE, "Resources": {**TEMPLATE["Resources"], "New": {"Type": "AWS::SNS::Topic", "Properties": {}}}}
    del other["Resources"]["Role"]
    sources = [replace(stacks[0], template=TemplateFile.of("data.json", json.dumps(other)))]
    found = read_system(sources, DEPLOYMENT, aws, declared=declared(sources))
    assert [(m.address, m.physical) for m in found.missing] == [("data.New", "")]
    assert [(x.address, x.physical) for x in found.extra] == [("data.Role", "sys-role")]


def test_what_the_emulator_only_pretends_is_unknown(aws: Aws, stacks: list[StackSource]) -> None:
    """Nothing is said of a resource without a backend."""
    found = read_system(stacks[:1], DEPLOYMENT, aws, unsupported={"data.Work"})
    queue = found.inventory.get("data.Work")
    assert queue is not None
    assert isinstance(queue["VisibilityTimeout"].value, Unknown)
    assert queue["VisibilityTimeout"].value.cause is Cause.UNSUPPORTED_TYPE


def test_without_access_nothing_is_known_and_nothing_is_missing(lab: Lab, stacks: list[StackSource]) -> None:
    """Who may not even say who they are gets a gap for everything."""
    aws = Aws("us-east-1", endpoint=lab.endpoint, credentials=Credentials("a", "b"), attempts=1)
    with always(aws, (403, "ExpiredToken", "The security token included in the request is expired")):
        found = read_system(stacks, DEPLOYMENT, aws, declared=declared(stacks))
    assert found.fault is not None
    assert found.fault.cause is Cause.EXPIRED_CREDENTIALS
    assert found.inventory.gaps == (Gap(Unknown(Cause.EXPIRED_CREDENTIALS, "sts:GetCallerIdentity")),)
    assert (found.missing, found.inventory.resources) == ((), ())


def test_a_stack_may_lie_in_another_region(aws: Aws, lab: Lab) -> None:
    """It is looked for where system.yaml says it is, and its resources with it."""
    import boto3

    there = {"region_name": "eu-west-1", "endpoint_url": lab.endpoint}
    keys = {"aws_access_key_id": "testing", "aws_secret_access_key": "testing"}
    body = json.dumps({"Resources": {"Q": {"Type": "AWS::SQS::Queue", "Properties": {"QueueName": "far"}}}})
    boto3.client("cloudformation", **there, **keys).create_stack(StackName="sys-far", TemplateBody=body)
    source = StackSource("far", TemplateFile.of("far.json", body), name="sys-far")
    assert read_system([source], DEPLOYMENT, aws).inventory.gaps != ()
    again = Aws("us-east-1", endpoint=lab.endpoint, credentials=Credentials("a", "b"), attempts=1)
    found = read_system([source], DEPLOYMENT, again, regions={"far": "eu-west-1"})
    queue = found.inventory.get("far.Q")
    assert queue is not None
    assert "arn:aws:sqs:eu-west-1:123456789012:far" in queue.names


def test_the_wrong_account_is_not_read(aws: Aws, stacks: list[StackSource]) -> None:
    """What is there belongs to somebody else."""
    found = read_system(stacks, replace(DEPLOYMENT, account="999999999999"), aws)
    assert found.fault is not None
    assert found.fault.cause is Cause.WRONG_ACCOUNT
    assert found.inventory.resources == ()
    assert [entry.operation for entry in aws.ledger.entries] == ["GetCallerIdentity"]


def test_a_stored_reading_gives_the_same_inventory(lab: Lab, stacks: list[StackSource], tmp_path: Path) -> None:
    """Replayed without credentials, resource for resource, down to positions."""
    ledger = Ledger(tmp_path / "run")
    aws = Aws("us-east-1", endpoint=lab.endpoint, credentials=Credentials("a", "b"), ledger=ledger, attempts=1)
    live = read_system(stacks, DEPLOYMENT, aws, declared=declared(stacks))
    ledger.close()
    stored = Aws("us-east-1", stored=Stored(Ledger.load(tmp_path / "run")))
    again = read_system(stacks, DEPLOYMENT, stored, declared=declared(stacks))
    assert content(again) == content(live)
    assert len(live.inventory.resources) == 5


def content(reading: LiveReading) -> object:
    parts = ("address", "type", "properties", "positions", "attributes", "names")
    resources = {r.address: {part: getattr(r, part) for part in parts} for r in reading.inventory.resources}
    return resources, reading.inventory.gaps, reading.missing, reading.extra
