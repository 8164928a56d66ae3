"""Amazon CloudFront: documented defaults, and what an origin is."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from stackproof.model import ABSENT, Claim, Fact, Inventory, Reference, Resource, Text, Unknown, Value
from stackproof.resources.policy_values import hole_in, skeleton

DEFAULTS: Final[dict[str, dict[str, Value]]] = {
    "AWS::CloudFront::Distribution": {
        # CloudFormation reference, CustomOriginConfig and ViewerCertificate
        "DistributionConfig.ViewerCertificate.MinimumProtocolVersion": "TLSv1",
        "DistributionConfig.HttpVersion": "http1.1",
        "DistributionConfig.PriceClass": "PriceClass_All",
        "DistributionConfig.Origins.CustomOriginConfig.OriginSSLProtocols": ["TLSv1", "SSLv3"],
    },
}

_BUCKET_HOST: Final = re.compile(r".+\.s3([.-](dualstack|accelerate|[a-z]{2}(-[a-z]+)+-\d))*\.amazonaws\.com(\.cn)?")
_BUCKET_DOMAINS: Final = ("DomainName", "RegionalDomainName", "DualStackDomainName")


def origins(distribution: Resource) -> Fact:
    """The origins of a distribution, as a list."""
    return distribution["DistributionConfig"]["Origins"]


def behaviours(distribution: Resource) -> Iterator[Fact]:
    """The default cache behaviour and every other one."""
    yield distribution["DistributionConfig"]["DefaultCacheBehavior"]
    yield from distribution["DistributionConfig"]["CacheBehaviors"].items()


def is_bucket(origin: Fact, inventory: Inventory) -> Claim:
    """Hold when the origin is a bucket read through S3's own API (not as a website, which is plain HTTP)."""
    return origin["DomainName"].claim("an S3 bucket", lambda value: _bucket_domain(value, inventory))


def from_bucket(distribution: Resource, inventory: Inventory) -> Claim:
    """Hold when one of the origins is a bucket."""
    return origins(distribution).some(lambda origin: is_bucket(origin, inventory))


def named_in(fact: Fact, distribution: Resource, inventory: Inventory) -> Claim:
    """Hold when a value, such as `aws:SourceArn`, names just this distribution.

    A literal id may be this one's, which only AWS knows; a wildcard names more than one.
    """
    wanted = f"the ARN of {distribution.address}"
    found = inventory.target(fact)
    if isinstance(found, Resource):
        return fact.claim(wanted, lambda _: found.address == distribution.address)
    return fact.claim(wanted, lambda value: "*" not in (skeleton(value) or "*") and found)


def _bucket_domain(value: Value, inventory: Inventory) -> bool | Unknown:
    parts = value.parts if isinstance(value, Text) else (value,)
    for part in parts:
        if isinstance(part, Reference) and (target := inventory.get(part.target)):
            if target.type != "AWS::S3::Bucket":
                return False
            if len(parts) == 1:
                return part.attribute in _BUCKET_DOMAINS
    text = skeleton(value)
    if text is None or value is ABSENT:
        return False
    if "\ufffd" not in text:
        return _BUCKET_HOST.fullmatch(text) is not None
    if _BUCKET_HOST.fullmatch(text.replace("\ufffd", "us-east-1")):
        return True
    return hole_in(value)
