"""MDReader, deployed whole: what CloudFormation lists, and what each service answers, is what the templates say."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

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


def test_alarms(deployed: Running) -> None:
    """All alarms are there; one of a metric and one of metric math hold their figures."""
    client = deployed.client("cloudwatch")
    listed = [a for page in client.get_paginator("describe_alarms").paginate() for a in page["MetricAlarms"]]
    alarms = {alarm["AlarmName"]: alarm for alarm in listed}
    critical = alarms["mdreader-prod-api-duration-critical"]
    assert (critical["Threshold"], critical["Period"], critical["EvaluationPeriods"]) == (10000.0, 300, 2)
    assert critical["Dimensions"] == [{"Name": "FunctionName", "Value": physical(deployed, "backend.Backend")}]
    assert critical["AlarmActions"] == [physical(deployed, "keys.CriticalTopic")]
    rate = {metric["Id"]: metric for metric in alarms["mdreader-prod-api-error-rate"]["Metrics"]}
    assert rate["rate"]["Expression"] == "100 * errors / invocations"
    assert (rate["errors"]["MetricStat"]["Stat"], rate["errors"]["ReturnData"]) == ("Sum", False)


def test_web_acl(deployed: Running) -> None:
    """The rules, the limit, the logs, and what the list stands in front of."""
    client = deployed.client("wafv2")
    name, id_, scope = physical(deployed, "security.RegionalWebAcl").split("|")
    found = client.get_web_acl(Name=name, Id=id_, Scope=scope)["WebACL"]
    rules = {rule["Name"]: rule for rule in found["Rules"]}
    assert list(rules) == [
        "RateLimit",
        "SqlInjection",
        "CrossSiteScripting",
        "KnownBadInputs",
        "IpReputation",
        "Common",
    ]
    limit = rules["RateLimit"]["Statement"]["RateBasedStatement"]
    assert limit["Limit"] == 1000
    assert limit["ScopeDownStatement"]["ByteMatchStatement"]["SearchString"] == b"/api/"
    logs = client.get_logging_configuration(ResourceArn=found["ARN"])["LoggingConfiguration"]
    assert logs["LogDestinationConfigs"][0].endswith(":log-group:aws-waf-logs-mdreader-prod-regional")
    guarded = client.list_resources_for_web_acl(WebACLArn=found["ARN"])["ResourceArns"]
    assert sorted(guarded) == sorted(physical(deployed, f"websocket.{c}LoadBalancer") for c in ("Blue", "Green"))


def test_user_pool(deployed: Running) -> None:
    """Password policy, MFA, threat protection and plan; token lifetimes of the client; flow and roles of identities."""
    client, pool = deployed.client("cognito-idp"), physical(deployed, "security.UserPool")
    found = client.describe_user_pool(UserPoolId=pool)["UserPool"]
    assert found["Policies"]["PasswordPolicy"] == {
        "MinimumLength": 8,
        "RequireUppercase": True,
        "RequireLowercase": True,
        "RequireNumbers": True,
        "RequireSymbols": True,
        "TemporaryPasswordValidityDays": 1,
    }
    assert (found["MfaConfiguration"], found["DeletionProtection"], found["UserPoolTier"]) == (
        "OPTIONAL",
        "ACTIVE",
        "PLUS",
    )
    assert client.get_user_pool_mfa_config(UserPoolId=pool)["SoftwareTokenMfaConfiguration"] == {"Enabled": True}
    web = client.describe_user_pool_client(UserPoolId=pool, ClientId=physical(deployed, "security.WebClient"))
    assert web["UserPoolClient"]["TokenValidityUnits"]["RefreshToken"] == "days"
    assert web["UserPoolClient"]["RefreshTokenValidity"] == 7
    identities, identity = deployed.client("cognito-identity"), physical(deployed, "security.IdentityPool")
    described = identities.describe_identity_pool(IdentityPoolId=identity)
    assert (described["AllowUnauthenticatedIdentities"], described["AllowClassicFlow"]) == (False, False)
    roles = identities.get_identity_pool_roles(IdentityPoolId=identity)["Roles"]
    assert roles["authenticated"].endswith("/" + physical(deployed, "security.SignedInRole"))


def test_secret(deployed: Running) -> None:
    """The secret has its key, a password of 48 letters, the database's address, and rotates in 30 days, not at once."""
    client, arn = deployed.client("secretsmanager"), physical(deployed, "data.DatabaseSecret")
    found = client.describe_secret(SecretId=arn)
    assert found["KmsKeyId"].endswith(physical(deployed, "keys.SecretsKey"))
    assert found["RotationEnabled"] is True
    assert found["RotationRules"] == {"ScheduleExpression": "rate(30 days)", "Duration": "3h"}
    assert "LastRotatedDate" not in found
    content = json.loads(client.get_secret_value(SecretId=arn)["SecretString"])
    assert (len(content["password"]), content["username"], content["database"]) == (48, "mdreader_admin", "mdreader")
    assert (content["host"], content["port"]) == (deployed.database.host, deployed.database.port)


