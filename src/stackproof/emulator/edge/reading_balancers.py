"""Reads load balancers, their listeners and rules, and the services registered with their target groups."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from stackproof.emulator.edge.ports import SecurityGroups
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
        security = SecurityGroups.read(clients, region)
        told = {
            b["LoadBalancerArn"]: b for b in clients.all("elbv2", region, "describe_load_balancers", "LoadBalancers")
        }
        for arn, found in told.items():
            balancers[arn] = _balancer(clients, region, found, security, gaps)
        fronted = _services(clients, region)
        for found in clients.all("elbv2", region, "describe_target_groups", "TargetGroups"):
            arn = found["TargetGroupArn"]
            before = [told[one] for one in found.get("LoadBalancerArns", []) if one in told]
            reach = [_Reach(security, set(one.get("SecurityGroups", [])), one["VpcId"]) for one in before]
            groups[arn] = _group(found, fronted.get(arn, []), settings, reach, gaps)
    return {"balancers": balancers, "groups": groups}, gaps


def _balancer(
    clients: Clients, region: str, found: dict[str, Any], security: SecurityGroups, gaps: list[Gap]
) -> Balancer:
    arn, name = found["LoadBalancerArn"], found["LoadBalancerName"]
    client = clients("elbv2", region)
    listeners = []
    for one in clients.all("elbv2", region, "describe_listeners", "Listeners", LoadBalancerArn=arn):
        if one["Port"] not in PORTS:
            gaps.append(Gap(name, f"the edge does not listen on port {one['Port']}", refused=True))
            continue
        rules = list(clients.all("elbv2", region, "describe_rules", "Rules", ListenerArn=one["ListenerArn"]))
        rules.sort(key=_priority)
        more = client.describe_listener_certificates(ListenerArn=one["ListenerArn"])["Certificates"]
        certificates = tuple(entry["CertificateArn"] for entry in (*one.get("Certificates", []), *more))
        closed, unjudged = _closed(found, one["Port"], security), _unjudged(found, one)
        gaps += [Gap(name, reason, refused=True) for reason in (closed, unjudged) if reason]
        listeners.append(Listener(one["Port"], one["Protocol"], tuple(rules), certificates, closed, unjudged))
    attributes = client.describe_load_balancer_attributes(LoadBalancerArn=arn)["Attributes"]
    idle = {entry["Key"]: entry["Value"] for entry in attributes}.get("idle_timeout.timeout_seconds", 60)
    return Balancer(arn, found["DNSName"], tuple(listeners), float(idle))


def _closed(balancer: dict[str, Any], port: int, security: SecurityGroups) -> str:
    """Why nobody on the internet reaches a port of a load balancer; empty when everybody does."""
    if balancer.get("Scheme") != "internet-facing":
        return f"{balancer['LoadBalancerName']} is not reached from the internet"
    if not security.let_everybody_in(balancer.get("SecurityGroups", []), port):
        return f"no security group of {balancer['LoadBalancerName']} lets the internet in on port {port}"
    return ""


def _unjudged(balancer: dict[str, Any], listener: dict[str, Any]) -> str:
    if balancer.get("Type") != "application":
        return f"load balancers of type {balancer.get('Type')} are not followed"
    expected = {80: "HTTP", 443: "HTTPS"}[listener["Port"]]
    if listener["Protocol"] != expected:
        return f"{listener['Protocol']} on port {listener['Port']} is not followed"
    if (listener.get("MutualAuthentication") or {}).get("Mode", "off") != "off":
        return "certificates of clients are not checked"
    return ""


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


@dataclass(frozen=True, slots=True)
class _Reach:
    """From where a load balancer sends requests: its security groups, and its network."""

    security: SecurityGroups
    groups: set[str]
    network: str

    def gets_to(self, service: dict[str, Any], group: str) -> bool:
        """Whether the service's security groups let it in on the port that is registered."""
        port = next(b["containerPort"] for b in service["loadBalancers"] if b.get("targetGroupArn") == group)
        network = service.get("networkConfiguration", {}).get("awsvpcConfiguration", {})
        return self.security.let_in(network.get("securityGroups", []), port, self.groups, self.network)


def _group(
    found: dict[str, Any],
    services: list[dict[str, Any]],
    settings: Settings,
    reach: Sequence[_Reach],
    gaps: list[Gap],
) -> TargetGroup:
    targets, lacking = {}, []
    for service in services:
        if service["status"] != "ACTIVE" or not service["desiredCount"]:
            continue
        served = settings.behind("service", service["serviceArn"])
        if served is None:
            lacking.append(f"no workload stands for {service['serviceName']}")
        elif served.deployed != digest_of_service(service, service["task"]):
            lacking.append(OUTDATED.format(served.resource))
        elif not all(one.gets_to(service, found["TargetGroupArn"]) for one in reach):
            lacking.append(f"the security groups of {served.resource} do not let its load balancer in")
        else:
            targets[served.resource] = served.url
            if service["desiredCount"] > 1:
                text = f"one process stands for {service['desiredCount']} tasks"
                gaps.append(Gap(served.resource, text, refused=False))
    gaps += [Gap(found["TargetGroupName"], reason, refused=True) for reason in lacking]
    return TargetGroup(found["TargetGroupArn"], found, targets, tuple(lacking))
