"""MDReader, deployed whole: what the services at its edge, its operation and its users answer is what templates say."""

from __future__ import annotations

import json
from typing import Any

import pytest

from selftest.emulator.test_deployed import physical
from stackproof.emulator import Running


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
