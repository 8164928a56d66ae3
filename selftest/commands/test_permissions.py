"""`stackproof permissions`: a policy that IAM takes, for just what the templates declare, without credentials."""

from __future__ import annotations

import json
import re
import sys
from pathlib import Path
from typing import Any

import pytest

from selftest.plugin.projects import Project, Ran
from stackproof.cli import main
from stackproof.sources.live.guard import Kind, kind_of
from stackproof.sources.live.needs import Need, permissions_for
from stackproof.sources.live.policies import LONGEST, documents, length, statements
from stackproof.sources.live.reading import readers

COMMAND = (sys.executable, "-m", "stackproof.cli", "permissions")
NOBODY = {"AWS_ACCESS_KEY_ID": "", "AWS_SECRET_ACCESS_KEY": "", "AWS_PROFILE": "", "HOME": "/nowhere"}
STORE = """\
Parameters:
  Environment: {Type: String}
Conditions:
  Live: !Equals [!Ref Environment, prod]
Resources:
  Named: {Type: AWS::S3::Bucket, Properties: {BucketName: !Sub "shop-${Environment}-files"}}
  Logs: {Type: AWS::S3::Bucket, Condition: Live}
  Policy: {Type: AWS::S3::BucketPolicy, Properties: {Bucket: elsewhere, PolicyDocument: {Statement: []}}}
  Api: {Type: AWS::ApiGateway::RestApi, Properties: {Name: shop}}
  Ours: {Type: Custom::Thing, Properties: {ServiceToken: arn:x}}
"""


def store(project: Project, text: str = STORE) -> Project:
    """Put another template in the place of the network."""
    (project.root / "systems/shop/network.yml").write_text(text, encoding="utf-8")
    (project.root / "systems/shop/data.yml").write_text('Resources: {Q: {Type: "AWS::SQS::Queue"}}', encoding="utf-8")
    return project


def policy(ran: Ran) -> dict[str, dict[str, Any]]:
    """The statements by their names."""
    document = json.loads(ran.out)
    assert document["Version"] == "2012-10-17"
    return {statement["Sid"]: statement for statement in document["Statement"]}


def test_it_allows_reads_of_what_is_declared_on_what_is_named(project: Project) -> None:
    """Buckets by name or by the name that CloudFormation makes, APIs without their keys, all else on everything."""
    ran = store(project).run(*COMMAND, "--environment", "prod", **NOBODY)
    assert ran.code == 0, ran.err
    found = policy(ran)
    assert found["ReadSqs"]["Action"] == ["sqs:GetQueueAttributes", "sqs:ListQueueTags"]
    assert found["ReadSqs"]["Resource"] == "*"
    assert found["ReadS3OfSystem"]["Resource"] == [
        "arn:aws:s3:::elsewhere",
        "arn:aws:s3:::shop-prod-files",
        "arn:aws:s3:::shop-prod-network-logs-*",
    ]
    assert "s3:GetEncryptionConfiguration" in found["ReadS3OfSystem"]["Action"]
    assert found["ReadApigatewayOfSystem"]["Action"] == ["apigateway:GET"]
    assert found["ReadApigatewayOfSystem"]["Resource"] == "arn:aws:apigateway:*::/restapis/*"
    assert "iam:SimulatePrincipalPolicy" in found["ReadIam"]["Action"]
    assert "nothing reads Custom::Thing" in ran.err


def test_without_an_environment_it_is_for_all_of_them(project: Project) -> None:
    """One role may read each of them, so its policy names the buckets of all."""
    resources = policy(store(project).run(*COMMAND, **NOBODY))["ReadS3OfSystem"]["Resource"]
    assert [name for name in resources if name.endswith("-files")] == [
        "arn:aws:s3:::shop-dev-files",
        "arn:aws:s3:::shop-prod-files",
    ]


def test_explained_each_action_has_its_types(project: Project) -> None:
    """The policy stays alone on stdout; what the actions are for is said beside it."""
    ran = store(project).run(*COMMAND, "--explain", **NOBODY)
    assert policy(ran)
    assert re.search(r"^sqs:ListQueueTags +AWS::SQS::Queue$", ran.err, re.MULTILINE)
    assert re.search(r"^iam:SimulatePrincipalPolicy +preflight$", ran.err, re.MULTILINE)


def test_a_template_that_cannot_be_evaluated_leaves_the_policy_incomplete(project: Project) -> None:
    """More may be needed than it says, so that is said, and the exit code is that of missing evidence."""
    ran = store(project, "Resources:\n  A: [\n").run(*COMMAND, **NOBODY)
    assert ran.code == 6
    assert "more may be needed" in ran.err
    assert "ReadSqs" in policy(ran)


def test_an_unknown_environment_or_part_is_misuse(project: Project) -> None:
    """The message says which there are."""
    unknown = store(project).run(*COMMAND, "--environment", "production", **NOBODY)
    assert (unknown.code, unknown.out) == (4, "")
    assert "one of dev, prod" in unknown.err
    beyond = project.run(*COMMAND, "--part", "2", **NOBODY)
    assert (beyond.code, beyond.out) == (4, "")


def test_mdreader_is_read_with_one_policy(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    """It fits into one managed policy, names every action in full, and holds nothing but reads."""
    monkeypatch.chdir(Path(__file__).parents[2])
    assert main(["permissions", "--system", "mdreader"]) == 0
    document = json.loads(capsys.readouterr().out)
    assert length(document) <= LONGEST
    for statement in document["Statement"]:
        assert statement["Effect"] == "Allow"
        assert statement["Action"] == sorted(set(statement["Action"]))
        for action in statement["Action"]:
            service, _, name = action.partition(":")
            assert action == "apigateway:GET" or kind_of(service, name) is Kind.READ
    assert main(["permissions", "--system", "mdreader", "--format", "cloudformation"]) == 0
    (resource,) = json.loads(capsys.readouterr().out)["Resources"].values()
    assert (resource["Type"], resource["Properties"]["PolicyDocument"]) == ("AWS::IAM::ManagedPolicy", document)
    assert "GetSecretValue" not in json.dumps(document)
    assert main(["permissions", "--system", "mdreader", "--probes"]) == 0
    assert "secretsmanager:GetSecretValue" in capsys.readouterr().out


def test_a_long_policy_is_split_within_the_limit() -> None:
    """Every type that has a reader, many times over in actions: each document fits, and together they say it all."""
    needs = [Need(action, types) for action, types in permissions_for(readers()).items()]
    more = [Need(f"{need.action}{number}", need.types) for need in needs for number in range(3)]
    made = documents(statements(more))
    assert len(made) > 1
    assert all(length(document) <= LONGEST for document in made)
    actions = [action for document in made for statement in document["Statement"] for action in statement["Action"]]
    assert sorted(actions) == sorted(need.action for need in more)
