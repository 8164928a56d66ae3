"""DocumentDB clusters."""

from __future__ import annotations

from stackproof.model import Claim, Inventory, Resource, Severity, control

CLUSTER = "AWS::DocDB::DBCluster"


@control(
    CLUSTER,
    severity=Severity.HIGH,
    remediation="Set StorageEncrypted: true and KmsKeyId (needs a new cluster).",
    same_as=("CKV_AWS_74",),
)
def docdb_storage_encrypted(cluster: Resource) -> Claim:
    """Whoever obtains the volume or a snapshot of an unencrypted cluster reads its documents."""
    return cluster["StorageEncrypted"].equals(expected=True)


@control(
    CLUSTER,
    severity=Severity.MEDIUM,
    remediation="Set BackupRetentionPeriod to 7 days or more.",
    same_as=("CKV_AWS_360",),
)
def docdb_backups_kept(cluster: Resource) -> Claim:
    """A mistake is often noticed days later; AWS keeps one day of backups unless told otherwise."""
    return cluster["BackupRetentionPeriod"].at_least(7)


@control(
    CLUSTER,
    severity=Severity.MEDIUM,
    remediation="Add audit to EnableCloudwatchLogsExports, and set audit_logs: enabled in the parameter group.",
    same_as=("CKV_AWS_85", "CKV_AWS_104"),
)
def docdb_audit_logged(cluster: Resource, inventory: Inventory) -> Claim:
    """Without audit logs nobody can say who read or dropped what. Exporting alone writes nothing."""
    group = cluster["DBClusterParameterGroupName"]
    written = inventory.follow(group, lambda g: ~g["Parameters"]["audit_logs"].one_of("disabled", "none"))
    stated = inventory.follow(group, lambda g: g["Parameters"]["audit_logs"].present())
    return cluster["EnableCloudwatchLogsExports"].contains("audit") & group.present() & written & stated


@control(
    CLUSTER,
    severity=Severity.MEDIUM,
    remediation="Set DeletionProtection: true.",
)
def docdb_deletion_protected(cluster: Resource) -> Claim:
    """One wrong command deletes an unprotected cluster."""
    return cluster["DeletionProtection"].equals(expected=True)


@control(
    "AWS::DocDB::DBClusterParameterGroup",
    severity=Severity.HIGH,
    remediation="Remove the tls parameter, or set it to enabled, tls1.2+ or tls1.3+.",
    same_as=("CKV_AWS_90",),
)
def docdb_requires_tls(group: Resource) -> Claim:
    """With tls disabled the cluster takes passwords and documents in the clear."""
    return ~group["Parameters"]["tls"].equals("disabled")
