"""Amazon S3: each setting of a bucket is a call of its own, and most say by an error that there is none."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from stackproof.model import ABSENT, Cause, Unknown, Value
from stackproof.sources.live.parts import GoneError
from stackproof.sources.live.reading import Reading, reads

# Property: call, member of the answer that holds it, error code that says that there is none
_SETTINGS: Final = {
    "BucketEncryption": (
        "GetBucketEncryption",
        "ServerSideEncryptionConfiguration",
        "ServerSideEncryptionConfigurationNotFoundError",
    ),
    "PublicAccessBlockConfiguration": (
        "GetPublicAccessBlock",
        "PublicAccessBlockConfiguration",
        "NoSuchPublicAccessBlockConfiguration",
    ),
    "OwnershipControls": ("GetBucketOwnershipControls", "OwnershipControls", "OwnershipControlsNotFoundError"),
    "WebsiteConfiguration": ("GetBucketWebsite", "", "NoSuchWebsiteConfiguration"),
    "ReplicationConfiguration": (
        "GetBucketReplication",
        "ReplicationConfiguration",
        "ReplicationConfigurationNotFoundError",
    ),
    "ObjectLockConfiguration": (
        "GetObjectLockConfiguration",
        "ObjectLockConfiguration",
        "ObjectLockConfigurationNotFoundError",
    ),
}
_CANNED: Final[dict[frozenset[tuple[str, str]], Value]] = {
    frozenset(): "Private",
    frozenset({("AllUsers", "READ")}): "PublicRead",
    frozenset({("AllUsers", "READ"), ("AllUsers", "WRITE")}): "PublicReadWrite",
    frozenset({("AuthenticatedUsers", "READ")}): "AuthenticatedRead",
    frozenset({("LogDelivery", "WRITE"), ("LogDelivery", "READ_ACP")}): "LogDeliveryWrite",
}
_CALLS: Final = (
    "s3:GetBucketAcl",
    "s3:GetBucketVersioning",
    "s3:GetBucketLifecycleConfiguration",
    "s3:GetBucketCors",
    "s3:GetBucketLogging",
    "s3:GetBucketTagging",
    "s3:GetBucketNotificationConfiguration",
    *(f"s3:{call}" for call, _, _ in _SETTINGS.values()),
)
_RULES: Final = "BucketEncryption.ServerSideEncryptionConfiguration"
_RENAMES: Final = {
    _RULES: "Rules",
    f"{_RULES}.ServerSideEncryptionByDefault": "ApplyServerSideEncryptionByDefault",
    "WebsiteConfiguration.IndexDocument": "IndexDocument.Suffix",
    "WebsiteConfiguration.ErrorDocument": "ErrorDocument.Key",
}


@reads("AWS::S3::Bucket", *_CALLS)
def bucket(r: Reading) -> None:
    """What has no setting is known to have none; what may not be asked is unknown."""
    versioning = r.main(r.ask("s3:GetBucketVersioning", Bucket=r.id), bare=True)  # never versioned
    r.set("BucketName", versioning, r.id)
    r.set("VersioningConfiguration", versioning, _versioning)
    for name, (call, member, absent) in _SETTINGS.items():
        part = r.ask(f"s3:{call}", member, absent=(absent,), Bucket=r.id).filled()
        if part.value is None or part.fault:
            r.set(name, part, ABSENT)
        else:
            r.shape(name, part, _RENAMES)
    none = ("ObjectLockConfigurationNotFoundError",)
    lock = r.ask("s3:GetObjectLockConfiguration", "ObjectLockConfiguration", absent=none, Bucket=r.id)
    r.set("ObjectLockEnabled", lock, bool(lock.value))
    rules = r.ask("s3:GetBucketLifecycleConfiguration", "Rules", absent=("NoSuchLifecycleConfiguration",), Bucket=r.id)
    r.set("LifecycleConfiguration", rules, lambda found: {"Rules": [_lifecycle(rule) for rule in found]})
    cors = r.ask("s3:GetBucketCors", "CORSRules", absent=("NoSuchCORSConfiguration",), Bucket=r.id)
    r.set("CorsConfiguration", cors, lambda found: {"CorsRules": [_cors(rule) for rule in found]})
    r.set("LoggingConfiguration", r.ask("s3:GetBucketLogging", Bucket=r.id), _logging)
    r.tags(r.ask("s3:GetBucketTagging", "TagSet", absent=("NoSuchTagSet",), Bucket=r.id))
    r.set("AccessControl", r.ask("s3:GetBucketAcl", Bucket=r.id), _acl)
    notified = r.ask("s3:GetBucketNotificationConfiguration", Bucket=r.id)
    r.set("NotificationConfiguration", notified, _notification)


@reads("AWS::S3::BucketPolicy", "s3:GetBucketPolicy")
def bucket_policy(r: Reading) -> None:
    """A bucket without a policy lacks this resource."""
    name = r.id if r.id in r.around.siblings("AWS::S3::Bucket") else str(r.hint("Bucket") or r.id)
    policy = r.ask("s3:GetBucketPolicy", "Policy", Bucket=name)
    if policy.fault is not None and policy.fault.code == "NoSuchBucketPolicy":
        raise GoneError(policy)
    r.main(policy)
    r.set("Bucket", policy, name)
    r.shape("PolicyDocument", policy)


def _acl(answer: Mapping[str, Any]) -> Value:
    """The canned ACL that gives these grants; any other set of grants has no such name."""
    owner = answer["Owner"]["ID"]
    grants = {
        (str(grant["Grantee"].get("URI", grant["Grantee"].get("ID"))).rpartition("/")[2], grant["Permission"])
        for grant in answer["Grants"]
    }
    others = frozenset(grants - {(owner, "FULL_CONTROL")})
    return _CANNED.get(others, Unknown(Cause.NOT_READ, "AccessControl: grants that no canned ACL gives"))


def _versioning(answer: Mapping[str, Any]) -> Value:
    return {"Status": answer["Status"]} if answer.get("Status") else ABSENT


def _logging(answer: Mapping[str, Any]) -> Value:
    enabled = answer.get("LoggingEnabled")
    if not enabled:
        return ABSENT
    prefix = enabled.get("TargetPrefix")
    return {"DestinationBucketName": enabled.get("TargetBucket", ""), **({"LogFilePrefix": prefix} if prefix else {})}


def _cors(rule: Mapping[str, Any]) -> Value:
    names = {
        "ID": "Id",
        "AllowedHeaders": "AllowedHeaders",
        "AllowedMethods": "AllowedMethods",
        "AllowedOrigins": "AllowedOrigins",
        "ExposeHeaders": "ExposedHeaders",
        "MaxAgeSeconds": "MaxAge",
    }
    return {ours: rule[theirs] for theirs, ours in names.items() if theirs in rule}


def _lifecycle(rule: Mapping[str, Any]) -> Value:
    made: dict[str, Value] = {"Status": rule.get("Status", "")}
    if rule.get("ID"):
        made["Id"] = rule["ID"]
    _filter(rule, made)
    expiration = rule.get("Expiration") or {}
    for theirs, ours in (
        ("Days", "ExpirationInDays"),
        ("Date", "ExpirationDate"),
        ("ExpiredObjectDeleteMarker", "ExpiredObjectDeleteMarker"),
    ):
        if theirs in expiration:
            made[ours] = expiration[theirs]
    if rule.get("Transitions"):
        made["Transitions"] = [_transition(item) for item in rule["Transitions"]]
    old = rule.get("NoncurrentVersionExpiration")
    if old:
        made["NoncurrentVersionExpiration"] = _noncurrent(old)
    if rule.get("NoncurrentVersionTransitions"):
        made["NoncurrentVersionTransitions"] = [
            {"StorageClass": item.get("StorageClass", ""), "TransitionInDays": item.get("NoncurrentDays", 0)}
            for item in rule["NoncurrentVersionTransitions"]
        ]
    parts = rule.get("AbortIncompleteMultipartUpload")
    if parts:
        made["AbortIncompleteMultipartUpload"] = dict(parts)
    return made


def _filter(rule: Mapping[str, Any], made: dict[str, Value]) -> None:
    kept = rule.get("Filter") or {}
    kept = {**kept, **(kept.get("And") or {})}
    prefix = rule.get("Prefix") or kept.get("Prefix")
    if prefix:
        made["Prefix"] = prefix
    tags = [*([kept["Tag"]] if kept.get("Tag") else []), *(kept.get("Tags") or [])]
    if tags:
        made["TagFilters"] = tags
    for key in ("ObjectSizeGreaterThan", "ObjectSizeLessThan"):
        if key in kept:
            made[key] = kept[key]


def _transition(item: Mapping[str, Any]) -> Value:
    names = {"Days": "TransitionInDays", "Date": "TransitionDate", "StorageClass": "StorageClass"}
    return {ours: item[theirs] for theirs, ours in names.items() if theirs in item}


def _noncurrent(item: Mapping[str, Any]) -> Value:
    names = {"NoncurrentDays": "NoncurrentDays", "NewerNoncurrentVersions": "NewerNoncurrentVersions"}
    return {ours: item[theirs] for theirs, ours in names.items() if theirs in item}


def _notification(answer: Mapping[str, Any]) -> Value:
    kinds = {
        "LambdaFunctionConfigurations": ("LambdaConfigurations", "LambdaFunctionArn", "Function"),
        "QueueConfigurations": ("QueueConfigurations", "QueueArn", "Queue"),
        "TopicConfigurations": ("TopicConfigurations", "TopicArn", "Topic"),
    }
    made: dict[str, Value] = {}
    for theirs, (ours, arn, target) in kinds.items():
        found: list[Value] = [
            {"Event": event, target: item.get(arn, "")} for item in answer.get(theirs) or () for event in item["Events"]
        ]
        if found:
            made[ours] = found
    if "EventBridgeConfiguration" in answer:
        made["EventBridgeConfiguration"] = {"EventBridgeEnabled": True}
    return made or ABSENT
