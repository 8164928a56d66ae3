"""Security groups and network ACLs: who may reach which port."""

from __future__ import annotations

from stackproof.model import Claim, Fact, Inventory, Reference, Resource, Severity, Value, all_of, control
from stackproof.resources.entries import pointed_at_from
from stackproof.resources.networks import (
    BEHIND_LOAD_BALANCERS,
    EGRESS,
    GROUP_USERS,
    INGRESS,
    covers,
    covers_beyond,
    from_world,
    is_world,
)

GROUP = "AWS::EC2::SecurityGroup"

# Remote administration: SSH, Telnet, RDP, WinRM over HTTP and HTTPS.
ADMIN_PORTS = (22, 23, 3389, 5985, 5986)

# Security Hub EC2.19, "ports with high risk", without those above, and what this field's databases and caches
# listen on besides: MongoDB and DocumentDB, Redis, memcached, Oracle, Cassandra, Kafka, ZooKeeper, etcd.
RISKY_PORTS = (
    *(20, 21, 25, 110, 135, 143, 445, 1433, 1434, 3000, 3306, 4333, 5000, 5432, 5500, 5601, 8080, 8088, 8888),
    *(9200, 9300, 27017, 6379, 11211, 1521, 9042, 9092, 2181, 2379),
)


def _rules(resource: Resource, inline: str) -> tuple[Fact, ...]:
    """The rules that stand in this resource: a group's inline ones, or the one that is a resource of its own.

    Each rule is judged where it stands, so that none is counted twice and a finding shows its line.
    """
    return resource[inline].items() if resource.type == GROUP else (resource.fact,)


def _no_rule(resource: Resource, inventory: Inventory, *ports: int) -> Claim:
    rules = _rules(resource, "SecurityGroupIngress")
    if not rules:
        return resource["SecurityGroupIngress"].absent()
    return all_of(~(from_world(rule, inventory) & covers(rule, *ports)) for rule in rules)


@control(
    GROUP,
    INGRESS,
    severity=Severity.CRITICAL,
    remediation="Remove the rule and use Session Manager, or set CidrIp to the administrators' own range.",
    same_as=("CKV_AWS_24", "CKV_AWS_25"),
)
def ec2_admin_ports_closed_to_world(resource: Resource, inventory: Inventory) -> Claim:
    """Remote administration ports open to the internet are scanned and attacked within minutes.

    A group counts whether or not anything uses it yet: one attachment later it is an open door.
    """
    return _no_rule(resource, inventory, *ADMIN_PORTS)


@control(
    GROUP,
    INGRESS,
    severity=Severity.CRITICAL,
    remediation="Replace CidrIp/CidrIpv6 by SourceSecurityGroupId of the service that may connect.",
)
def ec2_data_ports_closed_to_world(resource: Resource, inventory: Inventory) -> Claim:
    """Databases, caches, file shares and consoles answer whoever reaches their port; the internet must not."""
    return _no_rule(resource, inventory, *RISKY_PORTS)


@control(
    GROUP,
    INGRESS,
    severity=Severity.HIGH,
    remediation="Open only 80 and 443 to 0.0.0.0/0 and ::/0, one port per rule; put anything else behind them.",
)
def ec2_world_reaches_web_ports_only(resource: Resource, inventory: Inventory) -> Claim:
    """Whatever is open to the internet beyond web ports is attack surface that no one looks at."""
    rules = _rules(resource, "SecurityGroupIngress")
    if not rules:
        return resource["SecurityGroupIngress"].absent()
    return all_of(~(from_world(rule, inventory) & covers_beyond(rule, 80, 443)) for rule in rules)


@control(
    GROUP,
    severity=Severity.MEDIUM,
    remediation="Let the load balancer's group be the only SourceSecurityGroupId of this group's web ports.",
)
def ec2_world_reaches_load_balancers_only(group: Resource, inventory: Inventory) -> Claim:
    """A task, function or endpoint that takes web requests from anywhere bypasses TLS, the firewall and the logs."""
    inline = group["SecurityGroupIngress"].some(lambda rule: from_world(rule, inventory))
    separate = inventory.pointing_to(group, INGRESS, at="GroupId").any(lambda rule: from_world(rule.fact, inventory))
    return (~pointed_at_from(group, inventory, BEHIND_LOAD_BALANCERS)).only_if(inline | separate)


@control(
    GROUP,
    INGRESS,
    EGRESS,
    severity=Severity.LOW,
    remediation="Set GroupDescription and a Description on every rule: who connects, and why.",
    same_as=("CKV_AWS_23",),
)
def ec2_group_rules_described(resource: Resource) -> Claim:
    """A rule that nobody can explain is a rule that nobody dares to remove."""
    if resource.type != GROUP:
        return resource["Description"].present()
    rules = (*resource["SecurityGroupIngress"].items(), *resource["SecurityGroupEgress"].items())
    return all_of((resource["GroupDescription"].present(), *(rule["Description"].present() for rule in rules)))


@control(
    GROUP,
    severity=Severity.LOW,
    remediation="Remove the group, or attach it where it is meant to be.",
)
def ec2_group_in_use(group: Resource, inventory: Inventory) -> Claim:
    """An unattached group with forgotten rules waits to be attached by mistake."""
    return pointed_at_from(group, inventory, GROUP_USERS)


@control(
    INGRESS,
    EGRESS,
    severity=Severity.HIGH,
    remediation="Create a group of its own and point GroupId at it instead of the VPC's DefaultSecurityGroup.",
)
def ec2_default_group_not_opened(rule: Resource) -> Claim:
    """Whatever is launched without a group gets the default one, so a rule there opens things nobody chose to open."""
    return ~rule["GroupId"].claim("a VPC's default group", _is_default_group)


def _is_default_group(value: Value) -> bool:
    return isinstance(value, Reference) and value.attribute == "DefaultSecurityGroup"


@control(
    "AWS::EC2::NetworkAclEntry",
    severity=Severity.MEDIUM,
    remediation="Set CidrBlock to the administrators' range, or RuleAction: deny for ports 22 and 3389.",
)
def ec2_acl_admin_ports_closed_to_world(entry: Resource) -> Claim:
    """The ACL is the second lock of a subnet; allowing SSH and RDP from anywhere leaves only the first."""
    incoming = entry["Egress"].equals(expected=False) & entry["RuleAction"].equals("allow")
    world = is_world(entry["CidrBlock"]) | is_world(entry["Ipv6CidrBlock"])
    port = entry["PortRange"]
    within = (port["From"].at_most(22) & port["To"].at_least(22)) | (
        port["From"].at_most(3389) & port["To"].at_least(3389)
    )
    reaches = entry["Protocol"].equals(-1) | (entry["Protocol"].equals(6) & within)
    return ~(incoming & world & reaches)


@control(
    "AWS::EC2::NetworkAcl",
    severity=Severity.LOW,
    remediation="Add an AWS::EC2::SubnetNetworkAclAssociation, or remove the ACL.",
)
def ec2_acl_in_use(acl: Resource, inventory: Inventory) -> Claim:
    """An ACL that no subnet uses protects nothing, though it reads as if it did."""
    return inventory.pointing_to(acl, "AWS::EC2::SubnetNetworkAclAssociation", at="NetworkAclId").exists()
