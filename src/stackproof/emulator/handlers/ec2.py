"""EC2: the network."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any, ClassVar

from botocore.exceptions import ClientError

from stackproof.emulator.handlers.base import (
    At,
    Handler,
    Made,
    Properties,
    changed,
    only,
    tag_pairs,
    without,
)


def tagged(kind: str, properties: Properties) -> dict[str, Any]:
    """The parameter that tags what is being created."""
    tags = tag_pairs(properties)
    return {"TagSpecifications": [{"ResourceType": kind, "Tags": tags}]} if tags else {}


def retag(at: At, made: Made, new: Properties, old: Properties) -> None:
    """Make the tags those of the new properties."""
    ec2 = at.client("ec2")
    wanted = {tag["Key"] for tag in tag_pairs(new)}
    stale = [{"Key": tag["Key"]} for tag in tag_pairs(old) if tag["Key"] not in wanted]
    if stale:
        ec2.delete_tags(Resources=[made.id], Tags=stale)
    if wanted:
        ec2.create_tags(Resources=[made.id], Tags=tag_pairs(new))


class _Tagged(Handler):
    """A resource whose tags alone can change in place."""

    def update(self, at: At, made: Made, new: Properties, old: Properties) -> Made:
        only(changed(new, old), "Tags")
        retag(at, made, new, old)
        return made


class Vpc(Handler):
    """AWS::EC2::VPC."""

    type: ClassVar[str] = "AWS::EC2::VPC"
    switches: ClassVar[tuple[str, ...]] = ("EnableDnsSupport", "EnableDnsHostnames")

    def create(self, at: At, new: Properties) -> Made:
        vpc = at.send("ec2", "create_vpc", new, beside=("Tags", *self.switches), add=tagged("vpc", new))["Vpc"]
        made = Made(vpc["VpcId"], {"VpcId": vpc["VpcId"], "CidrBlock": vpc["CidrBlock"]})
        self._switch(at, made, new)
        group = at.client("ec2").describe_security_groups(Filters=[{"Name": "vpc-id", "Values": [made.id]}])
        default = group["SecurityGroups"][0]["GroupId"]
        return Made(made.id, {**made.attributes, "DefaultSecurityGroup": default})

    def update(self, at: At, made: Made, new: Properties, old: Properties) -> Made:
        only(changed(new, old), "Tags", *self.switches)
        self._switch(at, made, new)
        retag(at, made, new, old)
        return made

    def delete(self, at: At, made: Made, old: Properties) -> None:
        at.client("ec2").delete_vpc(VpcId=made.id)

    def _switch(self, at: At, made: Made, new: Properties) -> None:
        for name in self.switches:
            if name in new:
                value = {"Value": str(new[name]).lower() == "true"}
                at.client("ec2").modify_vpc_attribute(VpcId=made.id, **{name: value})


class Subnet(Handler):
    """AWS::EC2::Subnet."""

    type: ClassVar[str] = "AWS::EC2::Subnet"

    def create(self, at: At, new: Properties) -> Made:
        beside = ("Tags", "MapPublicIpOnLaunch")
        subnet = at.send("ec2", "create_subnet", new, beside=beside, add=tagged("subnet", new))["Subnet"]
        attributes = {key: subnet[key] for key in ("SubnetId", "VpcId", "CidrBlock", "AvailabilityZone")}
        made = Made(subnet["SubnetId"], attributes)
        self._switch(at, made, new)
        return made

    def update(self, at: At, made: Made, new: Properties, old: Properties) -> Made:
        only(changed(new, old), "Tags", "MapPublicIpOnLaunch")
        self._switch(at, made, new)
        retag(at, made, new, old)
        return made

    def delete(self, at: At, made: Made, old: Properties) -> None:
        at.client("ec2").delete_subnet(SubnetId=made.id)

    def _switch(self, at: At, made: Made, new: Properties) -> None:
        value = {"Value": str(new.get("MapPublicIpOnLaunch", False)).lower() == "true"}
        at.client("ec2").modify_subnet_attribute(SubnetId=made.id, MapPublicIpOnLaunch=value)


class InternetGateway(_Tagged):
    """AWS::EC2::InternetGateway."""

    type: ClassVar[str] = "AWS::EC2::InternetGateway"

    def create(self, at: At, new: Properties) -> Made:
        gateway = at.client("ec2").create_internet_gateway(**tagged("internet-gateway", new))["InternetGateway"]
        return Made(gateway["InternetGatewayId"], {"InternetGatewayId": gateway["InternetGatewayId"]})

    def delete(self, at: At, made: Made, old: Properties) -> None:
        at.client("ec2").delete_internet_gateway(InternetGatewayId=made.id)


class GatewayAttachment(Handler):
    """AWS::EC2::VPCGatewayAttachment."""

    type: ClassVar[str] = "AWS::EC2::VPCGatewayAttachment"

    def create(self, at: At, new: Properties) -> Made:
        at.send("ec2", "attach_internet_gateway", new)
        return Made(f"IGW|{new['VpcId']}", {"AttachmentType": "IGW"})

    def delete(self, at: At, made: Made, old: Properties) -> None:
        at.send("ec2", "detach_internet_gateway", old)


class Address(_Tagged):
    """AWS::EC2::EIP."""

    type: ClassVar[str] = "AWS::EC2::EIP"

    def create(self, at: At, new: Properties) -> Made:
        address = at.send("ec2", "allocate_address", new, beside=("Tags",), add=tagged("elastic-ip", new))
        attributes = {"AllocationId": address["AllocationId"], "PublicIp": address["PublicIp"]}
        return Made(address["PublicIp"], attributes)

    def update(self, at: At, made: Made, new: Properties, old: Properties) -> Made:
        only(changed(new, old), "Tags")
        retag(at, Made(made.attributes["AllocationId"]), new, old)
        return made

    def delete(self, at: At, made: Made, old: Properties) -> None:
        at.client("ec2").release_address(AllocationId=made.attributes["AllocationId"])


class NatGateway(_Tagged):
    """AWS::EC2::NatGateway."""

    type: ClassVar[str] = "AWS::EC2::NatGateway"

    def create(self, at: At, new: Properties) -> Made:
        add = tagged("natgateway", new)
        gateway = at.send("ec2", "create_nat_gateway", new, beside=("Tags",), add=add)["NatGateway"]
        return Made(gateway["NatGatewayId"], {"NatGatewayId": gateway["NatGatewayId"]})

    def delete(self, at: At, made: Made, old: Properties) -> None:
        at.client("ec2").delete_nat_gateway(NatGatewayId=made.id)


class RouteTable(_Tagged):
    """AWS::EC2::RouteTable."""

    type: ClassVar[str] = "AWS::EC2::RouteTable"

    def create(self, at: At, new: Properties) -> Made:
        add = tagged("route-table", new)
        table = at.send("ec2", "create_route_table", new, beside=("Tags",), add=add)["RouteTable"]
        return Made(table["RouteTableId"], {"RouteTableId": table["RouteTableId"]})

    def delete(self, at: At, made: Made, old: Properties) -> None:
        at.client("ec2").delete_route_table(RouteTableId=made.id)


class Route(Handler):
    """AWS::EC2::Route."""

    type: ClassVar[str] = "AWS::EC2::Route"
    destinations: ClassVar[tuple[str, ...]] = (
        "DestinationCidrBlock",
        "DestinationIpv6CidrBlock",
        "DestinationPrefixListId",
    )

    def create(self, at: At, new: Properties) -> Made:
        at.send("ec2", "create_route", new)
        target = next(str(new[name]) for name in self.destinations if name in new)
        return Made(f"{new['RouteTableId']}|{target}", {"CidrBlock": target})

    def update(self, at: At, made: Made, new: Properties, old: Properties) -> Made:
        only(changed(new, old), *set(new) - {"RouteTableId", *self.destinations})
        at.send("ec2", "replace_route", new)
        return made

    def delete(self, at: At, made: Made, old: Properties) -> None:
        which = {key: value for key, value in old.items() if key in {"RouteTableId", *self.destinations}}
        at.client("ec2").delete_route(**which)


class RouteTableAssociation(Handler):
    """AWS::EC2::SubnetRouteTableAssociation."""

    type: ClassVar[str] = "AWS::EC2::SubnetRouteTableAssociation"

    def create(self, at: At, new: Properties) -> Made:
        answer = at.send("ec2", "associate_route_table", new)
        return Made(answer["AssociationId"], {"Id": answer["AssociationId"]})

    def delete(self, at: At, made: Made, old: Properties) -> None:
        at.client("ec2").disassociate_route_table(AssociationId=made.id)


class FlowLog(_Tagged):
    """AWS::EC2::FlowLog."""

    type: ClassVar[str] = "AWS::EC2::FlowLog"

    def create(self, at: At, new: Properties) -> Made:
        add = {"ResourceIds": [new["ResourceId"]], **tagged("vpc-flow-log", new)}
        answer = at.send("ec2", "create_flow_logs", new, beside=("Tags", "ResourceId"), add=add)
        return Made(answer["FlowLogIds"][0], {"Id": answer["FlowLogIds"][0]})

    def delete(self, at: At, made: Made, old: Properties) -> None:
        at.client("ec2").delete_flow_logs(FlowLogIds=[made.id])


class VpcEndpoint(Handler):
    """AWS::EC2::VPCEndpoint."""

    type: ClassVar[str] = "AWS::EC2::VPCEndpoint"

    def create(self, at: At, new: Properties) -> Made:
        add = tagged("vpc-endpoint", new)
        endpoint = at.send("ec2", "create_vpc_endpoint", new, beside=("Tags",), add=add)["VpcEndpoint"]
        entries = [f"{entry['HostedZoneId']}:{entry['DnsName']}" for entry in endpoint.get("DnsEntries", [])]
        return Made(endpoint["VpcEndpointId"], {"Id": endpoint["VpcEndpointId"], "DnsEntries": entries})

    def update(self, at: At, made: Made, new: Properties, old: Properties) -> Made:
        only(changed(new, old), "Tags", "PolicyDocument", "RouteTableIds", "SubnetIds", "SecurityGroupIds")
        parameters: dict[str, Any] = {}
        for name, short in (("RouteTableIds", "RouteTable"), ("SubnetIds", "Subnet"), ("SecurityGroupIds", "SecurityGroup")):
            before, after = set(old.get(name, [])), set(new.get(name, []))
            parameters[f"Add{short}Ids"] = sorted(after - before)
            parameters[f"Remove{short}Ids"] = sorted(before - after)
        if new.get("PolicyDocument"):
            parameters["PolicyDocument"] = json.dumps(new["PolicyDocument"])
        at.client("ec2").modify_vpc_endpoint(VpcEndpointId=made.id, **{k: v for k, v in parameters.items() if v})
        retag(at, made, new, old)
        return made

    def delete(self, at: At, made: Made, old: Properties) -> None:
        at.client("ec2").delete_vpc_endpoints(VpcEndpointIds=[made.id])


# --- security groups ----------------------------------------------------------------------------------------


def permission(rule: Mapping[str, Any], group: str) -> dict[str, Any]:
    """A rule as EC2's API wants it; `group` names the property with the other group."""
    found: dict[str, Any] = {"IpProtocol": str(rule["IpProtocol"])}
    for port in ("FromPort", "ToPort"):
        if port in rule:
            found[port] = int(rule[port])
    described = {"Description": rule["Description"]} if "Description" in rule else {}
    if "CidrIp" in rule:
        found["IpRanges"] = [{"CidrIp": rule["CidrIp"], **described}]
    if "CidrIpv6" in rule:
        found["Ipv6Ranges"] = [{"CidrIpv6": rule["CidrIpv6"], **described}]
    prefix = rule.get("SourcePrefixListId") or rule.get("DestinationPrefixListId")
    if prefix:
        found["PrefixListIds"] = [{"PrefixListId": prefix, **described}]
    if group in rule:
        found["UserIdGroupPairs"] = [{"GroupId": rule[group], **described}]
    return found


