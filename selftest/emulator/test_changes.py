"""What happens to stacks after their creation: changes arrive, replacements replace, failures leave nothing behind."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest
from botocore.exceptions import ClientError

from selftest.emulator.conftest import Deploy
from stackproof.emulator import DeploymentError, Running, delete_stack, deploy_stack, make_plan
from stackproof.system.loading import System

BUCKET = """
Resources:
  Files:
    Type: AWS::S3::Bucket
    Properties:
      VersioningConfiguration: {{Status: {status}}}
      Tags: [{{Key: Use, Value: {use}}}]
"""


def resources(running: Running, stack: str) -> dict[str, dict[str, Any]]:
    client = running.client("cloudformation")
    listed = client.list_stack_resources(StackName=stack)["StackResourceSummaries"]
    return {item["LogicalResourceId"]: item for item in listed}


def status(running: Running, stack: str) -> str:
    described = running.client("cloudformation").describe_stacks(StackName=stack)["Stacks"][0]
    return str(described["StackStatus"])


def test_a_change_arrives_in_place(deployed: Running, deploy: Deploy) -> None:
    """A changed property is changed on the same bucket, and the stack still lists it."""
    stack = deploy(BUCKET.format(status="Enabled", use="files"))
    before = resources(deployed, stack.name)["Files"]["PhysicalResourceId"]
    deploy(BUCKET.format(status="Suspended", use="papers"))
    assert resources(deployed, stack.name)["Files"]["PhysicalResourceId"] == before
    s3 = deployed.client("s3")
    assert s3.get_bucket_versioning(Bucket=before)["Status"] == "Suspended"
    assert s3.get_bucket_tagging(Bucket=before)["TagSet"] == [{"Key": "Use", "Value": "papers"}]
    assert status(deployed, stack.name) == "UPDATE_COMPLETE"


def test_a_property_that_goes_is_taken_back(deployed: Running, deploy: Deploy) -> None:
    """What the template no longer says is no longer there."""
    lifecycle = "LifecycleConfiguration: {Rules: [{Id: Old, Status: Enabled, ExpirationInDays: 5}]}"
    bucket = "Resources:\n  Files:\n    Type: AWS::S3::Bucket\n    Properties: {BucketName: papers-of-a-test"
    stack = deploy(f"{bucket}, {lifecycle}}}\n")
    deploy(f"{bucket}}}\n")
    name = resources(deployed, stack.name)["Files"]["PhysicalResourceId"]
    with pytest.raises(ClientError, match="NoSuchLifecycleConfiguration"):
        deployed.client("s3").get_bucket_lifecycle_configuration(Bucket=name)


def test_a_change_that_needs_another_resource_replaces(deployed: Running, deploy: Deploy) -> None:
    """A new name is a new log group; the old one goes, and what refers to it follows."""
    template = """
Resources:
  Group:
    Type: AWS::Logs::LogGroup
    Properties: {{LogGroupName: /test/{name}}}
  Name:
    Type: AWS::SQS::Queue
    Properties: {{Tags: [{{Key: Group, Value: !Ref Group}}]}}
"""
    stack = deploy(template.format(name="first"))
    deploy(template.format(name="second"))
    found = deployed.client("logs").describe_log_groups(logGroupNamePrefix="/test/")["logGroups"]
    assert [group["logGroupName"] for group in found] == ["/test/second"]
    queue = resources(deployed, stack.name)["Name"]["PhysicalResourceId"]
    assert deployed.client("sqs").list_queue_tags(QueueUrl=queue)["Tags"] == {"Group": "/test/second"}


def test_what_leaves_the_template_is_deleted(deployed: Running, deploy: Deploy) -> None:
    """A resource that is taken out of the template is deleted, unless it is to be retained."""
    group = "    Type: AWS::Logs::LogGroup\n    Properties: {LogGroupName: %s}\n"
    kept = "    DeletionPolicy: Retain\n" + group % "/gone/retained"
    stay = "Resources:\n  Stays:\n" + group % "/gone/stays"
    stack = deploy(stay + "  Goes:\n" + group % "/gone/goes" + "  Kept:\n" + kept)
    deploy(stay)
    assert set(resources(deployed, stack.name)) == {"Stays"}
    found = deployed.client("logs").describe_log_groups(logGroupNamePrefix="/gone/")["logGroups"]
    assert [item["logGroupName"] for item in found] == ["/gone/retained", "/gone/stays"]
    deployed.client("logs").delete_log_group(logGroupName="/gone/retained")


def test_an_unknown_type_is_refused_loudly(deployed: Running, deploy: Deploy) -> None:
    """A type without a handler fails the stack by name, and what was made before is taken back."""
    template = """
