"""EC2, load balancers and DNS: what is seeded by their APIs is read in CloudFormation's shape."""

from __future__ import annotations

import pytest

from selftest.live.seeding import Lab, expect, read
from stackproof.sources.live import Aws
from stackproof.sources.live.parts import GoneError, NoHintError


@pytest.fixture(scope="module")
def network(lab: Lab) -> dict[str, str]:
    """A VPC with two subnets, a gateway, a NAT gateway, routes, two security groups, an endpoint and a flow log."""
    ec2 = lab("ec2")
    tags = [{"Key": "Name", "Value": "main"}, {"Key": "aws:cloudformation:stack-name", "Value": "s"}]
    vpc = ec2.create_vpc(CidrBlock="10.9.0.0/16", TagSpecifications=[{"ResourceType": "vpc", "Tags": tags}])["Vpc"][
        "VpcId"
    ]
    ec2.modify_vpc_attribute(VpcId=vpc, EnableDnsHostnames={"Value": True})
    a = ec2.create_subnet(VpcId=vpc, CidrBlock="10.9.0.0/24", AvailabilityZone="us-east-1a")["Subnet"]["SubnetId"]
    b = ec2.create_subnet(VpcId=vpc, CidrBlock="10.9.1.0/24", AvailabilityZone="us-east-1b")["Subnet"]["SubnetId"]
    ec2.modify_subnet_attribute(SubnetId=a, MapPublicIpOnLaunch={"Value": True})
    gateway = ec2.create_internet_gateway()["InternetGateway"]["InternetGatewayId"]
    ec2.attach_internet_gateway(InternetGatewayId=gateway, VpcId=vpc)
    address = ec2.allocate_address(Domain="vpc")
    nat = ec2.create_nat_gateway(SubnetId=a, AllocationId=address["AllocationId"])["NatGateway"]["NatGatewayId"]
    table = ec2.create_route_table(VpcId=vpc)["RouteTable"]["RouteTableId"]
    ec2.create_route(RouteTableId=table, DestinationCidrBlock="0.0.0.0/0", NatGatewayId=nat)
    joined = ec2.associate_route_table(RouteTableId=table, SubnetId=b)["AssociationId"]
    web = ec2.create_security_group(GroupName="web", Description="front", VpcId=vpc)["GroupId"]
    db = ec2.create_security_group(GroupName="db", Description="back", VpcId=vpc)["GroupId"]
    https = {"IpProtocol": "tcp", "FromPort": 443, "ToPort": 443}
    ec2.authorize_security_group_ingress(
        GroupId=web, IpPermissions=[{**https, "IpRanges": [{"CidrIp": "0.0.0.0/0", "Description": "all"}]}]
    )
    sql = {"IpProtocol": "tcp", "FromPort": 5432, "ToPort": 5432, "UserIdGroupPairs": [{"GroupId": web}]}
    rules = ec2.authorize_security_group_ingress(GroupId=db, IpPermissions=[sql])["SecurityGroupRules"]
    endpoint = ec2.create_vpc_endpoint(
        VpcId=vpc,
        ServiceName="com.amazonaws.us-east-1.logs",
        VpcEndpointType="Interface",
        SubnetIds=[a],
        SecurityGroupIds=[web],
        PrivateDnsEnabled=True,
        PolicyDocument='{"Statement": [{"Effect": "Allow", "Principal": "*", "Action": "logs:*", "Resource": "*"}]}',
    )["VpcEndpoint"]["VpcEndpointId"]
    lab("logs").create_log_group(logGroupName="/flow")
    lab("iam").create_role(RoleName="flow", AssumeRolePolicyDocument="{}")
    log = ec2.create_flow_logs(
        ResourceIds=[vpc],
        ResourceType="VPC",
        TrafficType="ALL",
        LogGroupName="/flow",
        DeliverLogsPermissionArn="arn:aws:iam::123456789012:role/flow",
    )["FlowLogIds"][0]
    return {
        "vpc": vpc,
        "a": a,
        "b": b,
        "gateway": gateway,
        "ip": address["PublicIp"],
        "allocation": address["AllocationId"],
        "nat": nat,
        "table": table,
        "joined": joined,
        "web": web,
        "db": db,
        "rule": rules[0]["SecurityGroupRuleId"],
        "endpoint": endpoint,
        "log": log,
    }


def test_a_vpc_has_its_dns_settings_and_no_tags_of_aws(aws: Aws, network: dict[str, str]) -> None:
    """DNS settings come from calls of their own; tags that CloudFormation sets are no part of the template."""
    found = read(aws, "AWS::EC2::VPC", network["vpc"])
    tags = [{"Key": "Name", "Value": "main"}]
    expect(found, {"CidrBlock": "10.9.0.0/16", "EnableDnsHostnames": True, "EnableDnsSupport": True, "Tags": tags})


