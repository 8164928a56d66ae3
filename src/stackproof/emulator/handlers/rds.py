"""RDS: instances, with a real PostgreSQL behind their endpoint, and what belongs to them."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, ClassVar

from stackproof.emulator.handlers.base import (
    At,
    Handler,
    Made,
    Properties,
    changed,
    named,
    only,
    tag_pairs,
    without,
)
from stackproof.emulator.services import Services

# What ModifyDBInstance changes in place, by CloudFormation's names.
_CHANGEABLE = (
    *("AllocatedStorage", "MaxAllocatedStorage", "StorageType", "Iops", "DBInstanceClass", "EngineVersion", "MultiAZ"),
    *("AutoMinorVersionUpgrade", "AllowMajorVersionUpgrade", "BackupRetentionPeriod", "PreferredBackupWindow"),
    *("PreferredMaintenanceWindow", "CopyTagsToSnapshot", "DeletionProtection", "PubliclyAccessible"),
    *("DBParameterGroupName", "VPCSecurityGroups", "EnableCloudwatchLogsExports", "MonitoringInterval"),
    *("MonitoringRoleArn", "CACertificateIdentifier", "EnableIAMDatabaseAuthentication", "MasterUserPassword"),
    *("EnablePerformanceInsights", "PerformanceInsightsRetentionPeriod", "PerformanceInsightsKMSKeyId", "Tags"),
    "DeleteAutomatedBackups",
)
_NAMES = {"VPCSecurityGroups": "VpcSecurityGroupIds"}


@dataclass(frozen=True)
class Instance(Handler):
    """AWS::RDS::DBInstance."""

    services: Services = field(default_factory=Services)
    type: ClassVar[str] = "AWS::RDS::DBInstance"

    def create(self, at: At, new: Properties) -> Made:
        parameters = named(new, "DBInstanceIdentifier", at, 63, lower=True)
        name = parameters["DBInstanceIdentifier"].rstrip("-")
        parameters["DBInstanceIdentifier"] = name
        copy = "SourceDBInstanceIdentifier" in new
        beside: tuple[str, ...] = ("AllowMajorVersionUpgrade", "DeleteAutomatedBackups")
        if copy:
            beside = (*beside, "Engine", "StorageEncrypted")
        operation = "create_db_instance_read_replica" if copy else "create_db_instance"
        at.send("rds", operation, parameters, rename=_NAMES, beside=beside)
        if not copy and new.get("Engine") == "postgres":
            self._open(new)
        return self._made(at, name)

    def update(self, at: At, made: Made, new: Properties, old: Properties) -> Made:
        changes = changed(new, old)
        only(changes, *_CHANGEABLE)
        rds = at.client("rds")
        wanted = {key: new[key] for key in changes - {"Tags", "EnableCloudwatchLogsExports"} if key in new}
        wanted = without(wanted, "DeleteAutomatedBackups")
        add: dict[str, Any] = {"DBInstanceIdentifier": made.id, "ApplyImmediately": True}
        if "EnableCloudwatchLogsExports" in changes:
            before = set(old.get("EnableCloudwatchLogsExports", []))
            after = set(new.get("EnableCloudwatchLogsExports", []))
            add["CloudwatchLogsExportConfiguration"] = {
                "EnableLogTypes": sorted(after - before),
                "DisableLogTypes": sorted(before - after),
            }
        at.send("rds", "modify_db_instance", wanted, rename=_NAMES, add=add)
        retag(at, made.attributes["DBInstanceArn"], new, old)
        if "MasterUserPassword" in changes and new.get("Engine") == "postgres":
            self._open(new)
        del rds
        return self._made(at, made.id)

    def delete(self, at: At, made: Made, old: Properties) -> None:
        last: dict[str, Any] = {"SkipFinalSnapshot": True}
        if at.snapshot:
            last = {"FinalDBSnapshotIdentifier": at.generated(255, lower=True), "SkipFinalSnapshot": False}
        at.client("rds").delete_db_instance(DBInstanceIdentifier=made.id, **last)

    def _made(self, at: At, name: str) -> Made:
        found = at.client("rds").describe_db_instances(DBInstanceIdentifier=name)["DBInstances"][0]
        attributes = {
            "DBInstanceArn": found["DBInstanceArn"],
            "DbiResourceId": found.get("DbiResourceId", ""),
            "Endpoint.Address": found["Endpoint"]["Address"],
            "Endpoint.Port": str(found["Endpoint"]["Port"]),
        }
        return Made(name, attributes)

    def _open(self, properties: Properties) -> None:
        """Let the master user into the real database, with the password that was generated."""
        if self.services.database_socket:
            from stackproof.emulator.postgres import admit

            admit(
                self.services.database_socket,
                user=properties["MasterUsername"],
                password=properties["MasterUserPassword"],
                database=properties.get("DBName", "postgres"),
            )


class SubnetGroup(Handler):
    """AWS::RDS::DBSubnetGroup."""

    type: ClassVar[str] = "AWS::RDS::DBSubnetGroup"

    def create(self, at: At, new: Properties) -> Made:
        parameters = named(new, "DBSubnetGroupName", at, lower=True)
        at.send("rds", "create_db_subnet_group", parameters)
        return Made(parameters["DBSubnetGroupName"])

    def update(self, at: At, made: Made, new: Properties, old: Properties) -> Made:
        only(changed(new, old), "DBSubnetGroupDescription", "SubnetIds", "Tags")
        add = {"DBSubnetGroupName": made.id}
        at.send("rds", "modify_db_subnet_group", without(new, "DBSubnetGroupName", "Tags"), add=add)
        retag(at, at.arn("rds", f"subgrp:{made.id}"), new, old)
        return made

    def delete(self, at: At, made: Made, old: Properties) -> None:
        at.client("rds").delete_db_subnet_group(DBSubnetGroupName=made.id)


class ParameterGroup(Handler):
    """AWS::RDS::DBParameterGroup."""

    type: ClassVar[str] = "AWS::RDS::DBParameterGroup"

    def create(self, at: At, new: Properties) -> Made:
        parameters = named(new, "DBParameterGroupName", at, lower=True)
        rename = {"Family": "DBParameterGroupFamily"}
        at.send("rds", "create_db_parameter_group", parameters, rename=rename, beside=("Parameters",))
        made = Made(parameters["DBParameterGroupName"], {"DBParameterGroupName": parameters["DBParameterGroupName"]})
        self._set(at, made, new)
        return made

    def update(self, at: At, made: Made, new: Properties, old: Properties) -> Made:
        only(changed(new, old), "Parameters", "Tags")
        gone = [{"ParameterName": key} for key in old.get("Parameters", {}) if key not in new.get("Parameters", {})]
        if gone:
            at.client("rds").reset_db_parameter_group(DBParameterGroupName=made.id, Parameters=gone)
        self._set(at, made, new)
        retag(at, at.arn("rds", f"pg:{made.id}"), new, old)
        return made

    def delete(self, at: At, made: Made, old: Properties) -> None:
        at.client("rds").delete_db_parameter_group(DBParameterGroupName=made.id)

    def _set(self, at: At, made: Made, new: Properties) -> None:
        values = [
            {"ParameterName": key, "ParameterValue": str(value), "ApplyMethod": "pending-reboot"}
            for key, value in (new.get("Parameters") or {}).items()
        ]
        if values:
            at.client("rds").modify_db_parameter_group(DBParameterGroupName=made.id, Parameters=values)


class EventSubscription(Handler):
    """AWS::RDS::EventSubscription."""

    type: ClassVar[str] = "AWS::RDS::EventSubscription"

    def create(self, at: At, new: Properties) -> Made:
        parameters = named(new, "SubscriptionName", at, lower=True)
        at.send("rds", "create_event_subscription", parameters)
        return Made(parameters["SubscriptionName"])

    def update(self, at: At, made: Made, new: Properties, old: Properties) -> Made:
        if "SubscriptionName" in changed(new, old):
            only(changed(new, old))
        self.delete(at, made, old)  # moto has no change of it; under its name it is the same for everybody
        return self.create(at, {**new, "SubscriptionName": made.id})

    def delete(self, at: At, made: Made, old: Properties) -> None:
        at.client("rds").delete_event_subscription(SubscriptionName=made.id)


def retag(at: At, arn: str, new: Properties, old: Properties) -> None:
    """Make the tags of an RDS resource those of the new properties."""
    rds = at.client("rds")
    stale = {tag["Key"] for tag in tag_pairs(old)} - {tag["Key"] for tag in tag_pairs(new)}
    if stale:
        rds.remove_tags_from_resource(ResourceName=arn, TagKeys=sorted(stale))
    if new.get("Tags") and tag_pairs(new) != tag_pairs(old):
        rds.add_tags_to_resource(ResourceName=arn, Tags=tag_pairs(new))


def handlers(services: Services) -> tuple[Handler, ...]:
    """The handlers of this service."""
    return (Instance(services), SubnetGroup(), ParameterGroup(), EventSubscription())
