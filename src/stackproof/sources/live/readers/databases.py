"""Amazon RDS and ElastiCache."""

from __future__ import annotations

from typing import Any

from stackproof.model import ABSENT, Cause, Reference, Unknown, Value
from stackproof.sources.live.faults import Fault
from stackproof.sources.live.parts import Part
from stackproof.sources.live.reading import Reading, reads


@reads("AWS::RDS::DBInstance", "rds:DescribeDBInstances")
def db_instance(r: Reading) -> None:
    """All in one list, tags included."""
    confirm = {"DBInstanceIdentifier": r.id}
    part = r.find("rds:DescribeDBInstances", "DBInstances", DBInstanceIdentifier=r.id, confirm=confirm)
    groups = part.at("VpcSecurityGroups", required=False)
    r.set("VPCSecurityGroups", groups, lambda found: [g["VpcSecurityGroupId"] for g in found] or ABSENT)
    old = part.at("DBSecurityGroups", required=False)
    r.set("DBSecurityGroups", old, lambda found: [g["DBSecurityGroupName"] for g in found] or ABSENT)
    parameters = part.at("DBParameterGroups", required=False)
    r.set("DBParameterGroupName", parameters, lambda found: _first(found, "DBParameterGroupName"))
    options = part.at("OptionGroupMemberships", required=False)
    r.set("OptionGroupName", options, lambda found: _first(found, "OptionGroupName"))
    r.set("ManageMasterUserPassword", part, lambda found: bool(found.get("MasterUserSecret")))
    r.tags(part.at("TagList", required=False))
    renames = {
        "DBSubnetGroupName": "DBSubnetGroup.DBSubnetGroupName",
        "EnableCloudwatchLogsExports": "EnabledCloudwatchLogsExports",
        "EnableIAMDatabaseAuthentication": "IAMDatabaseAuthenticationEnabled",
        "EnablePerformanceInsights": "PerformanceInsightsEnabled",
        "Port": "Endpoint.Port",
        "SourceDBInstanceIdentifier": "ReadReplicaSourceDBInstanceIdentifier",
    }
    always = ("AllocatedStorage", "BackupRetentionPeriod", "DBInstanceClass", "Engine", "EngineVersion", "StorageType")
    r.fill(part, renames, optional=("DedicatedLogVolume",), always=always)
    if part.value:
        r.also(part.value.get("DBInstanceArn"), attribute="DBInstanceArn")
        r.also((part.value.get("Endpoint") or {}).get("Address"), attribute="Endpoint.Address")


def _first(items: list[dict[str, Any]], key: str) -> Value:
    return items[0].get(key, ABSENT) if items else ABSENT


@reads("AWS::RDS::DBSubnetGroup", "rds:DescribeDBSubnetGroups", "rds:ListTagsForResource")
def db_subnet_group(r: Reading) -> None:
    """Subnets are given by id."""
    confirm = {"DBSubnetGroupName": r.id}
    part = r.find("rds:DescribeDBSubnetGroups", "DBSubnetGroups", DBSubnetGroupName=r.id, confirm=confirm)
    r.set("SubnetIds", part.at("Subnets"), lambda found: [s["SubnetIdentifier"] for s in found])
    r.fill(part)
    _rds_tags(r, part, "DBSubnetGroupArn")


@reads(
    "AWS::RDS::DBParameterGroup", "rds:DescribeDBParameterGroups", "rds:DescribeDBParameters", "rds:ListTagsForResource"
)
def db_parameter_group(r: Reading) -> None:
    """Only the parameters that somebody set."""
    confirm = {"DBParameterGroupName": r.id}
    part = r.find("rds:DescribeDBParameterGroups", "DBParameterGroups", DBParameterGroupName=r.id, confirm=confirm)
    own = r.ask("rds:DescribeDBParameters", "Parameters", DBParameterGroupName=r.id, Source="user")
    r.set("Parameters", own, lambda found: {p["ParameterName"]: p.get("ParameterValue", "") for p in found} or ABSENT)
    r.fill(part, {"Family": "DBParameterGroupFamily"})
    _rds_tags(r, part, "DBParameterGroupArn")


@reads("AWS::RDS::EventSubscription", "rds:DescribeEventSubscriptions", "rds:ListTagsForResource")
def event_subscription(r: Reading) -> None:
    """Its name is called CustSubscriptionId."""
    confirm = {"SubscriptionName": r.id}
    part = r.find("rds:DescribeEventSubscriptions", "EventSubscriptionsList", CustSubscriptionId=r.id, confirm=confirm)
    renames = {
        "SubscriptionName": "CustSubscriptionId",
        "SourceIds": "SourceIdsList",
        "EventCategories": "EventCategoriesList",
    }
    r.fill(part, renames)
    _rds_tags(r, part, "EventSubscriptionArn")


