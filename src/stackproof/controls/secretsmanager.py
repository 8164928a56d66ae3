"""AWS Secrets Manager secrets: where the value comes from, its key, its rotation, who may read it."""

from __future__ import annotations

import re

from stackproof.model import Claim, Inventory, Resource, Severity, Unknown, Value, control
from stackproof.model.facts import as_number
from stackproof.model.matching import Answer, readable
from stackproof.resources import policies
from stackproof.resources.kms import is_aws_managed
from stackproof.resources.secretsmanager import plain_credentials, speaks_in_clear

SECRET = "AWS::SecretsManager::Secret"  # noqa: S105 - a resource type
SCHEDULE = "AWS::SecretsManager::RotationSchedule"


@control(
    SECRET,
    severity=Severity.HIGH,
    remediation="Replace the credential in SecretString by GenerateSecretString.",
)
def secret_is_generated(secret: Resource) -> Claim:
    """A password that is passed in stands in parameter files and shell histories; nobody ever sees a generated one."""
    return ~plain_credentials(secret)


@control(
    SECRET,
    severity=Severity.MEDIUM,
    remediation="Set KmsKeyId to a customer-managed key.",
    same_as=("CKV_AWS_149",),
)
def secret_uses_own_key(secret: Resource) -> Claim:
    """A key of your own is a second lock on the secret, with its own policy and its own log."""
    return secret["KmsKeyId"].present() & ~is_aws_managed(secret["KmsKeyId"])


@control(
    SECRET,
    severity=Severity.MEDIUM,
    remediation="Add an AWS::SecretsManager::RotationSchedule whose SecretId is this secret.",
)
def secret_rotates(secret: Resource, inventory: Inventory) -> Claim:
    """A credential that leaked stays good until it is rotated."""
    schedule = inventory.pointing_to(secret, SCHEDULE, at="SecretId")
    return schedule.exists().only_if(secret["GenerateSecretString"].present() | plain_credentials(secret))


@control(
    SCHEDULE,
    severity=Severity.MEDIUM,
    remediation="Set RotationRules.AutomaticallyAfterDays to at most 90, or an equal ScheduleExpression.",
)
def secret_rotates_within_90_days(schedule: Resource) -> Claim:
    """The longer a credential lives, the more copies of it there are."""
    rules = schedule["RotationRules"]
    return rules["AutomaticallyAfterDays"].at_most(90) | rules["ScheduleExpression"].claim(
        "a rate of at most 90 days, or a cron expression that runs each month", _frequent
    )


@control(
    SCHEDULE,
    severity=Severity.HIGH,
    remediation="Set HostedRotationLambda or RotationLambdaARN, and allow secretsmanager.amazonaws.com to invoke it.",
)
def secret_rotation_can_run(schedule: Resource, inventory: Inventory) -> Claim:
    """A schedule without a function, or whose function Secrets Manager may not call, fails at every rotation."""

    def invocable(function: Resource) -> Claim:
        permissions = inventory.pointing_to(function, "AWS::Lambda::Permission", at="FunctionName")
        return permissions.any(lambda permission: permission["Principal"].equals("secretsmanager.amazonaws.com"))

    own = schedule["RotationLambdaARN"]
    return schedule["HostedRotationLambda"].present() | (own.present() & inventory.follow(own, invocable))


@control(
    "AWS::SecretsManager::ResourcePolicy",
    severity=Severity.CRITICAL,
    remediation="Name the principals in ResourcePolicy and set BlockPublicPolicy: true.",
)
def secret_policy_not_public(policy: Resource) -> Claim:
    """A secret that everyone may read is published."""
    return ~policies.any_statement(policy["ResourcePolicy"]).some(policies.public)


@control(
    "AWS::SecretsManager::ResourcePolicy",
    severity=Severity.LOW,
    remediation="Set BlockPublicPolicy: true.",
)
def secret_policy_checked_for_public_access(policy: Resource) -> Claim:
    """With the check on, Secrets Manager refuses a later version of the policy that would open the secret."""
    return policy["BlockPublicPolicy"].equals(True)


@control(
    SECRET,
    severity=Severity.HIGH,
    remediation="Write the URL with the encrypted scheme: rediss://, https://, wss://, amqps://, ldaps://.",
)
def secret_urls_are_encrypted(secret: Resource) -> Claim:
    """A client does what the URL in its secret says: redis:// or http:// sends password and data in clear."""
    return ~secret["SecretString"].claim("a URL without encryption", speaks_in_clear)


def _frequent(value: Value) -> Answer:
    text = readable(value)
    if not isinstance(text, str):
        return text if isinstance(text, Unknown) else False
    rate = re.fullmatch(r"rate\((\d+) (hours?|days?)\)", text.strip())
    if rate:
        days = (as_number(rate[1]) or 0) / (24 if rate[2].startswith("hour") else 1)
        return 0 < days <= 90
    cron = re.fullmatch(r"cron\(\S+ \S+ (\S+) (\S+) (\S+) (\S+)\)", text.strip())
    return cron is not None and _months_apart(cron[2]) <= 3


def _months_apart(field: str) -> int:
    """The longest wait in months that the month field of a cron expression makes; 12 when it cannot be told."""
    if field in ("*", "?"):
        return 1
    every = re.fullmatch(r"(?:\*|1|JAN)/(\d+)", field)
    return int(every[1]) if every else 12
