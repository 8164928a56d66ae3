"""Stages and domain names of REST APIs: logs, traces, caches, firewall and TLS."""

from __future__ import annotations

import re

from stackproof.model import Claim, Fact, Inventory, Reference, Resource, Severity, Text, Unknown, Value, control
from stackproof.model.matching import Answer, match, readable
from stackproof.resources.wafv2 import guarding

STAGE = "AWS::ApiGateway::Stage"


def _whole_stage(setting: Fact) -> Claim:
    return setting["ResourcePath"].one_of("/*", "/**") & setting["HttpMethod"].equals("*")


@control(
    STAGE,
    severity=Severity.MEDIUM,
    remediation="Set AccessLogSetting with DestinationArn and Format.",
    same_as=("CKV_AWS_76",),
)
def apigateway_stage_access_logged(stage: Resource) -> Claim:
    """Access logs are the only record of who called what, and how it was answered."""
    return stage["AccessLogSetting"]["DestinationArn"].present()


@control(
    STAGE,
    severity=Severity.MEDIUM,
    remediation="Add MethodSettings {ResourcePath: /*, HttpMethod: '*', LoggingLevel: ERROR}.",
)
def apigateway_stage_errors_logged(stage: Resource) -> Claim:
    """Without execution logs nobody learns why API Gateway itself refused or broke a request."""
    return stage["MethodSettings"].some(
        lambda setting: _whole_stage(setting) & setting["LoggingLevel"].one_of("ERROR", "INFO")
    )


@control(
    STAGE,
    severity=Severity.HIGH,
    remediation="Remove DataTraceEnabled from MethodSettings or set it to false.",
)
def apigateway_stage_keeps_bodies_out_of_logs(stage: Resource) -> Claim:
    """Data tracing writes whole requests to the log: passwords, tokens and personal data."""
    return stage["MethodSettings"].each(lambda setting: ~setting["DataTraceEnabled"].equals(expected=True))


@control(
    STAGE,
    severity=Severity.LOW,
    remediation="Set TracingEnabled: true.",
    same_as=("CKV_AWS_73",),
)
def apigateway_stage_traced(stage: Resource) -> Claim:
    """Without traces nobody sees where a slow request spent its time."""
    return stage["TracingEnabled"].equals(expected=True)


@control(
    STAGE,
    severity=Severity.MEDIUM,
    remediation="Set CacheDataEncrypted: true in the MethodSettings of a stage with CacheClusterEnabled.",
)
def apigateway_stage_cache_encrypted(stage: Resource) -> Claim:
    """Cached answers hold what the API returned to its users."""
    cached = stage["CacheClusterEnabled"].equals(expected=True)
    encrypted = stage["MethodSettings"].some(
        lambda setting: _whole_stage(setting) & setting["CacheDataEncrypted"].equals(expected=True)
    )
    return encrypted.only_if(cached)


@control(
    STAGE,
    severity=Severity.MEDIUM,
    remediation="Add an AWS::WAFv2::WebACLAssociation with ResourceArn "
    "arn:aws:apigateway:REGION::/restapis/API/stages/STAGE "
    "and WebACLArn of a web ACL with scope REGIONAL.",
)
def apigateway_stage_behind_firewall(stage: Resource, inventory: Inventory) -> Claim:
    """Without a web ACL, injections and floods reach the functions behind the API unfiltered."""
    return inventory.of_type("AWS::WAFv2::WebACLAssociation").any(
        lambda link: (
            link["ResourceArn"].claim(f"the stage {stage.logical_id}", lambda arn: _is_stage(arn, stage))
            & guarding(link, inventory)
        )
    )


def _is_stage(arn: Value, stage: Resource) -> Answer:
    """An ARN with the API's id and the stage, each by reference or by text."""
    api, name = stage["RestApiId"].value, readable(stage["StageName"].value)
    undecided = next((value for value in (api, name) if isinstance(value, Unknown)), False)
    if not isinstance(arn, Text):
        return undecided or match(readable(arn), re.compile(rf".*/restapis/\w+/stages/{re.escape(str(name))}"))
    pointers = [part.target for part in arn.parts if isinstance(part, Reference)]
    if stage.address in pointers:
        return True
    last = arn.parts[-1]
    fits = isinstance(api, Reference) and api.target in pointers
    return undecided or (fits and isinstance(last, str) and last.endswith(f"/stages/{name}"))


@control(
    "AWS::ApiGateway::DomainName",
    "AWS::ApiGatewayV2::DomainName",
    severity=Severity.HIGH,
    remediation="Set SecurityPolicy: TLS_1_2 or a policy of TLS 1.3.",
)
def apigateway_domain_modern_tls(domain: Resource) -> Claim:
    """An older policy lets a client be talked down to TLS 1.0 and weak ciphers."""
    modern = r"TLS_1_2|SecurityPolicy_TLS1[23]_.*"
    if domain.type == "AWS::ApiGateway::DomainName":
        return domain["SecurityPolicy"].matches(modern)
    configurations = domain["DomainNameConfigurations"]
    return configurations.present() & configurations.each(lambda entry: entry["SecurityPolicy"].matches(modern))
