"""Names and ARNs follow from declared properties, and only from them."""

from __future__ import annotations

import pytest

from selftest.sources.evaluating import evaluation, resource, source, world
from stackproof.model import Reference
from stackproof.resources import defaults_for
from stackproof.sources import Deployment, evaluate


def text_of(type_: str, properties: str, expression: str) -> str | None:
    found = world(
        f"Resources:\n  X: {{Type: '{type_}', Properties: {properties}}}\n"
        f"  R: {{Type: T, Properties: {{P: {expression}}}}}\n"
    )
    value = resource(found, "app.R")["P"].value
    assert isinstance(value, Reference)
    return value.text


@pytest.mark.parametrize(
    ("type_", "properties", "expression", "expected"),
    [
        ("AWS::S3::Bucket", "{BucketName: b}", "!GetAtt X.RegionalDomainName", "b.s3.eu-west-1.amazonaws.com"),
        ("AWS::SNS::Topic", "{TopicName: t}", "!Ref X", "arn:aws:sns:eu-west-1:123456789012:t"),
        ("AWS::SQS::Queue", "{QueueName: q}", "!Ref X", "https://sqs.eu-west-1.amazonaws.com/123456789012/q"),
        ("AWS::SQS::Queue", "{QueueName: q}", "!GetAtt X.Arn", "arn:aws:sqs:eu-west-1:123456789012:q"),
        ("AWS::IAM::Role", "{RoleName: r}", "!GetAtt X.Arn", "arn:aws:iam::123456789012:role/r"),
        ("AWS::IAM::Role", "{RoleName: r, Path: /a/}", "!GetAtt X.Arn", "arn:aws:iam::123456789012:role/a/r"),
        ("AWS::IAM::Role", "{RoleName: r}", "!GetAtt X.RoleId", None),
        ("AWS::RDS::DBInstance", "{DBInstanceIdentifier: Main}", "!Ref X", "main"),
        ("AWS::EC2::VPC", "{CidrBlock: 10.0.0.0/16}", "!GetAtt X.CidrBlock", "10.0.0.0/16"),
        ("AWS::EC2::VPC", "{CidrBlock: 10.0.0.0/16}", "!Ref X", None),
        (
            "AWS::Logs::LogGroup",
            "{LogGroupName: /a}",
            "!GetAtt X.Arn",
            "arn:aws:logs:eu-west-1:123456789012:log-group:/a:*",
        ),
        ("AWS::SSM::Parameter", "{Name: /a/b}", "!GetAtt X.Arn", "arn:aws:ssm:eu-west-1:123456789012:parameter/a/b"),
        ("AWS::Events::Rule", "{Name: n}", "!Ref X", "n"),
        ("AWS::Events::Rule", "{Name: n, EventBusName: other}", "!Ref X", None),
        ("Custom::Thing", "{Name: n}", "!GetAtt X.Name", None),
        ("AWS::S3::Bucket", "{}", "!Ref X", None),
    ],
)
def test_text_of_a_reference(type_: str, properties: str, expression: str, expected: str | None) -> None:
    """The text is what AWS documents as the return value, or None where it is not declared."""
    assert text_of(type_, properties, expression) == expected


def test_unknown_account_leaves_no_text() -> None:
    """Without an account there is no ARN, but the name is still known."""
    text = """Resources:
  X: {Type: AWS::SQS::Queue, Properties: {QueueName: q}}
  R: {Type: T, Properties: {P: !GetAtt X.Arn}}
"""
    found = evaluate([source("app", text)], Deployment("prod", "eu-west-1"))
    value = resource(found.worlds[0], "app.R")["P"].value
    assert isinstance(value, Reference)
    assert value.text is None
    assert resource(found.worlds[0], "app.X").names == {"q"}


def test_literal_name_leads_to_the_resource() -> None:
    """A literal ARN, or a secret's name in a dynamic reference, leads to the resource that declares it."""
    named = """Resources:
  Q: {Type: AWS::SQS::Queue, Properties: {QueueName: q}}
  S: {Type: AWS::SecretsManager::Secret, Properties: {Name: n/s}}
"""
    using = """Resources:
  R:
    Type: T
    Properties:
      A: arn:aws:sqs:eu-west-1:123456789012:q
      B: "{{resolve:secretsmanager:n/s:SecretString:p}}"
"""
    found = evaluation(source("a", named), source("b", using)).worlds[0]
    user = resource(found, "b.R")
    assert found.inventory.target(user["A"]) is found.inventory.get("a.Q")
    assert found.inventory.target(user["B"]) is found.inventory.get("a.S")


def test_defaults_are_gathered_once() -> None:
    """Defaults come from the modules of the services; a type without any has none."""
    assert dict(defaults_for("Test::Nothing")) == {}
    assert defaults_for("AWS::RDS::DBInstance").get("StorageEncrypted") is False
