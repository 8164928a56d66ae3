"""Amazon S3: documented defaults, and which bucket policies and log deliveries belong to a bucket."""

from __future__ import annotations

from typing import Final

from stackproof.model import Claim, Fact, Inventory, Resource, Selection, Value, any_of

DEFAULTS: Final[dict[str, dict[str, Value]]] = {
    "AWS::S3::Bucket": {
        # CloudFormation reference, AWS::S3::Bucket: "AccessControl"
        "AccessControl": "Private",
        # S3 user guide, "Controlling ownership of objects": the default for new buckets since April 2023
        "OwnershipControls.Rules": [{"ObjectOwnership": "BucketOwnerEnforced"}],
    },
}


def policies_of(bucket: Resource, inventory: Inventory) -> Selection:
    """The bucket policies of a bucket."""
    return inventory.pointing_to(bucket, "AWS::S3::BucketPolicy", at="Bucket")


def receives_logs(bucket: Resource, inventory: Inventory) -> Claim:
    """Hold when access logs or trails are delivered into this bucket."""
    return any_of(
        inventory.pointing_to(bucket, kind, at=path).exists()
        for kind, path in (
            ("AWS::S3::Bucket", "LoggingConfiguration.DestinationBucketName"),
            ("AWS::CloudFront::Distribution", "DistributionConfig.Logging.Bucket"),
            ("AWS::CloudTrail::Trail", "S3BucketName"),
            ("AWS::ElasticLoadBalancingV2::LoadBalancer", "LoadBalancerAttributes.Value"),
        )
    )


def default_encryption(bucket: Resource) -> Fact:
    """The bucket's encryption rules, as a list."""
    return bucket.at("BucketEncryption.ServerSideEncryptionConfiguration")