Resources:
  Group: {Type: AWS::Logs::LogGroup, Properties: {LogGroupName: /unknown/type}}
  Odd: {Type: AWS::Nonsense::Thing, DependsOn: Group}
"""
    with pytest.raises(DeploymentError, match=r"Odd \(AWS::Nonsense::Thing\).*no handler"):
        deploy(template, name="odd")
    assert status(deployed, "odd") == "ROLLBACK_COMPLETE"
    assert not deployed.client("logs").describe_log_groups(logGroupNamePrefix="/unknown/")["logGroups"]


def test_a_property_without_a_place_is_refused(deploy: Deploy) -> None:
    """A property that the API does not take fails the stack instead of being dropped."""
    template = "Resources: {Topics: {Type: AWS::Logs::LogGroup, Properties: {Colour: blue}}}"
    with pytest.raises(DeploymentError, match="no place for Colour"):
        deploy(template, name="colour")


def test_a_failed_change_is_taken_back(deployed: Running, deploy: Deploy) -> None:
    """When one resource of a change fails, those that were changed before are as they were."""
    stack = deploy(BUCKET.format(status="Enabled", use="files"))
    bad = "  Odd: {Type: AWS::Nonsense::Thing, DependsOn: Files}\n"
    with pytest.raises(DeploymentError, match="UPDATE_ROLLBACK_COMPLETE"):
        deploy(BUCKET.format(status="Suspended", use="files") + bad)
    bucket = resources(deployed, stack.name)["Files"]["PhysicalResourceId"]
    assert deployed.client("s3").get_bucket_versioning(Bucket=bucket)["Status"] == "Enabled"
    assert set(resources(deployed, stack.name)) == {"Files"}


def test_nothing_to_change_is_no_failure(deployed: Running, deploy: Deploy) -> None:
    """The same again is no change for a change set, and refused by UpdateStack in AWS's words."""
    stack = deploy(BUCKET.format(status="Enabled", use="files"))
    deploy(BUCKET.format(status="Enabled", use="files"))
    assert status(deployed, stack.name) == "CREATE_COMPLETE"
    with pytest.raises(ClientError, match="No updates are to be performed"):
        deployed.client("cloudformation").update_stack(StackName=stack.name, UsePreviousTemplate=True)


def test_an_export_in_use_keeps_its_stack(deployed: Running) -> None:
    """A stack from which another one imports cannot be deleted."""
    with pytest.raises(DeploymentError, match=r"Export mdreader-prod-\w+ cannot be deleted as it is in use by"):
        delete_stack(deployed, deployed.stacks["network"])


def test_a_missing_export_is_named(deploy: Deploy) -> None:
    """An import that nobody exports fails with AWS's words."""
    template = "Resources: {Q: {Type: AWS::SQS::Queue, Properties: {QueueName: !ImportValue nobody-exports-this}}}"
    with pytest.raises(DeploymentError, match="No export named nobody-exports-this found"):
        deploy(template, name="importer")


