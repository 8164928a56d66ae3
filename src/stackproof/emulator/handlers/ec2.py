"""EC2: the network, but for its security groups."""

from __future__ import annotations

import json
from typing import Any, ClassVar

from stackproof.emulator.handlers.base import (
    At,
    Handler,
    Made,
    Properties,
    changed,
    only,
    tag_pairs,
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
        for name, short in (
            ("RouteTableIds", "RouteTable"),
            ("SubnetIds", "Subnet"),
            ("SecurityGroupIds", "SecurityGroup"),
        ):
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
)
