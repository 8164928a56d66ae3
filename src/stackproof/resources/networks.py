"""Reachability: what security group rules admit, and where the routes of a subnet lead.

Rules of a group are read wherever they stand: inline or as resources of their own.
"""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Callable

from stackproof.model import ABSENT, Cause, Claim, Evidence, Fact, Inventory, Resource, Unknown, Value, all_of, any_of
from stackproof.model.facts import as_number
from stackproof.model.matching import Answer, readable

INGRESS = "AWS::EC2::SecurityGroupIngress"
EGRESS = "AWS::EC2::SecurityGroupEgress"

# A public range wider than these prefixes is no one's network: it is written to mean everyone (0.0.0.0/1, 2000::/3).
_WIDEST_V4 = 8
_WIDEST_V6 = 16

# How an element of Fn::GetAZs is told apart before deployment: by its number.
_NUMBERED_ZONE = re.compile(r"^availability zones of .*\[(\d+)\]$")

# Where a type names the security groups that its network interfaces get.
BEHIND_LOAD_BALANCERS = (
    ("AWS::ECS::Service", "NetworkConfiguration.AwsvpcConfiguration.SecurityGroups"),
    ("AWS::Lambda::Function", "VpcConfig.SecurityGroupIds"),
    ("AWS::RDS::DBInstance", "VPCSecurityGroups"),
    ("AWS::RDS::DBCluster", "VpcSecurityGroupIds"),
    ("AWS::RDS::DBProxy", "VpcSecurityGroupIds"),
    ("AWS::DocDB::DBCluster", "VpcSecurityGroupIds"),
    ("AWS::ElastiCache::ReplicationGroup", "SecurityGroupIds"),
    ("AWS::ElastiCache::CacheCluster", "VpcSecurityGroupIds"),
    ("AWS::EFS::MountTarget", "SecurityGroups"),
    ("AWS::EC2::VPCEndpoint", "SecurityGroupIds"),
)
GROUP_USERS = (
    *BEHIND_LOAD_BALANCERS,
    ("AWS::ElasticLoadBalancingV2::LoadBalancer", "SecurityGroups"),
    ("AWS::ElasticLoadBalancing::LoadBalancer", "SecurityGroups"),
    ("AWS::ApiGatewayV2::VpcLink", "SecurityGroupIds"),
    ("AWS::EC2::Instance", "SecurityGroupIds"),
    ("AWS::EC2::Instance", "NetworkInterfaces.GroupSet"),
    ("AWS::EC2::NetworkInterface", "GroupSet"),
    ("AWS::EC2::LaunchTemplate", "LaunchTemplateData.SecurityGroupIds"),
    ("AWS::EC2::LaunchTemplate", "LaunchTemplateData.NetworkInterfaces.Groups"),
    ("AWS::AutoScaling::LaunchConfiguration", "SecurityGroups"),
    ("AWS::Events::Rule", "Targets.EcsParameters.NetworkConfiguration.AwsVpcConfiguration.SecurityGroups"),
    ("AWS::CodeBuild::Project", "VpcConfig.SecurityGroupIds"),
    ("AWS::EKS::Cluster", "ResourcesVpcConfig.SecurityGroupIds"),
    ("AWS::MSK::Cluster", "BrokerNodeGroupInfo.SecurityGroups"),
    ("AWS::OpenSearchService::Domain", "VPCOptions.SecurityGroupIds"),
)

RuleClaim = Callable[[Fact], Claim]


def each_ingress(group: Resource, inventory: Inventory, claim: RuleClaim) -> Claim:
    """Hold when the claim holds for every ingress rule of the group, inline or separate."""
    separate = inventory.pointing_to(group, INGRESS, at="GroupId")
    return all_of((group["SecurityGroupIngress"].each(claim), separate.each(lambda rule: claim(rule.fact))))


def some_ingress(group: Resource, inventory: Inventory, claim: RuleClaim) -> Claim:
    """Hold when the claim holds for at least one ingress rule of the group, inline or separate."""
    separate = inventory.pointing_to(group, INGRESS, at="GroupId")
    return any_of((group["SecurityGroupIngress"].some(claim), separate.any(lambda rule: claim(rule.fact))))


