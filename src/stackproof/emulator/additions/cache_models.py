"""ElastiCache in moto: replication groups with all their members, in front of the real server."""

from __future__ import annotations

import inspect
from typing import Any

from stackproof.emulator.services import Services

_MODIFIED = {
    "SnapshotWindow": "snapshot_window",
    "PreferredMaintenanceWindow": "preferred_maintenance_window",
    "EngineVersion": "engine_version",
    "TransitEncryptionMode": "transit_encryption_mode",
    "SecurityGroupIds": "security_group_ids",
}
_SWITCHED = {
    "AutoMinorVersionUpgrade": "auto_minor_version_upgrade",
    "TransitEncryptionEnabled": "transit_encryption_enabled",
}


def correct_cache(services: Services) -> None:
    """Replication groups with as many members as asked for, each a described cluster, behind the real server."""
    from moto.elasticache.models import ElastiCacheBackend

    backend: Any = ElastiCacheBackend
    create, delete = backend.create_replication_group, backend.delete_replication_group

    def create_replication_group(self: Any, *args: Any, **kwargs: Any) -> Any:
        group = create(self, *args, **kwargs)
        if group.cluster_mode != "enabled":
            _fill(group, int(kwargs.get("num_cache_clusters") or 1), services)
        _describe(self, group)
        return group

    def delete_replication_group(self: Any, *args: Any, **kwargs: Any) -> Any:
        group = delete(self, *args, **kwargs)
        self.replication_groups.pop(group.replication_group_id)
        for name in group.member_clusters:
            self.cache_clusters.pop(name, None)
        return group

    backend.create_replication_group = create_replication_group
    backend.delete_replication_group = delete_replication_group
    _correct_actions()


def _correct_actions() -> None:
    """A change of a group changes all that was asked for; subnet groups can be deleted."""
    from moto.core.responses import EmptyResult
    from moto.elasticache.responses import ElastiCacheResponse

    response: Any = ElastiCacheResponse
    modify = response.modify_replication_group

    def modify_replication_group(self: Any) -> Any:
        answer = modify(self)
        group = self.elasticache_backend.replication_groups[self._get_param("ReplicationGroupId")]
        given = {attribute: self._get_param(name) for name, attribute in _MODIFIED.items()}
        given |= {attribute: self._get_bool_param(name) for name, attribute in _SWITCHED.items()}
        for attribute, value in given.items():
            if value is not None:
                setattr(group, attribute, value)
        group.auth_token_enabled = group.auth_token_enabled or bool(self._get_param("AuthToken"))
        _describe(self.elasticache_backend, group)
        return answer

    def delete_cache_subnet_group(self: Any) -> Any:
        self.elasticache_backend.cache_subnet_groups.pop(self._get_param("CacheSubnetGroupName"), None)
        return EmptyResult()

    response.modify_replication_group = modify_replication_group
    response.delete_cache_subnet_group = delete_cache_subnet_group


def _fill(group: Any, members: int, services: Services) -> None:
    """Give the one node group of a replication group its members and addresses."""
    address, port = services.cache_host, services.cache_port
    node = group.node_groups[0]
    if port:
        group.port = port
        node["port"] = port
        node["primary_endpoint"] = node["reader_endpoint"] = {"address": address, "port": port}
        node["primary_endpoint_address"] = node["reader_endpoint_address"] = address
    names = [f"{group.replication_group_id}-{number:03}" for number in range(1, members + 1)]
    zones = [member.get("preferred_availability_zone", "us-east-1a") for member in node["node_group_members"]]
    place = address if port else "cache.amazonaws.com"
    node["node_group_members"] = [
        {
            "cache_cluster_id": name,
            "cache_node_id": "0001",
            "read_endpoint": {"address": place, "port": group.port},
            "preferred_availability_zone": f"{zones[0][:-1]}{'abc'[number % 3]}",
            "current_role": "replica" if number else "primary",
        }
        for number, name in enumerate(names)
    ]
    group.member_clusters[:] = names
    if group.snapshot_retention_limit:
        group.snapshotting_cluster_id = names[-1]


def _describe(backend: Any, group: Any) -> None:
    """Make each member a cluster of its own, as DescribeCacheClusters lists them."""
    from moto.elasticache.models import CacheCluster

    settings: dict[str, Any] = dict.fromkeys(list(inspect.signature(CacheCluster).parameters))
    for name in settings:
        settings[name] = getattr(group, name, None)
    settings.update(account_id=backend.account_id, region_name=backend.region_name, num_cache_nodes=1, auth_token=None)
    for name in group.member_clusters:
        cluster: Any = CacheCluster(**{**settings, "cache_cluster_id": name})
        cluster.replication_group_id = group.replication_group_id
        cluster.auth_token_enabled = group.auth_token_enabled
        cluster.at_rest_encryption_enabled = group.at_rest_encryption_enabled
        cluster.transit_encryption_mode = group.transit_encryption_mode
        cluster.security_groups = [
            {"SecurityGroupId": id_, "Status": "active"} for id_ in group.security_group_ids or []
        ]
        cluster.cache_parameter_group = {
            "CacheParameterGroupName": group.cache_parameter_group_name or "default.redis7",
            "ParameterApplyStatus": "in-sync",
        }
        backend.cache_clusters[name] = cluster
