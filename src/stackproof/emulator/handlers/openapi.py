"""Makes the resources and methods of a REST API from its OpenAPI body, as API Gateway's import does."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

_ANY = "x-amazon-apigateway-any-method"
_INTEGRATION = "x-amazon-apigateway-integration"
_METHODS = {"get", "put", "post", "delete", "options", "head", "patch", _ANY}
_TYPES = {"cognito_user_pools": "COGNITO_USER_POOLS", "token": "TOKEN", "request": "REQUEST"}


def endpoint_disabled(body: Mapping[str, Any]) -> bool:
    """Whether the body switches off the API's default address."""
    key = "x-amazon-apigateway-endpoint-configuration"
    places = [*body.get("servers", []), body]
    return any(place.get(key, {}).get("disableExecuteApiEndpoint") for place in places)


def load(client: Any, api: str, body: Mapping[str, Any]) -> None:
    """Make authorizers, gateway responses, resources and methods."""
    schemes = body.get("components", {}).get("securitySchemes", {}) or body.get("securityDefinitions", {})
    authorizers = {name: _authorizer(client, api, name, scheme) for name, scheme in schemes.items()}
    for kind, response in (body.get("x-amazon-apigateway-gateway-responses") or {}).items():
        status = {"statusCode": str(response["statusCode"])} if "statusCode" in response else {}
        client.put_gateway_response(
            restApiId=api,
            responseType=kind,
            responseParameters=response.get("responseParameters", {}),
            responseTemplates=response.get("responseTemplates", {}),
            **status,
        )
    root = client.get_resources(restApiId=api)["items"][0]["id"]
    made = {"": root, "/": root}
    for path, methods in sorted((body.get("paths") or {}).items()):
        resource = _resource(client, api, path, made)
        for verb, method in methods.items():
            if verb in _METHODS:
                security = method.get("security", body.get("security", []))
                _method(client, api, resource, verb, method, security, authorizers)


def clear(client: Any, api: str) -> None:
    """Take away what `load` made."""
    for resource in client.get_resources(restApiId=api)["items"]:
        if resource["path"].count("/") == 1 and resource["path"] != "/":
            client.delete_resource(restApiId=api, resourceId=resource["id"])
    for verb in next(r for r in client.get_resources(restApiId=api)["items"] if r["path"] == "/").get(
        "resourceMethods", {}
    ):
        root = client.get_resources(restApiId=api)["items"][0]["id"]
        client.delete_method(restApiId=api, resourceId=root, httpMethod=verb)
    for authorizer in client.get_authorizers(restApiId=api)["items"]:
        client.delete_authorizer(restApiId=api, authorizerId=authorizer["id"])


def _authorizer(client: Any, api: str, name: str, scheme: Mapping[str, Any]) -> tuple[str, str]:
    """Make an authorizer; gives its id and the authorization type of methods that use it."""
    if scheme.get("x-amazon-apigateway-authtype") == "awsSigv4":
        return "", "AWS_IAM"
    details = scheme.get("x-amazon-apigateway-authorizer")
    if not details:
        return "", "API_KEY"
    parameters: dict[str, Any] = {"type": _TYPES.get(str(details.get("type", "")).lower(), "TOKEN")}
    if details.get("providerARNs"):
        parameters["providerARNs"] = list(details["providerARNs"])
    for source, target in (("authorizerUri", "authorizerUri"), ("authorizerCredentials", "authorizerCredentials")):
        if details.get(source):
            parameters[target] = details[source]
    header = f"method.request.header.{scheme.get('name', 'Authorization')}"
    parameters["identitySource"] = details.get("identitySource", header)
    if "authorizerResultTtlInSeconds" in details:
        parameters["authorizerResultTtlInSeconds"] = int(details["authorizerResultTtlInSeconds"])
    answer = client.create_authorizer(restApiId=api, name=name, **parameters)
    return answer["id"], "COGNITO_USER_POOLS" if parameters["type"] == "COGNITO_USER_POOLS" else "CUSTOM"


def _resource(client: Any, api: str, path: str, made: dict[str, str]) -> str:
    if path not in made:
        above, _, last = path.rstrip("/").rpartition("/")
        parent = _resource(client, api, above, made)
        made[path] = client.create_resource(restApiId=api, parentId=parent, pathPart=last)["id"]
    return made[path]


def _method(
    client: Any,
    api: str,
    resource: str,
    verb: str,
    method: Mapping[str, Any],
    security: list[Mapping[str, Any]],
    authorizers: Mapping[str, tuple[str, str]],
) -> None:
    which = {"restApiId": api, "resourceId": resource, "httpMethod": "ANY" if verb == _ANY else verb.upper()}
    parameters: dict[str, Any] = {"authorizationType": "NONE", "apiKeyRequired": False}
    for requirement in security:
        for name, scopes in requirement.items():
            id_, kind = authorizers.get(name, ("", "NONE"))
            if kind == "API_KEY":
                parameters["apiKeyRequired"] = True
            else:
                parameters["authorizationType"] = kind
            if id_:
                parameters["authorizerId"] = id_
            if scopes:
                parameters["authorizationScopes"] = list(scopes)
    client.put_method(**which, **parameters)
    for code in method.get("responses") or {}:
        client.put_method_response(**which, statusCode=str(code))
    if method.get(_INTEGRATION):
        _integration(client, which, method[_INTEGRATION])


def _integration(client: Any, which: dict[str, str], written: Mapping[str, Any]) -> None:
    parameters: dict[str, Any] = {"type": str(written["type"]).upper()}
    names = {"uri": "uri", "httpMethod": "integrationHttpMethod", "requestTemplates": "requestTemplates"}
    for source, target in names.items():
        if written.get(source):
            parameters[target] = written[source]
    client.put_integration(**which, **parameters)
    for pattern, response in (written.get("responses") or {}).items():
        client.put_integration_response(
            **which,
            statusCode=str(response["statusCode"]),
            selectionPattern="" if pattern == "default" else pattern,
            responseTemplates=response.get("responseTemplates", {}),
            responseParameters=response.get("responseParameters", {}),
        )
