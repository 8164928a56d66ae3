"""Route 53: zones, records, health checks."""

from __future__ import annotations

import uuid
from typing import Any, ClassVar

from stackproof.emulator.handlers.base import At, Handler, Made, Properties, changed, only, tag_pairs, without
from stackproof.emulator.handlers.shapes import fitted


def _id(arn: str) -> str:
    return arn.rpartition("/")[2]


class HostedZone(Handler):
    """AWS::Route53::HostedZone."""

    type: ClassVar[str] = "AWS::Route53::HostedZone"

    def create(self, at: At, new: Properties) -> Made:
        client = at.client("route53")
        vpcs = new.get("VPCs") or []
        parameters: dict[str, Any] = {"Name": new["Name"], "CallerReference": str(uuid.uuid4())}
        parameters["HostedZoneConfig"] = {**(new.get("HostedZoneConfig") or {}), "PrivateZone": bool(vpcs)}
        if vpcs:
            parameters["VPC"] = {"VPCRegion": vpcs[0]["VPCRegion"], "VPCId": vpcs[0]["VPCId"]}
        answer = client.create_hosted_zone(**parameters)
        zone = _id(answer["HostedZone"]["Id"])
        made = Made(zone, {"Id": zone, "NameServers": answer.get("DelegationSet", {}).get("NameServers", [])})
        for vpc in vpcs[1:]:
            client.associate_vpc_with_hosted_zone(HostedZoneId=zone, VPC=dict(vpc))
        if new.get("QueryLoggingConfig"):
            group = new["QueryLoggingConfig"]["CloudWatchLogsLogGroupArn"].removesuffix(":*") + ":*"
            client.create_query_logging_config(HostedZoneId=zone, CloudWatchLogsLogGroupArn=group)
        _tag(at, "hostedzone", zone, new, {}, "HostedZoneTags")
        return made

    def update(self, at: At, made: Made, new: Properties, old: Properties) -> Made:
        only(changed(new, old), "HostedZoneConfig", "HostedZoneTags")
        comment = (new.get("HostedZoneConfig") or {}).get("Comment", "")
        at.client("route53").update_hosted_zone_comment(Id=made.id, Comment=comment)
        _tag(at, "hostedzone", made.id, new, old, "HostedZoneTags")
        return made

    def delete(self, at: At, made: Made, old: Properties) -> None:
        client = at.client("route53")
        for config in client.list_query_logging_configs(HostedZoneId=made.id)["QueryLoggingConfigs"]:
            client.delete_query_logging_config(Id=config["Id"])
        client.delete_hosted_zone(Id=made.id)


def _tag(at: At, kind: str, id_: str, new: Properties, old: Properties, name: str) -> None:
    wanted = tag_pairs(new, name)
    stale = {tag["Key"] for tag in tag_pairs(old, name)} - {tag["Key"] for tag in wanted}
    add = {"AddTags": wanted} if wanted else {}
    remove = {"RemoveTagKeys": sorted(stale)} if stale else {}
    if add or remove:
        at.client("route53").change_tags_for_resource(ResourceType=kind, ResourceId=id_, **add, **remove)


def _record(at: At, properties: Properties) -> dict[str, Any]:
    """A record as the API takes it: values in mappings, names as they are."""
    client = at.client("route53")
    model = client.meta.service_model.shape_for("ResourceRecordSet")
    record = without(properties, "HostedZoneId", "HostedZoneName", "ResourceRecords", "Comment")
    if "AliasTarget" in record:
        record["AliasTarget"] = {"EvaluateTargetHealth": False, **record["AliasTarget"]}
    lost: list[str] = []
    found = fitted(model, record, lost)
    if lost:
        raise ValueError(f"a record has no place for {', '.join(lost)}")
    if properties.get("ResourceRecords"):
        found["ResourceRecords"] = [{"Value": str(value)} for value in properties["ResourceRecords"]]
    return found


def _change(at: At, zone: str, action: str, records: list[Properties]) -> None:
    changes = [{"Action": action, "ResourceRecordSet": _record(at, record)} for record in records]
    at.client("route53").change_resource_record_sets(HostedZoneId=zone, ChangeBatch={"Changes": changes})


_IDENTITY = {"Name", "Type", "SetIdentifier", "HostedZoneId", "HostedZoneName"}


class RecordSet(Handler):
    """AWS::Route53::RecordSet."""

    type: ClassVar[str] = "AWS::Route53::RecordSet"

    def create(self, at: At, new: Properties) -> Made:
        _change(at, new["HostedZoneId"], "CREATE", [new])
        return Made(str(new["Name"]))

    def update(self, at: At, made: Made, new: Properties, old: Properties) -> Made:
        if changed(new, old) & _IDENTITY:
            only(changed(new, old))
        _change(at, new["HostedZoneId"], "UPSERT", [new])
        return made

    def delete(self, at: At, made: Made, old: Properties) -> None:
        _change(at, old["HostedZoneId"], "DELETE", [old])


class RecordSetGroup(Handler):
    """AWS::Route53::RecordSetGroup."""

    type: ClassVar[str] = "AWS::Route53::RecordSetGroup"

    def create(self, at: At, new: Properties) -> Made:
        _change(at, new["HostedZoneId"], "CREATE", new["RecordSets"])
        return Made(at.generated())

    def update(self, at: At, made: Made, new: Properties, old: Properties) -> Made:
        only(changed(new, old), "RecordSets", "Comment")
        names = [{key: record.get(key) for key in _IDENTITY} for record in new["RecordSets"]]
        gone = [r for r in old["RecordSets"] if {key: r.get(key) for key in _IDENTITY} not in names]
        if gone:
            _change(at, new["HostedZoneId"], "DELETE", gone)
        _change(at, new["HostedZoneId"], "UPSERT", new["RecordSets"])
        return made

    def delete(self, at: At, made: Made, old: Properties) -> None:
        _change(at, old["HostedZoneId"], "DELETE", old["RecordSets"])


class HealthCheck(Handler):
    """AWS::Route53::HealthCheck."""

    type: ClassVar[str] = "AWS::Route53::HealthCheck"

    def create(self, at: At, new: Properties) -> Made:
        add = {"CallerReference": str(uuid.uuid4())}
        check = at.send("route53", "create_health_check", new, beside=("HealthCheckTags",), add=add)["HealthCheck"]
        _tag(at, "healthcheck", check["Id"], new, {}, "HealthCheckTags")
        return Made(check["Id"], {"HealthCheckId": check["Id"]})

    def update(self, at: At, made: Made, new: Properties, old: Properties) -> Made:
        config, before = new["HealthCheckConfig"], old["HealthCheckConfig"]
        only(changed(new, old), "HealthCheckConfig", "HealthCheckTags")
        if changed(config, before) & {"Type", "RequestInterval", "MeasureLatency"}:
            only(changed(new, old))
        fixed = without(config, "Type", "RequestInterval", "MeasureLatency")
        at.send("route53", "update_health_check", fixed, add={"HealthCheckId": made.id})
        _tag(at, "healthcheck", made.id, new, old, "HealthCheckTags")
        return made

    def delete(self, at: At, made: Made, old: Properties) -> None:
        at.client("route53").delete_health_check(HealthCheckId=made.id)


HANDLERS = (HostedZone(), RecordSet(), RecordSetGroup(), HealthCheck())
