"""Distributions, web ACLs, certificates, user pools, APIs, mail and backups."""

from __future__ import annotations

import json
from typing import Any

import pytest

from selftest.live.seeding import ACCOUNT, Lab, expect, read
from stackproof.model import Cause, Unknown
from stackproof.sources.live import Aws
from stackproof.sources.live.parts import GoneError


def quantity(*items: Any) -> dict[str, Any]:
    return {"Quantity": len(items), "Items": list(items)}


def test_a_distribution_without_its_wrappers(aws: Aws, lab: Lab) -> None:
    """Lists lose their length, members get the template's names, what is empty is absent."""
    cdn = lab("cloudfront")
    made = cdn.create_distribution(
        DistributionConfig={
            "CallerReference": "1",
            "Comment": "cdn",
            "Enabled": True,
            "Aliases": quantity("cdn.example.org"),
            "PriceClass": "PriceClass_100",
            "HttpVersion": "http2and3",
            "IsIPV6Enabled": True,
            "Origins": quantity(
                {
                    "Id": "uploads",
                    "DomainName": "b.s3.amazonaws.com",
                    "S3OriginConfig": {"OriginAccessIdentity": ""},
                    "CustomHeaders": quantity({"HeaderName": "x-origin", "HeaderValue": "very-secret-value"}),
                }
            ),
            "DefaultCacheBehavior": {
                "TargetOriginId": "uploads",
                "ViewerProtocolPolicy": "redirect-to-https",
                "AllowedMethods": {**quantity("GET", "HEAD"), "CachedMethods": quantity("GET", "HEAD")},
                "TrustedKeyGroups": {"Enabled": True, **quantity("group-1")},
                "CachePolicyId": "658327ea-f89d-4fab-a63d-7e88639e58f6",
            },
            "ViewerCertificate": {
                "ACMCertificateArn": "arn:aws:acm:us-east-1:123456789012:certificate/c",
                "SSLSupportMethod": "sni-only",
                "MinimumProtocolVersion": "TLSv1.2_2021",
            },
            "WebACLId": "acl",
        }
    )["Distribution"]
    found = read(aws, "AWS::CloudFront::Distribution", made["Id"])
    config = "DistributionConfig"
    wanted = {
        "Aliases": ["cdn.example.org"],
        "Enabled": True,
        "Comment": "cdn",
        "HttpVersion": "http2and3",
        "IPV6Enabled": True,
        "PriceClass": "PriceClass_100",
        "WebACLId": "acl",
        "DefaultCacheBehavior.ViewerProtocolPolicy": "redirect-to-https",
        "DefaultCacheBehavior.AllowedMethods": ["GET", "HEAD"],
        "DefaultCacheBehavior.CachedMethods": ["GET", "HEAD"],
        "Origins[0].DomainName": "b.s3.amazonaws.com",
        "ViewerCertificate.AcmCertificateArn": "arn:aws:acm:us-east-1:123456789012:certificate/c",
        "ViewerCertificate.MinimumProtocolVersion": "TLSv1.2_2021",
        "ViewerCertificate.SslSupportMethod": "sni-only",
    }
    assert {key: found.value(f"{config}.{key}") for key in wanted} == wanted
    header = found.value(f"{config}.Origins[0].OriginCustomHeaders[0]")
    hidden = Unknown(Cause.WRITE_ONLY, "OriginCustomHeaders.HeaderValue")
    assert header == {"HeaderName": "x-origin", "HeaderValue": hidden}
    assert made["DomainName"] in found.names
    assert "very-secret-value" not in json.dumps([aws.ledger.answer(entry) for entry in aws.ledger.entries])
    control = {
        "Name": "oac",
        "SigningProtocol": "sigv4",
        "SigningBehavior": "always",
        "OriginAccessControlOriginType": "s3",
    }
    key = cdn.create_origin_access_control(OriginAccessControlConfig=control)["OriginAccessControl"]["Id"]
    signed = read(aws, "AWS::CloudFront::OriginAccessControl", key)
    assert {name: signed.value(f"OriginAccessControlConfig.{name}") for name in control} == control


