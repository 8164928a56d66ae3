"""What `Ref` and `Fn::GetAtt` of a resource return, where its declared properties settle that.

Patterns hold property names (`{BucketName}`, `{Subject.Name}`) and `{partition}`, `{region}`, `{account}`, `{suffix}`.
Source: the "Return values" sections of the AWS resource reference, and the ARN formats of the Service Authorization
Reference.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final

from stackproof.model import Value


@dataclass(frozen=True, slots=True)
class Place:
    """Where a resource is created; empty text is not known."""

    partition: str = "aws"
    region: str = ""
    account: str = ""

    @property
    def suffix(self) -> str:
        """The domain of AWS's endpoints."""
        return "amazonaws.com.cn" if self.partition == "aws-cn" else "amazonaws.com"


def text_of(type_: str, attribute: str, place: Place, read: Callable[[str], Value]) -> str | None:
    """Return the text of an attribute (empty: of `Ref`), or None when it is known only after deployment.

    `read` gives the value of a property by its dotted path.
    """
    pattern = _PATTERNS.get(type_, {}).get(attribute)
    if pattern is None:
        return None
    parts: list[str] = []
    for index, piece in enumerate(re.split(r"\{([^}]+)\}", pattern)):
        if index % 2 == 0:
            parts.append(piece)
            continue
        value = getattr(place, piece) if piece in _PLACES else read(piece)
        if isinstance(value, bool) or not isinstance(value, str | int) or value == "":
            return None
        parts.append(str(value))
    return "".join(parts)


def names_of(type_: str, place: Place, read: Callable[[str], Value]) -> frozenset[str]:
    """Return the texts by which others may point at the resource: its name and its ARN."""
    attributes = [a for a in _PATTERNS.get(type_, {}) if a in ("", "Arn") or a.endswith("Arn") or a in _ALSO_NAMES]
    return frozenset(text for a in attributes if (text := text_of(type_, a, place, read)))


_PLACES: Final = ("partition", "region", "account", "suffix")
_ALSO_NAMES: Final = ("DomainName", "RegionalDomainName", "Name")


def _here(service: str, rest: str) -> str:
    return f"arn:{{partition}}:{service}:{{region}}:{{account}}:{rest}"


_PATTERNS: Final[Mapping[str, Mapping[str, str]]] = MappingProxyType(
    {
        "AWS::S3::Bucket": {
            "": "{BucketName}",
            "Arn": "arn:{partition}:s3:::{BucketName}",
            "DomainName": "{BucketName}.s3.{suffix}",
            "RegionalDomainName": "{BucketName}.s3.{region}.{suffix}",
            "DualStackDomainName": "{BucketName}.s3.dualstack.{region}.{suffix}",
        },
        "AWS::SNS::Topic": {
            "": _here("sns", "{TopicName}"),
            "TopicArn": _here("sns", "{TopicName}"),
            "TopicName": "{TopicName}",
        },
        "AWS::IAM::Role": {"": "{RoleName}", "Arn": "arn:{partition}:iam::{account}:role/{RoleName}"},
        "AWS::EC2::VPC": {"CidrBlock": "{CidrBlock}"},
    }
)
