"""AWS CloudTrail: that the account's history is complete, unaltered and kept."""

from __future__ import annotations

from stackproof.model import Claim, Inventory, Resource, Severity, control
from stackproof.resources.s3 import policies_of

TRAIL = "AWS::CloudTrail::Trail"


@control(
    TRAIL,
    severity=Severity.HIGH,
    remediation="Set IsMultiRegionTrail and IncludeGlobalServiceEvents to true.",
    same_as=("CKV_AWS_67",),
)
def cloudtrail_covers_all_regions(trail: Resource) -> Claim:
    """An intruder works in the region that nobody looks at."""
    return trail["IsMultiRegionTrail"].equals(True) & trail["IncludeGlobalServiceEvents"].equals(True)


@control(TRAIL, severity=Severity.HIGH, remediation="Set IsLogging of the trail to true.")
def cloudtrail_is_logging(trail: Resource) -> Claim:
    """A trail that is not logging records nothing."""
    return trail["IsLogging"].equals(True)


@control(
    TRAIL,
    severity=Severity.MEDIUM,
    remediation="Set EnableLogFileValidation of the trail to true.",
    same_as=("CKV_AWS_36",),
)
def cloudtrail_validates_files(trail: Resource) -> Claim:
    """Without digests nobody can prove that a line was not taken out of the history afterwards."""
    return trail["EnableLogFileValidation"].equals(True)


@control(
    TRAIL,
    severity=Severity.MEDIUM,
    remediation="Set KMSKeyId to a customer-managed key.",
    same_as=("CKV_AWS_35",),
)
def cloudtrail_uses_own_key(trail: Resource) -> Claim:
    """The history tells an attacker how the account is built; a key of your own decides who reads it."""
    return trail["KMSKeyId"].present()


@control(
    TRAIL,
    severity=Severity.LOW,
    remediation="Set CloudWatchLogsLogGroupArn and CloudWatchLogsRoleArn.",
)
def cloudtrail_reaches_cloudwatch(trail: Resource) -> Claim:
    """Files in a bucket are read after the incident; an alarm needs the events in CloudWatch Logs."""
    return trail["CloudWatchLogsLogGroupArn"].present() & trail["CloudWatchLogsRoleArn"].present()


@control(
    TRAIL,
    severity=Severity.HIGH,
    remediation="Set S3BucketName to a bucket with all four public-access blocks and a policy that admits CloudTrail.",
)
def cloudtrail_bucket_is_closed(trail: Resource, inventory: Inventory) -> Claim:
    """The bucket of the trail holds the account's whole history; it must take it in, and show it to nobody."""

    def closed(bucket: Resource) -> Claim:
        block = bucket["PublicAccessBlockConfiguration"]
        blocked = block["BlockPublicPolicy"].equals(True) & block["RestrictPublicBuckets"].equals(True)
        return blocked & policies_of(bucket, inventory).exists()

    return trail["S3BucketName"].present() & inventory.follow(trail["S3BucketName"], closed)