def test_functions(deployed: Running) -> None:
    """Settings that moto forgets are kept; warm copies, limit, and who may invoke the alias are there."""
    client = deployed.client("lambda")
    rotation = client.get_function_configuration(FunctionName=physical(deployed, "data.RotationFunction"))
    dead = deployed.client("sqs").get_queue_attributes(
        QueueUrl=physical(deployed, "data.RotationFailures"),
        AttributeNames=["QueueArn"],
    )
    assert rotation["DeadLetterConfig"] == {"TargetArn": dead["Attributes"]["QueueArn"]}
    backend = physical(deployed, "backend.Backend")
    found = client.get_function_configuration(FunctionName=backend)
    assert (found["MemorySize"], found["Timeout"], found["TracingConfig"]) == (1024, 30, {"Mode": "Active"})
    assert found["KMSKeyArn"].endswith(physical(deployed, "keys.SecretsKey"))
    assert client.get_function_concurrency(FunctionName=backend)["ReservedConcurrentExecutions"] == 60
    warm = client.get_provisioned_concurrency_config(FunctionName=backend, Qualifier="live")
    assert warm["RequestedProvisionedConcurrentExecutions"] == 5
    policy = json.loads(client.get_policy(FunctionName=backend, Qualifier="live")["Policy"])
    assert {s["Principal"]["Service"] for s in policy["Statement"]} == {"apigateway.amazonaws.com"}


def test_api(deployed: Running) -> None:
    """The OpenAPI body became resources, methods with their authorizer and scopes, and one way in."""
    client, api = deployed.client("apigateway"), physical(deployed, "backend.Api")
    assert client.get_rest_api(restApiId=api)["disableExecuteApiEndpoint"] is True
    listed = client.get_resources(restApiId=api, embed=["methods"])["items"]
    methods: dict[str, Any] = {item["path"]: item.get("resourceMethods", {}) for item in listed}
    assert methods["/health"]["GET"]["authorizationType"] == "NONE"
    anything = methods["/{proxy+}"]["ANY"]
    assert anything["authorizationType"] == "COGNITO_USER_POOLS"
    assert anything["authorizationScopes"] == ["aws.cognito.signin.user.admin", "openid"]
    (stage,) = client.get_stages(restApiId=api)["item"]
    assert stage["methodSettings"]["*/*"]["throttlingBurstLimit"] == 400
    assert stage["tracingEnabled"] is True


def test_distribution(deployed: Running) -> None:
    """The CDN's origin is a bucket read through access control; TLS, key groups and web ACL are kept."""
    client = deployed.client("cloudfront")
    config = client.get_distribution_config(Id=physical(deployed, "edge.Cdn"))["DistributionConfig"]
    (origin,) = config["Origins"]["Items"]
    assert origin["OriginAccessControlId"] == physical(deployed, "edge.OriginAccessControl")
    assert origin["S3OriginConfig"] == {"OriginAccessIdentity": ""}
    assert config["ViewerCertificate"]["MinimumProtocolVersion"] == "TLSv1.2_2021"
    assert config["ViewerCertificate"]["ACMCertificateArn"] == physical(deployed, "edge.CdnCertificate")
    assert config["DefaultCacheBehavior"]["TrustedKeyGroups"]["Items"] == [physical(deployed, "edge.UrlSigningKeys")]
    assert config["HttpVersion"] == "http2and3"
    assert config["Logging"]["Prefix"] == "cdn/"