def _ingress(rules: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    return [permission(rule, "SourceSecurityGroupId") for rule in rules]


def _egress(rules: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    return [permission(rule, "DestinationSecurityGroupId") for rule in rules]


class SecurityGroup(Handler):
    """AWS::EC2::SecurityGroup. Without an egress rule AWS allows everything out; with one, only that."""

    type: ClassVar[str] = "AWS::EC2::SecurityGroup"

    def create(self, at: At, new: Properties) -> Made:
        ec2 = at.client("ec2")
        group = ec2.create_security_group(
            GroupName=new.get("GroupName") or at.generated(),
            Description=new["GroupDescription"],
            VpcId=new["VpcId"],
            **tagged("security-group", new),
        )["GroupId"]
        made = Made(group, {"GroupId": group, "Id": group, "VpcId": new["VpcId"]})
        if new.get("SecurityGroupEgress"):
            anywhere = [{"IpProtocol": "-1", "IpRanges": [{"CidrIp": "0.0.0.0/0"}]}]
            ec2.revoke_security_group_egress(GroupId=group, IpPermissions=anywhere)
            self._open(at, made, {}, new)
        else:
            self._open(at, made, {}, without(new, "SecurityGroupEgress"))
        return made

    def update(self, at: At, made: Made, new: Properties, old: Properties) -> Made:
        only(changed(new, old), "SecurityGroupIngress", "SecurityGroupEgress", "Tags")
        self._open(at, made, new, old, revoke=True)
        self._open(at, made, old, new)
        retag(at, made, new, old)
        return made

    def delete(self, at: At, made: Made, old: Properties) -> None:
        try:
            at.client("ec2").delete_security_group(GroupId=made.id)
        except ClientError as error:
            if error.response["Error"]["Code"] != "DependencyViolation":
                raise
            self._open(at, made, {}, old, revoke=True)
            at.client("ec2").delete_security_group(GroupId=made.id)

    def _open(self, at: At, made: Made, before: Properties, after: Properties, *, revoke: bool = False) -> None:
        """Add, or revoke, the rules of `after` that are not among those of `before`."""
        ec2, verb = at.client("ec2"), "revoke" if revoke else "authorize"
        for direction, convert in (("ingress", _ingress), ("egress", _egress)):
            name = f"SecurityGroup{direction.capitalize()}"
            kept = convert(before.get(name) or [])
            rules = [rule for rule in convert(after.get(name) or []) if rule not in kept]
            if rules:
                getattr(ec2, f"{verb}_security_group_{direction}")(GroupId=made.id, IpPermissions=rules)


class _Rule(Handler):
    """A rule on its own."""

    direction: ClassVar[str] = ""
    group: ClassVar[str] = ""

    def create(self, at: At, new: Properties) -> Made:
        authorize = getattr(at.client("ec2"), f"authorize_security_group_{self.direction}")
        answer = authorize(GroupId=new["GroupId"], IpPermissions=[permission(new, self.group)])
        rule = answer["SecurityGroupRules"][0]["SecurityGroupRuleId"]
        return Made(rule, {"Id": rule})

    def delete(self, at: At, made: Made, old: Properties) -> None:
        revoke = getattr(at.client("ec2"), f"revoke_security_group_{self.direction}")
        revoke(GroupId=old["GroupId"], IpPermissions=[permission(old, self.group)])


class Ingress(_Rule):
    """AWS::EC2::SecurityGroupIngress."""

    type: ClassVar[str] = "AWS::EC2::SecurityGroupIngress"
    direction: ClassVar[str] = "ingress"
    group: ClassVar[str] = "SourceSecurityGroupId"


class Egress(_Rule):
    """AWS::EC2::SecurityGroupEgress."""

    type: ClassVar[str] = "AWS::EC2::SecurityGroupEgress"
    direction: ClassVar[str] = "egress"
    group: ClassVar[str] = "DestinationSecurityGroupId"


HANDLERS = (
    Vpc(),
    Subnet(),
    InternetGateway(),
    GatewayAttachment(),
    Address(),
    NatGateway(),
    RouteTable(),
    Route(),
    RouteTableAssociation(),
    FlowLog(),
    VpcEndpoint(),
    SecurityGroup(),
    Ingress(),
    Egress(),
)
