"""Amazon EC2: networks. Lists are read once for all resources of a kind."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from stackproof.model import ABSENT, Value
from stackproof.sources.live.parts import GoneError, NoHintError, Part
from stackproof.sources.live.reading import Reading, reads


@reads("AWS::EC2::VPC", "ec2:DescribeVpcs", "ec2:DescribeVpcAttribute")
def vpc(r: Reading) -> None:
    """DNS settings are attributes that are asked for one by one."""
    r.fill(r.find("ec2:DescribeVpcs", "Vpcs", VpcId=r.id, confirm={"VpcIds": [r.id]}))
    for name, attribute in (("EnableDnsSupport", "enableDnsSupport"), ("EnableDnsHostnames", "enableDnsHostnames")):
        part = r.ask("ec2:DescribeVpcAttribute", f"{name}.Value", VpcId=r.id, Attribute=attribute)
        r.set(name, part, bool)


@reads("AWS::EC2::Subnet", "ec2:DescribeSubnets")
def subnet(r: Reading) -> None:
    """All in one list."""
    part = r.find("ec2:DescribeSubnets", "Subnets", SubnetId=r.id, confirm={"SubnetIds": [r.id]})
    r.fill(part, optional=("AssignIpv6AddressOnCreation", "EnableDns64", "Ipv6Native"))


@reads("AWS::EC2::InternetGateway", "ec2:DescribeInternetGateways")
def internet_gateway(r: Reading) -> None:
    """It has no properties but tags."""
    confirm = {"InternetGatewayIds": [r.id]}
    r.fill(r.find("ec2:DescribeInternetGateways", "InternetGateways", InternetGatewayId=r.id, confirm=confirm))


@reads("AWS::EC2::VPCGatewayAttachment", "ec2:DescribeInternetGateways")
def gateway_attachment(r: Reading) -> None:
    """Its physical id is `IGW|vpc-...`; VPN gateways are not read."""
    kind, _, place = r.id.partition("|")
    place = place if kind == "IGW" and place else r.needs("VpcId")[0]
    gateways = r.main(r.ask("ec2:DescribeInternetGateways", "InternetGateways"))
    found = None
    for gateway in () if gateways.fault else gateways.value:
        if any(a.get("VpcId") == place and a.get("State") != "detached" for a in gateway.get("Attachments") or ()):
            found = gateway
    if found is None and gateways.fault is None:
        raise GoneError(gateways)
    r.set("VpcId", gateways, place)
    r.set("InternetGatewayId", gateways, lambda _: found["InternetGatewayId"] if found else ABSENT)
    r.set("VpnGatewayId", gateways, ABSENT)


@reads("AWS::EC2::RouteTable", "ec2:DescribeRouteTables")
def route_table(r: Reading) -> None:
    """Routes and associations are resources of their own."""
    r.fill(r.find("ec2:DescribeRouteTables", "RouteTables", RouteTableId=r.id, confirm={"RouteTableIds": [r.id]}))


@reads("AWS::EC2::Route", "ec2:DescribeRouteTables")
def route(r: Reading) -> None:
    """Its physical id is `rtb-...|destination`, or a name that says nothing."""
    table, _, destination = r.id.partition("|")
    if not destination:
        table = r.needs("RouteTableId")[0]
        keys = ("DestinationCidrBlock", "DestinationIpv6CidrBlock", "DestinationPrefixListId")
        destination = next((str(hint) for key in keys if (hint := r.hint(key))), "")
    part = r.find("ec2:DescribeRouteTables", "RouteTables", RouteTableId=table, confirm={"RouteTableIds": [table]})
    routes = part.at("Routes")
    for item in () if routes.fault else routes.value:
        if destination in (
            item.get("DestinationCidrBlock"),
            item.get("DestinationIpv6CidrBlock"),
            item.get("DestinationPrefixListId"),
        ):
            r.fill(Part(part.call, item, getattr(routes.shape, "member", None), None, part.entry))
            r.set("RouteTableId", part, table)
            return
    if routes.fault is None:
        raise GoneError(routes)


@reads("AWS::EC2::SubnetRouteTableAssociation", "ec2:DescribeRouteTables")
def route_table_association(r: Reading) -> None:
    """Found among the associations of all route tables."""
    tables = r.main(r.ask("ec2:DescribeRouteTables", "RouteTables"))
    for table in () if tables.fault else tables.value:
        for item in table.get("Associations") or ():
            if item.get("RouteTableAssociationId") == r.id:
                r.set("SubnetId", tables, item.get("SubnetId", ABSENT))
                r.set("RouteTableId", tables, table["RouteTableId"])
                return
    if tables.fault is None:
        raise GoneError(tables)


@reads("AWS::EC2::EIP", "ec2:DescribeAddresses")
def address(r: Reading) -> None:
    """Its physical id is the address, or `address|eipalloc-...`."""
    ip = r.id.partition("|")[0]
    key = "AllocationId" if ip.startswith("eipalloc-") else "PublicIp"
    confirm = {f"{key}s": [ip]}
    if key == "PublicIp":
        part = r.find("ec2:DescribeAddresses", "Addresses", confirm=confirm, PublicIp=ip)
    else:
        part = r.find("ec2:DescribeAddresses", "Addresses", confirm=confirm, AllocationId=ip)
    r.fill(part, but=("TransferAddress",))
    if part.value:
        r.also(part.value.get("AllocationId"), part.value.get("PublicIp"))


@reads("AWS::EC2::NatGateway", "ec2:DescribeNatGateways")
def nat_gateway(r: Reading) -> None:
    """A deleted gateway stays listed for a while."""
    confirm = {"NatGatewayIds": [r.id]}
    part = r.find("ec2:DescribeNatGateways", "NatGateways", NatGatewayId=r.id, confirm=confirm)
    if part.value and part.value.get("State") in ("deleted", "deleting"):
        raise GoneError(part)
    addresses = part.at("NatGatewayAddresses", required=False)
    r.set("AllocationId", addresses, lambda found: _main_address(found).get("AllocationId", ABSENT))
    r.set("PrivateIpAddress", addresses, lambda found: _main_address(found).get("PrivateIp", ABSENT))
    r.fill(part)


def _main_address(addresses: list[dict[str, Any]]) -> dict[str, Any]:
    return next((a for a in addresses if a.get("IsPrimary")), addresses[0] if addresses else {})


@reads("AWS::EC2::FlowLog", "ec2:DescribeFlowLogs")
def flow_log(r: Reading) -> None:
    """What kind of thing is watched shows in its id."""
    part = r.find("ec2:DescribeFlowLogs", "FlowLogs", FlowLogId=r.id, confirm={"FlowLogIds": [r.id]})
    kinds = {"vpc": "VPC", "subnet": "Subnet", "eni": "NetworkInterface", "tgw": "TransitGateway"}
    watched = part.at("ResourceId")
    r.set("ResourceType", watched, lambda value: kinds.get(value.partition("-")[0], ABSENT))
    r.fill(part)


@reads("AWS::EC2::VPCEndpoint", "ec2:DescribeVpcEndpoints")
def endpoint(r: Reading) -> None:
    """The policy comes as a text."""
    part = r.find("ec2:DescribeVpcEndpoints", "VpcEndpoints", VpcEndpointId=r.id, confirm={"VpcEndpointIds": [r.id]})
    groups = part.at("Groups", required=False)
    r.set("SecurityGroupIds", groups, lambda found: [g["GroupId"] for g in found] or ABSENT)
    r.fill(part)


@reads("AWS::EC2::SecurityGroup", "ec2:DescribeSecurityGroups", "ec2:DescribeSecurityGroupRules")
def security_group(r: Reading) -> None:
    """Rules that are resources of their own in a stack are left to those."""
    part = r.find("ec2:DescribeSecurityGroups", "SecurityGroups", GroupId=r.id, confirm={"GroupIds": [r.id]})
    rules = r.ask("ec2:DescribeSecurityGroupRules", "SecurityGroupRules")
    others = r.around.siblings("AWS::EC2::SecurityGroupIngress", "AWS::EC2::SecurityGroupEgress")

    def own(egress: bool) -> list[Value]:
        return [
            rule(item)
            for item in rules.value
            if item.get("GroupId") == r.id
            and bool(item.get("IsEgress")) is egress
            and item.get("SecurityGroupRuleId") not in others
        ]

    r.set("SecurityGroupIngress", rules, lambda _: own(egress=False) or ABSENT)
    r.set("SecurityGroupEgress", rules, lambda _: own(egress=True) or ABSENT)
    r.fill(part, {"GroupDescription": "Description"})
    if part.value:
        r.also(part.value.get("GroupName"), part.value.get("SecurityGroupArn"))


@reads("AWS::EC2::SecurityGroupIngress", "ec2:DescribeSecurityGroupRules")
def ingress(r: Reading) -> None:
    """One rule."""
    _one_rule(r)


@reads("AWS::EC2::SecurityGroupEgress", "ec2:DescribeSecurityGroupRules")
def egress(r: Reading) -> None:
    """One rule."""
    _one_rule(r)


def _one_rule(r: Reading) -> None:
    if not r.id.startswith("sgr-"):  # stacks of older days have a name here that AWS does not know
        raise NoHintError("GroupId")
    confirm = {"SecurityGroupRuleIds": [r.id]}
    call = "ec2:DescribeSecurityGroupRules"
    part = r.find(call, "SecurityGroupRules", SecurityGroupRuleId=r.id, confirm=confirm)
    made = rule(part.value) if part.value else {}
    r.set("GroupId", part, lambda value: value.get("GroupId", ABSENT))
    for name in r.schema.properties:
        if name not in ("GroupId", "GroupName", "Id", "SourceSecurityGroupName"):
            r.set(name, part, made.get(name, ABSENT))


def rule(item: Mapping[str, Any]) -> dict[str, Value]:
    """A rule of DescribeSecurityGroupRules as CloudFormation writes it."""
    side = "Destination" if item.get("IsEgress") else "Source"
    names = {
        "IpProtocol": "IpProtocol",
        "FromPort": "FromPort",
        "ToPort": "ToPort",
        "CidrIpv4": "CidrIp",
        "CidrIpv6": "CidrIpv6",
        "PrefixListId": f"{side}PrefixListId",
        "Description": "Description",
    }
    made: dict[str, Value] = {
        ours: item[theirs] for theirs, ours in names.items() if item.get(theirs) not in (None, "")
    }
    if made.get("IpProtocol") == "-1":  # all ports, which CloudFormation leaves out
        made = {key: value for key, value in made.items() if key not in ("FromPort", "ToPort")}
    group = item.get("ReferencedGroupInfo") or {}
    if group.get("GroupId"):
        made[f"{side}SecurityGroupId"] = group["GroupId"]
        owner = item.get("GroupOwnerId")
        if side == "Source" and owner and group.get("UserId", owner) != owner:
            made["SourceSecurityGroupOwnerId"] = group["UserId"]
    return made
