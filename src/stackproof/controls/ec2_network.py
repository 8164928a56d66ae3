"""VPCs, subnets, routes and endpoints."""

from __future__ import annotations

from stackproof.model import Claim, Fact, Inventory, Resource, Severity, control
from stackproof.resources import policies
from stackproof.resources.entries import pointed_at_from
from stackproof.resources.networks import is_public, same_zone


@control(
    "AWS::EC2::VPC",
    severity=Severity.MEDIUM,
    remediation="Add an AWS::EC2::FlowLog with ResourceId of the VPC and TrafficType: ALL (or REJECT).",
)
def ec2_vpc_flow_logged(vpc: Resource, inventory: Inventory) -> Claim:
    """Without flow logs nobody can say afterwards who talked to whom."""
    logs = inventory.pointing_to(vpc, "AWS::EC2::FlowLog", at="ResourceId")
    return logs.any(lambda log: log["TrafficType"].one_of("ALL", "REJECT"))


@control(
    "AWS::EC2::Subnet",
    severity=Severity.MEDIUM,
    remediation="Set MapPublicIpOnLaunch: false; load balancers and NAT gateways get their addresses without it.",
)
def ec2_subnet_gives_no_public_address(subnet: Resource) -> Claim:
    """Whatever starts in such a subnet is on the internet without anyone having asked for it."""
    return subnet["MapPublicIpOnLaunch"].equals(expected=False)


@control(
    "AWS::EC2::Subnet",
    severity=Severity.LOW,
    remediation="Give each zone a NAT gateway in its own public subnet and route the zone's private subnets to it.",
)
def ec2_nat_in_same_zone(subnet: Resource, inventory: Inventory) -> Claim:
    """A zone that goes out through another zone's NAT gateway goes down with it, and pays for the way."""
    tables = inventory.pointing_to(subnet, "AWS::EC2::SubnetRouteTableAssociation", at="SubnetId")

    def same(route: Resource) -> Claim:
        gateway = route["NatGatewayId"]
        return gateway.absent() | inventory.follow(gateway, lambda nat: inventory.follow(nat["SubnetId"], home))

    def home(nat_subnet: Resource) -> Claim:
        return same_zone(nat_subnet, subnet)

    def by_table(table: Resource) -> Claim:
        return inventory.pointing_to(table, "AWS::EC2::Route", at="RouteTableId").each(same)

    return tables.each(lambda link: inventory.follow(link["RouteTableId"], by_table)).only_if(tables.exists())


@control(
    "AWS::EC2::NatGateway",
    severity=Severity.HIGH,
    remediation="Set SubnetId to a subnet whose route table has a route to the internet gateway.",
)
def ec2_nat_in_public_subnet(nat: Resource, inventory: Inventory) -> Claim:
    """A public NAT gateway in a private subnet forwards to itself: everything behind it is cut off."""
    return inventory.follow(nat["SubnetId"], lambda subnet: is_public(subnet, inventory)).only_if(
        nat["ConnectivityType"].absent() | nat["ConnectivityType"].equals("public")
    )


@control(
    "AWS::EC2::EIP",
    severity=Severity.LOW,
    remediation="Associate the address (NAT gateway, instance, AWS::EC2::EIPAssociation), or remove it.",
)
def ec2_address_in_use(address: Resource, inventory: Inventory) -> Claim:
    """An unused address costs money and can be forgotten in allow lists."""
    return address["InstanceId"].present() | pointed_at_from(address, inventory, _ADDRESS_USERS)


_ADDRESS_USERS = (
    ("AWS::EC2::NatGateway", "AllocationId"),
    ("AWS::EC2::EIPAssociation", "AllocationId"),
    ("AWS::EC2::EIPAssociation", "EIP"),
    ("AWS::ElasticLoadBalancingV2::LoadBalancer", "SubnetMappings.AllocationId"),
)


@control(
    "AWS::EC2::VPCEndpoint",
    severity=Severity.MEDIUM,
    remediation="Set PolicyDocument: name the resources, or add a Condition on aws:PrincipalAccount, "
    "aws:ResourceAccount or the organization; buckets of AWS that are needed get a statement that names them.",
)
def ec2_endpoint_policy_limited(endpoint: Resource) -> Claim:
    """An endpoint that carries anybody's requests to anybody's resources is a way out for stolen data.

    Naming the actions does not help: what leaves, leaves by s3:PutObject.
    """
    statements = policies.any_statement(endpoint["PolicyDocument"])

    def unlimited(statement: Fact) -> Claim:
        anybody = policies.admits_anyone(statement) | statement["Principal"].absent()
        return (
            anybody
            & policies.boundless(statement)
            & ~policies.narrowed(statement, *_OF_RESOURCES)
            & policies.allows(statement)
        )

    return statements.present() & ~statements.some(unlimited)


# Condition keys about the account or organization that owns what is reached (IAM user guide; the last one of S3)
_OF_RESOURCES = ("aws:ResourceAccount", "aws:ResourceOrgID", "aws:ResourceOrgPaths", "s3:ResourceAccount")


@control(
    "AWS::EC2::VPCEndpoint",
    severity=Severity.LOW,
    remediation="Set PrivateDnsEnabled: true, so that the service's usual name leads to the endpoint.",
)
def ec2_endpoint_private_dns(endpoint: Resource) -> Claim:
    """Without private DNS, clients keep calling the public address and the endpoint carries nothing."""
    return endpoint["PrivateDnsEnabled"].equals(expected=True).only_if(endpoint["VpcEndpointType"].equals("Interface"))


@control(
    "AWS::EC2::VPCEndpointService",
    severity=Severity.MEDIUM,
    remediation="Set AcceptanceRequired: true.",
    same_as=("CKV_AWS_123",),
)
def ec2_endpoint_service_accepts_by_hand(service: Resource) -> Claim:
    """An endpoint service that accepts every request lets any allowed account connect unseen."""
    return service["AcceptanceRequired"].equals(expected=True)