def _rds_tags(r: Reading, part: Part, member: str) -> None:
    arn = part.at(member)
    if arn.fault is None:
        r.also(arn.value)
        r.tags(r.ask("rds:ListTagsForResource", "TagList", ResourceName=arn.value))
    else:
        r.tags(arn)


@reads(
    "AWS::ElastiCache::ReplicationGroup",
    "elasticache:DescribeReplicationGroups",
    "elasticache:DescribeCacheClusters",
    "elasticache:ListTagsForResource",
)
def replication_group(r: Reading) -> None:
    """Networks, version and windows are answered by its member clusters."""
    call = "elasticache:DescribeReplicationGroups"
    confirm = {"ReplicationGroupId": r.id}
    part = r.find(call, "ReplicationGroups", ReplicationGroupId=r.id, confirm=confirm)
    on = ("enabled", "enabling")
    r.set("AutomaticFailoverEnabled", part.at("AutomaticFailover"), lambda value: value in on)
    r.set("MultiAZEnabled", part.at("MultiAZ"), lambda value: value in on)
    r.set("NumCacheClusters", part.at("MemberClusters"), len)
    r.set("NumNodeGroups", part.at("NodeGroups"), len)
    token = part.at("AuthTokenEnabled")
    r.set("AuthToken", token, lambda value: Reference(r.address, "AuthToken") if value else ABSENT)
    r.set("Port", part, _port)
    members = part.at("MemberClusters").value or []
    r.also(*members)
    cluster = _member_cluster(r, str(members[0]) if members else "")
    for name in ("PrimaryEndpoint", "ReaderEndpoint"):
        nodes = part.at("NodeGroups").value or [{}]
        r.also((nodes[0].get(name) or {}).get("Address"), attribute=f"{name.replace('point', 'Point')}.Address")
    groups = cluster.at("SecurityGroups", required=False)
    r.set("SecurityGroupIds", groups, lambda found: [g["SecurityGroupId"] for g in found] or ABSENT)
    for name, member in (
        ("CacheParameterGroupName", "CacheParameterGroup.CacheParameterGroupName"),
        ("CacheSubnetGroupName", "CacheSubnetGroupName"),
        ("EngineVersion", "EngineVersion"),
        ("NotificationTopicArn", "NotificationConfiguration.TopicArn"),
        ("PreferredMaintenanceWindow", "PreferredMaintenanceWindow"),
    ):
        r.set(name, cluster.at(member, required=False), lambda value: value)
    r.fill(part, {"ReplicationGroupDescription": "Description"}, but=("NodeGroupConfiguration",))
    _cache_tags(r, part)


def _port(group: dict[str, Any]) -> Value:
    nodes = group.get("NodeGroups") or [{}]
    found = group.get("ConfigurationEndpoint") or nodes[0].get("PrimaryEndpoint") or {}
    port: Value = found.get("Port", ABSENT)
    return port


def _member_cluster(r: Reading, name: str) -> Part:
    """One member cluster; all members are alike."""
    listed = r.ask("elasticache:DescribeCacheClusters", "CacheClusters")
    shape = getattr(listed.shape, "member", None)
    for item in () if listed.fault else listed.value:
        if item.get("CacheClusterId") == name or item.get("ReplicationGroupId") == r.id:
            return Part(listed.call, item, shape, None, listed.entry)
    fault = listed.fault or Fault(Cause.MALFORMED, "", f"DescribeCacheClusters lists no member of {r.id}")
    return Part(listed.call, None, shape, fault, listed.entry)


@reads("AWS::ElastiCache::SubnetGroup", "elasticache:DescribeCacheSubnetGroups", "elasticache:ListTagsForResource")
def cache_subnet_group(r: Reading) -> None:
    """Subnets are given by id."""
    call = "elasticache:DescribeCacheSubnetGroups"
    part = r.find(call, "CacheSubnetGroups", CacheSubnetGroupName=r.id, confirm={"CacheSubnetGroupName": r.id})
    r.set("SubnetIds", part.at("Subnets"), lambda found: [s["SubnetIdentifier"] for s in found])
    r.fill(part, {"Description": "CacheSubnetGroupDescription"})
    _cache_tags(r, part)


def _cache_tags(r: Reading, part: Part) -> None:
    arn = part.at("ARN")
    if arn.fault is None:
        r.also(arn.value)
        r.tags(r.ask("elasticache:ListTagsForResource", "TagList", ResourceName=arn.value))
    else:
        r.set("Tags", arn, Unknown(Cause.MALFORMED, "Tags"))
