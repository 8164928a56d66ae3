"""Lambda functions: runtime, network, secrets and what happens when they fail."""

from __future__ import annotations

from datetime import UTC, datetime

from stackproof.model import Claim, Inventory, Resource, Severity, Text, Unknown, Value, control
from stackproof.model.matching import Answer, equal, readable
from stackproof.resources.lambda_functions import is_supported
from stackproof.resources.networks import private_subnets, spans_zones
from stackproof.resources.secret_values import no_plain_secret

FUNCTION = "AWS::Lambda::Function"

# Services that hand an event over and do not wait for the answer: a failure is nobody's but the function's own.
_ASYNCHRONOUS = (
    *("s3", "sns", "events", "ses", "logs", "config", "iot", "cloudformation", "codecommit", "codepipeline"),
    *("scheduler", "iotevents", "cloudwatch"),
)


@control(
    FUNCTION,
    severity=Severity.MEDIUM,
    remediation="Set Runtime to one that AWS still patches, such as python3.13 or nodejs24.x.",
    same_as=("CKV_AWS_363", "W2531", "E2531", "E2533"),
)
def lambda_runtime_supported(function: Resource) -> Claim:
    """A runtime past its end gets no security fixes, and one day AWS refuses to update the function."""
    today = datetime.now(UTC).date()
    supported = function["Runtime"].claim(
        f"a runtime that is supported on {today}", lambda runtime: is_supported(runtime, today)
    )
    return supported.only_if(~function["PackageType"].equals("Image"))


@control(
    FUNCTION,
    severity=Severity.LOW,
    remediation="Set VpcConfig with private SubnetIds and the function's own SecurityGroupIds.",
    same_as=("CKV_AWS_117",),
)
def lambda_in_vpc(function: Resource) -> Claim:
    """Outside a VPC no security group or flow log sees what the function connects to."""
    return function["VpcConfig"]["SubnetIds"].present() & function["VpcConfig"]["SecurityGroupIds"].present()


@control(
    FUNCTION,
    severity=Severity.MEDIUM,
    remediation="List VpcConfig.SubnetIds of at least two availability zones.",
)
def lambda_spans_zones(function: Resource, inventory: Inventory) -> Claim:
    """A function in one zone is down as long as the zone is."""
    subnets = function["VpcConfig"]["SubnetIds"]
    return spans_zones(subnets, inventory).only_if(subnets.present())


@control(
    FUNCTION,
    severity=Severity.HIGH,
    remediation="List only VpcConfig.SubnetIds whose route table leads out through a NAT gateway, or not at all.",
)
def lambda_in_private_subnets(function: Resource, inventory: Inventory) -> Claim:
    """A function never gets a public address: in a public subnet its calls to the internet just hang."""
    subnets = function["VpcConfig"]["SubnetIds"]
    return private_subnets(subnets, inventory).only_if(subnets.present())


@control(
    FUNCTION,
    severity=Severity.CRITICAL,
    remediation="Give the function the secret's ARN and let it read Secrets Manager at run time with its role.",
    same_as=("CKV_AWS_45",),
)
def lambda_environment_holds_no_secret(function: Resource, inventory: Inventory) -> Claim:
    """Everyone who may read the function's configuration reads its environment, in every published version.

    A dynamic reference is no way out: AWS puts the secret's value there at deployment.
    """
    variables = function["Environment"]["Variables"]
    if isinstance(variables.value, dict):
        claims = [no_plain_secret(name, variables[name], inventory) for name in variables.value]
        return variables.claim("variables", lambda _: True) if not claims else _all(claims)
    return variables.absent()


def _all(claims: list[Claim]) -> Claim:
    first, *others = claims
    for claim in others:
        first &= claim
    return first


@control(
    FUNCTION,
    severity=Severity.LOW,
    remediation="Set KmsKeyArn to a key of your own.",
    same_as=("CKV_AWS_173",),
)
def lambda_environment_own_key(function: Resource) -> Claim:
    """With a key of its own, reading the configuration of a function needs more than the right to describe it."""
    return function["KmsKeyArn"].present().only_if(function["Environment"]["Variables"].present())


@control(
    FUNCTION,
    severity=Severity.LOW,
    remediation="Set ReservedConcurrentExecutions to what the systems behind the function can bear.",
    same_as=("CKV_AWS_115",),
)
def lambda_concurrency_limited(function: Resource) -> Claim:
    """Without a limit one function can use up the account's concurrency and the connections of the database."""
    return function["ReservedConcurrentExecutions"].present()


@control(
    FUNCTION,
    severity=Severity.LOW,
    remediation="Set TracingConfig.Mode: Active.",
)
def lambda_traced(function: Resource) -> Claim:
    """Without traces nobody sees where a slow request spent its time."""
    return function["TracingConfig"]["Mode"].equals("Active")


@control(
    FUNCTION,
    severity=Severity.MEDIUM,
    remediation="Set DeadLetterConfig.TargetArn, or an AWS::Lambda::EventInvokeConfig with OnFailure.Destination.",
    same_as=("CKV_AWS_116",),
)
def lambda_keeps_failed_events(function: Resource, inventory: Inventory) -> Claim:
    """An event that fails three times is gone unless it is kept somewhere.

    It is asked of functions that some service invokes without waiting for the answer.
    """
    invoked = inventory.pointing_to(function, "AWS::Lambda::Permission", at="FunctionName").any(_hands_over)
    configured = inventory.pointing_to(function, "AWS::Lambda::EventInvokeConfig", at="FunctionName").any(
        lambda config: config["DestinationConfig"]["OnFailure"]["Destination"].present()
    )
    return (function["DeadLetterConfig"]["TargetArn"].present() | configured).only_if(invoked)


def _hands_over(permission: Resource) -> Claim:
    services = "|".join(_ASYNCHRONOUS)
    return permission["Principal"].matches(rf"({services})\.(.*\.)?amazonaws\.com(\.cn)?")


@control(
    FUNCTION,
    severity=Severity.MEDIUM,
    remediation="Add an AWS::Logs::LogGroup named /aws/lambda/<function> with RetentionInDays, or set "
    "LoggingConfig.LogGroup to one.",
)
def lambda_log_group_declared(function: Resource, inventory: Inventory) -> Claim:
    """A log group that Lambda creates by itself keeps everything forever, unencrypted by your key and unowned."""
    named = function["LoggingConfig"]["LogGroup"]
    groups = inventory.of_type("AWS::Logs::LogGroup")
    by_default = groups.any(
        lambda group: group["LogGroupName"].claim(
            f"/aws/lambda/ and the name of {function.logical_id}", lambda name: _is_group_of(name, function)
        )
    )
    configured = named.present() & inventory.follow(
        named, lambda group: group.fact.claim("a log group", lambda _: True)
    )
    return configured | (named.absent() & by_default)


def _is_group_of(name: Value, function: Resource) -> Answer:
    if isinstance(name, Text) and name.parts[:1] == ("/aws/lambda/",) and len(name.parts) == 2:
        pointer = name.parts[1]
        return getattr(pointer, "target", "") == function.address or equal(pointer, function["FunctionName"].value)
    own = readable(function["FunctionName"].value)
    if isinstance(own, Unknown):
        return own
    return isinstance(own, str) and equal(name, f"/aws/lambda/{own}")