def test_a_web_acl_its_log_and_what_it_protects(aws: Aws, lab: Lab) -> None:
    """Texts to look for come as bytes, and an association's physical id holds both ARNs."""
    waf = lab("wafv2")
    seen = {"SampledRequestsEnabled": True, "CloudWatchMetricsEnabled": True, "MetricName": "m"}
    match = {
        "SearchString": b"/api/v1/auth",
        "FieldToMatch": {"UriPath": {}},
        "TextTransformations": [{"Priority": 0, "Type": "NONE"}],
        "PositionalConstraint": "STARTS_WITH",
    }
    rate = {"Limit": 2000, "AggregateKeyType": "IP", "ScopeDownStatement": {"ByteMatchStatement": match}}
    rule = {
        "Name": "rate",
        "Priority": 1,
        "Statement": {"RateBasedStatement": rate},
        "Action": {"Block": {}},
        "VisibilityConfig": seen,
    }
    made = waf.create_web_acl(
        Name="acl", Scope="REGIONAL", DefaultAction={"Allow": {}}, VisibilityConfig=seen, Rules=[rule]
    )["Summary"]
    found = read(aws, "AWS::WAFv2::WebACL", f"acl|{made['Id']}|REGIONAL")
    expect(found, {"Name": "acl", "Scope": "REGIONAL", "VisibilityConfig": seen})
    statement = "Rules[0].Statement.RateBasedStatement"
    assert found.value(f"{statement}.Limit") == 2000
    assert found.value(f"{statement}.ScopeDownStatement.ByteMatchStatement.SearchString") == "/api/v1/auth"
    assert found.value("DefaultAction.Allow") == {}
    stage = "arn:aws:apigateway:us-east-1::/restapis/abc/stages/live"
    waf.associate_web_acl(WebACLArn=made["ARN"], ResourceArn=stage)
    for physical in (f"{made['ARN']}|{stage}", f"{stage}|{made['ARN']}"):
        both = {"ResourceArn": stage, "WebACLArn": made["ARN"]}
        expect(read(aws, "AWS::WAFv2::WebACLAssociation", physical), both)
    with pytest.raises(GoneError):
        read(aws, "AWS::WAFv2::WebACLAssociation", f"{made['ARN']}|{stage}-two")
    log = f"arn:aws:logs:us-east-1:{ACCOUNT}:log-group:aws-waf-logs-a"
    waf.put_logging_configuration(LoggingConfiguration={"ResourceArn": made["ARN"], "LogDestinationConfigs": [log]})
    expect(read(aws, "AWS::WAFv2::LoggingConfiguration", made["ARN"]), {"LogDestinationConfigs": [log]})
    with pytest.raises(GoneError):
        read(aws, "AWS::WAFv2::WebACL", "acl|11111111-1111-1111-1111-111111111111|REGIONAL")


def test_a_certificate_says_how_it_was_validated(aws: Aws, lab: Lab) -> None:
    """Its own name is no alternative name."""
    acm = lab("acm")
    arn = acm.request_certificate(
        DomainName="example.org", SubjectAlternativeNames=["*.example.org"], ValidationMethod="DNS"
    )["CertificateArn"]
    found = read(aws, "AWS::CertificateManager::Certificate", arn)
    expect(
        found, {"DomainName": "example.org", "ValidationMethod": "DNS", "SubjectAlternativeNames": ["*.example.org"]}
    )


