"""HTTP and WebSocket APIs: routes, integrations and stages that belong together."""

from __future__ import annotations

from stackproof.model import Cause, Claim, Fact, Inventory, Reference, Resource, Severity, Text, Unknown, Value, control
from stackproof.model.matching import Answer
from stackproof.resources.entries import same_pointer
from stackproof.resources.openapi import (
    allowed_origins,
    each_operation,
    is_any_origin,
    is_authorized,
    is_open_on_purpose,
)

API, ROUTE = "AWS::ApiGatewayV2::Api", "AWS::ApiGatewayV2::Route"
INTEGRATION, STAGE = "AWS::ApiGatewayV2::Integration", "AWS::ApiGatewayV2::Stage"


def _is_websocket(api: Resource) -> Claim:
    return api["ProtocolType"].equals("WEBSOCKET")


@control(
    ROUTE,
    API,
    severity=Severity.HIGH,
    remediation="Set AuthorizationType (JWT, AWS_IAM, CUSTOM) with AuthorizerId; for a WebSocket on $connect.",
)
def apigatewayv2_routes_authorized(resource: Resource, inventory: Inventory) -> Claim:
    """A route without an authorizer answers everyone on the internet.

    A WebSocket is authorized when it connects; open may be OPTIONS, health checks and what a definition says is open.
    """
    if resource.type == ROUTE:
        return _route_authorized(resource, inventory)
    body = resource["Body"]

    def guarded(path: str, method: str, operation: Fact) -> Claim:
        if method == "options":
            return operation.claim("a preflight request", lambda _: True)
        return is_authorized(body, operation) | is_open_on_purpose(path, method, operation)

    return each_operation(body, guarded).only_if(body.present())


def _route_authorized(route: Resource, inventory: Inventory) -> Claim:
    key = route["RouteKey"]
    authorized = route["AuthorizationType"].equals("AWS_IAM") | (
        route["AuthorizationType"].one_of("JWT", "CUSTOM") & route["AuthorizerId"].present()
    )
    harmless = key.matches(r"OPTIONS .*") | key.matches(r"(GET|HEAD) /(.*/)?(health|healthz|live|ready|ping|status)")
    websocket = key.matches(r"\$connect|\$disconnect") | inventory.follow(route["ApiId"], _is_websocket)
    judged = (~websocket & ~harmless) | key.equals("$connect")
    return authorized.only_if(judged)


@control(
    ROUTE,
    severity=Severity.HIGH,
    remediation="Set Target: !Sub integrations/${Integration} of an integration with the same ApiId.",
)
def apigatewayv2_route_target_exists(route: Resource, inventory: Inventory) -> Claim:
    """A route whose target is no integration of its API cannot be created, or answers nothing.

    `${...}` in a text without Fn::Sub is never filled in.
    """
    return route["Target"].claim("an integration of the same API", lambda value: _leads(value, route, inventory))


def _leads(target: Value, route: Resource, inventory: Inventory) -> Answer:
    if isinstance(target, Text) and len(target.parts) == 2 and target.parts[0] == "integrations/":
        pointer = target.parts[1]
        if isinstance(pointer, Unknown):
            return pointer
        integration = inventory.get(pointer.target) if isinstance(pointer, Reference) else None
        if integration is None:
            return Unknown(Cause.OUT_OF_SCOPE, f"{pointer} was not read")
        return integration.type == INTEGRATION and same_pointer(integration["ApiId"].value, route["ApiId"].value)
    if isinstance(target, str) and target.startswith("integrations/") and "$" not in target:
        return Unknown(Cause.OUT_OF_SCOPE, f"{target} was not read")
    return False


@control(
    API,
    severity=Severity.HIGH,
    remediation="Add routes with RouteKey $connect and $default to the WebSocket API.",
)
def apigatewayv2_websocket_routes(api: Resource, inventory: Inventory) -> Claim:
    """Without $connect nobody is checked when connecting; without $default unforeseen messages are lost."""
    routes = inventory.pointing_to(api, ROUTE, at="ApiId")
    connect = routes.any(lambda route: route["RouteKey"].equals("$connect"))
    default = routes.any(lambda route: route["RouteKey"].equals("$default"))
    return (connect & default).only_if(_is_websocket(api))


