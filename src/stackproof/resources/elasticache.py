"""Documented defaults of ElastiCache."""

from __future__ import annotations

from typing import Final

from stackproof.model import Resource, Unknown, Value
from stackproof.model.matching import readable

# Template reference, AWS::ElastiCache::ReplicationGroup and AWS::ElastiCache::CacheCluster; API CreateReplicationGroup.
DEFAULTS: Final[dict[str, dict[str, Value]]] = {
    "AWS::ElastiCache::ReplicationGroup": {
        "AtRestEncryptionEnabled": False,
        "TransitEncryptionEnabled": False,
        "AutomaticFailoverEnabled": False,
        "SnapshotRetentionLimit": 0,
    },
    "AWS::ElastiCache::CacheCluster": {"SnapshotRetentionLimit": 0},
}


def default_port(cache: Resource) -> int | Unknown:
    """Return the port of the engine: 11211 for memcached, 6379 for Redis and Valkey (ElastiCache User Guide)."""
    engine = readable(cache["Engine"].value)
    if isinstance(engine, Unknown):
        return engine
    return 11211 if engine == "memcached" else 6379
