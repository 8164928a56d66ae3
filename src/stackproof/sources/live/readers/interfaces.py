"""Amazon API Gateway, both versions."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from stackproof.model import ABSENT, Reference, Text, Value
from stackproof.sources.live.parts import NoHintError
from stackproof.sources.live.readers.definitions import AUTHORIZERS, RESOURCES, RESPONSES, definition
from stackproof.sources.live.reading import Reading, reads


@reads("AWS::ApiGateway::RestApi", "apigateway:GetRestApi", RESOURCES, AUTHORIZERS, RESPONSES)
def rest_api(r: Reading) -> None:
    """Its body is not given back as it was written; what it says is put together from paths and authorizers."""
    part = r.main(r.ask("apigateway:GetRestApi", restApiId=r.id))
    asked = [
        r.ask(RESOURCES, "items", restApiId=r.id, embed=["methods"]),
        r.ask(AUTHORIZERS, "items", restApiId=r.id),
        r.ask(RESPONSES, "items", restApiId=r.id),
    ]
    failed = next((one for one in asked if one.fault), asked[0])
    r.set("Body", failed, lambda _: definition(*(one.value for one in asked)))
    r.set("MinimumCompressionSize", part, lambda found: found.get("minimumCompressionSize", ABSENT))
    r.shape("Policy", part.at("policy", required=False))
    r.fill(
        part,
        {"ApiKeySourceType": "apiKeySource"},
        but=("Mode", "Parameters"),
        optional=("DisableExecuteApiEndpoint",),
    )


@reads("AWS::ApiGateway::Deployment", "apigateway:GetDeployment")
def deployment(r: Reading) -> None:
    """Its API is not in its physical id."""
    api = _api(r, "RestApiId", "AWS::ApiGateway::RestApi")
    part = r.main(r.ask("apigateway:GetDeployment", restApiId=api, deploymentId=r.id))
    r.set("RestApiId", part, api)
    r.fill(part)


@reads("AWS::ApiGateway::Stage", "apigateway:GetStage")
def stage(r: Reading) -> None:
    """Settings of methods are a mapping by path and verb."""
    api = _api(r, "RestApiId", "AWS::ApiGateway::RestApi")
    name = r.id.rpartition("|")[2]
    part = r.main(r.ask("apigateway:GetStage", restApiId=api, stageName=name))
    r.set("RestApiId", part, api)
    settings = part.at("methodSettings", required=False)
    r.set("MethodSettings", settings, lambda found: [_setting(path, item) for path, item in found.items()] or ABSENT)
    r.tags(part.at("tags", required=False))
    r.fill(part, {"AccessLogSetting": "accessLogSettings"}, optional=("CacheClusterEnabled",))
    r.also(f"arn:aws:apigateway:{r.region}::/restapis/{api}/stages/{name}")


def _setting(key: str, found: Mapping[str, Any]) -> Value:
    path, _, verb = key.rpartition("/")
    names = {
        "loggingLevel": "LoggingLevel",
        "dataTraceEnabled": "DataTraceEnabled",
        "metricsEnabled": "MetricsEnabled",
        "throttlingRateLimit": "ThrottlingRateLimit",
        "throttlingBurstLimit": "ThrottlingBurstLimit",
        "cachingEnabled": "CachingEnabled",
        "cacheTtlInSeconds": "CacheTtlInSeconds",
        "cacheDataEncrypted": "CacheDataEncrypted",
    }
    made: dict[str, Value] = {ours: found[theirs] for theirs, ours in names.items() if theirs in found}
    plain = path.replace("~1", "/") or "*"
    return {"HttpMethod": verb, "ResourcePath": "/*" if plain == "*" else plain, **made}


@reads("AWS::ApiGateway::DomainName", "apigateway:GetDomainName")
def domain_name(r: Reading) -> None:
    """All in one answer."""
    part = r.main(r.ask("apigateway:GetDomainName", domainName=r.id))
    r.tags(part.at("tags", required=False))
    r.fill(part)
    if part.value:
        r.also(part.value.get("regionalDomainName"), attribute="RegionalDomainName")
        r.also(part.value.get("distributionDomainName"), attribute="DistributionDomainName")


@reads("AWS::ApiGateway::BasePathMapping", "apigateway:GetBasePathMapping")
def base_path_mapping(r: Reading) -> None:
    """Its physical id is `domain|path`; an empty path is written `(none)`."""
    domain, bar, path = r.id.partition("|")
    if not bar:
        domain, path = r.needs("DomainName")[0], str(r.hint("BasePath") or "")
    part = r.main(r.ask("apigateway:GetBasePathMapping", domainName=domain, basePath=path or "(none)"))
    r.set("DomainName", part, domain)
    r.set(
        "BasePath", part, lambda found: ABSENT if found.get("basePath") in (None, "", "(none)") else found["basePath"]
    )
    r.fill(part)


@reads("AWS::ApiGateway::Account", "apigateway:GetAccount")
def account(r: Reading) -> None:
    """One for the account and region."""
    part = r.main(r.ask("apigateway:GetAccount"))
    r.set("CloudWatchRoleArn", part, lambda found: found.get("cloudwatchRoleArn") or ABSENT)


@reads("AWS::ApiGatewayV2::Api", "apigatewayv2:GetApi")
def api(r: Reading) -> None:
    """All in one answer."""
    part = r.main(r.ask("apigatewayv2:GetApi", ApiId=r.id))
    if part.value and part.value.get("ProtocolType") == "WEBSOCKET":  # only HTTP APIs are made from a definition
        r.set("Body", part, ABSENT)
        r.set("BodyS3Location", part, ABSENT)
    r.fill(part, optional=("DisableExecuteApiEndpoint",))


@reads("AWS::ApiGatewayV2::Integration", "apigatewayv2:GetIntegration")
def integration(r: Reading) -> None:
    """Its API is not in its physical id."""
    api_id = _api(r, "ApiId", "AWS::ApiGatewayV2::Api")
    part = r.main(r.ask("apigatewayv2:GetIntegration", ApiId=api_id, IntegrationId=r.id.rpartition("|")[2]))
    r.set("ApiId", part, api_id)
    r.fill(part)


@reads("AWS::ApiGatewayV2::Route", "apigatewayv2:GetRoute")
def route(r: Reading) -> None:
    """Its API is not in its physical id."""
    api_id = _api(r, "ApiId", "AWS::ApiGatewayV2::Api")
    part = r.main(r.ask("apigatewayv2:GetRoute", ApiId=api_id, RouteId=r.id.rpartition("|")[2]))
    r.set("ApiId", part, api_id)
    r.set("Target", part.at("Target", required=False), lambda value: _target(r, value))
    r.fill(part, optional=("ApiKeyRequired",))


@reads("AWS::ApiGatewayV2::Stage", "apigatewayv2:GetStage")
def stage_v2(r: Reading) -> None:
    """Its API is not in its physical id."""
    api_id = _api(r, "ApiId", "AWS::ApiGatewayV2::Api")
    part = r.main(r.ask("apigatewayv2:GetStage", ApiId=api_id, StageName=r.id.rpartition("|")[2]))
    r.set("ApiId", part, api_id)
    r.fill(part, optional=("AutoDeploy",))


def _target(r: Reading, target: str) -> Value:
    """`integrations/ID`, as templates join it."""
    kind, slash, key = target.partition("/")
    found = r.reference("AWS::ApiGatewayV2::Integration", key, key)
    return Text((f"{kind}{slash}", found)) if isinstance(found, Reference) else target


def _api(r: Reading, name: str, type_: str) -> str:
    ids = r.id.split("|")
    hint = r.hint(name)
    apis = r.around.siblings(type_)
    if isinstance(hint, str) and hint:
        return hint
    if len(ids) == 2:
        return ids[0]
    if len(apis) == 1:
        return apis[0]
    raise NoHintError(name)