@control(
    API,
    severity=Severity.HIGH,
    remediation="Add an AWS::ApiGatewayV2::Stage with AutoDeploy: true or a DeploymentId.",
)
def apigatewayv2_has_stage(api: Resource, inventory: Inventory) -> Claim:
    """An API without a deployed stage has no address: nobody can call it."""
    stages = inventory.pointing_to(api, STAGE, at="ApiId")
    deployed = stages.any(lambda s: s["AutoDeploy"].equals(expected=True) | s["DeploymentId"].present())
    return deployed.only_if(api["Target"].absent())


@control(
    STAGE,
    severity=Severity.MEDIUM,
    remediation="Set AccessLogSettings with DestinationArn and Format.",
    same_as=("CKV_AWS_95",),
)
def apigatewayv2_stage_access_logged(stage: Resource) -> Claim:
    """Access logs are the only record of who called what, and how it was answered."""
    return stage["AccessLogSettings"]["DestinationArn"].present()


@control(
    STAGE,
    severity=Severity.MEDIUM,
    remediation="Set DefaultRouteSettings.LoggingLevel: ERROR on the stage of a WebSocket API.",
)
def apigatewayv2_websocket_errors_logged(stage: Resource, inventory: Inventory) -> Claim:
    """Without execution logs nobody learns why API Gateway itself refused or broke a message."""
    level = stage["DefaultRouteSettings"]["LoggingLevel"].one_of("ERROR", "INFO")
    return level.only_if(inventory.follow(stage["ApiId"], _is_websocket))


@control(
    STAGE,
    severity=Severity.HIGH,
    remediation="Remove DataTraceEnabled from DefaultRouteSettings or set it to false.",
)
def apigatewayv2_stage_keeps_bodies_out_of_logs(stage: Resource) -> Claim:
    """Data tracing writes whole messages to the log: tokens, documents and personal data."""
    return ~stage["DefaultRouteSettings"]["DataTraceEnabled"].equals(expected=True)


@control(
    INTEGRATION,
    severity=Severity.MEDIUM,
    remediation="Use an https:// IntegrationUri; with a VPC link to a listener ARN, set TlsConfig.ServerNameToVerify.",
)
def apigatewayv2_integration_encrypted(integration: Resource) -> Claim:
    """Behind the API, requests and their tokens go on in the clear unless the integration uses HTTPS."""
    uri = integration["IntegrationUri"]
    private = integration["ConnectionType"].equals("VPC_LINK")
    by_https = uri.claim("an https:// address", _is_https)
    return (by_https | (private & integration["TlsConfig"]["ServerNameToVerify"].present())).only_if(
        integration["IntegrationType"].one_of("HTTP", "HTTP_PROXY")
    )


def _is_https(value: Value) -> Answer:
    first = value.parts[0] if isinstance(value, Text) else value
    if isinstance(first, Reference):
        return first.text.startswith("https://") if first.text else False
    return first if isinstance(first, Unknown) else str(first).startswith("https://")


@control(
    API,
    severity=Severity.MEDIUM,
    remediation="List the application's own origins in CorsConfiguration.AllowOrigins.",
)
def apigatewayv2_cors_names_origins(api: Resource) -> Claim:
    """With origin * any web page may call the API with a visitor's browser and read the answer."""
    origins = [*api["CorsConfiguration"]["AllowOrigins"].items()]
    origins += api["Body"]["x-amazon-apigateway-cors"]["allowOrigins"].items()
    origins += allowed_origins(api["Body"])
    named = [~origin.claim("any origin", is_any_origin) for origin in origins]
    holds = api["CorsConfiguration"].claim("named origins", lambda _: True)
    for claim in named:
        holds &= claim
    return holds.only_if(api.fact.claim("an API with CORS", lambda _: bool(origins)))
