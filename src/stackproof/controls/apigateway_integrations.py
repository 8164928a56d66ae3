"""API Gateway and the Lambda functions behind it."""

from __future__ import annotations

from stackproof.model import Claim, Fact, Inventory, Resource, Severity, control
from stackproof.resources.invocations import calls_function, lets_api_call
from stackproof.resources.openapi import ANY_METHOD, each_operation
from stackproof.resources.policy_resources import SOMETHING

API, METHOD = "AWS::ApiGateway::RestApi", "AWS::ApiGateway::Method"
HTTP_API, INTEGRATION = "AWS::ApiGatewayV2::Api", "AWS::ApiGatewayV2::Integration"


@control(
    API,
    METHOD,
    HTTP_API,
    INTEGRATION,
    severity=Severity.HIGH,
    remediation="Add an AWS::Lambda::Permission: FunctionName as in the integration (alias included), Principal "
    "apigateway.amazonaws.com, SourceArn of this API, its method and path; or give the integration a role.",
)
def apigateway_may_call_its_functions(resource: Resource, inventory: Inventory) -> Claim:
    """Without the function's permission every call of the method is answered 500, and the function never runs."""
    if resource.type == METHOD:
        integration = resource["Integration"]
        allowed = _by_api(resource["RestApiId"], integration["Uri"], inventory)
        return _callable(integration["Type"], integration["Uri"], integration["Credentials"], allowed, inventory)
    if resource.type == INTEGRATION:
        uri, kind = resource["IntegrationUri"], resource["IntegrationType"]
        called = _callable(kind, uri, resource["CredentialsArn"], _by_api(resource["ApiId"], uri, inventory), inventory)
        return called.only_if(resource["IntegrationSubtype"].absent())  # an AWS service, called without a function
    body = resource["Body"]

    def callable_by(path: str, method: str, operation: Fact) -> Claim:
        integration = operation["x-amazon-apigateway-integration"]
        verb = SOMETHING if method == ANY_METHOD else method.upper()
        allowed = lets_api_call(integration["uri"], resource, f"{verb}{path}", inventory)
        called = _callable(integration["type"], integration["uri"], integration["credentials"], allowed, inventory)
        return called.only_if(integration["integrationSubtype"].absent())

    return each_operation(body, callable_by).only_if(body.present())


def _callable(kind: Fact, uri: Fact, role: Fact, allowed: Claim, inventory: Inventory) -> Claim:
    """Type AWS_PROXY is for functions alone."""
    function = calls_function(uri, inventory)
    proxy = kind.one_of("AWS_PROXY", "aws_proxy")
    return (function & (role.present() | allowed)).only_if(function | proxy)


def _by_api(api: Fact, uri: Fact, inventory: Inventory) -> Claim:
    """A method or integration of its own, whose path stands elsewhere: only the API is compared."""

    def allows(found: Resource) -> Claim:
        if found.type not in (API, HTTP_API):
            return found.fact.claim("an API", lambda _: False)
        return lets_api_call(uri, found, None, inventory)

    return inventory.follow(api, allows)
