"""ECS and its scaling: settings of services that moto forgets, tags of scalable targets."""

from __future__ import annotations

from typing import Any, Final

from stackproof.emulator.additions.routing import Call, Route, Wire

_DEFAULTS: Final[Wire] = {
    "enableExecuteCommand": False,
    "enableECSManagedTags": False,
    "deploymentConfiguration": {
        "maximumPercent": 200,
        "minimumHealthyPercent": 100,
        "deploymentCircuitBreaker": {"enable": False, "rollback": False},
    },
}
_KEPT: Final = (
    *("deploymentConfiguration", "healthCheckGracePeriodSeconds", "enableExecuteCommand", "enableECSManagedTags"),
    *("propagateTags", "networkConfiguration", "platformVersion", "loadBalancers", "serviceConnectConfiguration"),
    *("availabilityZoneRebalancing", "capacityProviderStrategy", "placementConstraints", "placementStrategy"),
)


def _remember(call: Call) -> Wire:
    answer = call.moto()
    service: Wire = answer["service"]
    kept = call.kept("service").setdefault(service["serviceArn"], dict(_DEFAULTS))
    kept.update({key: call.given[key] for key in _KEPT if key in call.given})
    return {**answer, "service": {**service, **kept}}


def _recall(call: Call) -> Wire:
    answer = call.moto()
    for service in answer.get("services", []):
        service.update(call.kept("service").get(service["serviceArn"], {}))
    return answer


# --- Application Auto Scaling -------------------------------------------------------------------------------


def _register(call: Call) -> Wire:
    from moto.applicationautoscaling.models import applicationautoscaling_backends

    answer = call.moto()
    backend: Any = applicationautoscaling_backends[call.account][call.region]
    target = backend.targets[call.given["ScalableDimension"]][call.given["ResourceId"]]
    if call.given.get("Tags"):
        call.kept("target")[target.arn] = call.given["Tags"]
    return {**answer, "ScalableTargetARN": target.arn}


def _tags(call: Call) -> Wire:
    return {"Tags": call.kept("target").get(call.given["ResourceARN"], {})}


def _tag(call: Call) -> Wire:
    call.kept("target").setdefault(call.given["ResourceARN"], {}).update(call.given["Tags"])
    return {}


_ECS, _SCALING = "AmazonEC2ContainerServiceV20141113", "AnyScaleFrontendService"
ROUTES = (
    Route("ecs", _remember, target=f"{_ECS}.CreateService"),
    Route("ecs", _remember, target=f"{_ECS}.UpdateService"),
    Route("ecs", _recall, target=f"{_ECS}.DescribeServices"),
    Route("application-autoscaling", _register, target=f"{_SCALING}.RegisterScalableTarget"),
    Route("application-autoscaling", _tags, target=f"{_SCALING}.ListTagsForResource"),
    Route("application-autoscaling", _tag, target=f"{_SCALING}.TagResource"),
)
