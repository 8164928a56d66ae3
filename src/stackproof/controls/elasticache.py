"""ElastiCache: encryption, access and recovery of caches."""

from __future__ import annotations

from stackproof.model import Claim, Inventory, Reference, Resource, Severity, Text, Unknown, all_of, control
from stackproof.resources.elasticache import default_port
from stackproof.resources.entries import leaves
from stackproof.resources.networks import groups_admit_groups_only, private_subnets, spans_zones

GROUP, CLUSTER = "AWS::ElastiCache::ReplicationGroup", "AWS::ElastiCache::CacheCluster"


def _is_redis(cache: Resource) -> Claim:
    return ~cache["Engine"].equals("memcached")


@control(
    GROUP,
    severity=Severity.HIGH,
    remediation="Set AtRestEncryptionEnabled: true (needs a new replication group).",
    same_as=("CKV_AWS_29",),
)
def elasticache_encrypted_at_rest(group: Resource) -> Claim:
    """Snapshots and swap of an unencrypted cache hold sessions and personal data in the clear."""
    return group["AtRestEncryptionEnabled"].equals(expected=True)


@control(
    GROUP,
    severity=Severity.HIGH,
    remediation="Set TransitEncryptionEnabled: true and leave TransitEncryptionMode at required.",
    same_as=("CKV_AWS_30",),
)
def elasticache_encrypted_in_transit(group: Resource) -> Claim:
    """Without TLS everyone on the way reads sessions and the password. Mode `preferred` still takes plain clients."""
    mode = group["TransitEncryptionMode"]
    return group["TransitEncryptionEnabled"].equals(expected=True) & (mode.absent() | mode.equals("required"))


@control(
    GROUP,
    severity=Severity.MEDIUM,
    remediation="Set UserGroupIds (role-based access), or AuthToken from a generated secret.",
    same_as=("CKV_AWS_31",),
)
def elasticache_asks_who_connects(group: Resource) -> Claim:
    """A cache without authentication serves whoever gets a packet to it."""
    return group["UserGroupIds"].present() | group["AuthToken"].present()


@control(
    GROUP,
    severity=Severity.MEDIUM,
    remediation="Set AutomaticFailoverEnabled: true with at least two nodes.",
)
def elasticache_fails_over(group: Resource) -> Claim:
    """Without automatic failover the cache is gone until someone promotes a replica by hand."""
    return group["AutomaticFailoverEnabled"].equals(expected=True)


@control(
    GROUP,
    severity=Severity.MEDIUM,
    remediation="Set MultiAZEnabled: true and list subnets of two zones in the CacheSubnetGroup.",
)
def elasticache_multi_az(group: Resource, inventory: Inventory) -> Claim:
    """Replicas that all lie in one zone fail together with it."""
    zones = group["CacheSubnetGroupName"]
    spread = inventory.follow(zones, lambda subnets: spans_zones(subnets["SubnetIds"], inventory))
    return group["MultiAZEnabled"].equals(expected=True) & (zones.absent() | spread)


@control(
    GROUP,
    CLUSTER,
    severity=Severity.MEDIUM,
    remediation="Set SnapshotRetentionLimit to 1 or more.",
)
def elasticache_backed_up(cache: Resource) -> Claim:
    """A cache that also holds state cannot be rebuilt without a snapshot; AWS keeps none by default."""
    return cache["SnapshotRetentionLimit"].at_least(1).only_if(_is_redis(cache))


@control(
    GROUP,
    CLUSTER,
    severity=Severity.LOW,
    remediation="Set AutoMinorVersionUpgrade: true.",
)
def elasticache_minor_upgrades(cache: Resource) -> Claim:
    """Minor versions carry the security fixes; AWS applies them only where it is told to."""
    return cache["AutoMinorVersionUpgrade"].equals(expected=True)


@control(
    GROUP,
    CLUSTER,
    severity=Severity.HIGH,
    remediation="Set CacheSubnetGroupName to a group of your own whose subnets have no route to an internet gateway.",
)
def elasticache_subnets_private(cache: Resource, inventory: Inventory) -> Claim:
    """Without a subnet group of its own a cache lands in the default network, whose subnets are public."""
    name = cache["CacheSubnetGroupName"]
    private = inventory.follow(name, lambda group: private_subnets(group["SubnetIds"], inventory))
    return name.present() & ~name.claim("the default group", lambda value: value == "default") & private


@control(
    GROUP,
    CLUSTER,
    severity=Severity.HIGH,
    remediation="List the cache's own security groups, and let their rules name SourceSecurityGroupId, never CidrIp.",
)
def elasticache_admits_groups_only(cache: Resource, inventory: Inventory) -> Claim:
    """A range admits whatever gets an address in it; a group admits only the services that were meant."""
    groups = cache["SecurityGroupIds" if cache.type == GROUP else "VpcSecurityGroupIds"]
    return groups_admit_groups_only(groups, cache["Port"], default_port(cache), inventory)


@control(
    GROUP,
    severity=Severity.HIGH,
    remediation="Write rediss:// instead of redis:// in every address of this cache.",
)
def elasticache_clients_use_tls(group: Resource, inventory: Inventory) -> Claim:
    """A redis:// address makes the client speak in the clear: it fails where TLS is required, and leaks where not."""
    texts = [
        leaf
        for kind, place in _ADDRESS_TEXTS.items()
        for user in inventory.of_type(kind)
        for part in user[place].items()
        for leaf in leaves(part["Environment"] if place == "ContainerDefinitions" else part)
    ]
    unread = inventory.of_type(*_ADDRESS_TEXTS).each(lambda user: user.fact.claim("known", lambda _: True))
    return unread & all_of(
        ~leaf.claim("an address redis:// of it", lambda v: _plain_address(v, group)) for leaf in texts
    )


# Where programs and people read the address of a cache.
_ADDRESS_TEXTS = {
    "AWS::SecretsManager::Secret": "SecretString",
    "AWS::SSM::Parameter": "Value",
    "AWS::Lambda::Function": "Environment",
    "AWS::ECS::TaskDefinition": "ContainerDefinitions",
}


def _plain_address(value: object, group: Resource) -> bool:
    if not isinstance(value, Text):
        return False
    before = ""
    for part in value.parts:
        if isinstance(part, Reference) and part.target == group.address and "redis://" in before:
            return True
        before = before + part if isinstance(part, str) else before + ("?" if isinstance(part, Unknown) else "")
    return False
