"""EC2: security groups and their rules."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar

from botocore.exceptions import ClientError

from stackproof.emulator.handlers.base import At, Handler, Made, Properties, changed, only, without
from stackproof.emulator.handlers.ec2 import retag, tagged


def permission(rule: Mapping[str, Any], group: str) -> dict[str, Any]:
    """A rule as EC2's API wants it; `group` names the property with the other group."""
    found: dict[str, Any] = {"IpProtocol": str(rule["IpProtocol"])}
    for port in ("FromPort", "ToPort"):
        if port in rule:
            found[port] = int(rule[port])
    described = {"Description": rule["Description"]} if "Description" in rule else {}
    if "CidrIp" in rule:
        found["IpRanges"] = [{"CidrIp": rule["CidrIp"], **described}]
    if "CidrIpv6" in rule:
        found["Ipv6Ranges"] = [{"CidrIpv6": rule["CidrIpv6"], **described}]
    prefix = rule.get("SourcePrefixListId") or rule.get("DestinationPrefixListId")
    if prefix:
        found["PrefixListIds"] = [{"PrefixListId": prefix, **described}]
    if group in rule:
        found["UserIdGroupPairs"] = [{"GroupId": rule[group], **described}]
    return found


def _ingress(rules: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    return [permission(rule, "SourceSecurityGroupId") for rule in rules]


def _egress(rules: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    return [permission(rule, "DestinationSecurityGroupId") for rule in rules]


class SecurityGroup(Handler):
    """AWS::EC2::SecurityGroup. Without an egress rule AWS allows everything out; with one, only that."""

    type: ClassVar[str] = "AWS::EC2::SecurityGroup"

    def create(self, at: At, new: Properties) -> Made:
        ec2 = at.client("ec2")
        group = ec2.create_security_group(
            GroupName=new.get("GroupName") or at.generated(),
            Description=new["GroupDescription"],
            VpcId=new["VpcId"],
            **tagged("security-group", new),
        )["GroupId"]
        made = Made(group, {"GroupId": group, "Id": group, "VpcId": new["VpcId"]})
        if new.get("SecurityGroupEgress"):
            anywhere = [{"IpProtocol": "-1", "IpRanges": [{"CidrIp": "0.0.0.0/0"}]}]
            ec2.revoke_security_group_egress(GroupId=group, IpPermissions=anywhere)
            self._open(at, made, {}, new)
        else:
            self._open(at, made, {}, without(new, "SecurityGroupEgress"))
        return made

    def update(self, at: At, made: Made, new: Properties, old: Properties) -> Made:
        only(changed(new, old), "SecurityGroupIngress", "SecurityGroupEgress", "Tags")
        self._open(at, made, new, old, revoke=True)
        self._open(at, made, old, new)
        retag(at, made, new, old)
        return made

    def delete(self, at: At, made: Made, old: Properties) -> None:
        try:
            at.client("ec2").delete_security_group(GroupId=made.id)
        except ClientError as error:
            if error.response["Error"]["Code"] != "DependencyViolation":
                raise
            self._open(at, made, {}, old, revoke=True)
            at.client("ec2").delete_security_group(GroupId=made.id)

    def _open(self, at: At, made: Made, before: Properties, after: Properties, *, revoke: bool = False) -> None:
        """Add, or revoke, the rules of `after` that are not among those of `before`."""
        ec2, verb = at.client("ec2"), "revoke" if revoke else "authorize"
        for direction, convert in (("ingress", _ingress), ("egress", _egress)):
            name = f"SecurityGroup{direction.capitalize()}"
            kept = convert(before.get(name) or [])
            rules = [rule for rule in convert(after.get(name) or []) if rule not in kept]
            if rules:
                getattr(ec2, f"{verb}_security_group_{direction}")(GroupId=made.id, IpPermissions=rules)


class _Rule(Handler):
    """A rule on its own."""

    direction: ClassVar[str] = ""
    group: ClassVar[str] = ""

    def create(self, at: At, new: Properties) -> Made:
        authorize = getattr(at.client("ec2"), f"authorize_security_group_{self.direction}")
        answer = authorize(GroupId=new["GroupId"], IpPermissions=[permission(new, self.group)])
        rule = answer["SecurityGroupRules"][0]["SecurityGroupRuleId"]
        return Made(rule, {"Id": rule})

    def delete(self, at: At, made: Made, old: Properties) -> None:
        revoke = getattr(at.client("ec2"), f"revoke_security_group_{self.direction}")
        revoke(GroupId=old["GroupId"], IpPermissions=[permission(old, self.group)])


class Ingress(_Rule):
    """AWS::EC2::SecurityGroupIngress."""

    type: ClassVar[str] = "AWS::EC2::SecurityGroupIngress"
    direction: ClassVar[str] = "ingress"
    group: ClassVar[str] = "SourceSecurityGroupId"


class Egress(_Rule):
    """AWS::EC2::SecurityGroupEgress."""

    type: ClassVar[str] = "AWS::EC2::SecurityGroupEgress"
    direction: ClassVar[str] = "egress"
    group: ClassVar[str] = "DestinationSecurityGroupId"


HANDLERS = (SecurityGroup(), Ingress(), Egress())
