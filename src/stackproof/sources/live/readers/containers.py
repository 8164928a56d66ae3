"""Amazon ECS, ECR, load balancers and application auto scaling."""

from __future__ import annotations

from typing import Any

from stackproof.model import ABSENT, Value
from stackproof.sources.live.parts import GoneError, Part
from stackproof.sources.live.reading import Reading, reads


@reads("AWS::ECS::Cluster", "ecs:DescribeClusters")
def cluster(r: Reading) -> None:
    """What is not there comes back as a failure inside a good answer."""
    call = "ecs:DescribeClusters"
    part = _described(r, r.ask(call, clusters=[r.id], include=["SETTINGS", "TAGS", "CONFIGURATIONS"]), "clusters")
    r.set("ClusterSettings", part.at("settings", required=False), _pairs)
    r.fill(part, optional=("ServiceConnectDefaults",))
    if part.value:
        r.also(part.value.get("clusterArn"), part.value.get("clusterName"))


def _pairs(found: list[dict[str, Any]]) -> Value:
    made: list[Value] = [{"Name": item.get("name", ""), "Value": item.get("value", "")} for item in found]
    return made or ABSENT


@reads("AWS::ECS::Service", "ecs:DescribeServices")
def service(r: Reading) -> None:
    """Its physical id is the ARN that ends in cluster and service."""
    parts = r.id.split("/")
    where = parts[1] if len(parts) == 3 else r.needs("Cluster")[0]
    part = _described(r, r.ask("ecs:DescribeServices", cluster=where, services=[r.id], include=["TAGS"]), "services")
    renames = {"Cluster": "clusterArn", "Role": "roleArn"}
    for name in ("LoadBalancers", "ServiceRegistries", "PlacementConstraints", "PlacementStrategies"):
        member = name[0].lower() + name[1:].replace("Strategies", "Strategy")
        empty = part.at(member, required=False)
        if empty.fault is None and not empty.value:
            r.set(name, part, ABSENT)
    r.fill(part, renames)
    if part.value:
        r.also(part.value.get("serviceName"), attribute="Name")


@reads("AWS::ECS::TaskDefinition", "ecs:DescribeTaskDefinition")
def task_definition(r: Reading) -> None:
    """One revision; tags stand beside it in the answer."""
    answer = r.main(r.ask("ecs:DescribeTaskDefinition", taskDefinition=r.id, include=["TAGS"]))
    part = answer.at("taskDefinition")
    r.tags(answer.at("tags", required=False))
    for name in ("volumes", "placementConstraints"):
        empty = part.at(name, required=False)
        if empty.fault is None and not empty.value:
            r.set(name[0].upper() + name[1:], part, ABSENT)
    r.fill(part, optional=("EnableFaultInjection",))


def _described(r: Reading, answer: Part, member: str) -> Part:
    listed = answer.at(member)
    shape = getattr(listed.shape, "member", None)
    if listed.fault is not None:
        return r.main(Part(listed.call, None, shape, listed.fault, listed.entry))
    item = listed.value[0] if listed.value else None
    missing = any(failure.get("reason") == "MISSING" for failure in answer.value.get("failures") or ())
    if (item is None and missing) or (item and item.get("status") == "INACTIVE"):
        raise GoneError(listed)
    return r.main(listed.element(0))


@reads(
    "AWS::ECR::Repository",
    "ecr:DescribeRepositories",
    "ecr:GetLifecyclePolicy",
    "ecr:GetRepositoryPolicy",
    "ecr:ListTagsForResource",
)
def repository(r: Reading) -> None:
    """Policies are calls of their own, and say by an error that there is none."""
    confirm = {"repositoryNames": [r.id]}
    part = r.find("ecr:DescribeRepositories", "repositories", repositoryName=r.id, confirm=confirm)
    none = ("LifecyclePolicyNotFoundException",)
    policy = r.ask("ecr:GetLifecyclePolicy", "lifecyclePolicyText", absent=none, repositoryName=r.id)
    r.set("LifecyclePolicy", policy, lambda text: {"LifecyclePolicyText": text})
    none = ("RepositoryPolicyNotFoundException",)
    r.shape("RepositoryPolicyText", r.ask("ecr:GetRepositoryPolicy", "policyText", absent=none, repositoryName=r.id))
    arn = part.at("repositoryArn")
    r.tags(arn if arn.fault else r.ask("ecr:ListTagsForResource", "tags", resourceArn=arn.value))
    r.fill(part)
    if part.value:
        r.also(arn.value)
        r.also(part.value.get("repositoryUri"), attribute="RepositoryUri")


