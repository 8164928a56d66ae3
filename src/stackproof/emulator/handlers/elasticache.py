"""ElastiCache: replication groups, with a real Redis server behind their endpoint."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, ClassVar

from stackproof.emulator.handlers.base import At, Handler, Made, Properties, changed, named, only, tag_pairs
from stackproof.emulator.services import Services

_CHANGEABLE = (
    *("ReplicationGroupDescription", "AutomaticFailoverEnabled", "MultiAZEnabled", "SnapshotRetentionLimit"),
    *("SnapshotWindow", "PreferredMaintenanceWindow", "CacheNodeType", "EngineVersion", "AutoMinorVersionUpgrade"),
    *("SecurityGroupIds", "AuthToken", "TransitEncryptionEnabled", "TransitEncryptionMode", "Tags"),
)


@dataclass(frozen=True)
class ReplicationGroup(Handler):
    """AWS::ElastiCache::ReplicationGroup."""

    services: Services = field(default_factory=Services)
    type: ClassVar[str] = "AWS::ElastiCache::ReplicationGroup"

    def create(self, at: At, new: Properties) -> Made:
        parameters = named(new, "ReplicationGroupId", at, 40, lower=True)
        name = parameters["ReplicationGroupId"].rstrip("-")
        parameters["ReplicationGroupId"] = name
        at.send("elasticache", "create_replication_group", parameters)
        self._open(new)
        return self._made(at, name)

    def update(self, at: At, made: Made, new: Properties, old: Properties) -> Made:
        changes = changed(new, old)
        only(changes, *_CHANGEABLE)
        wanted = {key: new[key] for key in changes - {"Tags"} if key in new}
        add: dict[str, Any] = {"ReplicationGroupId": made.id, "ApplyImmediately": True}
        if "AuthToken" in wanted:
            add["AuthTokenUpdateStrategy"] = "SET"
        at.send("elasticache", "modify_replication_group", wanted, add=add)
        arn = at.arn("elasticache", f"replicationgroup:{made.id}")
        retag(at, arn, new, old)
        self._open(new)
        return self._made(at, made.id)

    def delete(self, at: At, made: Made, old: Properties) -> None:
        at.client("elasticache").delete_replication_group(ReplicationGroupId=made.id)

    def _made(self, at: At, name: str) -> Made:
        found = at.client("elasticache").describe_replication_groups(ReplicationGroupId=name)
        node = found["ReplicationGroups"][0]["NodeGroups"][0]
        primary, reader = node["PrimaryEndpoint"], node.get("ReaderEndpoint", node["PrimaryEndpoint"])
        return Made(
            name,
            {
                "PrimaryEndPoint.Address": primary["Address"],
                "PrimaryEndPoint.Port": str(primary["Port"]),
                "ReaderEndPoint.Address": reader["Address"],
                "ReaderEndPoint.Port": str(reader["Port"]),
            },
        )

    def _open(self, properties: Properties) -> None:
        """Tell the real server its token; it reads the file whenever somebody signs in."""
        if self.services.cache_token_file and properties.get("AuthToken"):
            file = Path(self.services.cache_token_file)
            file.touch(mode=0o600)
            file.write_text(properties["AuthToken"], encoding="utf-8")


class SubnetGroup(Handler):
    """AWS::ElastiCache::SubnetGroup."""

    type: ClassVar[str] = "AWS::ElastiCache::SubnetGroup"

    def create(self, at: At, new: Properties) -> Made:
        parameters = named(new, "CacheSubnetGroupName", at, lower=True)
        rename = {"Description": "CacheSubnetGroupDescription"}
        at.send("elasticache", "create_cache_subnet_group", parameters, rename=rename)
        return Made(parameters["CacheSubnetGroupName"])

    def update(self, at: At, made: Made, new: Properties, old: Properties) -> Made:
        if "CacheSubnetGroupName" in changed(new, old):
            only(changed(new, old))
        self.delete(at, made, old)  # moto has no change of it; under its name it is the same for everybody
        return self.create(at, {**new, "CacheSubnetGroupName": made.id})

    def delete(self, at: At, made: Made, old: Properties) -> None:
        at.client("elasticache").delete_cache_subnet_group(CacheSubnetGroupName=made.id)


def retag(at: At, arn: str, new: Properties, old: Properties) -> None:
    """Make the tags those of the new properties."""
    client = at.client("elasticache")
    stale = {tag["Key"] for tag in tag_pairs(old)} - {tag["Key"] for tag in tag_pairs(new)}
    if stale:
        client.remove_tags_from_resource(ResourceName=arn, TagKeys=sorted(stale))
    if new.get("Tags") and tag_pairs(new) != tag_pairs(old):
        client.add_tags_to_resource(ResourceName=arn, Tags=tag_pairs(new))


def handlers(services: Services) -> tuple[Handler, ...]:
    """The handlers of this service."""
    return (ReplicationGroup(services), SubnetGroup())
