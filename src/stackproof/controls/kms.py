"""AWS KMS keys and their policies."""

from __future__ import annotations

from stackproof.model import Claim, Fact, Inventory, Resource, Severity, any_of, control
from stackproof.resources import policies

KEY = "AWS::KMS::Key"


@control(
    KEY,
    severity=Severity.MEDIUM,
    remediation="Set EnableKeyRotation: true.",
    same_as=("CKV_AWS_7",),
)
def kms_key_rotates(key: Resource) -> Claim:
    """Rotation limits what one generation of key material protects. Only symmetric keys made by KMS can rotate."""
    rotatable = key["KeySpec"].equals("SYMMETRIC_DEFAULT") & key["KeyUsage"].equals("ENCRYPT_DECRYPT") & ~_imported(key)
    return key["EnableKeyRotation"].equals(True).only_if(rotatable)


@control(
    KEY,
    severity=Severity.CRITICAL,
    remediation="Name the principals in KeyPolicy, or add Condition kms:CallerAccount.",
    same_as=("CKV_AWS_33",),
)
def kms_policy_not_public(key: Resource) -> Claim:
    """A key that everyone may use protects nothing."""
    return ~policies.any_statement(key["KeyPolicy"]).some(policies.public)


@control(
    KEY,
    severity=Severity.HIGH,
    remediation="List the cryptographic actions that the other account needs in place of kms:*.",
)
def kms_policy_other_accounts_only_use(key: Resource, inventory: Inventory) -> Claim:
    """Another account that may change the key's policy or schedule its deletion holds your data to ransom."""

    def given_away(statement: Fact) -> Claim:
        foreign = any_of(policies.foreign(p, inventory.account) for p in policies.principals(statement, "AWS"))
        rules = policies.covers(statement, "kms:PutKeyPolicy", "kms:ScheduleKeyDeletion", "kms:DisableKey")
        return foreign & rules & policies.allows(statement)

    return ~policies.any_statement(key["KeyPolicy"]).some(given_away)


@control(
    KEY,
    severity=Severity.MEDIUM,
    remediation="Add a statement: Allow the account's root kms:*, so that IAM policies can administer the key.",
)
def kms_policy_keeps_an_administrator(key: Resource) -> Claim:
    """A policy under which nobody may change it leaves a key that only AWS support can bring back."""

    def administers(statement: Fact) -> Claim:
        named = any_of(p.present() for p in policies.principals(statement, "AWS"))
        return policies.allows(statement) & policies.covers(statement, "kms:PutKeyPolicy") & named

    return policies.any_statement(key["KeyPolicy"]).some(administers).only_if(key["KeyPolicy"].present())


@control(
    KEY,
    severity=Severity.LOW,
    remediation="Set PendingWindowInDays to at least 14, or leave it out for 30.",
)
def kms_deletion_leaves_time(key: Resource) -> Claim:
    """What a deleted key protected is lost for ever; the window is the time in which somebody can notice."""
    return key["PendingWindowInDays"].at_least(14)


@control(
    KEY,
    severity=Severity.MEDIUM,
    remediation="Remove Enabled: false, or delete the key and what uses it.",
)
def kms_key_enabled(key: Resource) -> Claim:
    """Everything that a disabled key protects is unreadable until somebody enables it."""
    return key["Enabled"].equals(True)


@control(
    KEY,
    severity=Severity.MEDIUM,
    remediation="Set DeletionPolicy and UpdateReplacePolicy of the key to Retain.",
)
def kms_key_retained(key: Resource) -> Claim:
    """Deleting the stack or replacing the key makes all that it protects unreadable, backups too."""
    kept = key.attribute("DeletionPolicy").one_of("Retain", "RetainExceptOnCreate")
    return kept & key.attribute("UpdateReplacePolicy").equals("Retain")


def _imported(key: Resource) -> Claim:
    return key["Origin"].one_of("EXTERNAL", "AWS_CLOUDHSM", "EXTERNAL_KEY_STORE")