@reads(
    "AWS::ElasticLoadBalancingV2::LoadBalancer",
    "elbv2:DescribeLoadBalancers",
    "elbv2:DescribeLoadBalancerAttributes",
    "elbv2:DescribeTags",
)
def load_balancer(r: Reading) -> None:
    """Attributes are a list of keys and values, as in the template."""
    confirm = {"LoadBalancerArns": [r.id]}
    part = r.find("elbv2:DescribeLoadBalancers", "LoadBalancers", LoadBalancerArn=r.id, confirm=confirm)
    attributes = r.ask("elbv2:DescribeLoadBalancerAttributes", "Attributes", LoadBalancerArn=r.id)
    r.set("LoadBalancerAttributes", attributes, list)
    zones = part.at("AvailabilityZones")
    r.set("Subnets", zones, lambda found: [zone["SubnetId"] for zone in found if zone.get("SubnetId")] or ABSENT)
    _tags(r)
    r.fill(part, {"Name": "LoadBalancerName"}, but=("SubnetMappings",), always=("Scheme", "Type"))
    if part.value:
        dns = part.value.get("DNSName")
        r.also(dns, f"dualstack.{dns}", attribute="DNSName")
        r.also(part.value.get("LoadBalancerName"), attribute="LoadBalancerName")
        r.also(r.id.partition(":loadbalancer/")[2], attribute="LoadBalancerFullName")


@reads(
    "AWS::ElasticLoadBalancingV2::TargetGroup",
    "elbv2:DescribeTargetGroups",
    "elbv2:DescribeTargetGroupAttributes",
    "elbv2:DescribeTargetHealth",
    "elbv2:DescribeTags",
)
def target_group(r: Reading) -> None:
    """Attributes are a list of keys and values, as in the template."""
    confirm = {"TargetGroupArns": [r.id]}
    part = r.find("elbv2:DescribeTargetGroups", "TargetGroups", TargetGroupArn=r.id, confirm=confirm)
    attributes = r.ask("elbv2:DescribeTargetGroupAttributes", "Attributes", TargetGroupArn=r.id)
    r.set("TargetGroupAttributes", attributes, list)
    _tags(r)
    health = r.ask("elbv2:DescribeTargetHealth", "TargetHealthDescriptions", TargetGroupArn=r.id)
    r.set("Targets", health, lambda found: [item["Target"] for item in found] or ABSENT)
    r.fill(part, {"Name": "TargetGroupName"}, always=("TargetType",))
    r.also(r.id.rpartition(":")[2], attribute="TargetGroupFullName")


@reads("AWS::ElasticLoadBalancingV2::Listener", "elbv2:DescribeListeners", "elbv2:DescribeTags")
def listener(r: Reading) -> None:
    """Asked for by its ARN."""
    listed = r.ask("elbv2:DescribeListeners", "Listeners", ListenerArns=[r.id])
    part = r.main(listed.element(0))
    _tags(r)
    r.fill(part)


def _tags(r: Reading) -> None:
    described = r.ask("elbv2:DescribeTags", "TagDescriptions", ResourceArns=[r.id])
    r.tags(described.element(0).at("Tags"))


@reads(
    "AWS::ApplicationAutoScaling::ScalableTarget",
    "application-autoscaling:DescribeScalableTargets",
    "application-autoscaling:ListTagsForResource",
)
def scalable_target(r: Reading) -> None:
    """Its physical id is `resource|dimension|namespace`."""
    parts = r.id.split("|")
    resource, dimension, namespace = (
        parts if len(parts) == 3 else r.needs("ResourceId", "ScalableDimension", "ServiceNamespace")
    )
    part = r.find(
        "application-autoscaling:DescribeScalableTargets",
        "ScalableTargets",
        asked={"ServiceNamespace": namespace},
        ResourceId=resource,
        ScalableDimension=dimension,
    )
    arn = part.at("ScalableTargetARN", required=False)
    if arn.fault or not arn.value:
        r.set("Tags", arn, lambda value: value)
    else:
        r.also(arn.value)
        r.tags(r.ask("application-autoscaling:ListTagsForResource", "Tags", ResourceARN=arn.value))
    r.fill(part, but=("ScheduledActions",))


@reads("AWS::ApplicationAutoScaling::ScalingPolicy", "application-autoscaling:DescribeScalingPolicies")
def scaling_policy(r: Reading) -> None:
    """Its physical id is the policy's ARN, with the dimension behind it or not."""
    arn = r.id.partition("|")[0]
    namespace = arn.split("resource/", 1)[1].split("/", 1)[0] if "resource/" in arn else r.needs("ServiceNamespace")[0]
    part = r.find(
        "application-autoscaling:DescribeScalingPolicies",
        "ScalingPolicies",
        asked={"ServiceNamespace": namespace},
        PolicyARN=arn,
    )
    target = ("ResourceId", "ScalableDimension", "ServiceNamespace")
    r.set("ScalingTargetId", part, lambda found: "|".join(str(found.get(key, "")) for key in target))
    r.fill(part)
