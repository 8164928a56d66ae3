"""Reads web ACLs and what each guards."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Final

from stackproof.emulator.edge.rules import Gap, place

if TYPE_CHECKING:
    from stackproof.emulator.edge.reading import Clients, Settings

_KINDS: Final = ("APPLICATION_LOAD_BALANCER", "API_GATEWAY")
MANAGED: Final = "ManagedRuleGroupStatement"


def read(clients: Clients, settings: Settings) -> tuple[dict[str, Any], Sequence[Gap]]:
    """Give `acls` by the place of what they guard, and `ip_sets`."""
    acls: dict[str, Mapping[str, Any]] = {}
    ip_sets: dict[str, tuple[str, ...]] = {}
    gaps: list[Gap] = []
    for region in settings.regions:
        client = clients("wafv2", region)
        for found in client.list_web_acls(Scope="REGIONAL")["WebACLs"]:
            acl = client.get_web_acl(Name=found["Name"], Id=found["Id"], Scope="REGIONAL")["WebACL"]
            guarded = [
                arn
                for kind in _KINDS
                for arn in client.list_resources_for_web_acl(WebACLArn=acl["ARN"], ResourceType=kind)["ResourceArns"]
            ]
            acls |= {place(arn): acl for arn in guarded}
            gaps += _gaps(acl) if guarded else []
        for found in client.list_ip_sets(Scope="REGIONAL").get("IPSets", []):
            got = client.get_ip_set(Name=found["Name"], Id=found["Id"], Scope="REGIONAL")["IPSet"]
            ip_sets[got["ARN"]] = tuple(got["Addresses"])
    return {"acls": acls, "ip_sets": ip_sets}, gaps


def _gaps(acl: Mapping[str, Any]) -> Iterator[Gap]:
    for rule in acl["Rules"]:
        managed = rule["Statement"].get(MANAGED)
        if managed:
            text = f"the managed rule group {managed['VendorName']} {managed['Name']} is not evaluated"
            yield Gap(f"{acl['Name']}/{rule['Name']}", text, refused=False)
