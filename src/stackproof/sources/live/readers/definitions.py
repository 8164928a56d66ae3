"""What an API of version 1 does, put together again as the OpenAPI definition that it could have been made from.

AWS does not give back the text of `Body`. Paths, methods, who may call them and what answers them are read instead;
other parts of a definition are not there.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, Final

from stackproof.model import Value

RESOURCES: Final = "apigateway:GetResources"
AUTHORIZERS: Final = "apigateway:GetAuthorizers"
RESPONSES: Final = "apigateway:GetGatewayResponses"


def definition(
    resources: Iterable[Mapping[str, Any]],
    authorizers: Iterable[Mapping[str, Any]],
    responses: Iterable[Mapping[str, Any]],
) -> Value:
    """Build the definition from the answers of GetResources (with methods), GetAuthorizers, GetGatewayResponses."""
    names = {item["id"]: item["name"] for item in authorizers}
    paths: dict[str, Value] = {}
    for resource in resources:
        methods = resource.get("resourceMethods") or {}
        if methods:
            paths[resource["path"]] = {_verb(verb): _operation(found, names) for verb, found in methods.items()}
    schemes: dict[str, Value] = {item["name"]: _scheme(item) for item in authorizers}
    made: dict[str, Value] = {"openapi": "3.0.1", "paths": paths, "components": {"securitySchemes": schemes}}
    set_ones = {item["responseType"]: _response(item) for item in responses if not item.get("defaultResponse")}
    return {**made, "x-amazon-apigateway-gateway-responses": set_ones} if set_ones else made


def _verb(verb: str) -> str:
    return "x-amazon-apigateway-any-method" if verb == "ANY" else verb.lower()


def _operation(found: Mapping[str, Any], names: Mapping[str, str]) -> Value:
    made: dict[str, Value] = {}
    kind = found.get("authorizationType", "NONE")
    demands: list[Value] = []
    if kind in ("CUSTOM", "COGNITO_USER_POOLS"):
        demands.append({names[found["authorizerId"]]: list(found.get("authorizationScopes") or [])})
    if found.get("apiKeyRequired"):
        demands.append({"api_key": []})
    if demands or kind == "NONE":
        made["security"] = demands or [{"NONE": []}]  # as SAM says that nobody is asked
    if kind == "AWS_IAM":
        made["x-amazon-apigateway-auth"] = {"type": "AWS_IAM"}
    if found.get("methodIntegration"):
        made["x-amazon-apigateway-integration"] = _integration(found["methodIntegration"])
    answers = found.get("methodResponses") or {}
    if answers:
        made["responses"] = {str(status): _headers(answer) for status, answer in answers.items()}
    return made


def _integration(found: Mapping[str, Any]) -> Value:
    made: dict[str, Value] = {"type": str(found.get("type", "")).lower()}
    for key in ("uri", "httpMethod", "credentials", "connectionType", "connectionId", "timeoutInMillis"):
        if found.get(key):
            made[key] = found[key]
    if found.get("requestTemplates"):
        made["requestTemplates"] = dict(found["requestTemplates"])
    answers = found.get("integrationResponses") or {}
    if answers:
        made["responses"] = {
            str(answer.get("selectionPattern") or "default"): {
                "statusCode": str(status),
                "responseParameters": dict(answer.get("responseParameters") or {}),
            }
            for status, answer in answers.items()
        }
    return made


def _headers(answer: Mapping[str, Any]) -> Value:
    names = [key.rpartition(".")[2] for key in answer.get("responseParameters") or {}]
    return {"headers": {name: {"schema": {"type": "string"}} for name in names}} if names else {}


def _scheme(item: Mapping[str, Any]) -> Value:
    """An authorizer; the header that it reads stands behind `method.request.header.`."""
    source = str(item.get("identitySource", ""))
    authorizer: dict[str, Value] = {"type": str(item.get("type", "")).lower()}
    if item.get("providerARNs"):
        authorizer["providerARNs"] = list(item["providerARNs"])
    for key in ("authorizerUri", "authorizerCredentials", "authorizerResultTtlInSeconds"):
        if item.get(key):
            authorizer[key] = item[key]
    return {
        "type": "apiKey",
        "name": source.rpartition(".")[2],
        "in": "header",
        "x-amazon-apigateway-authtype": str(item.get("authType") or item.get("type", "")).lower(),
        "x-amazon-apigateway-authorizer": authorizer,
    }


def _response(item: Mapping[str, Any]) -> Value:
    return {"responseParameters": dict(item.get("responseParameters") or {})}