def covers(rule: Fact, *ports: int) -> Claim:
    """Hold when the rule is about one of these TCP ports: by its range, or because it is about all protocols."""
    everything = rule["IpProtocol"].one_of(-1)
    tcp = rule["IpProtocol"].one_of("tcp", 6)
    within = any_of(rule["FromPort"].at_most(port) & rule["ToPort"].at_least(port) for port in ports)
    return everything | (tcp & within)


def covers_beyond(rule: Fact, *ports: int) -> Claim:
    """Hold when the rule covers any TCP or UDP port besides these."""
    everything = rule["IpProtocol"].one_of(-1)
    with_ports = rule["IpProtocol"].one_of("tcp", "udp", 6, 17)
    only = any_of(rule["FromPort"].equals(port) & rule["ToPort"].equals(port) for port in ports)
    return everything | (with_ports & ~only)


def from_world(rule: Fact, inventory: Inventory) -> Claim:
    """Hold when an ingress rule admits the internet, by IPv4, IPv6 or a prefix list that names it."""
    listed = rule["SourcePrefixListId"]
    by_list = listed.present() & inventory.follow(listed, lambda plist: plist["Entries"].some(_listed_world))
    return is_world(rule["CidrIp"]) | is_world(rule["CidrIpv6"]) | by_list


def from_addresses(rule: Fact) -> Claim:
    """Hold when an ingress rule admits addresses rather than members of a security group."""
    return rule["CidrIp"].present() | rule["CidrIpv6"].present() | rule["SourcePrefixListId"].present()


def groups_admit_groups_only(groups: Fact, port: Fact, default: int | Unknown, inventory: Inventory) -> Claim:
    """Hold when there are security groups and none of them admits addresses on the port."""

    def closed(number: int) -> Claim:
        def rule_closed(rule: Fact) -> Claim:
            return ~(covers(rule, number) & from_addresses(rule))

        return groups.present() & groups.each(
            lambda pointer: inventory.follow(pointer, lambda group: each_ingress(group, inventory, rule_closed))
        )

    return with_port(port, default, closed)


def is_world(cidr: Fact) -> Claim:
    """Hold when the range is the whole internet, or so wide that nothing else can be meant."""
    return cidr.claim("a range as wide as the internet", _spans_internet)


def is_public(subnet: Resource, inventory: Inventory) -> Claim:
    """Hold when the subnet's route table has a route to an internet gateway.

    A subnet without an association uses its VPC's main table; no template can give that one a route, so it
    leads nowhere if the VPC is ours and is unknown if it is not.
    """
    own = inventory.pointing_to(subnet, "AWS::EC2::SubnetRouteTableAssociation", at="SubnetId")
    by_own = own.any(lambda link: inventory.follow(link["RouteTableId"], lambda table: leads_out(table, inventory)))
    by_main = inventory.follow(subnet["VpcId"], _main_table_leads_out)
    return by_own | (~own.exists() & by_main)


def leads_out(table: Resource, inventory: Inventory) -> Claim:
    """Hold when the route table has a route to an internet gateway."""
    routes = inventory.pointing_to(table, "AWS::EC2::Route", at="RouteTableId")
    return routes.any(lambda route: is_a(route["GatewayId"], inventory, "AWS::EC2::InternetGateway", r"igw-\w+"))


def is_a(pointer: Fact, inventory: Inventory, kind: str, pattern: str) -> Claim:
    """Hold when the fact points at a resource of this type, or is an id of this pattern."""
    target = inventory.target(pointer)
    if isinstance(target, Resource):
        return pointer.claim(f"a pointer at {kind}", lambda _: target.type == kind)
    return pointer.matches(pattern)


def each_subnet(subnets: Fact, inventory: Inventory, claim: Callable[[Resource], Claim]) -> Claim:
    """Hold when there are subnets and the claim holds for each of those that the list points at."""
    return subnets.present() & subnets.each(lambda pointer: inventory.follow(pointer, claim))