def test_parameters_are_checked_and_secrets_masked(deployed: Running, deploy: Deploy) -> None:
    """A missing or forbidden value is refused; a NoEcho value is used, and never shown."""
    template = """
Parameters:
  Word: {Type: String, NoEcho: true}
  Size: {Type: String, AllowedValues: [small, large]}
Resources:
  Secret:
    Type: AWS::SecretsManager::Secret
    Properties: {Name: !Sub "test/${Size}", SecretString: !Ref Word}
"""
    with pytest.raises(DeploymentError, match=r"Word.* must have values"):
        deploy(template, {"Size": "small"}, name="missing")
    with pytest.raises(DeploymentError, match="Size"):
        deploy(template, {"Size": "huge", "Word": "open sesame"}, name="forbidden")
    stack = deploy(template, {"Size": "small", "Word": "open sesame"})
    shown = deployed.client("cloudformation").describe_stacks(StackName=stack.name)["Stacks"][0]
    assert {"ParameterKey": "Word", "ParameterValue": "****"} in shown["Parameters"]
    assert "open sesame" not in json.dumps(shown, default=str)
    value = deployed.client("secretsmanager").get_secret_value(SecretId="test/small")["SecretString"]
    assert value == "open sesame"


def test_a_deleted_stack_is_gone(deployed: Running, deploy: Deploy) -> None:
    """Deletion takes the resources in reverse order, keeps what is to be retained, and frees the name."""
    template = """
Resources:
  Key: {Type: AWS::KMS::Key, Properties: {KeyPolicy: {Version: "2012-10-17", Statement: []}}}
  Group: {Type: AWS::Logs::LogGroup, Properties: {LogGroupName: /deleted/group, KmsKeyId: !GetAtt Key.Arn}}
  Kept: {Type: AWS::Logs::LogGroup, DeletionPolicy: Retain, Properties: {LogGroupName: /deleted/kept}}
"""
    stack = deploy(template)
    delete_stack(deployed, stack.name)
    found = deployed.client("logs").describe_log_groups(logGroupNamePrefix="/deleted/")["logGroups"]
    assert [group["logGroupName"] for group in found] == ["/deleted/kept"]
    deployed.client("logs").delete_log_group(logGroupName="/deleted/kept")
    with pytest.raises(ClientError, match="does not exist"):
        deployed.client("cloudformation").describe_stacks(StackName=stack.name)


def test_a_shift_of_colours_by_parameters(deployed: Running, mdreader: System) -> None:
    """MDReader's routing stack moves a quarter of the traffic by a change set, and back."""
    plan = make_plan(mdreader, "embedded", deployed.account)
    routing = next(stack for stack in plan.stacks if stack.component == "routing")

    def weights() -> dict[str, int]:
        zone = resources(deployed, deployed.stacks["network"])["HostedZone"]["PhysicalResourceId"]
        records = deployed.client("route53").list_resource_record_sets(HostedZoneId=zone)["ResourceRecordSets"]
        return {record["SetIdentifier"]: record["Weight"] for record in records if "SetIdentifier" in record}

    deploy_stack(deployed, replace(routing, parameters={**routing.parameters, "ShiftPercent": "25"}))
    assert weights() == {"blue": 75, "green": 25}
    deploy_stack(deployed, routing)
    assert weights() == {"blue": 100, "green": 0}


def test_a_change_set_says_what_it_would_do(deployed: Running, deploy: Deploy) -> None:
    """Describing a change set lists additions, changes and removals, and changes nothing yet."""
    group = "{Type: AWS::Logs::LogGroup, Properties: {RetentionInDays: %s}}"
    stack = deploy(f"Resources:\n  Same: {group % 1}\n  Other: {group % 3}\n  Goes: {group % 5}\n")
    client = deployed.client("cloudformation")
    body = f"Resources:\n  Same: {group % 1}\n  Other: {group % 7}\n  Comes: {group % 5}\n"
    client.create_change_set(StackName=stack.name, ChangeSetName="plan", TemplateBody=body)
    changes = client.describe_change_set(StackName=stack.name, ChangeSetName="plan")["Changes"]
    found = {c["ResourceChange"]["LogicalResourceId"]: c["ResourceChange"]["Action"] for c in changes}
    assert found == {"Other": "Modify", "Comes": "Add", "Goes": "Remove"}
    assert set(resources(deployed, stack.name)) == {"Same", "Other", "Goes"}
