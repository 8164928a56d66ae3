"""Resources that hold data, and what CloudFormation does with them when they go."""

from __future__ import annotations

from typing import Final

from stackproof.model import Claim, Resource

# What keeps the data: Retain leaves the resource, Snapshot a copy of it.
KEEPING: Final = ("Retain", "RetainExceptOnCreate", "Snapshot")

# Buckets, keys and vaults have controls of their own.
STATEFUL: Final = (
    "AWS::RDS::DBInstance",
    "AWS::RDS::DBCluster",
    "AWS::DocDB::DBCluster",
    "AWS::Neptune::DBCluster",
    "AWS::ElastiCache::ReplicationGroup",
    "AWS::DynamoDB::Table",
    "AWS::DynamoDB::GlobalTable",
    "AWS::EFS::FileSystem",
    "AWS::EC2::Volume",
    "AWS::Cognito::UserPool",
    "AWS::OpenSearchService::Domain",
)


def kept_on_deletion(resource: Resource) -> Claim:
    """Hold when deleting the stack or taking the resource out of it keeps the data.

    Databases are snapshotted even without a word (CloudFormation User Guide, DeletionPolicy attribute).
    """
    policy = resource.attribute("DeletionPolicy")
    kept = policy.one_of(*KEEPING)
    by_default = resource.type in ("AWS::RDS::DBInstance", "AWS::RDS::DBCluster")
    return kept | policy.absent() if by_default else kept


def kept_on_replacement(resource: Resource) -> Claim:
    """Hold when a change that makes CloudFormation replace the resource keeps the old one or a snapshot of it."""
    return resource.attribute("UpdateReplacePolicy").one_of("Retain", "Snapshot")


def holds_own_data(resource: Resource) -> Claim:
    """Hold unless the resource is a copy (a read replica) or a member whose cluster holds the data."""
    copy = resource["SourceDBInstanceIdentifier"].present() | resource["ReplicationSourceIdentifier"].present()
    if resource.type == "AWS::RDS::DBInstance":
        copy |= resource["DBClusterIdentifier"].present()
    return ~copy
