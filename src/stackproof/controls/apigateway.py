"""REST APIs: who may call which method, and from which web pages. SAM's APIs come as an OpenAPI Body."""

from __future__ import annotations

from stackproof.model import Cause, Claim, Fact, Inventory, Resource, Severity, Unknown, all_of, control
from stackproof.resources.openapi import (
    HEALTH,
    allowed_origins,
    demands,
    each_operation,
    is_any_origin,
    is_authorized,
    is_open_on_purpose,
    schemes_known,
    security_schemes,
)

API, METHOD = "AWS::ApiGateway::RestApi", "AWS::ApiGateway::Method"
AUTHORIZER, GATEWAY_RESPONSE = "AWS::ApiGateway::Authorizer", "AWS::ApiGateway::GatewayResponse"


def _body(api: Resource) -> Fact:
    """The API's definition; unknown when it lies in a bucket."""
    body, elsewhere = api["Body"], api["BodyS3Location"]
    if body.absent().holds and elsewhere.present().holds:
        unread = Unknown(Cause.OUT_OF_SCOPE, "BodyS3Location is a file that was not read")
        return Fact(body.path, unread, elsewhere.where, elsewhere.origin)
    return body


@control(
    METHOD,
    API,
    severity=Severity.HIGH,
    remediation="Set AuthorizationType and AuthorizerId on the method (SAM: Auth.DefaultAuthorizer on the API); say "
    "security: [] or Authorizer: NONE where an operation is open on purpose.",
    same_as=("CKV_AWS_59",),
)
def apigateway_methods_authorized(resource: Resource, inventory: Inventory) -> Claim:
    """A method without an authorizer answers everyone on the internet, whatever authorizers the API declares.

    Open may be OPTIONS, health checks (GET .../health), and operations whose definition says so itself.
    """
    if resource.type == METHOD:
        return _method_authorized(resource, inventory)
    body = _body(resource)

    def guarded(path: str, method: str, operation: Fact) -> Claim:
        if method == "options":
            return operation.claim("a preflight request", lambda _: True)
        return is_authorized(body, operation) | is_open_on_purpose(path, method, operation)

    return each_operation(body, guarded).only_if(body.present())


def _method_authorized(method: Resource, inventory: Inventory) -> Claim:
    kind, verb = method["AuthorizationType"], method["HttpMethod"]
    by_authorizer = kind.one_of("CUSTOM", "COGNITO_USER_POOLS") & method["AuthorizerId"].present()
    health = verb.one_of("GET", "HEAD") & inventory.follow(
        method["ResourceId"], lambda resource: resource["PathPart"].matches(HEALTH)
    )
    return (kind.equals("AWS_IAM") | by_authorizer | health).only_if(~verb.equals("OPTIONS"))


@control(
    AUTHORIZER,
    API,
    severity=Severity.HIGH,
    remediation="Point AuthorizerId of the methods at the authorizer; in a definition, name it under security of "
    "each operation (SAM: Auth.DefaultAuthorizer).",
)
def apigateway_authorizer_attached(resource: Resource, inventory: Inventory) -> Claim:
    """An authorizer that no method uses protects nothing, though the template reads as if it did."""
    if resource.type == AUTHORIZER:
        return inventory.pointing_to(resource, METHOD, at="AuthorizerId").exists()
    body = _body(resource)
    names = [name for name, _ in security_schemes(body)]
    attached = all_of(_demanded(body, name) for name in names)
    some = body.claim("a definition with authorizers", lambda _: bool(names))
    return (attached & schemes_known(body)).only_if(some | ~schemes_known(body))


def _demanded(body: Fact, name: str) -> Claim:
    return ~each_operation(body, lambda _path, _method, operation: ~demands(operation, name))


@control(
    AUTHORIZER,
    severity=Severity.HIGH,
    remediation="Set ProviderARNs to the user pool and IdentitySource: method.request.header.Authorization.",
)
def apigateway_authorizer_reads_token(authorizer: Resource) -> Claim:
    """An authorizer that does not know its user pool or where the token stands cannot tell who calls."""
    by_pool = authorizer["ProviderARNs"].present()
    by_function = authorizer["AuthorizerUri"].present()
    source = authorizer["IdentitySource"].present()
    pool = authorizer["Type"].equals("COGNITO_USER_POOLS")
    return (pool & by_pool & source) | (~pool & by_function & (source | authorizer["Type"].equals("REQUEST")))


@control(
    API,
    METHOD,
    GATEWAY_RESPONSE,
    severity=Severity.MEDIUM,
    remediation="Set Access-Control-Allow-Origin to the application's own origin (SAM: Cors.AllowOrigin), "
    "also in gateway responses.",
)
def apigateway_cors_names_origins(resource: Resource) -> Claim:
    """With origin * any web page may call the API with a visitor's browser and read the answer."""
    definition = _body(resource) if resource.type == API else resource.fact
    origins = allowed_origins(definition)
    named = all_of(~origin.claim("any origin", is_any_origin) for origin in origins)
    return named.only_if(definition.claim("a definition with CORS headers", lambda _: bool(origins)))