def test_a_user_pool_its_client_and_identities(aws: Aws, lab: Lab) -> None:
    """Second factors come from a call of their own; that a client has a secret is known, the secret is not."""
    idp, identity = lab("cognito-idp"), lab("cognito-identity")
    rules = {"MinimumLength": 12, "RequireUppercase": True, "RequireLowercase": True, "RequireNumbers": True}
    policy = {"PasswordPolicy": {**rules, "RequireSymbols": True, "TemporaryPasswordValidityDays": 3}}
    pool = idp.create_user_pool(
        PoolName="people", Policies=policy, DeletionProtection="ACTIVE", AutoVerifiedAttributes=["email"]
    )["UserPool"]["Id"]
    idp.set_user_pool_mfa_config(
        UserPoolId=pool, SoftwareTokenMfaConfiguration={"Enabled": True}, MfaConfiguration="OPTIONAL"
    )
    client = idp.create_user_pool_client(
        UserPoolId=pool, ClientName="web", GenerateSecret=True, ExplicitAuthFlows=["ALLOW_USER_SRP_AUTH"]
    )["UserPoolClient"]
    found = read(aws, "AWS::Cognito::UserPool", pool)
    expect(
        found,
        {
            "UserPoolName": "people",
            "MfaConfiguration": "OPTIONAL",
            "EnabledMfas": ["SOFTWARE_TOKEN_MFA"],
            "DeletionProtection": "ACTIVE",
            "AutoVerifiedAttributes": ["email"],
        },
    )
    assert found.value("Policies.PasswordPolicy.MinimumLength") == 12
    assert f"cognito-idp.us-east-1.amazonaws.com/{pool}" in found.names
    web = read(aws, "AWS::Cognito::UserPoolClient", client["ClientId"], {"UserPoolId": pool})
    expect(web, {"ClientName": "web", "GenerateSecret": True, "ExplicitAuthFlows": ["ALLOW_USER_SRP_AUTH"]})
    assert client["ClientSecret"] not in json.dumps([aws.ledger.answer(entry) for entry in aws.ledger.entries])
    idp.create_user_pool_domain(UserPoolId=pool, Domain="people")
    expect(read(aws, "AWS::Cognito::UserPoolDomain", "people"), {"Domain": "people", "UserPoolId": pool})
    with pytest.raises(GoneError):
        read(aws, "AWS::Cognito::UserPoolDomain", "nobody")
    provider = {"ClientId": client["ClientId"], "ProviderName": "p", "ServerSideTokenCheck": True}
    made = identity.create_identity_pool(
        IdentityPoolName="ids", AllowUnauthenticatedIdentities=False, CognitoIdentityProviders=[provider]
    )["IdentityPoolId"]
    expect(
        read(aws, "AWS::Cognito::IdentityPool", made),
        {"IdentityPoolName": "ids", "AllowUnauthenticatedIdentities": False, "CognitoIdentityProviders": [provider]},
    )


