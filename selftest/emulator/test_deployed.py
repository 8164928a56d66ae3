"""MDReader, deployed whole: what CloudFormation lists, and what each service answers, is what the templates say."""

from __future__ import annotations

import json
from pathlib import Path

from selftest.emulator.conftest import PROJECT
from stackproof.emulator import Running
from stackproof.engine.systems import target_of
from stackproof.sources import evaluate
from stackproof.system.loading import System

LACKING: dict[str, str] = {}  # what the embedded AWS cannot make, each reviewed; the fewer the better


def physical(running: Running, address: str) -> str:
    component, _, logical_id = address.partition(".")
    client = running.client("cloudformation")
    answer = client.describe_stack_resource(StackName=running.stacks[component], LogicalResourceId=logical_id)
    return str(answer["StackResourceDetail"]["PhysicalResourceId"])


def test_every_stack_is_complete(deployed: Running, mdreader: System) -> None:
    """All twelve stacks of system.yaml are there, under their names, and complete."""
    stacks = deployed.client("cloudformation").describe_stacks()["Stacks"]
    whole = {"CREATE_COMPLETE", "UPDATE_COMPLETE"}  # another test may have changed one since
    found = {stack["StackName"] for stack in stacks if stack["StackStatus"] in whole}
    wanted = {mdreader.stack_name(stack.component, "embedded") for stack in mdreader.file.stacks}
    assert len(wanted) == 12
    assert wanted - found == set()


def test_the_resources_are_those_of_the_templates(deployed: Running, mdreader: System) -> None:
    """ListStackResources gives each resource that the templates declare, with its type and a physical id, no other."""
    target = target_of(mdreader, "embedded", PROJECT)
    (world,) = evaluate(target.stacks, target.deployment).worlds
    wanted = {(d.stack, name): r.type for d in world.documents for name, r in d.resources.items()}
    found = {}
    for component, stack in deployed.stacks.items():
        pages = deployed.client("cloudformation").get_paginator("list_stack_resources").paginate(StackName=stack)
        for resource in (resource for page in pages for resource in page["StackResourceSummaries"]):
            assert resource["PhysicalResourceId"], resource
            assert resource["ResourceStatus"] in {"CREATE_COMPLETE", "UPDATE_COMPLETE"}
            found[component, resource["LogicalResourceId"]] = resource["ResourceType"]
    assert len(wanted) > 200
    assert found == wanted


def test_what_could_not_be_made_is_listed(deployed: Running) -> None:
    """Nothing is missing silently: what the backend has no place for is listed, and it is what was reviewed."""
    assert {item.address: item.reason for item in deployed.unsupported} == LACKING


def test_parameters_are_listed_as_given(deployed: Running) -> None:
    """DescribeStacks shows the values of the parameter file."""
    given = json.loads((PROJECT / "systems/mdreader/parameters/prod.json").read_text(encoding="utf-8"))
    values = {item["ParameterKey"]: item["ParameterValue"] for item in given}
    stack = deployed.client("cloudformation").describe_stacks(StackName=deployed.stacks["routing"])["Stacks"][0]
    shown = {item["ParameterKey"]: item["ParameterValue"] for item in stack["Parameters"]}
    assert shown == {key: values[key] for key in ("Environment", "DomainName", "ActiveColour", "ShiftPercent")}


def test_exports_and_imports_are_known(deployed: Running) -> None:
    """An export has the live value, and ListImports names every stack that uses it."""
    client = deployed.client("cloudformation")
    exports = {item["Name"]: item["Value"] for item in client.list_exports()["Exports"]}
    assert exports["mdreader-prod-DatabaseIdentifier"] == physical(deployed, "data.Database")
    users = client.list_imports(ExportName="mdreader-prod-DatabaseSecretArn")["Imports"]
    assert users == [deployed.stacks["backend"], deployed.stacks["websocket"]]


def test_the_template_is_the_authors(deployed: Running) -> None:
    """GetTemplate gives back the text that was handed in."""
    body = deployed.client("cloudformation").get_template(StackName=deployed.stacks["storage"])["TemplateBody"]
    file = Path("systems/mdreader/infrastructure/storage.yml")
    assert body == (PROJECT / file).read_text(encoding="utf-8")


# --- what plain boto3 reads; the figures are those of the templates and of parameters/prod.json -------------


