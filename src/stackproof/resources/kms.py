"""AWS KMS: documented defaults, following a key identifier to its key, and which services its policy admits."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from stackproof.model import Claim, Fact, Inventory, Resource, Value, all_of
from stackproof.resources import policies
from stackproof.resources.policy_values import skeleton

DEFAULTS: Final[dict[str, dict[str, Value]]] = {
    "AWS::KMS::Key": {
        # CloudFormation reference, AWS::KMS::Key
        "EnableKeyRotation": False,
        "Enabled": True,
        "KeySpec": "SYMMETRIC_DEFAULT",
        "KeyUsage": "ENCRYPT_DECRYPT",
        "Origin": "AWS_KMS",
        "PendingWindowInDays": 30,
        "MultiRegion": False,
    },
}


def is_aws_managed(key_id: Fact) -> Claim:
    """Hold when an identifier is that of an AWS-managed key (`alias/aws/sns`), whose policy nobody can change."""
    return key_id.claim(
        "a key that AWS manages", lambda value: "alias/aws/" in (text := skeleton(value) or "") and "\ufffd" not in text
    )


def follow_key(key_id: Fact, inventory: Inventory, claim: Callable[[Resource], Claim]) -> Claim:
    """Judge the key behind an identifier: id, ARN or alias, also through an AWS::KMS::Alias of the system."""

    def judged(found: Resource) -> Claim:
        if found.type == "AWS::KMS::Alias":
            return inventory.follow(found["TargetKeyId"], claim)
        return claim(found)

    return inventory.follow(key_id, judged)


def admits(key: Resource, service: str, *actions: str) -> Claim:
    """Hold when the key's policy lets a service, by its principal, do each of these actions."""
    statements = policies.any_statement(key["KeyPolicy"])

    def allowed(action: str) -> Claim:
        return statements.some(
            lambda s: policies.allows(s) & policies.admits_service(s, service) & policies.covers(s, action)
        )

    return all_of(allowed(action) for action in actions)
