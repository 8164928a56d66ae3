"""RDS: who can reach a database, how, and with which password."""

from __future__ import annotations

from collections.abc import Callable

from stackproof.model import (
    Claim,
    Fact,
    Inventory,
    Reference,
    Resource,
    Severity,
    Value,
    any_of,
    control,
)
from stackproof.resources.networks import (
    covers,
    from_world,
    groups_admit_groups_only,
    is_public,
    private_subnets,
    some_ingress,
    spans_zones,
    with_port,
)
from stackproof.resources.rds import default_port, requires_tls
from stackproof.resources.secret_values import parts_of

INSTANCE, CLUSTER, DOCUMENTDB = "AWS::RDS::DBInstance", "AWS::RDS::DBCluster", "AWS::DocDB::DBCluster"


def _groups(db: Resource) -> Fact:
    return db["VPCSecurityGroups" if db.type == INSTANCE else "VpcSecurityGroupIds"]


def _by_subnet_group(db: Resource, inventory: Inventory, claim: Callable[[Resource], Claim]) -> Claim:
    name = db["DBSubnetGroupName"]
    return name.present() & inventory.follow(name, claim)


def _own_network(db: Resource) -> Claim:
    """An Aurora instance lies where its cluster lies; a replica in the same region where its source lies."""
    in_source = db["SourceDBInstanceIdentifier"].present() & db["DBSubnetGroupName"].absent()
    return db["DBClusterIdentifier"].absent() & ~in_source


def _marked_public(db: Resource) -> Claim:
    """PubliclyAccessible, whose default is public only outside a subnet group of one's own."""
    flag, group = db["PubliclyAccessible"], db["DBSubnetGroupName"]
    outside = group.absent() | group.claim("the default group", lambda value: value == "default")
    in_cluster = db["DBClusterIdentifier"].present() | db["SourceDBInstanceIdentifier"].present()
    return flag.equals(expected=True) | (flag.absent() & outside & ~in_cluster)


@control(
    INSTANCE,
    severity=Severity.CRITICAL,
    remediation="Set PubliclyAccessible: false and DBSubnetGroupName to a group of private subnets.",
    same_as=("CKV_AWS_17",),
)
def rds_not_marked_public(db: Resource) -> Claim:
    """A public address puts the login of the database on the internet; only a security group then stands before it."""
    return ~_marked_public(db)


@control(
    INSTANCE,
    CLUSTER,
    DOCUMENTDB,
    severity=Severity.HIGH,
    remediation="List only subnets without a route to an internet gateway in the DBSubnetGroup.",
)
def rds_subnets_private(db: Resource, inventory: Inventory) -> Claim:
    """In a public subnet one flag and one rule are all that keeps a database off the internet."""
    claim = _by_subnet_group(db, inventory, lambda group: private_subnets(group["SubnetIds"], inventory))
    return claim.only_if(_own_network(db))


@control(
    INSTANCE,
    CLUSTER,
    DOCUMENTDB,
    severity=Severity.MEDIUM,
    remediation="List subnets of at least two availability zones in the DBSubnetGroup.",
)
def rds_subnets_span_zones(db: Resource, inventory: Inventory) -> Claim:
    """Without a subnet in a second zone there is nowhere to fail over to."""
    claim = _by_subnet_group(db, inventory, lambda group: spans_zones(group["SubnetIds"], inventory))
    return claim.only_if(_own_network(db))


@control(
    INSTANCE,
    severity=Severity.CRITICAL,
    remediation="Set PubliclyAccessible: false, use private subnets, and admit only security groups on the port.",
)
def rds_unreachable_from_internet(db: Resource, inventory: Inventory) -> Claim:
    """Public flag, public route and open rule together let anyone on the internet knock at the database.

    It holds as long as one of the three barriers stands; the other controls ask for each of them.
    """
    group = db["DBSubnetGroupName"]

    def leads_out(subnets: Resource) -> Claim:
        return subnets["SubnetIds"].some(
            lambda pointer: inventory.follow(pointer, lambda subnet: is_public(subnet, inventory))
        )

    routed = group.absent() | inventory.follow(group, leads_out)

    def open_on(port: int) -> Claim:
        return _groups(db).some(
            lambda pointer: inventory.follow(
                pointer,
                lambda g: some_ingress(g, inventory, lambda rule: from_world(rule, inventory) & covers(rule, port)),
            )
        )

    admitted = with_port(db["Port"], default_port(db, inventory), open_on)
    return ~(_marked_public(db) & routed & admitted)


@control(
    INSTANCE,
    CLUSTER,
    DOCUMENTDB,
    severity=Severity.HIGH,
    remediation="Use SourceSecurityGroupId of the services that connect instead of CidrIp for the database's port.",
)
def rds_admits_groups_only(db: Resource, inventory: Inventory) -> Claim:
    """A range admits whatever gets an address in it; a group admits only the services that were meant."""
    claim = groups_admit_groups_only(_groups(db), db["Port"], default_port(db, inventory), inventory)
    return claim.only_if(_own_network(db))


@control(
    INSTANCE,
    CLUSTER,
    severity=Severity.MEDIUM,
    remediation="Set rds.force_ssl: '1' (PostgreSQL, SQL Server) or require_secure_transport: 'ON' (MySQL, MariaDB) "
    "in the parameter group.",
    same_as=("CKV2_AWS_69",),
)
def rds_requires_tls(db: Resource, inventory: Inventory) -> Claim:
    """A server that also takes unencrypted connections gets them, with the password in the first packets."""
    group = "DBParameterGroupName" if db.type == INSTANCE else "DBClusterParameterGroupName"
    offered = any_of(
        db["Engine"].matches(f"(aurora-)?{engine}.*") for engine in ("postgres", "mysql", "mariadb", "sqlserver")
    )
    own = requires_tls(db, group, inventory)
    source = db["SourceDBInstanceIdentifier"]
    as_source = db[group].absent() & inventory.follow(source, lambda primary: requires_tls(primary, group, inventory))
    inherited = source.present() & as_source
    return (own | inherited).only_if((offered | source.present()) & db["DBClusterIdentifier"].absent())


@control(
    INSTANCE,
    CLUSTER,
    DOCUMENTDB,
    severity=Severity.HIGH,
    remediation="Set ManageMasterUserPassword: true, or MasterUserPassword to "
    "{{resolve:secretsmanager:...}} of a secret with GenerateSecretString.",
)
def rds_password_generated(db: Resource) -> Claim:
    """A password that someone chose and passed in is known to people, shells, parameter files and change sets."""
    managed = db["ManageMasterUserPassword"].equals(expected=True)
    restored = db["DBSnapshotIdentifier"].present() | db["SnapshotIdentifier"].present()
    inherited = (
        db["SourceDBInstanceIdentifier"].present()
        | db["DBClusterIdentifier"].present()
        | db["ReplicationSourceIdentifier"].present()
        | db["SourceDBClusterIdentifier"].present()
    )
    password = db["MasterUserPassword"]
    dynamic = password.claim("a dynamic reference to a secret", _is_dynamic)
    return (managed | dynamic | (restored & password.absent())).only_if(~inherited)


@control(
    "AWS::RDS::DBProxy",
    severity=Severity.MEDIUM,
    remediation="Set RequireTLS: true.",
)
def rds_proxy_requires_tls(proxy: Resource) -> Claim:
    """A proxy that takes unencrypted connections undoes what the database behind it requires."""
    return proxy["RequireTLS"].equals(expected=True)


def _is_dynamic(value: Value) -> bool:
    return any(isinstance(part, Reference) and part.attribute.startswith("resolve:") for part in parts_of(value))