def test_apis_of_both_versions(aws: Aws, lab: Lab) -> None:
    """What belongs to an API is found through the template or the only API of the stack."""
    one, two = lab("apigateway"), lab("apigatewayv2")
    api = one.create_rest_api(name="rest", endpointConfiguration={"types": ["REGIONAL"]}, tags={"Team": "a"})["id"]
    root = one.get_resources(restApiId=api)["items"][0]["id"]
    one.put_method(restApiId=api, resourceId=root, httpMethod="GET", authorizationType="NONE")
    one.put_integration(
        restApiId=api, resourceId=root, httpMethod="GET", type="MOCK", uri="x", integrationHttpMethod="POST"
    )
    deployed = one.create_deployment(restApiId=api, description="first")["id"]
    one.create_stage(restApiId=api, stageName="live", deploymentId=deployed, tracingEnabled=True)
    operations = [{"op": "replace", "path": "/*/*/logging/loglevel", "value": "ERROR"}]
    one.update_stage(restApiId=api, stageName="live", patchOperations=operations)
    rest = read(aws, "AWS::ApiGateway::RestApi", api)
    expect(rest, {"Name": "rest", "Tags": [{"Key": "Team", "Value": "a"}]})
    body: Any = rest.properties["Body"]
    operation = body["paths"]["/"]["get"]
    assert operation["x-amazon-apigateway-integration"]["type"] == "mock"
    assert operation["security"] == [{"NONE": []}]
    assert rest.value("EndpointConfiguration.Types") == ["REGIONAL"]
    stage = read(aws, "AWS::ApiGateway::Stage", "live", {"RestApiId": api})
    expect(stage, {"StageName": "live", "RestApiId": api, "DeploymentId": deployed, "TracingEnabled": True})
    setting: Any = stage.properties["MethodSettings"]
    wanted = {"HttpMethod": "*", "ResourcePath": "/*", "LoggingLevel": "ERROR"}
    assert {key: setting[0].get(key) for key in wanted} == wanted
    others = {"AWS::ApiGateway::RestApi": api}
    expect(read(aws, "AWS::ApiGateway::Deployment", deployed, others=others), {"Description": "first"})
    socket = two.create_api(Name="ws", ProtocolType="WEBSOCKET", RouteSelectionExpression="$request.body.action")[
        "ApiId"
    ]
    target = two.create_integration(
        ApiId=socket, IntegrationType="HTTP_PROXY", IntegrationUri="https://a", IntegrationMethod="POST"
    )
    route = two.create_route(ApiId=socket, RouteKey="$connect", AuthorizationType="AWS_IAM", Target="integrations/x")
    two.create_stage(ApiId=socket, StageName="prod", AutoDeploy=True)
    hints = {"ApiId": socket}
    expect(read(aws, "AWS::ApiGatewayV2::Api", socket), {"Name": "ws", "ProtocolType": "WEBSOCKET"})
    expect(
        read(aws, "AWS::ApiGatewayV2::Integration", target["IntegrationId"], hints), {"IntegrationType": "HTTP_PROXY"}
    )
    wanted = {"RouteKey": "$connect", "AuthorizationType": "AWS_IAM", "Target": "integrations/x"}
    expect(read(aws, "AWS::ApiGatewayV2::Route", route["RouteId"], hints), wanted)
    expect(read(aws, "AWS::ApiGatewayV2::Stage", "prod", hints), {"StageName": "prod", "AutoDeploy": True})


def test_vaults_and_plans(aws: Aws, lab: Lab) -> None:
    """Rules of a plan have other names in the API."""
    backup = lab("backup")
    backup.create_backup_vault(BackupVaultName="vault", BackupVaultTags={"Team": "a"})
    rule = {
        "RuleName": "daily",
        "TargetBackupVaultName": "vault",
        "ScheduleExpression": "cron(0 3 * * ? *)",
        "Lifecycle": {"DeleteAfterDays": 35},
    }
    plan = backup.create_backup_plan(BackupPlan={"BackupPlanName": "plan", "Rules": [rule]})["BackupPlanId"]
    vault = read(aws, "AWS::Backup::BackupVault", "vault")
    expect(vault, {"BackupVaultName": "vault", "BackupVaultTags": {"Team": "a"}})
    found = read(aws, "AWS::Backup::BackupPlan", plan)
    assert found.value("BackupPlan.BackupPlanName") == "plan"
    first = "BackupPlan.BackupPlanRule[0]"
    wanted = {"RuleName": "daily", "TargetBackupVault": "vault", "Lifecycle.DeleteAfterDays": 35}
    assert {name: found.value(f"{first}.{name}") for name in wanted} == wanted


def test_mail_identities_and_sets(aws: Aws, lab: Lab) -> None:
    """All in one answer, in blocks of the template's form."""
    ses = lab("sesv2")
    ses.create_configuration_set(ConfigurationSetName="main", ReputationOptions={"ReputationMetricsEnabled": True})
    ses.create_email_identity(EmailIdentity="example.org", ConfigurationSetName="main")
    found = read(aws, "AWS::SES::ConfigurationSet", "main")
    expect(found, {"Name": "main"})
    assert found.value("ReputationOptions.ReputationMetricsEnabled") is True
    identity = read(aws, "AWS::SES::EmailIdentity", "example.org")
    expect(identity, {"EmailIdentity": "example.org", "ConfigurationSetAttributes": {"ConfigurationSetName": "main"}})
