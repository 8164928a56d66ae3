"""AWS Backup plans, selections and vaults, and the data that they must take."""

from __future__ import annotations

from stackproof.model import Claim, Fact, Inventory, Resource, Severity, control
from stackproof.resources import policies
from stackproof.resources.backup import PLAN, SELECTION, VAULT, any_selection, copies, is_supported
from stackproof.resources.s3 import receives_logs

_DESTRUCTIVE = ("backup:DeleteRecoveryPoint", "backup:UpdateRecoveryPointLifecycle", "backup:DeleteBackupVault")


@control(
    PLAN,
    severity=Severity.MEDIUM,
    remediation="Set Lifecycle.DeleteAfterDays in every rule of the plan.",
)
def backup_rules_expire(plan: Resource) -> Claim:
    """A rule without an end keeps every recovery point for ever, and is paid for as long."""
    rules = plan["BackupPlan"]["BackupPlanRule"]
    ends = rules.each(
        lambda rule: (
            rule["Lifecycle"]["DeleteAfterDays"].at_least(1)
            | rule["Lifecycle"]["DeleteAfterEvent"].equals("DELETE_AFTER_COPY")
        )
    )
    return rules.present() & ends


@control(
    PLAN,
    severity=Severity.MEDIUM,
    remediation="Add CopyActions with the ARN of a vault in another region or account to at least one rule.",
)
def backup_copied_elsewhere(plan: Resource) -> Claim:
    """Backups in one vault are lost together, to one mistake, one thief or one region's outage."""
    return plan["BackupPlan"]["BackupPlanRule"].some(copies)


@control(
    PLAN,
    severity=Severity.HIGH,
    remediation="Add an AWS::Backup::BackupSelection whose BackupPlanId is this plan.",
)
def backup_plan_selects_something(plan: Resource, inventory: Inventory) -> Claim:
    """A plan without a selection backs up nothing."""
    return inventory.pointing_to(plan, SELECTION, at="BackupPlanId").exists()


@control(
    SELECTION,
    severity=Severity.HIGH,
    remediation="Set Resources, ListOfTags or Conditions of the selection.",
)
def backup_selection_not_empty(selection: Resource) -> Claim:
    """A selection that names nothing takes nothing."""
    chosen = selection["BackupSelection"]
    return chosen["Resources"].present() | chosen["ListOfTags"].present()


@control(
    SELECTION,
    severity=Severity.HIGH,
    remediation="Remove resources of types that AWS Backup does not cover; caches have snapshots of their own.",
)
def backup_selection_is_supported(selection: Resource, inventory: Inventory) -> Claim:
    """AWS Backup does not cover every type (not ElastiCache): such a line looks like a backup and is none."""

    def supported(arn: Fact) -> Claim:
        return arn.claim("a type that AWS Backup covers", lambda value: is_supported(value, inventory, arn))

    return selection["BackupSelection"]["Resources"].each(supported)


@control(
    VAULT,
    severity=Severity.MEDIUM,
    remediation="Set EncryptionKeyArn to a customer-managed key.",
    same_as=("CKV_AWS_166",),
)
def backup_vault_uses_own_key(vault: Resource) -> Claim:
    """The vault's key decides who can restore; with AWS's own key recovery points cannot go to another account."""
    return vault["EncryptionKeyArn"].present()


@control(
    VAULT,
    severity=Severity.LOW,
    remediation="Set LockConfiguration with MinRetentionDays, or deny deleting recovery points in AccessPolicy.",
)
def backup_vault_resists_deletion(vault: Resource) -> Claim:
    """Whoever takes over the account deletes the backups first."""

    def denies(statement: Fact) -> Claim:
        deletes = policies.covers(statement, _DESTRUCTIVE[0])
        return policies.denies(statement) & policies.admits_anyone(statement) & deletes

    locked = vault["LockConfiguration"]["MinRetentionDays"].at_least(1)
    return locked | policies.any_statement(vault["AccessPolicy"]).some(denies)


@control(
    VAULT,
    severity=Severity.CRITICAL,
    remediation="Name the principals in AccessPolicy, or add Condition aws:PrincipalOrgID.",
)
def backup_vault_policy_not_public(vault: Resource) -> Claim:
    """Everyone can then copy the backups out, or delete them."""
    return ~policies.any_statement(vault["AccessPolicy"]).some(policies.public)


@control(
    VAULT,
    severity=Severity.MEDIUM,
    remediation="Set DeletionPolicy and UpdateReplacePolicy of the vault to Retain.",
)
def backup_vault_retained(vault: Resource) -> Claim:
    """The vault must outlive the stack that made it: it is needed on the day when the stack is gone."""
    kept = vault.attribute("DeletionPolicy").one_of("Retain", "RetainExceptOnCreate")
    return kept & vault.attribute("UpdateReplacePolicy").equals("Retain")


@control(
    "AWS::RDS::DBInstance",
    "AWS::RDS::DBCluster",
    "AWS::DocDB::DBCluster",
    "AWS::Neptune::DBCluster",
    "AWS::DynamoDB::Table",
    "AWS::DynamoDB::GlobalTable",
    "AWS::EFS::FileSystem",
    severity=Severity.MEDIUM,
    remediation="Add the resource to an AWS::Backup::BackupSelection, by its ARN or by a tag that it carries.",
)
def backup_takes_databases(store: Resource, inventory: Inventory) -> Claim:
    """A service's own snapshots live and die with it; only a backup plan keeps copies outside, and proves them."""
    taken = any_selection(store, inventory)
    if store.type != "AWS::RDS::DBInstance":
        return taken
    original = store["SourceDBInstanceIdentifier"].absent() & store["DBClusterIdentifier"].absent()
    return taken.only_if(original)


@control(
    "AWS::S3::Bucket",
    severity=Severity.LOW,
    remediation="Add the bucket to an AWS::Backup::BackupSelection, by its ARN or by a tag that it carries.",
)
def backup_takes_versioned_buckets(bucket: Resource, inventory: Inventory) -> Claim:
    """Versions protect from a slip of one hand, not from whoever may delete versions too."""
    data = bucket["VersioningConfiguration"]["Status"].equals("Enabled") & ~receives_logs(bucket, inventory)
    return any_selection(bucket, inventory).only_if(data)