def private_subnets(subnets: Fact, inventory: Inventory) -> Claim:
    """Hold when none of the subnets that the list points at has a route to an internet gateway."""
    return each_subnet(subnets, inventory, lambda subnet: ~is_public(subnet, inventory))


def spans_zones(subnets: Fact, inventory: Inventory, *, least: int = 2) -> Claim:
    """Hold when the subnets that the list points at lie in at least this many availability zones."""
    zones = [_zone(inventory.target(pointer)) for pointer in subnets.items()]
    named = {zone for zone in zones if isinstance(zone, str)}
    numbered = {zone for zone in zones if isinstance(zone, int)}
    doubt = next((zone for zone in zones if isinstance(zone, Unknown)), None)
    if named and numbered:  # `us-east-1a` may or may not be the region's first zone
        doubt = doubt or Unknown(Cause.NEEDS_LIVE, "some zones are named and some are numbers of Fn::GetAZs")
    answer: Answer = max(len(named), len(numbered)) >= least or doubt or False
    return subnets.claim(f"subnets in at least {least} availability zones", lambda _: answer)


def same_zone(subnet: Resource, other: Resource) -> Claim:
    """Hold when two subnets lie in the same availability zone."""
    zone, expected = _zone(subnet), _zone(other)
    fact = subnet["AvailabilityZone"]
    if isinstance(zone, Unknown):
        return fact.claim(f"the zone of {other.address}", lambda _: zone)
    if isinstance(expected, Unknown):
        return fact.claim(f"the zone of {other.address}", lambda _: expected)
    shown = Fact(fact.path, _zone_name(zone), fact.where, fact.origin)
    if type(zone) is not type(expected):
        mixed = Unknown(Cause.NEEDS_LIVE, f"{_zone_name(zone)} may or may not be {_zone_name(expected)}")
        return shown.claim(_zone_name(expected), lambda _: mixed)
    return shown.claim(_zone_name(expected), lambda _: zone == expected)


def with_port(port: Fact, default: int | Unknown, claim: Callable[[int], Claim]) -> Claim:
    """Make a claim about a listening port, which is the engine's default where none is set."""
    value = default if port.value is ABSENT else readable(port.value)
    number = as_number(value)
    if number is None:
        why = value if isinstance(value, Unknown) else Unknown(Cause.PARSE_ERROR, f"{port.path} is no port number")
        return port.claim("a known port", lambda _: why)
    return claim(int(number))


def _main_table_leads_out(vpc: Resource) -> Claim:
    subject = f"the main route table of {vpc.address}"
    return Claim(
        holds=False, because=(Evidence(subject, "local only", "leading to an internet gateway", vpc.where("")),)
    )


def _listed_world(entry: Fact) -> Claim:
    return is_world(entry["Cidr"])


def _zone(subnet: Resource | Unknown) -> str | int | Unknown:
    """A zone's name, or its number in Fn::GetAZs: which zone that is only the account knows, but it is one zone."""
    if isinstance(subnet, Unknown):
        return subnet
    zone = readable(subnet["AvailabilityZone"].value)
    if isinstance(zone, str):
        return zone
    if isinstance(zone, Unknown) and (numbered := _NUMBERED_ZONE.search(zone.detail)):
        return int(numbered[1])
    why = f"AWS picks the zone of {subnet.address}, which names none"
    return zone if isinstance(zone, Unknown) else Unknown(Cause.NEEDS_LIVE, why)


def _zone_name(zone: str | int) -> str:
    return zone if isinstance(zone, str) else f"zone {zone} of Fn::GetAZs"


def _spans_internet(value: Value) -> Answer:
    text = readable(value)
    if isinstance(text, Unknown):
        return text
    if not isinstance(text, str):
        return False
    try:
        network = ipaddress.ip_network(text, strict=False)
    except ValueError:
        return Unknown(Cause.PARSE_ERROR, f"{text!r} is no address range")
    widest = _WIDEST_V4 if network.version == 4 else _WIDEST_V6
    private = network.is_private and network.prefixlen > 0 and (network.version == 6 or network.prefixlen >= widest)
    return not private and network.prefixlen < widest