def test_database(deployed: Running) -> None:
    """Of the database nothing is lost: protection, groups, storage, backups, monitoring, insights."""
    found = deployed.client("rds").describe_db_instances(DBInstanceIdentifier=physical(deployed, "data.Database"))
    database = found["DBInstances"][0]
    wanted = {
        "DeletionProtection": True,
        "MultiAZ": True,
        "StorageEncrypted": True,
        "StorageType": "gp3",
        "AllocatedStorage": 20,
        "MaxAllocatedStorage": 1000,
        "BackupRetentionPeriod": 30,
        "PreferredBackupWindow": "03:00-04:00",
        "EngineVersion": "15.17",
        "DBInstanceClass": "db.t4g.medium",
        "PubliclyAccessible": False,
        "IAMDatabaseAuthenticationEnabled": True,
        "CACertificateIdentifier": "rds-ca-rsa2048-g1",
        "MonitoringInterval": 60,
        "PerformanceInsightsEnabled": True,
        "PerformanceInsightsRetentionPeriod": 7,
        "EnabledCloudwatchLogsExports": ["postgresql", "upgrade"],
        "CopyTagsToSnapshot": True,
    }
    assert {key: database.get(key) for key in wanted} == wanted
    groups = [group["VpcSecurityGroupId"] for group in database["VpcSecurityGroups"]]
    assert groups == [physical(deployed, "network.DatabaseSecurityGroup")]
    assert database["DBSubnetGroup"]["DBSubnetGroupName"] == physical(deployed, "data.DatabaseSubnets")
    assert database["KmsKeyId"].endswith(physical(deployed, "keys.DataKey"))
    assert database["Endpoint"] == {"Address": deployed.database.host, "Port": deployed.database.port}


def test_replica(deployed: Running) -> None:
    """The replica names its source."""
    found = deployed.client("rds").describe_db_instances(
        DBInstanceIdentifier=physical(deployed, "data.DatabaseReplica")
    )["DBInstances"][0]
    assert found["ReadReplicaSourceDBInstanceIdentifier"] == physical(deployed, "data.Database")
    assert found["PerformanceInsightsEnabled"] is True


def test_cache(deployed: Running) -> None:
    """The replication group has its members, encryption, failover, snapshots, and clusters that describe the rest."""
    client = deployed.client("elasticache")
    group = client.describe_replication_groups(ReplicationGroupId=physical(deployed, "data.Redis"))
    found = group["ReplicationGroups"][0]
    wanted = {
        "TransitEncryptionEnabled": True,
        "TransitEncryptionMode": "required",
        "AtRestEncryptionEnabled": True,
        "AuthTokenEnabled": True,
        "AutomaticFailover": "enabled",
        "MultiAZ": "enabled",
        "SnapshotRetentionLimit": 7,
        "SnapshotWindow": "03:00-05:00",
        "CacheNodeType": "cache.t4g.small",
    }
    assert {key: found.get(key) for key in wanted} == wanted
    assert len(found["MemberClusters"]) == 2
    cluster = client.describe_cache_clusters(CacheClusterId=found["MemberClusters"][0])["CacheClusters"][0]
    assert cluster["EngineVersion"] == "7.0"
    assert cluster["CacheSubnetGroupName"] == physical(deployed, "data.RedisSubnets")
    assert [group["SecurityGroupId"] for group in cluster["SecurityGroups"]] == [
        physical(deployed, "network.CacheSecurityGroup")
    ]


def test_uploads_bucket(deployed: Running) -> None:
    """Versions, public access block, encryption, CORS, ageing, logging and ownership of the uploads bucket."""
    s3, bucket = deployed.client("s3"), physical(deployed, "storage.UploadsBucket")
    assert s3.get_bucket_versioning(Bucket=bucket)["Status"] == "Enabled"
    block = s3.get_public_access_block(Bucket=bucket)["PublicAccessBlockConfiguration"]
    assert len(block) == 4
    assert all(block.values())
    rule = s3.get_bucket_encryption(Bucket=bucket)["ServerSideEncryptionConfiguration"]["Rules"][0]
    assert rule["BucketKeyEnabled"] is True
    assert rule["ApplyServerSideEncryptionByDefault"]["SSEAlgorithm"] == "aws:kms"
    cors = s3.get_bucket_cors(Bucket=bucket)["CORSRules"]
    assert [(item["AllowedOrigins"], item["MaxAgeSeconds"]) for item in cors] == [(["https://app.mdreader.com"], 3000)]
    rules = {rule["ID"]: rule for rule in s3.get_bucket_lifecycle_configuration(Bucket=bucket)["Rules"]}
    assert rules["MoveToGlacier"]["Transitions"] == [{"Days": 90, "StorageClass": "GLACIER"}]
    assert rules["DeleteOldVersions"]["NoncurrentVersionExpiration"] == {"NoncurrentDays": 30}
    logging = s3.get_bucket_logging(Bucket=bucket)["LoggingEnabled"]
    assert logging == {"TargetBucket": physical(deployed, "storage.LogsBucket"), "TargetPrefix": "s3/uploads/"}
    ownership = s3.get_bucket_ownership_controls(Bucket=bucket)["OwnershipControls"]["Rules"]
    assert ownership == [{"ObjectOwnership": "BucketOwnerEnforced"}]
    policy = json.loads(s3.get_bucket_policy(Bucket=bucket)["Policy"])
    arn = f"arn:aws:cloudfront::{deployed.account}:distribution/{physical(deployed, 'edge.Cdn')}"
    assert policy["Statement"][1]["Condition"] == {"StringEquals": {"aws:SourceArn": arn}}


