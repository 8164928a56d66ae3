"""DynamoDB: recovery, protection and capacity of tables."""

from __future__ import annotations

from collections.abc import Callable

from stackproof.model import Claim, Fact, Inventory, Resource, Severity, control

TABLE, GLOBAL = "AWS::DynamoDB::Table", "AWS::DynamoDB::GlobalTable"


def _each_replica(table: Resource, claim: Callable[[Fact], Claim]) -> Claim:
    """A table's own settings, or those of each replica of a global table."""
    if table.type == TABLE:
        return claim(table.fact)
    return table["Replicas"].present() & table["Replicas"].each(claim)


@control(
    TABLE,
    GLOBAL,
    severity=Severity.HIGH,
    remediation="Set PointInTimeRecoverySpecification.PointInTimeRecoveryEnabled: true, in every replica.",
    same_as=("CKV_AWS_28", "CKV_AWS_165"),
)
def dynamodb_point_in_time_recovery(table: Resource) -> Claim:
    """Without it a wrong write or delete cannot be taken back."""
    path = "PointInTimeRecoverySpecification.PointInTimeRecoveryEnabled"
    return _each_replica(table, lambda settings: settings.at(path).equals(expected=True))


@control(
    TABLE,
    GLOBAL,
    severity=Severity.MEDIUM,
    remediation="Set DeletionProtectionEnabled: true, in every replica.",
)
def dynamodb_deletion_protected(table: Resource) -> Claim:
    """One wrong command deletes an unprotected table at once."""
    return _each_replica(table, lambda settings: settings["DeletionProtectionEnabled"].equals(expected=True))


@control(
    TABLE,
    GLOBAL,
    severity=Severity.LOW,
    remediation="Set SSESpecification: {SSEEnabled: true, SSEType: KMS} with KMSMasterKeyId, in every replica.",
    same_as=("CKV_AWS_119",),
)
def dynamodb_own_key(table: Resource) -> Claim:
    """With AWS's own key, access to the data cannot be refused or audited apart from the table."""
    enabled = table["SSESpecification"]["SSEEnabled"].equals(expected=True)
    return enabled & _each_replica(table, lambda settings: settings["SSESpecification"]["KMSMasterKeyId"].present())


@control(
    TABLE,
    severity=Severity.LOW,
    remediation="Set BillingMode: PAY_PER_REQUEST, or add a ScalableTarget with the table's ResourceId.",
)
def dynamodb_capacity_scales(table: Resource, inventory: Inventory) -> Claim:
    """A fixed capacity refuses requests when they grow, and is paid for when they do not come."""
    targets = inventory.pointing_to(table, "AWS::ApplicationAutoScaling::ScalableTarget", at="ResourceId")
    scaled = targets.any(lambda target: target["ServiceNamespace"].equals("dynamodb"))
    return table["BillingMode"].equals("PAY_PER_REQUEST") | scaled
