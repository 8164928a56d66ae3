"""Resources that hold data must outlive the stack, and changes that replace them."""

from __future__ import annotations

from stackproof.model import Claim, Resource, Severity, control
from stackproof.resources.stateful import STATEFUL, holds_own_data, kept_on_deletion, kept_on_replacement


@control(
    *STATEFUL,
    severity=Severity.HIGH,
    remediation="Set UpdateReplacePolicy: Snapshot (databases, caches, volumes) or Retain.",
    same_as=("I3011",),
)
def stateful_survives_replacement(resource: Resource) -> Claim:
    """Some changes (a name, a key, a subnet group) make CloudFormation create a new resource and delete the old one.

    Without UpdateReplacePolicy the data goes with it, whatever DeletionPolicy says.
    """
    return kept_on_replacement(resource).only_if(holds_own_data(resource))


@control(
    *STATEFUL,
    severity=Severity.MEDIUM,
    remediation="Set DeletionPolicy: Snapshot (databases, caches, volumes) or Retain.",
)
def stateful_survives_deletion(resource: Resource) -> Claim:
    """Deleting the stack, or the resource's lines in the template, deletes the data unless told otherwise."""
    return kept_on_deletion(resource).only_if(holds_own_data(resource))


@control(
    "AWS::Logs::LogGroup",
    severity=Severity.LOW,
    remediation="Set DeletionPolicy and UpdateReplacePolicy: Retain; RetentionInDays empties the group in time.",
)
def logs_survive_stack(group: Resource) -> Claim:
    """The logs of a stack that was deleted or replaced are what explains why."""
    return kept_on_deletion(group) & kept_on_replacement(group)


@control(
    "AWS::SecretsManager::Secret",
    severity=Severity.MEDIUM,
    remediation="Set DeletionPolicy and UpdateReplacePolicy of the secret to Retain.",
)
def secrets_survive_stack(secret: Resource) -> Claim:
    """A database that outlives its stack, or is restored from a snapshot, opens only with the password it had."""
    return kept_on_deletion(secret) & kept_on_replacement(secret)