def test_subnets_and_gateways_point_at_their_vpc(aws: Aws, network: dict[str, str]) -> None:
    """What a property points at is a physical id."""
    subnet = read(aws, "AWS::EC2::Subnet", network["a"])
    wanted = {"VpcId": network["vpc"], "CidrBlock": "10.9.0.0/24", "AvailabilityZone": "us-east-1a"}
    expect(subnet, {**wanted, "MapPublicIpOnLaunch": True})
    expect(read(aws, "AWS::EC2::InternetGateway", network["gateway"]), {})
    attached = {"VpcId": network["vpc"], "InternetGatewayId": network["gateway"]}
    expect(read(aws, "AWS::EC2::VPCGatewayAttachment", f"IGW|{network['vpc']}"), attached)
    expect(read(aws, "AWS::EC2::VPCGatewayAttachment", "old-name", {"VpcId": network["vpc"]}), attached)
    nat = read(aws, "AWS::EC2::NatGateway", network["nat"])
    expect(nat, {"SubnetId": network["a"], "AllocationId": network["allocation"]})
    address = read(aws, "AWS::EC2::EIP", network["ip"])
    expect(address, {"Domain": "vpc"})
    assert network["allocation"] in address.names


def test_routes_are_found_by_destination_and_associations_by_id(aws: Aws, network: dict[str, str]) -> None:
    """A route's physical id is its table and destination, or the template says both."""
    wanted = {
        "RouteTableId": network["table"],
        "DestinationCidrBlock": "0.0.0.0/0",
        "NatGatewayId": network["nat"],
    }
    expect(read(aws, "AWS::EC2::Route", f"{network['table']}|0.0.0.0/0"), wanted, absent=("GatewayId",))
    hints = {"RouteTableId": network["table"], "DestinationCidrBlock": "0.0.0.0/0"}
    expect(read(aws, "AWS::EC2::Route", "mdr-Route-1A2B", hints), wanted)
    joined = read(aws, "AWS::EC2::SubnetRouteTableAssociation", network["joined"])
    expect(joined, {"RouteTableId": network["table"], "SubnetId": network["b"]})
    expect(read(aws, "AWS::EC2::RouteTable", network["table"]), {"VpcId": network["vpc"]})
    with pytest.raises(GoneError):
        read(aws, "AWS::EC2::Route", f"{network['table']}|10.0.0.0/8")


def test_rules_of_their_own_are_left_out_of_the_group(aws: Aws, network: dict[str, str]) -> None:
    """A rule that is a resource of a stack is read there, and not as a change of the group."""
    web = read(aws, "AWS::EC2::SecurityGroup", network["web"])
    opened = {"IpProtocol": "tcp", "FromPort": 443, "ToPort": 443, "CidrIp": "0.0.0.0/0", "Description": "all"}
    free = {"IpProtocol": "-1", "CidrIp": "0.0.0.0/0"}
    wanted = {"GroupDescription": "front", "VpcId": network["vpc"], "GroupName": "web"}
    expect(web, {**wanted, "SecurityGroupIngress": [opened], "SecurityGroupEgress": [free]})
    others = {"AWS::EC2::SecurityGroupIngress": network["rule"]}
    expect(read(aws, "AWS::EC2::SecurityGroup", network["db"], others=others), {}, absent=("SecurityGroupIngress",))
    rule = {"IpProtocol": "tcp", "FromPort": 5432, "ToPort": 5432, "SourceSecurityGroupId": network["web"]}
    expect(read(aws, "AWS::EC2::SecurityGroup", network["db"]), {"SecurityGroupIngress": [rule]})
    with pytest.raises(NoHintError):
        read(aws, "AWS::EC2::SecurityGroupIngress", "mdr-WebToDb-1A2B")
    alone = read(aws, "AWS::EC2::SecurityGroupIngress", network["rule"])
    expect(alone, {"GroupId": network["db"], **rule}, absent=("CidrIp",))


def test_endpoints_and_flow_logs_have_their_policy_and_target(aws: Aws, network: dict[str, str]) -> None:
    """A policy that comes as a text is read; what is watched shows in an id."""
    endpoint = read(aws, "AWS::EC2::VPCEndpoint", network["endpoint"])
    statement = {"Effect": "Allow", "Principal": "*", "Action": "logs:*", "Resource": "*"}
    expect(
        endpoint,
        {
            "VpcEndpointType": "Interface",
            "SubnetIds": [network["a"]],
            "SecurityGroupIds": [network["web"]],
            "PolicyDocument": {"Statement": [statement]},
            "PrivateDnsEnabled": True,
        },
    )
    log = read(aws, "AWS::EC2::FlowLog", network["log"])
    expect(
        log,
        {
            "ResourceId": network["vpc"],
            "ResourceType": "VPC",
            "TrafficType": "ALL",
            "LogGroupName": "/flow",
            "DeliverLogsPermissionArn": "arn:aws:iam::123456789012:role/flow",
        },
    )


