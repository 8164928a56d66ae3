"""CloudFront: distributions and what they refer to."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from typing import Any, ClassVar

from botocore.model import ListShape, Shape, StructureShape

from stackproof.emulator.handlers.base import At, Handler, Made, Properties, RefusedError, changed, only, tag_pairs
from stackproof.emulator.handlers.shapes import fitted


def _counted(shape: Shape, value: Any) -> Any:
    """Lists as CloudFront's API has them: items with their number."""
    if isinstance(shape, StructureShape):
        members = {name.lower(): (name, member) for name, member in shape.members.items()}
        if isinstance(value, list) and {"quantity", "items"} <= set(members):
            item = members["items"][1]
            inner = item.member if isinstance(item, ListShape) else item
            items = [_counted(inner, entry) for entry in value]
            enabled = {"Enabled": bool(value)} if "enabled" in members else {}
            return {"Quantity": len(items), **({"Items": items} if items else {}), **enabled}
        if isinstance(value, Mapping):
            return {
                members[key.lower()][0] if key.lower() in members else key: _counted(
                    members[key.lower()][1] if key.lower() in members else shape, item
                )
                for key, item in value.items()
            }
    return value


def _behaviour(value: Mapping[str, Any]) -> dict[str, Any]:
    """A cache behaviour: the cached methods are a part of the allowed ones."""
    allowed = list(value.get("AllowedMethods") or ["GET", "HEAD"])
    cached = list(value.get("CachedMethods") or ["GET", "HEAD"])
    methods = {
        "Quantity": len(allowed),
        "Items": allowed,
        "CachedMethods": {"Quantity": len(cached), "Items": cached},
    }
    rest = {key: item for key, item in value.items() if key not in {"AllowedMethods", "CachedMethods"}}
    return {"SmoothStreaming": False, **rest, "AllowedMethods": methods}


def _config(at: At, config: Properties, reference: str) -> dict[str, Any]:
    """A distribution's configuration as the API takes it."""
    shape = at.client("cloudfront").meta.service_model.shape_for("DistributionConfig")
    written = dict(config)
    written["DefaultCacheBehavior"] = _behaviour(config["DefaultCacheBehavior"])
    if config.get("CacheBehaviors"):
        written["CacheBehaviors"] = [_behaviour(item) for item in config["CacheBehaviors"]]
    if config.get("Logging"):
        written["Logging"] = {"Enabled": True, "Prefix": "", "IncludeCookies": False, **config["Logging"]}
    renamed = {"IPV6Enabled": "IsIPV6Enabled"}
    written = {renamed.get(key, key): value for key, value in written.items()}
    if isinstance(written.get("ViewerCertificate"), Mapping):
        spelled = {"AcmCertificateArn": "ACMCertificateArn", "SslSupportMethod": "SSLSupportMethod"}
        written["ViewerCertificate"] = {spelled.get(k, k): v for k, v in written["ViewerCertificate"].items()}
    lost: list[str] = []
    found = fitted(shape, _counted(shape, {"Comment": "", **written}), lost)
    if lost:
        raise RefusedError(f"distributions have no place for {', '.join(lost)}")
    return {**found, "CallerReference": reference}


class Distribution(Handler):
    """AWS::CloudFront::Distribution."""

    type: ClassVar[str] = "AWS::CloudFront::Distribution"

    def create(self, at: At, new: Properties) -> Made:
        config = _config(at, new["DistributionConfig"], str(uuid.uuid4()))
        tags = {"Items": tag_pairs(new)}
        answer = at.client("cloudfront").create_distribution_with_tags(
            DistributionConfigWithTags={"DistributionConfig": config, "Tags": tags}
        )["Distribution"]
        return Made(answer["Id"], {"Id": answer["Id"], "DomainName": answer["DomainName"]})

    def update(self, at: At, made: Made, new: Properties, old: Properties) -> Made:
        only(changed(new, old), "DistributionConfig", "Tags")
        client = at.client("cloudfront")
        there = client.get_distribution_config(Id=made.id)
        config = _config(at, new["DistributionConfig"], there["DistributionConfig"]["CallerReference"])
        client.update_distribution(Id=made.id, IfMatch=there["ETag"], DistributionConfig=config)
        if new.get("Tags"):
            arn = f"arn:aws:cloudfront::{at.account}:distribution/{made.id}"
            client.tag_resource(Resource=arn, Tags={"Items": tag_pairs(new)})
        return made

    def delete(self, at: At, made: Made, old: Properties) -> None:
        client = at.client("cloudfront")
        there = client.get_distribution_config(Id=made.id)
        off = {**there["DistributionConfig"], "Enabled": False}
        etag = client.update_distribution(Id=made.id, IfMatch=there["ETag"], DistributionConfig=off)["ETag"]
        client.delete_distribution(Id=made.id, IfMatch=etag)


class OriginAccessControl(Handler):
    """AWS::CloudFront::OriginAccessControl."""

    type: ClassVar[str] = "AWS::CloudFront::OriginAccessControl"

    def create(self, at: At, new: Properties) -> Made:
        made = at.send("cloudfront", "create_origin_access_control", new)["OriginAccessControl"]
        return Made(made["Id"], {"Id": made["Id"]})

    def update(self, at: At, made: Made, new: Properties, old: Properties) -> Made:
        client = at.client("cloudfront")
        etag = client.get_origin_access_control(Id=made.id)["ETag"]
        at.send("cloudfront", "update_origin_access_control", new, add={"Id": made.id, "IfMatch": etag})
        return made

    def delete(self, at: At, made: Made, old: Properties) -> None:
        client = at.client("cloudfront")
        etag = client.get_origin_access_control(Id=made.id)["ETag"]
        client.delete_origin_access_control(Id=made.id, IfMatch=etag)


class PublicKey(Handler):
    """AWS::CloudFront::PublicKey."""

    type: ClassVar[str] = "AWS::CloudFront::PublicKey"

    def create(self, at: At, new: Properties) -> Made:
        key = at.send("cloudfront", "create_public_key", new)["PublicKey"]
        return Made(key["Id"], {"Id": key["Id"], "CreatedTime": str(key.get("CreatedTime", ""))})

    def delete(self, at: At, made: Made, old: Properties) -> None:
        client = at.client("cloudfront")
        etag = client.get_public_key(Id=made.id)["ETag"]
        client.delete_public_key(Id=made.id, IfMatch=etag)


class KeyGroup(Handler):
    """AWS::CloudFront::KeyGroup."""

    type: ClassVar[str] = "AWS::CloudFront::KeyGroup"

    def create(self, at: At, new: Properties) -> Made:
        group = at.send("cloudfront", "create_key_group", new)["KeyGroup"]
        return Made(group["Id"], {"Id": group["Id"]})

    def delete(self, at: At, made: Made, old: Properties) -> None:
        client = at.client("cloudfront")
        etag = client.get_key_group(Id=made.id)["ETag"]
        client.delete_key_group(Id=made.id, IfMatch=etag)


HANDLERS = (Distribution(), OriginAccessControl(), PublicKey(), KeyGroup())
