"""Amazon Route 53."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from stackproof.model import ABSENT, Value
from stackproof.sources.live.parts import GoneError, NoHintError, Part
from stackproof.sources.live.reading import Reading, reads


@reads(
    "AWS::Route53::HostedZone",
    "route53:GetHostedZone",
    "route53:ListQueryLoggingConfigs",
    "route53:ListTagsForResource",
)
def hosted_zone(r: Reading) -> None:
    """Names come with a dot at their end, which templates leave out."""
    answer = r.main(r.ask("route53:GetHostedZone", Id=r.id))
    part = answer.at("HostedZone")
    r.set("Name", part.at("Name"), lambda value: str(value).rstrip("."))
    r.set("HostedZoneConfig", part, _config)
    networks = answer.at("VPCs", required=False)
    r.set("VPCs", networks, lambda found: [{k: v[k] for k in ("VPCId", "VPCRegion")} for v in found] or ABSENT)
    logs = r.ask("route53:ListQueryLoggingConfigs", "QueryLoggingConfigs")
    r.set("QueryLoggingConfig", logs, lambda found: _query_log(found, r.id))
    _tags(r, "hostedzone", "HostedZoneTags")
    r.also(f"/hostedzone/{r.id}")


def _config(zone: Mapping[str, Any]) -> Value:
    comment = (zone.get("Config") or {}).get("Comment")
    return {"Comment": comment} if comment else ABSENT


def _query_log(found: list[Mapping[str, Any]], zone: str) -> Value:
    own = [item for item in found if str(item.get("HostedZoneId")).rpartition("/")[2] == zone]
    return {"CloudWatchLogsLogGroupArn": own[0].get("CloudWatchLogsLogGroupArn", "")} if own else ABSENT


@reads("AWS::Route53::HealthCheck", "route53:GetHealthCheck", "route53:ListTagsForResource")
def health_check(r: Reading) -> None:
    """One block."""
    part = r.main(r.ask("route53:GetHealthCheck", "HealthCheck", HealthCheckId=r.id))
    r.fill(part)
    _tags(r, "healthcheck", "HealthCheckTags")


def _tags(r: Reading, kind: str, name: str) -> None:
    call = "route53:ListTagsForResource"
    r.tags(r.ask(call, "ResourceTagSet.Tags", ResourceType=kind, ResourceId=r.id), name)


@reads("AWS::Route53::RecordSet", "route53:ListResourceRecordSets")
def record_set(r: Reading) -> None:
    """Found among all records of its zone, which are listed once."""
    zone, kind = r.needs("HostedZoneId", "Type")
    hint = r.hint("Name")
    name = hint if isinstance(hint, str) else r.id  # a name that AWS gives stands in the physical id alone
    part = _record(r, zone, {"Name": name, "Type": kind, "SetIdentifier": r.hint("SetIdentifier")})
    r.set("HostedZoneId", part, zone)
    for key in ("Name", "Type", "TTL", "ResourceRecords", "AliasTarget", *_ROUTING):
        r.set(key, part, _member(key))


def _member(key: str) -> Callable[[Mapping[str, Any]], Value]:
    return lambda found: record(found).get(key, ABSENT)


@reads("AWS::Route53::RecordSetGroup", "route53:ListResourceRecordSets")
def record_set_group(r: Reading) -> None:
    """The records that the template names, as they are."""
    zone = r.needs("HostedZoneId")[0]
    wanted = r.hint("RecordSets")
    if not isinstance(wanted, list) or not all(isinstance(item, dict) and item.get("Name") for item in wanted):
        raise NoHintError("RecordSets")
    found: list[Value] = []
    last: GoneError | None = None
    for item in wanted:
        try:
            part = _record(r, zone, item)
        except GoneError as gone:
            last = gone
            continue
        found.append(part.unknown if part.fault else record(part.value))
    if not found and last is not None:
        raise last
    listed = r.main(r.ask("route53:ListResourceRecordSets", "ResourceRecordSets", HostedZoneId=zone))
    r.set("HostedZoneId", listed, zone)
    r.set("RecordSets", listed, found)


_ROUTING = (
    "SetIdentifier",
    "Weight",
    "Region",
    "Failover",
    "MultiValueAnswer",
    "HealthCheckId",
    "GeoLocation",
    "GeoProximityLocation",
    "CidrRoutingConfig",
)


def _record(r: Reading, zone: str, wanted: Mapping[str, Any]) -> Part:
    listed = r.ask("route53:ListResourceRecordSets", "ResourceRecordSets", HostedZoneId=zone)
    shape = getattr(listed.shape, "member", None)
    r.main(listed)
    for item in () if listed.fault else listed.value:
        same_name = _name(item.get("Name")) == _name(wanted.get("Name")) and item.get("Type") == wanted.get("Type")
        if same_name and (item.get("SetIdentifier") or None) == (wanted.get("SetIdentifier") or None):
            return Part(listed.call, item, shape, None, listed.entry)
    if listed.fault is None:
        raise GoneError(listed)
    return Part(listed.call, None, shape, listed.fault, listed.entry)


def _name(text: object) -> str:
    """Compare names without the dot at the end; `*` comes as an octal escape."""
    return str(text).rstrip(".").replace("\\052", "*").lower()


def record(item: Mapping[str, Any]) -> dict[str, Value]:
    """A record of ListResourceRecordSets as CloudFormation writes it."""
    made: dict[str, Value] = {"Name": _name(item.get("Name")), "Type": item.get("Type", "")}
    made.update({key: item[key] for key in _ROUTING if key in item})
    if "TTL" in item:
        made["TTL"] = str(item["TTL"])
    if item.get("ResourceRecords"):
        made["ResourceRecords"] = [record["Value"] for record in item["ResourceRecords"]]
    if item.get("AliasTarget"):
        made["AliasTarget"] = {**item["AliasTarget"], "DNSName": _name(item["AliasTarget"].get("DNSName"))}
    return made
