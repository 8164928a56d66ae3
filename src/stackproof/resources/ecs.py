"""Documented defaults of ECS and ECR, and the parts of a container image's name."""

from __future__ import annotations

import re
from typing import Final

from stackproof.model import ABSENT, Cause, Fact, Reference, Resource, Unknown, Value
from stackproof.model.matching import Answer, equal, readable
from stackproof.resources.secret_values import parts_of

DEFAULTS: Final[dict[str, dict[str, Value]]] = {
    # Template reference, AwsVpcConfiguration; API CreateService for the rest.
    "AWS::ECS::Service": {
        "NetworkConfiguration.AwsvpcConfiguration.AssignPublicIp": "DISABLED",
        "PlatformVersion": "LATEST",
        "EnableExecuteCommand": False,
    },
    # API EFSVolumeConfiguration and RegisterTaskDefinition.
    "AWS::ECS::TaskDefinition": {
        "Volumes.EFSVolumeConfiguration.TransitEncryption": "DISABLED",
        "NetworkMode": "bridge",
    },
    # API CreateRepository.
    "AWS::ECR::Repository": {
        "ImageScanningConfiguration.ScanOnPush": False,
        "ImageTagMutability": "MUTABLE",
        "EncryptionConfiguration.EncryptionType": "AES256",
    },
}

# Characters that no image name holds stand for its undecided parts.
_UNDECIDED: Final = "\ue000"
_REPOSITORY: Final = "\ue001"

_ECR: Final = re.compile(
    rf"{_REPOSITORY}|(\d{{12}}|{_UNDECIDED})\.dkr\.ecr(-fips)?\.([a-z0-9-]+|{_UNDECIDED})\.amazonaws\.com(\.cn)?/"
)
# Sidecars that AWS itself publishes: X-Ray, OpenTelemetry, CloudWatch agent, FireLens, App Mesh.
_AWS_PUBLISHED: Final = re.compile(
    r"public\.ecr\.aws/(xray|aws-observability|cloudwatch-agent|aws-appmesh|ecs|eks|aws-ec2)/"
)
_MOVING: Final = re.compile(
    r"[a-z]+(-[a-z]+)*"  # words only: latest, stable, alpine, none
    r"|v?\d{1,2}(-[a-z][a-z0-9.]*)*",  # a major version: 18, 18-alpine, 3-slim
    re.IGNORECASE,
)


def is_pinned(image: Value) -> Answer:
    """Say whether an image's name ends in a digest, or in a tag that does not move.

    No tag means latest; a word (`alpine`) or a major version (`18-alpine`) moves with every release.
    """
    name = _shown(image)
    if re.search(r"@sha256:", name):
        return True
    tagged = name.rpartition("/")[2]
    _, colon, tag = tagged.partition(":")
    if _UNDECIDED in (tag if colon else tagged):
        return _why(image)
    return bool(colon) and _MOVING.fullmatch(tag) is None and tag != ""


def in_own_registry(image: Value) -> Answer:
    """Say whether an image comes from ECR, by its registry's name or by pointing at a repository, or from AWS."""
    name = _shown(image)
    if _ECR.match(name) or _AWS_PUBLISHED.match(name):
        return True
    return _why(image) if name.startswith(_UNDECIDED) else False


def container_named(task: Resource, name: Fact) -> Fact:
    """The container definition of this name as a fact; absent, or unknown when it cannot be told."""
    doubt: Unknown | None = None
    for container in task["ContainerDefinitions"].items():
        same = equal(container["Name"].value, name.value)
        if same is True:
            return container
        if isinstance(same, Unknown):
            doubt = doubt or same
    where = task["ContainerDefinitions"].where
    return Fact(f"ContainerDefinitions[{name.value}]", doubt or ABSENT, where)


def _shown(image: Value) -> str:
    return "".join(part if isinstance(part, str) else _part(part) for part in parts_of(image))


def _part(part: Value) -> str:
    if isinstance(part, Reference) and part.attribute == "RepositoryUri":
        return part.text or _REPOSITORY
    if isinstance(part, Reference) and part.text is not None:
        return part.text
    return _UNDECIDED if isinstance(part, Unknown | Reference) else str(part)


def _why(image: Value) -> Unknown:
    plain = readable(image)
    return plain if isinstance(plain, Unknown) else Unknown(Cause.NEEDS_LIVE, str(image))