def test_security_group_lets_out_only_what_is_said(deployed: Running) -> None:
    """AWS's rule for everything out is gone, and single rules are added to those of the group."""
    group = deployed.client("ec2").describe_security_groups(
        GroupIds=[physical(deployed, "network.WebSocketSecurityGroup")]
    )["SecurityGroups"][0]
    out = {
        (
            rule["FromPort"],
            tuple(r["CidrIp"] for r in rule["IpRanges"]),
            *(p["GroupId"] for p in rule["UserIdGroupPairs"]),
        )
        for rule in group["IpPermissionsEgress"]
    }
    assert out == {
        (443, ("0.0.0.0/0",)),
        (5432, (), physical(deployed, "network.DatabaseSecurityGroup")),
        (6379, (), physical(deployed, "network.CacheSecurityGroup")),
    }


def test_rules_are_described(deployed: Running) -> None:
    """DescribeSecurityGroupRules tells of a rule between groups what it is for."""
    rules = deployed.client("ec2").describe_security_group_rules(
        SecurityGroupRuleIds=[physical(deployed, "network.WebSocketToCache")]
    )["SecurityGroupRules"]
    assert [(rule["Description"], rule["IsEgress"], rule["FromPort"]) for rule in rules] == [("Redis", True, 6379)]


def test_subnets_are_routed(deployed: Running) -> None:
    """A data subnet is in the table that leads nowhere out."""
    subnet = physical(deployed, "network.DataSubnetA")
    tables = deployed.client("ec2").describe_route_tables(
        Filters=[{"Name": "association.subnet-id", "Values": [subnet]}]
    )["RouteTables"]
    assert [table["RouteTableId"] for table in tables] == [physical(deployed, "network.DataRoutesTable")]
    assert [route["GatewayId"] for route in tables[0]["Routes"]] == ["local"]


def test_task_definition(deployed: Running) -> None:
    """The task runs on Fargate, in its size, network mode and roles."""
    found = deployed.client("ecs").describe_task_definition(
        taskDefinition=physical(deployed, "websocket.BlueTaskDefinition")
    )["taskDefinition"]
    assert (found["cpu"], found["memory"], found["networkMode"]) == ("512", "1024", "awsvpc")
    assert found["requiresCompatibilities"] == ["FARGATE"]
    assert found["taskRoleArn"].endswith("/" + physical(deployed, "websocket.TaskRole"))
    assert found["executionRoleArn"].endswith("/" + physical(deployed, "websocket.ExecutionRole"))
    assert found["containerDefinitions"][0]["readonlyRootFilesystem"] is True


def test_service(deployed: Running) -> None:
    """The service keeps launch type, network, balancer, deployment settings and what is off."""
    found = deployed.client("ecs").describe_services(
        cluster=physical(deployed, "websocket.Cluster"), services=[physical(deployed, "websocket.BlueService")]
    )["services"][0]
    assert (found["launchType"], found["desiredCount"], found["enableExecuteCommand"]) == ("FARGATE", 2, False)
    assert found["deploymentConfiguration"] == {
        "minimumHealthyPercent": 50,
        "maximumPercent": 200,
        "deploymentCircuitBreaker": {"enable": True, "rollback": True},
    }
    network = found["networkConfiguration"]["awsvpcConfiguration"]
    assert network["assignPublicIp"] == "DISABLED"
    assert network["subnets"] == [physical(deployed, f"network.PrivateSubnet{zone}") for zone in "AB"]
    assert found["healthCheckGracePeriodSeconds"] == 60


def test_load_balancer(deployed: Running) -> None:
    """Attributes of balancer and target group are set, and the listener's policy is the modern one."""
    client, arn = deployed.client("elbv2"), physical(deployed, "websocket.BlueLoadBalancer")
    listed = client.describe_load_balancer_attributes(LoadBalancerArn=arn)["Attributes"]
    attributes = {item["Key"]: item["Value"] for item in listed}
    assert attributes["deletion_protection.enabled"] == "true"
    assert attributes["access_logs.s3.bucket"] == physical(deployed, "storage.LogsBucket")
    assert attributes["routing.http.drop_invalid_header_fields.enabled"] == "true"
    group = client.describe_target_group_attributes(TargetGroupArn=physical(deployed, "websocket.BlueTargetGroup"))
    assert {"Key": "stickiness.lb_cookie.duration_seconds", "Value": "3600"} in group["Attributes"]
    listener = client.describe_listeners(LoadBalancerArn=arn)["Listeners"][0]
    assert (listener["Port"], listener["SslPolicy"]) == (443, "ELBSecurityPolicy-TLS13-1-2-2021-06")
