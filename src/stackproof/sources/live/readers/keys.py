"""AWS KMS and Secrets Manager."""

from __future__ import annotations

from typing import Any

from stackproof.model import ABSENT, Cause, Unknown, Value
from stackproof.sources.live.parts import GoneError
from stackproof.sources.live.reading import Reading, reads


@reads("AWS::KMS::Key", "kms:DescribeKey", "kms:GetKeyRotationStatus", "kms:GetKeyPolicy", "kms:ListResourceTags")
def key(r: Reading) -> None:
    """A key that is about to be deleted is disabled, and says so."""
    part = r.main(r.ask("kms:DescribeKey", "KeyMetadata", KeyId=r.id))
    rotation = r.ask("kms:GetKeyRotationStatus", KeyId=r.id).filled()
    r.set("EnableKeyRotation", rotation.at("KeyRotationEnabled"), bool)
    r.set("RotationPeriodInDays", rotation.at("RotationPeriodInDays", required=False), lambda value: value)
    r.shape("KeyPolicy", r.ask("kms:GetKeyPolicy", "Policy", KeyId=r.id, PolicyName="default"))
    r.tags(r.ask("kms:ListResourceTags", "Tags", KeyId=r.id))
    r.fill(part, but=("PendingWindowInDays",), optional=("MultiRegion",), always=("KeyUsage", "KeySpec", "Origin"))
    if part.value:
        r.also(part.value.get("Arn"), part.value.get("KeyId"))


@reads("AWS::KMS::Alias", "kms:ListAliases")
def alias(r: Reading) -> None:
    """All aliases in one list."""
    part = r.find("kms:ListAliases", "Aliases", AliasName=r.id)
    r.fill(part)
    if part.value:
        r.also(part.value.get("AliasArn"))


@reads("AWS::SecretsManager::Secret", "secretsmanager:DescribeSecret")
def secret(r: Reading) -> None:
    """Never its value. A secret that is about to be deleted is gone for all who want to read it."""
    part = r.main(r.ask("secretsmanager:DescribeSecret", SecretId=r.id))
    if part.value and part.value.get("DeletedDate"):
        raise GoneError(part)
    replicas = part.at("ReplicationStatus", required=False)
    r.set("ReplicaRegions", replicas, lambda found: [_replica(item) for item in found] or ABSENT)
    r.tags(part.at("Tags", required=False))
    r.fill(part, but=("RotationRules",))
    if part.value:
        r.also(part.value.get("ARN"), part.value.get("Name"))


def _replica(item: dict[str, Any]) -> Value:
    found: dict[str, Value] = {key: item[key] for key in ("Region", "KmsKeyId") if item.get(key)}
    return found


@reads("AWS::SecretsManager::RotationSchedule", "secretsmanager:DescribeSecret")
def rotation(r: Reading) -> None:
    """Its physical id is the secret's ARN; a secret that is not rotated has no schedule."""
    part = r.main(r.ask("secretsmanager:DescribeSecret", SecretId=r.id))
    if part.fault is None and not part.value.get("RotationEnabled"):
        raise GoneError(part)
    r.set("SecretId", part, lambda found: found.get("ARN", r.id))
    r.fill(part, {"RotationLambdaARN": "RotationLambdaARN"})


@reads("AWS::SecretsManager::SecretTargetAttachment", "secretsmanager:DescribeSecret")
def attachment(r: Reading) -> None:
    """What it attaches stands inside the secret's value, which is not read."""
    part = r.main(r.ask("secretsmanager:DescribeSecret", SecretId=r.id))
    r.set("SecretId", part, lambda found: found.get("ARN", r.id))
    for name in ("TargetId", "TargetType"):
        r.set(name, part, Unknown(Cause.WRITE_ONLY, name))
