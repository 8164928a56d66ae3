"""Reads REST APIs: domain names, stages, methods with their authorizers, the functions behind them."""

from __future__ import annotations

import json
import re
import urllib.error
import urllib.request
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from stackproof.emulator.edge.rules import OUTDATED, Api, Domain, Function, Gap, Method
from stackproof.emulator.workload_settings import digest_of_function

if TYPE_CHECKING:
    from stackproof.emulator.edge.reading import Clients, Settings

_URI = re.compile(r"arn:[\w-]+:apigateway:([\w-]+):lambda:path/2015-03-31/functions/(.+)/invocations")


def read(clients: Clients, settings: Settings) -> tuple[dict[str, Any], Sequence[Gap]]:
    """Give `domains`, `apis`, `functions` and `pools`."""
    domains: dict[str, Domain] = {}
    apis: dict[tuple[str, str], Api] = {}
    for region in settings.regions:
        for domain in clients.all("apigateway", region, "get_domain_names", "items"):
            name = domain["domainName"]
            mappings = clients.all("apigateway", region, "get_base_path_mappings", "items", domainName=name)
            made = tuple((m["basePath"], m["restApiId"], m.get("stage", "")) for m in mappings)
            certificate = domain.get("regionalCertificateArn") or domain.get("certificateArn") or ""
            unjudged = "certificates of clients are not checked" if domain.get("mutualTlsAuthentication") else ""
            domains[name] = Domain(made, certificate, unjudged)
        for api in clients.all("apigateway", region, "get_rest_apis", "items"):
            methods = _methods(clients, region, api["id"])
            responses = {
                response["responseType"]: response
                for response in clients("apigateway", region).get_gateway_responses(restApiId=api["id"])["items"]
                if not response.get("defaultResponse")
            }
            for stage in clients("apigateway", region).get_stages(restApiId=api["id"])["item"]:
                apis[api["id"], stage["stageName"]] = _api(region, api, stage, methods, responses)
    gaps = [Gap(f"API {api.id}", api.unjudged, refused=True) for api in apis.values() if api.unjudged]
    all_methods = [method for api in apis.values() for method in api.methods]
    uris = {m.settings.get("methodIntegration", {}).get("uri", "") for m in all_methods} - {""}
    functions = {uri: _function(clients, settings, uri) for uri in sorted(uris)}
    gaps += [Gap(uri, found.unjudged, refused=True) for uri, found in functions.items() if found.unjudged]
    pools = {arn: _keys(settings.endpoint, arn) for arn in sorted({a for m in all_methods for a in m.pools})}
    found = {"domains": domains, "apis": apis, "functions": functions, "pools": pools}
    return found, gaps


def _api(
    region: str,
    api: dict[str, Any],
    stage: dict[str, Any],
    methods: tuple[Method, ...],
    responses: dict[str, Mapping[str, Any]],
) -> Api:
    unjudged = "its resource policy is not evaluated" if api.get("policy") else ""
    if stage.get("canarySettings"):
        unjudged = "canary deployments are not followed"
    if stage.get("cacheClusterEnabled"):
        unjudged = "caches of stages are not part of the edge"
    name = stage["stageName"]
    throttling = {
        key.replace("~1", "/"): settings
        for key, settings in stage.get("methodSettings", {}).items()
        if "throttlingRateLimit" in settings
    }
    arn = f"arn:aws:apigateway:{region}::/restapis/{api['id']}/stages/{name}"
    closed = bool(api.get("disableExecuteApiEndpoint"))
    return Api(api["id"], name, arn, methods, responses, throttling, unjudged, closed, stage.get("webAclArn", ""))


def _methods(clients: Clients, region: str, api: str) -> tuple[Method, ...]:
    authorizers = {
        found["id"]: found for found in clients.all("apigateway", region, "get_authorizers", "items", restApiId=api)
    }
    found = []
    for resource in clients.all("apigateway", region, "get_resources", "items", restApiId=api, embed=["methods"]):
        for verb, settings in resource.get("resourceMethods", {}).items():
            authorizer = authorizers.get(settings.get("authorizerId", ""), {})
            source = authorizer.get("identitySource", "")
            header = source.rpartition(".")[2] or "Authorization"
            found.append(Method(resource["path"], verb, settings, tuple(authorizer.get("providerARNs", [])), header))
    return tuple(found)


def _function(clients: Clients, settings: Settings, uri: str) -> Function:
    from botocore.exceptions import ClientError

    parts = _URI.fullmatch(uri)
    if not parts or "${" in uri:
        return Function("", "", 0, "it is no function that the edge can call")
    region, arn = parts[1], parts[2]
    name, _, qualifier = arn.split(":", 6)[6].partition(":")
    asked = {"FunctionName": name, **({"Qualifier": qualifier} if qualifier else {})}
    client = clients("lambda", region)
    try:
        configuration = client.get_function_configuration(**asked)
    except client.exceptions.ResourceNotFoundException:
        return Function("", "", 0, f"the function {name}:{qualifier} is not there")
    try:
        policy = json.loads(client.get_policy(**asked)["Policy"])["Statement"]
    except client.exceptions.ResourceNotFoundException:
        policy = []
    except ClientError as error:
        return Function("", "", 0, f"the policy of {name} cannot be read: {error}")
    served = settings.behind("function", name)
    if served is None:
        return Function("", "", 0, f"no workload stands for the function {name}")
    if served.deployed != digest_of_function(configuration):
        return Function("", "", 0, OUTDATED.format(served.resource))
    own = tuple(statement for statement in policy if statement.get("Resource") == arn)
    return Function(served.url, served.resource, float(configuration.get("Timeout", 3)), "", own)


def _keys(endpoint: str, arn: str) -> Mapping[str, Any]:
    """The keys by which tokens of a user pool are verified; empty, and no token is valid, where there are none."""
    region, pool = arn.split(":")[3], arn.rpartition("/")[2]
    request = urllib.request.Request(  # noqa: S310 - the embedded AWS
        f"{endpoint}/{pool}/.well-known/jwks.json", headers={"Host": f"cognito-idp.{region}.amazonaws.com"}
    )
    try:
        with urllib.request.urlopen(request, timeout=10) as answer:  # noqa: S310 - the embedded AWS
            keys: dict[str, Any] = json.loads(answer.read())
            return keys
    except (OSError, ValueError) as error:
        return {"unread": f"the keys of {pool} could not be read: {error}"}