def test_mail(deployed: Running) -> None:
    """The identity signs, and DNS holds the very tokens it signs with."""
    found = deployed.client("sesv2").get_email_identity(EmailIdentity="mdreader.com")
    assert found["DkimAttributes"]["SigningEnabled"] is True
    assert found["ConfigurationSetName"] == physical(deployed, "mail.ConfigurationSet")
    records = deployed.client("route53").list_resource_record_sets(
        HostedZoneId=physical(deployed, "network.HostedZone")
    )["ResourceRecordSets"]
    names = {record["Name"] for record in records if record["Type"] == "CNAME"}
    assert {f"{token}._domainkey.mdreader.com." for token in found["DkimAttributes"]["Tokens"]} == names


def test_backup(deployed: Running) -> None:
    """The plan copies to the locked vault, and its selection names database and uploads."""
    client, plan = deployed.client("backup"), physical(deployed, "backup.Plan")
    rules = {r["RuleName"]: r for r in client.get_backup_plan(BackupPlanId=plan)["BackupPlan"]["Rules"]}
    assert rules["daily"]["Lifecycle"] == {"DeleteAfterDays": 30}
    assert rules["daily"]["CopyActions"][0]["Lifecycle"] == {"DeleteAfterDays": 365}
    (selection,) = client.list_backup_selections(BackupPlanId=plan)["BackupSelectionsList"]
    chosen = client.get_backup_selection(BackupPlanId=plan, SelectionId=selection["SelectionId"])["BackupSelection"]
    bucket = physical(deployed, "storage.UploadsBucket")
    database = physical(deployed, "data.Database")
    assert chosen["Resources"] == [f"arn:aws:rds:us-east-1:{deployed.account}:db:{database}", f"arn:aws:s3:::{bucket}"]
    vault = client.describe_backup_vault(BackupVaultName="mdreader-prod")
    assert (vault["Locked"], vault["MinRetentionDays"]) == (True, 30)


def test_web_application(deployed: Running) -> None:
    """Amplify, which moto lacks, answers: rules, branch, domain, and never the token."""
    client = deployed.client("amplify")
    (app,) = client.list_apps()["apps"]
    assert app["appArn"] == physical(deployed, "edge.WebApp")
    assert [rule["status"] for rule in app["customRules"]] == ["200", "200", "200"]
    assert "put-in-by-hand" not in json.dumps(app, default=str)
    (branch,) = client.list_branches(appId=app["appId"])["branches"]
    assert (branch["branchName"], branch["enableAutoBuild"], branch["stage"]) == ("main", True, "PRODUCTION")


@pytest.mark.parametrize(("colour", "weight"), [("blue", 100), ("green", 0)])
def test_weights(deployed: Running, colour: str, weight: int) -> None:
    """Outside a shift one colour has all the traffic."""
    records = deployed.client("route53").list_resource_record_sets(
        HostedZoneId=physical(deployed, "network.HostedZone")
    )["ResourceRecordSets"]
    weights = {r["SetIdentifier"]: r["Weight"] for r in records if "SetIdentifier" in r}
    assert weights[colour] == weight


def test_dashboard(deployed: Running) -> None:
    """The dashboard's body names live resources, and its tags are kept."""
    client, name = deployed.client("cloudwatch"), physical(deployed, "monitoring.Dashboard")
    found = client.get_dashboard(DashboardName=name)
    assert physical(deployed, "backend.Backend") in found["DashboardBody"]
    tags = client.list_tags_for_resource(ResourceARN=f"arn:aws:cloudwatch::{deployed.account}:dashboard/{name}")["Tags"]
    assert {tag["Key"]: tag["Value"] for tag in tags} == {"Application": "mdreader", "Environment": "prod"}
