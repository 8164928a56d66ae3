"""Amazon S3 buckets and access points."""

from __future__ import annotations

from stackproof.model import Claim, Inventory, Resource, Severity, all_of, control
from stackproof.resources.s3 import default_encryption, receives_logs

_BLOCKS = ("BlockPublicAcls", "BlockPublicPolicy", "IgnorePublicAcls", "RestrictPublicBuckets")


@control(
    "AWS::S3::Bucket",
    severity=Severity.HIGH,
    remediation="Set all four of PublicAccessBlockConfiguration to true.",
    same_as=("CKV_AWS_53", "CKV_AWS_54", "CKV_AWS_55", "CKV_AWS_56"),
)
def s3_public_access_blocked(bucket: Resource) -> Claim:
    """One wrong policy or object ACL publishes a bucket unless all four blocks stand in its way.

    AWS sets them for new buckets only, and takes away those that the template leaves out; so they are written down.
    """
    block = bucket["PublicAccessBlockConfiguration"]
    return all_of(block[name].equals(True) for name in _BLOCKS)


@control(
    "AWS::S3::Bucket",
    severity=Severity.CRITICAL,
    remediation="Remove AccessControl, or set it to Private.",
    same_as=("CKV_AWS_20", "CKV_AWS_57"),
)
def s3_acl_not_public(bucket: Resource) -> Claim:
    """A canned ACL for everyone lets anybody list, read or even overwrite the objects."""
    return ~bucket["AccessControl"].one_of("PublicRead", "PublicReadWrite", "AuthenticatedRead")


@control(
    "AWS::S3::Bucket",
    severity=Severity.LOW,
    remediation="Set OwnershipControls to BucketOwnerEnforced and remove AccessControl; grant access by bucket policy.",
)
def s3_acls_disabled(bucket: Resource, inventory: Inventory) -> Claim:
    """ACLs grant access per object, beside the policies that people review. Only CloudFront's old logs need them."""
    owned = bucket.at("OwnershipControls.Rules").each(
        lambda rule: rule["ObjectOwnership"].equals("BucketOwnerEnforced")
    )
    cdn_logs = inventory.pointing_to(bucket, "AWS::CloudFront::Distribution", at="DistributionConfig.Logging.Bucket")
    return (owned & bucket["AccessControl"].one_of("Private")).only_if(~cdn_logs.exists())


@control(
    "AWS::S3::Bucket",
    severity=Severity.MEDIUM,
    remediation="Set BucketEncryption.ServerSideEncryptionConfiguration with SSEAlgorithm aws:kms (or AES256).",
    same_as=("CKV_AWS_19",),
)
def s3_default_encryption(bucket: Resource) -> Claim:
    """Written default encryption settles which key protects the objects, and that a reviewer can see it."""
    rules = default_encryption(bucket)
    return rules.present() & rules.each(
        lambda rule: rule.at("ServerSideEncryptionByDefault.SSEAlgorithm").one_of("AES256", "aws:kms", "aws:kms:dsse")
    )


@control(
    "AWS::S3::Bucket",
    severity=Severity.MEDIUM,
    remediation="Set VersioningConfiguration.Status to Enabled.",
    same_as=("CKV_AWS_21",),
)
def s3_versioned(bucket: Resource) -> Claim:
    """Without versions an overwritten or deleted object is gone; backup and replication need them too."""
    return bucket["VersioningConfiguration"]["Status"].equals("Enabled")


@control(
    "AWS::S3::Bucket",
    severity=Severity.MEDIUM,
    remediation="Set LoggingConfiguration.DestinationBucketName to the bucket that collects access logs.",
    same_as=("CKV_AWS_18",),
)
def s3_access_logged(bucket: Resource, inventory: Inventory) -> Claim:
    """Access logs tell afterwards who read an object. A bucket that itself receives logs would log in a loop."""
    named = bucket["LoggingConfiguration"]["DestinationBucketName"].present()
    return named.only_if(~receives_logs(bucket, inventory))


@control(
    "AWS::S3::Bucket",
    severity=Severity.LOW,
    remediation="Add an enabled rule to LifecycleConfiguration.Rules.",
)
def s3_lifecycle(bucket: Resource) -> Claim:
    """Objects that nobody moves or deletes cost money for ever, and personal data must not be kept for ever."""
    return bucket["LifecycleConfiguration"]["Rules"].some(lambda rule: rule["Status"].equals("Enabled"))


@control(
    "AWS::S3::Bucket",
    severity=Severity.LOW,
    remediation="Add NoncurrentVersionExpiration to an enabled rule of LifecycleConfiguration.",
)
def s3_old_versions_expire(bucket: Resource) -> Claim:
    """In a versioned bucket a deletion only hides the object; without an expiry old versions stay and are paid for."""
    expires = bucket["LifecycleConfiguration"]["Rules"].some(
        lambda rule: (
            rule["Status"].equals("Enabled")
            & (
                rule["NoncurrentVersionExpiration"]["NoncurrentDays"].at_least(1)
                | rule["NoncurrentVersionExpirationInDays"].at_least(1)
            )
        )
    )
    return expires.only_if(bucket["VersioningConfiguration"]["Status"].equals("Enabled"))


@control(
    "AWS::S3::Bucket",
    severity=Severity.LOW,
    remediation="Add AbortIncompleteMultipartUpload.DaysAfterInitiation to an enabled rule of LifecycleConfiguration.",
)
def s3_abandoned_uploads_removed(bucket: Resource) -> Claim:
    """Parts of an upload that never completed do not show in any listing and are paid for until they are aborted."""
    return bucket["LifecycleConfiguration"]["Rules"].some(
        lambda rule: (
            rule["Status"].equals("Enabled") & rule["AbortIncompleteMultipartUpload"]["DaysAfterInitiation"].at_least(1)
        )
    )


@control(
    "AWS::S3::Bucket",
    severity=Severity.MEDIUM,
    remediation="List the application's origins, with https://, in AllowedOrigins of every CORS rule.",
)
def s3_cors_names_origins(bucket: Resource) -> Claim:
    """A wildcard origin lets any web page use a visitor's access to read and write the objects."""
    rules = bucket["CorsConfiguration"]["CorsRules"]
    https_only = rules.each(
        lambda rule: rule["AllowedOrigins"].each(
            lambda origin: ~origin.matches(r".*\*.*") & ~origin.matches(r"http://.*")
        )
    )
    return https_only.only_if(rules.present())


@control(
    "AWS::S3::Bucket",
    severity=Severity.MEDIUM,
    remediation="Set DeletionPolicy and UpdateReplacePolicy of the bucket to Retain.",
)
def s3_bucket_retained(bucket: Resource, inventory: Inventory) -> Claim:
    """A stack that is deleted, or a change that replaces the bucket, must not take versioned data with it."""
    kept = bucket.attribute("DeletionPolicy").one_of("Retain", "RetainExceptOnCreate")
    replaced = bucket.attribute("UpdateReplacePolicy").equals("Retain")
    data = bucket["VersioningConfiguration"]["Status"].equals("Enabled") & ~receives_logs(bucket, inventory)
    return (kept & replaced).only_if(data)


@control(
    "AWS::S3::AccessPoint",
    severity=Severity.HIGH,
    remediation="Set all four of PublicAccessBlockConfiguration to true; they cannot be changed later.",
)
def s3_access_point_blocked(point: Resource) -> Claim:
    """An access point has blocks of its own, fixed when it is created, and opens the bucket if they are off."""
    block = point["PublicAccessBlockConfiguration"]
    return block.absent() | all_of(block[name].equals(True) for name in _BLOCKS)
