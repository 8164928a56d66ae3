"""Scaling: targets that exist, bounds that fit, policies that act; groups of instances."""

from __future__ import annotations

from stackproof.model import Cause, Claim, Fact, Inventory, Reference, Resource, Severity, Text, Unknown, Value, control
from stackproof.model.facts import as_number
from stackproof.model.matching import Answer, readable
from stackproof.resources.networks import spans_zones

TARGET, POLICY = "AWS::ApplicationAutoScaling::ScalableTarget", "AWS::ApplicationAutoScaling::ScalingPolicy"
GROUP = "AWS::AutoScaling::AutoScalingGroup"


@control(
    TARGET,
    severity=Severity.MEDIUM,
    remediation="Set MinCapacity to at least 1 and MaxCapacity above MinCapacity.",
)
def autoscaling_bounds_leave_room(target: Resource) -> Claim:
    """Equal bounds never scale, and a minimum of none switches the service off when it is quiet."""
    least, most = target["MinCapacity"], target["MaxCapacity"]
    room = most.claim("above MinCapacity", lambda value: _above(value, least))
    return least.at_least(1) & room


def _above(value: Value, bound: Fact) -> Answer:
    plain, least = readable(value), readable(bound.value)
    for side in (plain, least):
        if isinstance(side, Unknown):
            return side
    number, low = as_number(plain), as_number(least)
    return number is not None and low is not None and number > low


@control(
    TARGET,
    severity=Severity.HIGH,
    remediation="Write ResourceId as service/${Cluster}/${Service.Name} with references to the resources.",
)
def autoscaling_target_exists(target: Resource, inventory: Inventory) -> Claim:
    """A target written as plain names points at nothing once a name changes, and nothing scales any more."""
    found = target["ResourceId"].claim("a service of this system", lambda value: _names_service(value, inventory))
    return found.only_if(target["ServiceNamespace"].equals("ecs"))


def _names_service(resource_id: Value, inventory: Inventory) -> Answer:
    """`service/cluster/service`, each part by reference or by the name that is declared."""
    if isinstance(resource_id, Text):
        pointed = [inventory.get(part.target) for part in resource_id.parts if isinstance(part, Reference)]
        if any(found is not None and found.type == "AWS::ECS::Service" for found in pointed):
            return True
    text = readable(resource_id)
    if isinstance(text, Unknown):
        return text
    name = str(text).rpartition("/")[2]
    services = inventory.of_type("AWS::ECS::Service")
    if any(readable(service["ServiceName"].value) == name for service in services):
        return True
    nameless = any(isinstance(readable(service["ServiceName"].value), Unknown) for service in services)
    why = Unknown(Cause.OUT_OF_SCOPE, f"{text} may be declared elsewhere")
    return why if services.doubts or nameless else False


@control(
    TARGET,
    severity=Severity.MEDIUM,
    remediation="Add an AWS::ApplicationAutoScaling::ScalingPolicy whose ScalingTargetId is the target.",
)
def autoscaling_target_has_policy(target: Resource, inventory: Inventory) -> Claim:
    """Bounds without a policy scale nothing."""
    policies = inventory.pointing_to(target, POLICY, at="ScalingTargetId").exists()
    return policies | target["ScheduledActions"].present()


@control(
    POLICY,
    severity=Severity.MEDIUM,
    remediation="Point ScalingTargetId at the AWS::ApplicationAutoScaling::ScalableTarget.",
)
def autoscaling_policy_has_target(policy: Resource, inventory: Inventory) -> Claim:
    """A policy without a registered target cannot be created."""
    pointer = policy["ScalingTargetId"]
    registered = inventory.follow(pointer, lambda found: found.fact.claim("a target", lambda _: found.type == TARGET))
    by_name = policy["ResourceId"].present() & policy["ScalableDimension"].present()
    return (pointer.present() & registered) | (by_name & policy["ServiceNamespace"].present())


@control(
    GROUP,
    severity=Severity.LOW,
    remediation="Set HealthCheckType: ELB (a list that includes it, such as EC2,ELB, is fine too).",
)
def autoscaling_group_asks_load_balancer(group: Resource) -> Claim:
    """An instance that runs but does not answer stays in service when only EC2 is asked."""
    behind = group["TargetGroupARNs"].present() | group["LoadBalancerNames"].present()
    return group["HealthCheckType"].matches(r"(.*,\s*)?ELB(\s*,.*)?").only_if(behind)


@control(
    GROUP,
    severity=Severity.MEDIUM,
    remediation="List subnets of at least two availability zones in VPCZoneIdentifier.",
)
def autoscaling_group_spans_zones(group: Resource, inventory: Inventory) -> Claim:
    """A group in one zone is down as long as the zone is."""
    by_name = group["AvailabilityZones"].count(lambda number: number >= 2, "at least 2 zones")
    return spans_zones(group["VPCZoneIdentifier"], inventory) | by_name


@control(
    GROUP,
    severity=Severity.MEDIUM,
    remediation="Replace LaunchConfigurationName by LaunchTemplate or MixedInstancesPolicy.",
)
def autoscaling_group_uses_template(group: Resource) -> Claim:
    """Launch configurations get no new features, IMDS settings among them, and new accounts cannot create them."""
    return group["LaunchTemplate"].present() | group["MixedInstancesPolicy"].present()
