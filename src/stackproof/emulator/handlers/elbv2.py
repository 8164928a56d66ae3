"""Load balancers, their listeners and target groups."""

from __future__ import annotations

from typing import Any, ClassVar

from stackproof.emulator.handlers.base import At, Handler, Made, Properties, changed, named, only, tag_pairs


def _short(at: At, longest: int = 32) -> str:
    """A name as CloudFormation makes it here: parts of stack and logical id, cut short."""
    stack, tail = at.stack[:8].strip("-"), at.generated(40)[-12:]
    return f"{stack}-{at.logical_id[: longest - len(stack) - len(tail) - 2]}-{tail}"


def _retag(at: At, made: Made, new: Properties, old: Properties) -> None:
    client = at.client("elbv2")
    stale = {tag["Key"] for tag in tag_pairs(old)} - {tag["Key"] for tag in tag_pairs(new)}
    if stale:
        client.remove_tags(ResourceArns=[made.id], TagKeys=sorted(stale))
    if new.get("Tags"):
        client.add_tags(ResourceArns=[made.id], Tags=tag_pairs(new))


def _pairs(values: Any) -> list[dict[str, str]]:
    return [{"Key": item["Key"], "Value": str(item["Value"])} for item in values or []]


class LoadBalancer(Handler):
    """AWS::ElasticLoadBalancingV2::LoadBalancer."""

    type: ClassVar[str] = "AWS::ElasticLoadBalancingV2::LoadBalancer"

    def create(self, at: At, new: Properties) -> Made:
        parameters = {"Name": _short(at), **new}
        answer = at.send("elbv2", "create_load_balancer", parameters, beside=("LoadBalancerAttributes",))
        balancer = answer["LoadBalancers"][0]
        arn = balancer["LoadBalancerArn"]
        attributes = {
            "LoadBalancerArn": arn,
            "DNSName": balancer["DNSName"],
            "CanonicalHostedZoneID": balancer["CanonicalHostedZoneId"],
            "LoadBalancerFullName": arn.partition(":loadbalancer/")[2],
            "LoadBalancerName": balancer["LoadBalancerName"],
            "SecurityGroups": balancer.get("SecurityGroups", []),
        }
        made = Made(arn, attributes)
        self._set(at, made, new)
        return made

    def update(self, at: At, made: Made, new: Properties, old: Properties) -> Made:
        only(changed(new, old), "LoadBalancerAttributes", "SecurityGroups", "Subnets", "Tags", "IpAddressType")
        client, changes = at.client("elbv2"), changed(new, old)
        self._set(at, made, new)
        if "SecurityGroups" in changes:
            client.set_security_groups(LoadBalancerArn=made.id, SecurityGroups=list(new["SecurityGroups"]))
        if "Subnets" in changes:
            client.set_subnets(LoadBalancerArn=made.id, Subnets=list(new["Subnets"]))
        if "IpAddressType" in changes:
            client.set_ip_address_type(LoadBalancerArn=made.id, IpAddressType=new.get("IpAddressType", "ipv4"))
        _retag(at, made, new, old)
        return made

    def delete(self, at: At, made: Made, old: Properties) -> None:
        at.client("elbv2").delete_load_balancer(LoadBalancerArn=made.id)

    def _set(self, at: At, made: Made, new: Properties) -> None:
        values = _pairs(new.get("LoadBalancerAttributes"))
        if values:
            at.client("elbv2").modify_load_balancer_attributes(LoadBalancerArn=made.id, Attributes=values)


