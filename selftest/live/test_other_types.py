"""Types without a reader, nested stacks, and what it takes to read a system."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest
from botocore.awsrequest import AWSResponse

from selftest.live.seeding import Lab
from stackproof.model import Cause, Resource, Unknown
from stackproof.sources import Deployment, StackSource, TemplateFile
from stackproof.sources.live import Aws, Credentials, permissions_for, read_system
from stackproof.sources.live.reading import readers
from stackproof.sources.live.schemas import schema_of

Answers = dict[tuple[str, str], Callable[[dict[str, Any]], tuple[int, dict[str, Any]]]]


def scripted(aws: Aws, answers: Answers) -> Aws:
    """Answer some operations by functions of their parameters; all others are denied."""
    made = aws.client

    def client(service: str, region: str = "") -> Any:
        found = made(service, region)

        def remember(params: Any, context: dict[str, Any], **_: Any) -> None:
            context["asked"] = dict(params)

        def answer(model: Any, context: dict[str, Any], **_: Any) -> Any:
            error = {"Error": {"Code": "AccessDenied", "Message": "not authorized"}}
            script = answers.get((service, model.name))
            status, body = script(context["asked"]) if script else (403, error)
            metadata = {"HTTPStatusCode": status, "HTTPHeaders": {}, "RequestId": "r"}
            return AWSResponse("u", status, {}, None), {**body, "ResponseMetadata": metadata}

        found.meta.events.register("provide-client-params", remember)
        found.meta.events.register("before-call", answer)
        return found

    aws.client = client  # type: ignore[method-assign]
    return aws


def one_stack(resources: dict[str, tuple[str, str]], template: str = "{}") -> Answers:
    """A stack `s` with these resources: logical id to type and physical id."""
    rows = [
        {
            "LogicalResourceId": key,
            "ResourceType": kind,
            "PhysicalResourceId": physical,
            "ResourceStatus": "CREATE_COMPLETE",
        }
        for key, (kind, physical) in resources.items()
    ]
    stack = {"StackName": "s", "StackId": "arn:stack", "StackStatus": "CREATE_COMPLETE"}
    return {
        ("sts", "GetCallerIdentity"): lambda _: (200, {"Account": "123456789012", "Arn": "arn:me", "UserId": "u"}),
        ("cloudformation", "DescribeStacks"): lambda _: (200, {"Stacks": [stack]}),
        ("cloudformation", "ListStackResources"): lambda _: (200, {"StackResourceSummaries": rows}),
        ("cloudformation", "GetTemplate"): lambda _: (200, {"TemplateBody": template}),
    }


def reading(answers: Answers) -> dict[str, Resource]:
    aws = scripted(Aws("us-east-1", credentials=Credentials("a", "b"), attempts=1), answers)
    source = StackSource("s", TemplateFile.of("s.json", "{}"), name="s")
    found = read_system([source], Deployment("prod", "us-east-1"), aws)
    return {r.address: r for r in found.inventory.resources}


def test_other_types_are_read_by_cloud_control() -> None:
    """What is answered is known, what is not answered is absent, and what is never given back is unknown."""
    answers = one_stack({"Table": ("AWS::DynamoDB::Table", "table")})
    content = {"TableName": "table", "SSESpecification": {"SSEEnabled": True}}
    described = {"Identifier": "table", "Properties": json.dumps(content)}
    answers["cloudcontrol", "GetResource"] = lambda asked: (
        200,
        {"TypeName": asked["TypeName"], "ResourceDescription": described},
    )
    table = reading(answers)["s.Table"]
    assert table.at("SSESpecification.SSEEnabled").equals(expected=True).holds
    assert table["SSESpecification"].where.source == "cloudcontrol:GetResource"
    assert table["PointInTimeRecoverySpecification"].absent().holds
    assert table["ImportSourceSpecification"].value == Unknown(Cause.WRITE_ONLY, "ImportSourceSpecification")


@pytest.mark.parametrize(
    ("code", "cause"),
    [
        ("ResourceNotFoundException", Cause.UNSUPPORTED_TYPE),
        ("UnsupportedActionException", Cause.UNSUPPORTED_TYPE),
        ("AccessDeniedException", Cause.ACCESS_DENIED),
        ("ThrottlingException", Cause.THROTTLED),
    ],
)
def test_what_cloud_control_cannot_say_is_unknown(code: str, cause: Cause) -> None:
    """That it does not know an id is no proof that the resource is gone."""
    answers = one_stack({"Table": ("AWS::DynamoDB::Table", "table")})
    answers["cloudcontrol", "GetResource"] = lambda _: (400, {"Error": {"Code": code, "Message": ""}})
    value = reading(answers)["s.Table"]["SSESpecification"].value
    assert isinstance(value, Unknown)
    assert value.cause is cause
    assert cause is Cause.UNSUPPORTED_TYPE or "dynamodb:DescribeTable" in value.detail


def test_a_custom_resource_cannot_be_read() -> None:
    """Nothing is known of what somebody's own code made."""
    found = reading(one_stack({"Mine": ("Custom::Thing", "x")}))["s.Mine"]
    assert found.properties == Unknown(Cause.UNSUPPORTED_TYPE, "Custom::Thing")


