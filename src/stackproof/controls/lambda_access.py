"""Lambda: who may invoke a function, and its versions, aliases and provisioned concurrency."""

from __future__ import annotations

from stackproof.model import Claim, Fact, Inventory, Resource, Severity, Unknown, Value, control
from stackproof.model.facts import as_number
from stackproof.model.matching import Answer, readable
from stackproof.resources.entries import pointed_at_from

PERMISSION, ALIAS, VERSION = "AWS::Lambda::Permission", "AWS::Lambda::Alias", "AWS::Lambda::Version"


def _limited(permission: Resource) -> Claim:
    return (
        permission["SourceArn"].present()
        | permission["SourceAccount"].present()
        | permission["PrincipalOrgID"].present()
    )


@control(
    PERMISSION,
    severity=Severity.CRITICAL,
    remediation="Name the service or account as Principal, and limit it by SourceArn and SourceAccount.",
)
def lambda_not_public(permission: Resource) -> Claim:
    """A permission for everyone lets any AWS account in the world run the function."""
    return ~(permission["Principal"].equals("*") & permission["PrincipalOrgID"].absent() & _unsigned(permission))


def _unsigned(permission: Resource) -> Claim:
    """A function URL's own authentication limits a permission that is bound to AWS_IAM."""
    return ~permission["FunctionUrlAuthType"].equals("AWS_IAM")


@control(
    PERMISSION,
    severity=Severity.HIGH,
    remediation="Set SourceArn to the API, rule, topic or bucket; for a bucket, whose ARN names no account, "
    "set SourceAccount too.",
    same_as=("CKV_AWS_364",),
)
def lambda_permission_bound_to_source(permission: Resource) -> Claim:
    """A service acts for all its customers: without a source, one of another account can have the function run."""
    principal = permission["Principal"]
    from_bucket = principal.matches(r"s3\.amazonaws\.com(\.cn)?")
    bound = _limited(permission) & (~from_bucket | permission["SourceAccount"].present())
    return bound.only_if(principal.matches(r".*\.amazonaws\.com(\.cn)?|\*"))


@control(
    PERMISSION,
    severity=Severity.HIGH,
    remediation="Set Action: lambda:InvokeFunction (lambda:InvokeFunctionUrl for a function URL).",
)
def lambda_permission_only_invokes(permission: Resource) -> Claim:
    """With lambda:* whoever may call the function may replace its code, and then acts with its role."""
    return permission["Action"].one_of("lambda:InvokeFunction", "lambda:InvokeFunctionUrl", "lambda:InvokeAsync")


@control(
    "AWS::Lambda::Url",
    severity=Severity.HIGH,
    remediation="Set AuthType: AWS_IAM, or put the function behind an API with an authorizer.",
    same_as=("CKV_AWS_258",),
)
def lambda_url_authenticated(url: Resource) -> Claim:
    """A function URL without authentication runs the function for whoever finds the address."""
    return url["AuthType"].equals("AWS_IAM")


@control(
    "AWS::Lambda::Url",
    severity=Severity.MEDIUM,
    remediation="List the application's own origins in Cors.AllowOrigins.",
)
def lambda_url_names_origins(url: Resource) -> Claim:
    """With origin * any web page may call the function with a visitor's browser."""
    return url["Cors"]["AllowOrigins"].each(lambda origin: ~origin.equals("*")).only_if(url["Cors"].present())


@control(
    ALIAS,
    VERSION,
    severity=Severity.MEDIUM,
    remediation="Set ReservedConcurrentExecutions of the function to at least ProvisionedConcurrentExecutions.",
)
def lambda_provisioned_within_reserved(resource: Resource, inventory: Inventory) -> Claim:
    """AWS refuses more provisioned executions than the function has reserved, and the deployment fails."""
    provisioned = resource["ProvisionedConcurrencyConfig"]["ProvisionedConcurrentExecutions"]

    def enough(function: Resource) -> Claim:
        reserved = function["ReservedConcurrentExecutions"]
        return reserved.absent() | reserved.claim(
            "at least the provisioned executions", lambda value: _at_least(value, provisioned)
        )

    return inventory.follow(resource["FunctionName"], enough).only_if(provisioned.present())


def _at_least(value: Value, bound: Fact) -> Answer:
    plain, least = readable(value), readable(bound.value)
    for side in (plain, least):
        if isinstance(side, Unknown):
            return side
    number, wanted = as_number(plain), as_number(least)
    return number is not None and wanted is not None and number >= wanted


@control(
    ALIAS,
    severity=Severity.MEDIUM,
    remediation="Set FunctionVersion to GetAtt of an AWS::Lambda::Version, not $LATEST.",
)
def lambda_alias_names_version(alias: Resource) -> Claim:
    """An alias of $LATEST changes with every upload: nothing is published, warmed up or rolled back to."""
    return ~alias["FunctionVersion"].claim("$LATEST", lambda value: value == "$LATEST")


@control(
    ALIAS,
    VERSION,
    severity=Severity.MEDIUM,
    remediation="Let the API, rule or permission name the alias or version that has the provisioned concurrency.",
)
def lambda_provisioned_is_invoked(resource: Resource, inventory: Inventory) -> Claim:
    """Provisioned executions belong to a version; callers that name the bare function get $LATEST, cold."""
    provisioned = resource["ProvisionedConcurrencyConfig"]["ProvisionedConcurrentExecutions"]
    aliases = inventory.pointing_to(resource, ALIAS, at="FunctionVersion")
    through_alias = aliases.any(lambda alias: _is_invoked(alias, inventory))
    return (_is_invoked(resource, inventory) | through_alias).only_if(provisioned.present())


def _is_invoked(function: Resource, inventory: Inventory) -> Claim:
    return pointed_at_from(function, inventory, _INVOKERS)


_INVOKERS = (
    (PERMISSION, "FunctionName"),
    ("AWS::Lambda::EventSourceMapping", "FunctionName"),
    ("AWS::Lambda::Url", "TargetFunctionArn"),
    ("AWS::ApiGateway::Method", "Integration.Uri"),
    ("AWS::ApiGatewayV2::Integration", "IntegrationUri"),
    ("AWS::Events::Rule", "Targets.Arn"),
    ("AWS::ElasticLoadBalancingV2::TargetGroup", "Targets.Id"),
)