def test_a_load_balancer_has_attributes_subnets_and_listeners(aws: Aws, lab: Lab, network: dict[str, str]) -> None:
    """Attributes are keys and values, subnets stand among the zones."""
    elb = lab("elbv2")
    made = elb.create_load_balancer(
        Name="front", Subnets=[network["a"], network["b"]], SecurityGroups=[network["web"]], Scheme="internal"
    )["LoadBalancers"][0]
    arn = made["LoadBalancerArn"]
    on = {"Key": "deletion_protection.enabled", "Value": "true"}
    elb.modify_load_balancer_attributes(LoadBalancerArn=arn, Attributes=[on])
    group = elb.create_target_group(
        Name="back", Protocol="HTTP", Port=8080, VpcId=network["vpc"], TargetType="ip", HealthCheckPath="/health"
    )["TargetGroups"][0]["TargetGroupArn"]
    action = {"Type": "forward", "TargetGroupArn": group}
    listener = elb.create_listener(LoadBalancerArn=arn, Protocol="HTTP", Port=80, DefaultActions=[action])
    found = read(aws, "AWS::ElasticLoadBalancingV2::LoadBalancer", arn)
    expect(found, {"Name": "front", "Scheme": "internal", "Type": "application", "SecurityGroups": [network["web"]]})
    attributes, subnets = found.properties["LoadBalancerAttributes"], found.properties["Subnets"]
    assert isinstance(attributes, list)
    assert isinstance(subnets, list)
    assert on in attributes
    assert sorted(map(str, subnets)) == sorted([network["a"], network["b"]])
    assert made["DNSName"] in found.names
    wanted = {
        "Protocol": "HTTP",
        "Port": 8080,
        "TargetType": "ip",
        "HealthCheckPath": "/health",
        "VpcId": network["vpc"],
    }
    expect(read(aws, "AWS::ElasticLoadBalancingV2::TargetGroup", group), wanted)
    heard = read(aws, "AWS::ElasticLoadBalancingV2::Listener", listener["Listeners"][0]["ListenerArn"])
    expect(heard, {"LoadBalancerArn": arn, "Port": 80, "Protocol": "HTTP"})
    assert heard.value("DefaultActions[0].TargetGroupArn") == group


def test_records_are_found_in_their_zone(aws: Aws, lab: Lab) -> None:
    """Names lose the dot at their end; of several records with one name, the set identifier decides."""
    dns = lab("route53")
    zone = dns.create_hosted_zone(Name="example.org", CallerReference="1", HostedZoneConfig={"Comment": "ours"})
    zone_id = zone["HostedZone"]["Id"].rpartition("/")[2]
    records = [
        {
            "Name": "api.example.org",
            "Type": "A",
            "TTL": 60,
            "SetIdentifier": name,
            "Weight": weight,
            "ResourceRecords": [{"Value": ip}],
        }
        for name, weight, ip in (("blue", 100, "192.0.2.1"), ("green", 0, "192.0.2.2"))
    ]
    changes = [{"Action": "CREATE", "ResourceRecordSet": record} for record in records]
    dns.change_resource_record_sets(HostedZoneId=zone_id, ChangeBatch={"Changes": changes})
    found = read(aws, "AWS::Route53::HostedZone", zone_id)
    expect(
        found, {"Name": "example.org", "HostedZoneConfig": {"Comment": "ours"}}, absent=("VPCs", "QueryLoggingConfig")
    )
    hints = {"HostedZoneId": zone_id, "Name": "api.example.org.", "Type": "A", "SetIdentifier": "green"}
    green = read(aws, "AWS::Route53::RecordSet", "api.example.org", hints)
    expect(green, {"Name": "api.example.org", "TTL": "60", "Weight": 0, "ResourceRecords": ["192.0.2.2"]})
    sets = [{"Name": "api.example.org", "Type": "A", "SetIdentifier": "blue"}]
    group = read(aws, "AWS::Route53::RecordSetGroup", "odd", {"HostedZoneId": zone_id, "RecordSets": sets})
    assert group.value("RecordSets[0].Weight") == 100
    with pytest.raises(GoneError):
        read(aws, "AWS::Route53::RecordSet", "x", {**hints, "SetIdentifier": "red"})
    config = {"Type": "HTTPS", "FullyQualifiedDomainName": "api.example.org", "Port": 443, "ResourcePath": "/health"}
    check = dns.create_health_check(CallerReference="2", HealthCheckConfig=config)["HealthCheck"]["Id"]
    checked = read(aws, "AWS::Route53::HealthCheck", check)
    assert [checked.value(f"HealthCheckConfig.{key}") for key in config] == list(config.values())
