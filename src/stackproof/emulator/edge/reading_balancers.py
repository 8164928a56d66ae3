"""Reads load balancers, their listeners and rules, and the services registered with their target groups."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Final

from stackproof.emulator.edge.rules import OUTDATED, Balancer, Gap, Listener, TargetGroup
from stackproof.emulator.workload_settings import digest_of_service

if TYPE_CHECKING:
    from stackproof.emulator.edge.reading import Clients, Settings

PORTS: Final = (80, 443)


def read(clients: Clients, settings: Settings) -> tuple[dict[str, Any], Sequence[Gap]]:
    """Give `balancers` and `groups`."""
    gaps: list[Gap] = []
    balancers: dict[str, Balancer] = {}
    groups: dict[str, TargetGroup] = {}
    for region in settings.regions:
        for found in clients.all("elbv2", region, "describe_load_balancers", "LoadBalancers"):
            balancers[found["LoadBalancerArn"]] = _balancer(clients, region, found, gaps)
        fronted = _services(clients, region)
        for found in clients.all("elbv2", region, "describe_target_groups", "TargetGroups"):
            arn = found["TargetGroupArn"]
            groups[arn] = _group(found, fronted.get(arn, []), settings, gaps)
    return {"balancers": balancers, "groups": groups}, gaps


def _balancer(clients: Clients, region: str, found: dict[str, Any], gaps: list[Gap]) -> Balancer:
    arn, name = found["LoadBalancerArn"], found["LoadBalancerName"]
    listeners = []
    for one in clients.all("elbv2", region, "describe_listeners", "Listeners", LoadBalancerArn=arn):
        if one["Port"] not in PORTS:
            gaps.append(Gap(name, f"the edge does not listen on port {one['Port']}", refused=True))
            continue
        rules = list(clients.all("elbv2", region, "describe_rules", "Rules", ListenerArn=one["ListenerArn"]))
        rules.sort(key=_priority)
        listeners.append(Listener(one["Port"], one["Protocol"], tuple(rules)))
    client = clients("elbv2", region)
    attributes = {
        entry["Key"]: entry["Value"]
        for entry in client.describe_load_balancer_attributes(LoadBalancerArn=arn)["Attributes"]
    }
    return Balancer(arn, found["DNSName"], tuple(listeners), float(attributes.get("idle_timeout.timeout_seconds", 60)))


def _priority(rule: dict[str, Any]) -> tuple[bool, int]:
    return (True, 0) if rule.get("IsDefault") else (False, int(rule["Priority"]))


def _services(clients: Clients, region: str) -> dict[str, list[dict[str, Any]]]:
    """Services, each with its `task` definition, by the ARN of each target group that they are registered with."""
    found: dict[str, list[dict[str, Any]]] = {}
    client = clients("ecs", region)
    for cluster in client.list_clusters()["clusterArns"]:
        arns = [
            arn
            for page in client.get_paginator("list_services").paginate(cluster=cluster)
            for arn in page["serviceArns"]
        ]
        for start in range(0, len(arns), 10):  # as many as DescribeServices takes
            for service in client.describe_services(cluster=cluster, services=arns[start : start + 10])["services"]:
                task = client.describe_task_definition(taskDefinition=service["taskDefinition"])["taskDefinition"]
                service |= {"task": task}
                for balancer in service.get("loadBalancers", []):
                    found.setdefault(balancer.get("targetGroupArn", ""), []).append(service)
    return found


def _group(found: dict[str, Any], services: list[dict[str, Any]], settings: Settings, gaps: list[Gap]) -> TargetGroup:
    targets, lacking = {}, []
    for service in services:
        if service["status"] != "ACTIVE" or not service["desiredCount"]:
            continue
        served = settings.behind("service", service["serviceArn"])
        if served is None:
            lacking.append(f"no workload stands for {service['serviceName']}")
        elif served.deployed != digest_of_service(service, service["task"]):
            lacking.append(OUTDATED.format(served.resource))
        else:
            targets[served.resource] = served.url
            if service["desiredCount"] > 1:
                text = f"one process stands for {service['desiredCount']} tasks"
                gaps.append(Gap(served.resource, text, refused=False))
    gaps += [Gap(found["TargetGroupName"], reason, refused=True) for reason in lacking]
    return TargetGroup(found["TargetGroupArn"], found, targets, tuple(lacking))