def test_a_resource_that_was_never_made_is_missing() -> None:
    """CloudFormation lists it, and says why."""
    answers = one_stack({})
    row = {"LogicalResourceId": "Q", "ResourceType": "AWS::SQS::Queue", "ResourceStatus": "CREATE_FAILED"}
    failed = {**row, "ResourceStatusReason": "quota"}
    answers["cloudformation", "ListStackResources"] = lambda _: (200, {"StackResourceSummaries": [failed]})
    aws = scripted(Aws("us-east-1", credentials=Credentials("a", "b"), attempts=1), answers)
    source = StackSource("s", TemplateFile.of("s.json", "{}"), name="s")
    (missing,) = read_system([source], Deployment(), aws).missing
    assert (missing.address, missing.message) == ("s.Q", "quota")


def test_nested_stacks_are_read_too(lab: Lab, aws: Aws) -> None:
    """Addresses go through the nested stack, as they do in templates."""
    inner = {"Resources": {"Work": {"Type": "AWS::SQS::Queue", "Properties": {"QueueName": "nested-work"}}}}
    lab("s3").create_bucket(Bucket="nested-templates")
    lab("s3").put_object(Bucket="nested-templates", Key="inner.json", Body=json.dumps(inner))
    url = "https://s3.amazonaws.com/nested-templates/inner.json"
    outer = {"Resources": {"Inner": {"Type": "AWS::CloudFormation::Stack", "Properties": {"TemplateURL": url}}}}
    lab("cloudformation").create_stack(StackName="nested-outer", TemplateBody=json.dumps(outer))
    source = StackSource("app", TemplateFile.of("outer.json", json.dumps(outer)), name="nested-outer")
    found = read_system([source], Deployment("prod", "us-east-1"), aws)
    assert {r.address for r in found.inventory.resources} == {"app", "app.Inner", "app.Inner.Work"}
    queue = found.inventory.get("app.Inner.Work")
    assert queue is not None
    assert queue["QueueName"].equals("nested-work").holds


def test_permissions_name_what_they_are_for() -> None:
    """Readers say their calls, Cloud Control's types say theirs in the schema, custom resources need none."""
    found = permissions_for(["AWS::S3::Bucket", "AWS::DynamoDB::Table", "Custom::Thing"])
    assert found["s3:GetEncryptionConfiguration"] == {"AWS::S3::Bucket"}
    assert found["dynamodb:DescribeTable"] == {"AWS::DynamoDB::Table"}
    assert found["cloudformation:GetResource"] == {"AWS::DynamoDB::Table"}
    assert found["cloudformation:GetTemplate"] == {"AWS::CloudFormation::Stack"}
    assert "Custom::Thing" not in {type_ for types in found.values() for type_ in types}


def test_the_schemas_are_where_they_are_looked_for() -> None:
    """The schemas lie in files of cfn-lint: of every type that has a reader, and of a type outside us-east-1 too."""
    assert [type_ for type_ in readers() if schema_of(type_) is None] == []
    database = schema_of("AWS::RDS::DBInstance")
    assert database is not None
    assert "MasterUserPassword" in database.write_only
    assert "Endpoint.Address" in database.read_only
    assert database.identifier == ("DBInstanceIdentifier",)
    assert "rds:DescribeDBInstances" in database.permissions
    assert schema_of("AWS::Nonsense::Thing") is None
