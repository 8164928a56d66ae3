"""ECS clusters and services: where tasks run and how requests reach them."""

from __future__ import annotations

from stackproof.model import Claim, Fact, Inventory, Resource, Severity, control
from stackproof.resources.ecs import container_named
from stackproof.resources.entries import entry
from stackproof.resources.networks import private_subnets, spans_zones

SERVICE = "AWS::ECS::Service"


def _network(service: Resource) -> Fact:
    return service["NetworkConfiguration"]["AwsvpcConfiguration"]


@control(
    "AWS::ECS::Cluster",
    severity=Severity.MEDIUM,
    remediation="Add {Name: containerInsights, Value: enabled} (or enhanced) to ClusterSettings.",
    same_as=("CKV_AWS_65",),
)
def ecs_cluster_insights(cluster: Resource) -> Claim:
    """Without Container Insights nobody sees which task runs out of memory or restarts again and again."""
    insights = entry(cluster["ClusterSettings"], "containerInsights", name="Name", default="disabled")
    return insights.one_of("enabled", "enhanced")


@control(
    SERVICE,
    severity=Severity.HIGH,
    remediation="Set AssignPublicIp: DISABLED and let a load balancer or API be the way in.",
)
def ecs_service_has_no_public_address(service: Resource) -> Claim:
    """A task with a public address can be reached past the load balancer and its rules."""
    return _network(service)["AssignPublicIp"].equals("DISABLED").only_if(_network(service).present())


@control(
    SERVICE,
    severity=Severity.HIGH,
    remediation="List only Subnets whose route table has no route to an internet gateway.",
)
def ecs_service_in_private_subnets(service: Resource, inventory: Inventory) -> Claim:
    """In a public subnet one setting is all that keeps a task off the internet."""
    return private_subnets(_network(service)["Subnets"], inventory).only_if(_network(service).present())


@control(
    SERVICE,
    severity=Severity.MEDIUM,
    remediation="List Subnets of at least two availability zones.",
)
def ecs_service_spans_zones(service: Resource, inventory: Inventory) -> Claim:
    """A service in one zone is down as long as the zone is."""
    return spans_zones(_network(service)["Subnets"], inventory).only_if(_network(service).present())


@control(
    SERVICE,
    severity=Severity.MEDIUM,
    remediation="List the service's own SecurityGroups.",
)
def ecs_service_has_own_group(service: Resource) -> Claim:
    """Without a group of its own a task gets the VPC's default one, which admits whatever else is in it."""
    return _network(service)["SecurityGroups"].present().only_if(_network(service).present())


@control(
    SERVICE,
    severity=Severity.MEDIUM,
    remediation="Remove PlatformVersion or set it to LATEST.",
)
def ecs_service_platform_latest(service: Resource) -> Claim:
    """An older Fargate platform keeps holes that AWS has closed since."""
    return service["PlatformVersion"].equals("LATEST").only_if(~service["LaunchType"].one_of("EC2", "EXTERNAL"))


@control(
    SERVICE,
    severity=Severity.MEDIUM,
    remediation="Set DeploymentConfiguration.DeploymentCircuitBreaker: {Enable: true, Rollback: true}.",
)
def ecs_service_rolls_back(service: Resource) -> Claim:
    """Without a circuit breaker a broken release restarts forever while the stack waits for hours."""
    breaker = service["DeploymentConfiguration"]["DeploymentCircuitBreaker"]
    controller = service["DeploymentController"]["Type"]
    stops = breaker["Enable"].equals(expected=True) & breaker["Rollback"].equals(expected=True)
    return stops.only_if(controller.absent() | controller.equals("ECS"))


@control(
    SERVICE,
    severity=Severity.HIGH,
    remediation="Set ContainerName and ContainerPort of LoadBalancers to a container of the task definition and a "
    "port among its PortMappings.",
)
def ecs_service_target_port_exists(service: Resource, inventory: Inventory) -> Claim:
    """A load balancer sent to a port that no container opens finds no healthy target, and the deployment never ends."""
    balancers = service["LoadBalancers"]

    def served(task: Resource) -> Claim:
        return balancers.each(lambda balancer: _port_open(task, balancer))

    return inventory.follow(service["TaskDefinition"], served).only_if(balancers.present())


def _port_open(task: Resource, balancer: Fact) -> Claim:
    container = container_named(task, balancer["ContainerName"])
    mappings = container["PortMappings"]
    opened = mappings.some(lambda mapping: mapping["ContainerPort"].equals(balancer["ContainerPort"].value))
    return container.present() & opened


@control(
    SERVICE,
    severity=Severity.HIGH,
    remediation="Set TargetType: ip on the target group of a service whose task definition has NetworkMode: awsvpc.",
)
def ecs_service_target_type_fits(service: Resource, inventory: Inventory) -> Claim:
    """A task with its own address cannot be registered in a group of instances: the service cannot be created."""
    balancers = service["LoadBalancers"]

    def by_address(balancer: Fact) -> Claim:
        return inventory.follow(balancer["TargetGroupArn"], lambda group: group["TargetType"].equals("ip"))

    own_network = inventory.follow(service["TaskDefinition"], lambda task: task["NetworkMode"].equals("awsvpc"))
    return balancers.each(by_address).only_if(balancers.present() & own_network)


@control(
    SERVICE,
    severity=Severity.LOW,
    remediation="Remove EnableExecuteCommand, or set it to false; switch it on for as long as somebody needs it.",
)
def ecs_service_gives_no_shell(service: Resource) -> Claim:
    """ECS Exec opens a shell in a running task, with the task's own role, past review and deployment."""
    return service["EnableExecuteCommand"].equals(expected=False)