class TargetGroup(Handler):
    """AWS::ElasticLoadBalancingV2::TargetGroup."""

    type: ClassVar[str] = "AWS::ElasticLoadBalancingV2::TargetGroup"
    beside: ClassVar[tuple[str, ...]] = ("TargetGroupAttributes", "Targets")

    def create(self, at: At, new: Properties) -> Made:
        parameters = {"Name": _short(at), **new}
        group = at.send("elbv2", "create_target_group", parameters, beside=self.beside)["TargetGroups"][0]
        arn = group["TargetGroupArn"]
        full = f"targetgroup/{arn.partition(':targetgroup/')[2]}"
        made = Made(
            arn,
            {"TargetGroupArn": arn, "TargetGroupFullName": full, "TargetGroupName": group["TargetGroupName"]},
        )
        self._set(at, made, new)
        return made

    def update(self, at: At, made: Made, new: Properties, old: Properties) -> Made:
        changes = changed(new, old)
        only(
            changes,
            *(*self.beside, "Tags", "Matcher", "HealthyThresholdCount", "UnhealthyThresholdCount"),
            *(key for key in {*new, *old} if key.startswith("HealthCheck")),
        )
        health = {key: value for key, value in new.items() if key.startswith(("HealthCheck", "Healthy", "Unhealthy"))}
        matcher = {"Matcher": new["Matcher"]} if "Matcher" in new else {}
        at.send("elbv2", "modify_target_group", {**health, **matcher}, add={"TargetGroupArn": made.id})
        self._set(at, made, new)
        _retag(at, made, new, old)
        return made

    def delete(self, at: At, made: Made, old: Properties) -> None:
        at.client("elbv2").delete_target_group(TargetGroupArn=made.id)

    def _set(self, at: At, made: Made, new: Properties) -> None:
        client, values = at.client("elbv2"), _pairs(new.get("TargetGroupAttributes"))
        if values:
            client.modify_target_group_attributes(TargetGroupArn=made.id, Attributes=values)
        if new.get("Targets"):
            client.register_targets(TargetGroupArn=made.id, Targets=[dict(target) for target in new["Targets"]])


class Listener(Handler):
    """AWS::ElasticLoadBalancingV2::Listener."""

    type: ClassVar[str] = "AWS::ElasticLoadBalancingV2::Listener"

    def create(self, at: At, new: Properties) -> Made:
        listener = at.send("elbv2", "create_listener", new, beside=("ListenerAttributes",))["Listeners"][0]
        made = Made(listener["ListenerArn"], {"ListenerArn": listener["ListenerArn"]})
        self._set(at, made, new)
        return made

    def update(self, at: At, made: Made, new: Properties, old: Properties) -> Made:
        if "LoadBalancerArn" in changed(new, old):
            only(changed(new, old))
        wanted = {key: value for key, value in new.items() if key not in {"LoadBalancerArn", "Tags"}}
        at.send("elbv2", "modify_listener", wanted, beside=("ListenerAttributes",), add={"ListenerArn": made.id})
        self._set(at, made, new)
        _retag(at, made, new, old)
        return made

    def delete(self, at: At, made: Made, old: Properties) -> None:
        at.client("elbv2").delete_listener(ListenerArn=made.id)

    def _set(self, at: At, made: Made, new: Properties) -> None:
        values = _pairs(new.get("ListenerAttributes"))
        if values:
            at.client("elbv2").modify_listener_attributes(ListenerArn=made.id, Attributes=values)


class ListenerRule(Handler):
    """AWS::ElasticLoadBalancingV2::ListenerRule."""

    type: ClassVar[str] = "AWS::ElasticLoadBalancingV2::ListenerRule"

    def create(self, at: At, new: Properties) -> Made:
        rule = at.send("elbv2", "create_rule", named(new, "ListenerArn", at))["Rules"][0]
        return Made(rule["RuleArn"], {"RuleArn": rule["RuleArn"], "IsDefault": rule["IsDefault"]})

    def update(self, at: At, made: Made, new: Properties, old: Properties) -> Made:
        only(changed(new, old), "Actions", "Conditions")
        wanted = {key: new[key] for key in ("Actions", "Conditions") if key in new}
        at.send("elbv2", "modify_rule", wanted, add={"RuleArn": made.id})
        return made

    def delete(self, at: At, made: Made, old: Properties) -> None:
        at.client("elbv2").delete_rule(RuleArn=made.id)


HANDLERS = (LoadBalancer(), TargetGroup(), Listener(), ListenerRule())
