"""S3: buckets and their policies."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any, ClassVar

from stackproof.emulator.handlers.base import At, Handler, Made, Properties, RefusedError, changed, only, tag_pairs

Convert = Callable[[Any], Any]


def _lifecycle(value: Mapping[str, Any]) -> dict[str, Any]:
    return {"Rules": [_rule(rule) for rule in value["Rules"]]}


def _rule(rule: Mapping[str, Any]) -> dict[str, Any]:
    """CloudFormation's flat rule as S3's nested one."""
    result: dict[str, Any] = {"Status": rule["Status"], "Filter": {"Prefix": rule.get("Prefix", "")}}
    if "Id" in rule:
        result["ID"] = rule["Id"]
    expiration = {"Days": "ExpirationInDays", "Date": "ExpirationDate"}
    expiring = {key: rule[name] for key, name in expiration.items() if name in rule}
    if expiring:
        result["Expiration"] = {"Days": int(expiring["Days"])} if "Days" in expiring else expiring
    moves = rule.get("Transitions") or ([rule["Transition"]] if "Transition" in rule else [])
    if moves:
        result["Transitions"] = [{"Days": int(m["TransitionInDays"]), "StorageClass": m["StorageClass"]} for m in moves]
    old = rule.get("NoncurrentVersionExpiration")
    if old:
        result["NoncurrentVersionExpiration"] = {key: int(value) for key, value in old.items()}
    old_moves = rule.get("NoncurrentVersionTransitions")
    if old_moves:
        result["NoncurrentVersionTransitions"] = [
            {"NoncurrentDays": int(m["TransitionInDays"]), "StorageClass": m["StorageClass"]} for m in old_moves
        ]
    abandoned = rule.get("AbortIncompleteMultipartUpload")
    if abandoned:
        result["AbortIncompleteMultipartUpload"] = {"DaysAfterInitiation": int(abandoned["DaysAfterInitiation"])}
    known = {"Status", "Id", "Prefix", *expiration.values(), "Transitions", "Transition", "NoncurrentVersionExpiration"}
    lost = set(rule) - known - {"NoncurrentVersionTransitions", "AbortIncompleteMultipartUpload"}
    if lost:
        raise RefusedError(f"lifecycle rules are not passed on with {', '.join(sorted(lost))}")
    return result


def _cors(value: Mapping[str, Any]) -> dict[str, Any]:
    names = {"Id": "ID", "MaxAge": "MaxAgeSeconds", "ExposedHeaders": "ExposeHeaders"}
    rules = [{names.get(key, key): item for key, item in rule.items()} for rule in value["CorsRules"]]
    for rule in rules:
        if "MaxAgeSeconds" in rule:
            rule["MaxAgeSeconds"] = int(rule["MaxAgeSeconds"])
    return {"CORSRules": rules}


def _encryption(value: Mapping[str, Any]) -> dict[str, Any]:
    rules = []
    for rule in value["ServerSideEncryptionConfiguration"]:
        found: dict[str, Any] = {}
        default = rule.get("ServerSideEncryptionByDefault")
        if default:
            found["ApplyServerSideEncryptionByDefault"] = dict(default)
        if "BucketKeyEnabled" in rule:
            found["BucketKeyEnabled"] = str(rule["BucketKeyEnabled"]).lower() == "true"
        rules.append(found)
    return {"Rules": rules}


def _logging(value: Mapping[str, Any]) -> dict[str, Any]:
    target = {"TargetBucket": value["DestinationBucketName"], "TargetPrefix": value.get("LogFilePrefix", "")}
    return {"LoggingEnabled": target}


def _block(value: Mapping[str, Any]) -> dict[str, Any]:
    return {key: str(item).lower() == "true" for key, item in value.items()}


def _same(value: Any) -> Any:
    return value


# property: (operation's middle name, parameter, conversion); deleted by delete_<middle name> when it goes
SETTINGS: Mapping[str, tuple[str, str, Convert]] = {
    "OwnershipControls": ("bucket_ownership_controls", "OwnershipControls", _same),
    "PublicAccessBlockConfiguration": ("public_access_block", "PublicAccessBlockConfiguration", _block),
    "BucketEncryption": ("bucket_encryption", "ServerSideEncryptionConfiguration", _encryption),
    "LifecycleConfiguration": ("bucket_lifecycle_configuration", "LifecycleConfiguration", _lifecycle),
    "CorsConfiguration": ("bucket_cors", "CORSConfiguration", _cors),
    "VersioningConfiguration": ("bucket_versioning", "VersioningConfiguration", _same),
    "LoggingConfiguration": ("bucket_logging", "BucketLoggingStatus", _logging),
}
_DELETE = {"bucket_lifecycle_configuration": "delete_bucket_lifecycle"}
_OFF: Mapping[str, Any] = {"bucket_versioning": {"Status": "Suspended"}, "bucket_logging": {}}


class Bucket(Handler):
    """AWS::S3::Bucket."""

    type: ClassVar[str] = "AWS::S3::Bucket"

    def create(self, at: At, new: Properties) -> Made:
        unknown = set(new) - set(SETTINGS) - {"BucketName", "Tags"}
        if unknown:
            raise RefusedError(f"buckets are not made with {', '.join(sorted(unknown))}")
        s3 = at.client("s3")
        name = new.get("BucketName") or at.generated(63, lower=True)
        place = {} if at.region == "us-east-1" else {"CreateBucketConfiguration": {"LocationConstraint": at.region}}
        controls = (new.get("OwnershipControls") or {}).get("Rules") or [{}]
        ownership = controls[0].get("ObjectOwnership", "BucketOwnerEnforced")
        s3.create_bucket(Bucket=name, ObjectOwnership=ownership, **place)
        made = Made(
            name,
            {
                "Arn": f"arn:aws:s3:::{name}",
                "DomainName": f"{name}.s3.amazonaws.com",
                "RegionalDomainName": f"{name}.s3.{at.region}.amazonaws.com",
                "WebsiteURL": f"http://{name}.s3-website-{at.region}.amazonaws.com",
            },
        )
        self._set(at, made, new, {})
        return made

    def update(self, at: At, made: Made, new: Properties, old: Properties) -> Made:
        only(changed(new, old), *SETTINGS, "Tags")
        self._set(at, made, new, old)
        return made

    def delete(self, at: At, made: Made, old: Properties) -> None:
        at.client("s3").delete_bucket(Bucket=made.id)

    def _set(self, at: At, made: Made, new: Properties, old: Properties) -> None:
        s3 = at.client("s3")
        for name, (middle, parameter, convert) in SETTINGS.items():
            if new.get(name) == old.get(name):
                continue
            if name in new:
                getattr(s3, f"put_{middle}")(Bucket=made.id, **{parameter: convert(new[name])})
            elif middle in _OFF:
                getattr(s3, f"put_{middle}")(Bucket=made.id, **{parameter: _OFF[middle]})
            else:
                getattr(s3, _DELETE.get(middle, f"delete_{middle}"))(Bucket=made.id)
        if tag_pairs(new) != tag_pairs(old):
            if tag_pairs(new):
                s3.put_bucket_tagging(Bucket=made.id, Tagging={"TagSet": tag_pairs(new)})
            else:
                s3.delete_bucket_tagging(Bucket=made.id)


class BucketPolicy(Handler):
    """AWS::S3::BucketPolicy."""

    type: ClassVar[str] = "AWS::S3::BucketPolicy"

    def create(self, at: At, new: Properties) -> Made:
        at.client("s3").put_bucket_policy(Bucket=new["Bucket"], Policy=json.dumps(new["PolicyDocument"]))
        return Made(new["Bucket"])

    def update(self, at: At, made: Made, new: Properties, old: Properties) -> Made:
        only(changed(new, old), "PolicyDocument")
        return self.create(at, new)

    def delete(self, at: At, made: Made, old: Properties) -> None:
        at.client("s3").delete_bucket_policy(Bucket=made.id)


HANDLERS = (Bucket(), BucketPolicy())
