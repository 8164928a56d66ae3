"""ECS and its scaling."""

from __future__ import annotations

from typing import Any, ClassVar

from stackproof.emulator.handlers.base import At, Handler, Made, Properties, changed, named, only, tag_pairs, without


class Cluster(Handler):
    """AWS::ECS::Cluster."""

    type: ClassVar[str] = "AWS::ECS::Cluster"
    rename: ClassVar[dict[str, str]] = {"ClusterSettings": "settings"}

    def create(self, at: At, new: Properties) -> Made:
        parameters = named(new, "ClusterName", at)
        cluster = at.send("ecs", "create_cluster", parameters, rename=self.rename)["cluster"]
        return Made(cluster["clusterName"], {"Arn": cluster["clusterArn"]})

    def update(self, at: At, made: Made, new: Properties, old: Properties) -> Made:
        only(changed(new, old), "ClusterSettings", "Configuration", "CapacityProviders", "Tags")
        wanted = {key: new[key] for key in ("ClusterSettings", "Configuration") if key in new}
        at.send("ecs", "update_cluster", wanted, rename=self.rename, add={"cluster": made.id})
        at.client("ecs").put_cluster_capacity_providers(
            cluster=made.id,
            capacityProviders=list(new.get("CapacityProviders", [])),
            defaultCapacityProviderStrategy=[],
        )
        _retag(at, made.attributes["Arn"], new, old)
        return made

    def delete(self, at: At, made: Made, old: Properties) -> None:
        at.client("ecs").delete_cluster(cluster=made.id)


def _retag(at: At, arn: str, new: Properties, old: Properties) -> None:
    stale = {tag["Key"] for tag in tag_pairs(old)} - {tag["Key"] for tag in tag_pairs(new)}
    if stale:
        at.client("ecs").untag_resource(resourceArn=arn, tagKeys=sorted(stale))
    if new.get("Tags"):
        tags = [{"key": tag["Key"], "value": tag["Value"]} for tag in tag_pairs(new)]
        at.client("ecs").tag_resource(resourceArn=arn, tags=tags)


class TaskDefinition(Handler):
    """AWS::ECS::TaskDefinition: any change is a new revision, as on AWS."""

    type: ClassVar[str] = "AWS::ECS::TaskDefinition"

    def create(self, at: At, new: Properties) -> Made:
        family = at.stack.replace("-", "") + at.logical_id  # CloudFormation's own way of naming
        parameters = {"Family": family, **new}
        definition = at.send("ecs", "register_task_definition", parameters)["taskDefinition"]
        return Made(definition["taskDefinitionArn"], {"TaskDefinitionArn": definition["taskDefinitionArn"]})

    def delete(self, at: At, made: Made, old: Properties) -> None:
        at.client("ecs").deregister_task_definition(taskDefinition=made.id)


class Service(Handler):
    """AWS::ECS::Service."""

    type: ClassVar[str] = "AWS::ECS::Service"

    def create(self, at: At, new: Properties) -> Made:
        parameters = named(new, "ServiceName", at)
        service = at.send("ecs", "create_service", parameters)["service"]
        attributes = {"Name": service["serviceName"], "ServiceArn": service["serviceArn"]}
        return Made(service["serviceArn"], attributes)

    def update(self, at: At, made: Made, new: Properties, old: Properties) -> Made:
        fixed = ("Cluster", "LaunchType", "ServiceName", "SchedulingStrategy", "Role")
        if changed(new, old) & set(fixed):
            only(changed(new, old))
        add: dict[str, Any] = {"service": made.attributes["Name"], "cluster": new.get("Cluster", "default")}
        at.send("ecs", "update_service", without(new, *fixed, "Tags"), add=add)
        _retag(at, made.id, new, old)
        return made

    def delete(self, at: At, made: Made, old: Properties) -> None:
        which = {"cluster": old.get("Cluster", "default"), "service": made.attributes["Name"]}
        at.client("ecs").update_service(**which, desiredCount=0)
        at.client("ecs").delete_service(**which, force=True)


class ScalableTarget(Handler):
    """AWS::ApplicationAutoScaling::ScalableTarget."""

    type: ClassVar[str] = "AWS::ApplicationAutoScaling::ScalableTarget"
    which: ClassVar[tuple[str, ...]] = ("ServiceNamespace", "ResourceId", "ScalableDimension")

    def create(self, at: At, new: Properties) -> Made:
        answer = at.send("application-autoscaling", "register_scalable_target", new, beside=("ScheduledActions",))
        id_ = "|".join(str(new[key]) for key in ("ResourceId", "ScalableDimension", "ServiceNamespace"))
        lacking = "scheduled actions" if new.get("ScheduledActions") else ""
        return Made(id_, {"Id": answer.get("ScalableTargetARN", "")}, lacking)

    def update(self, at: At, made: Made, new: Properties, old: Properties) -> Made:
        if changed(new, old) & set(self.which):
            only(changed(new, old))
        return self.create(at, new)

    def delete(self, at: At, made: Made, old: Properties) -> None:
        at.client("application-autoscaling").deregister_scalable_target(**{key: old[key] for key in self.which})


class ScalingPolicy(Handler):
    """AWS::ApplicationAutoScaling::ScalingPolicy."""

    type: ClassVar[str] = "AWS::ApplicationAutoScaling::ScalingPolicy"

    def create(self, at: At, new: Properties) -> Made:
        policy = at.send("application-autoscaling", "put_scaling_policy", self._whole(new))
        return Made(policy["PolicyARN"], {"Arn": policy["PolicyARN"]})

    def update(self, at: At, made: Made, new: Properties, old: Properties) -> Made:
        if "PolicyName" in changed(new, old) or self._whole(new)["ResourceId"] != self._whole(old)["ResourceId"]:
            only(changed(new, old))
        return self.create(at, new)

    def delete(self, at: At, made: Made, old: Properties) -> None:
        keys = ("PolicyName", "ServiceNamespace", "ResourceId", "ScalableDimension")
        at.client("application-autoscaling").delete_scaling_policy(**{key: self._whole(old)[key] for key in keys})

    def _whole(self, properties: Properties) -> dict[str, Any]:
        """Properties with what the target's id stands for."""
        if "ScalingTargetId" not in properties:
            return dict(properties)
        resource, dimension, namespace = properties["ScalingTargetId"].split("|")
        where = {"ResourceId": resource, "ScalableDimension": dimension, "ServiceNamespace": namespace}
        return {**without(properties, "ScalingTargetId"), **where}


HANDLERS = (Cluster(), TaskDefinition(), Service(), ScalableTarget(), ScalingPolicy())
