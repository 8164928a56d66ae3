"""Single actions of JSON services that moto lacks: roles and flows of identity pools, resources of a web ACL."""

from __future__ import annotations

from typing import Any

from stackproof.emulator.additions.routing import Call, Route, Wire


def _set_roles(call: Call) -> Wire:
    kept = {key: value for key, value in call.given.items() if key in {"Roles", "RoleMappings"}}
    call.kept("roles")[call.given["IdentityPoolId"]] = kept
    return {}


def _get_roles(call: Call) -> Wire:
    pool = call.given["IdentityPoolId"]
    return {"IdentityPoolId": pool, **call.kept("roles").get(pool, {})}


def _remember_flow(call: Call) -> Wire:
    answer = call.moto()
    kept = {"AllowClassicFlow": bool(call.given.get("AllowClassicFlow", False))}
    call.kept("flow")[answer["IdentityPoolId"]] = kept
    return {**answer, **kept}


def _recall_flow(call: Call) -> Wire:
    answer = call.moto()
    return {**answer, **call.kept("flow").get(answer["IdentityPoolId"], {})}


def _resources_of_web_acl(call: Call) -> Wire:
    from moto.wafv2.models import wafv2_backends

    found: list[str] = []
    backends: Any = wafv2_backends[call.account]
    for backend in backends.values():
        for acl in backend.wacls.values():
            if acl.arn == call.given["WebACLArn"]:
                found += acl.associated_resources
    kinds = {
        "APPLICATION_LOAD_BALANCER": ":loadbalancer/",
        "API_GATEWAY": ":apigateway:",
        "COGNITO_USER_POOL": ":userpool/",
    }
    kind = kinds.get(call.given.get("ResourceType", "APPLICATION_LOAD_BALANCER"), "")
    return {"ResourceArns": [arn for arn in found if kind in arn]}


ROUTES = (
    Route("cognito-identity", _set_roles, target="AWSCognitoIdentityService.SetIdentityPoolRoles"),
    Route("cognito-identity", _get_roles, target="AWSCognitoIdentityService.GetIdentityPoolRoles"),
    Route("cognito-identity", _remember_flow, target="AWSCognitoIdentityService.CreateIdentityPool"),
    Route("cognito-identity", _remember_flow, target="AWSCognitoIdentityService.UpdateIdentityPool"),
    Route("cognito-identity", _recall_flow, target="AWSCognitoIdentityService.DescribeIdentityPool"),
    Route("wafv2", _resources_of_web_acl, target="AWSWAF_20190729.ListResourcesForWebACL"),
)
