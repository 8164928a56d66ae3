"""What is asked of each tool: one question, a flawed and a sound resource, and how each tool asks it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

Filter = dict[str, Any]


@dataclass(frozen=True, slots=True, eq=False)
class Question:
    """One question about two resources of the template: `Flawed<resource>` and `Sound<resource>`.

    `permissions` is what reading the answer takes; `instead` is what would answer for the sound one in its place: a
    barrier that is known to stand. `probe` is the call behind it, as boto3's service and method, with
    the parameter that takes the resource's physical id (empty: the call lists all); `also` holds its other parameters.
    `control` is ours, on the resource of `judged` (default: the same); `check` is Prowler's; `kind` and `filters` make
    the policy of Cloud Custodian that matches what is flawed.
    """

    text: str
    resource: str
    permissions: tuple[str, ...]
    probe: tuple[str, str, str]
    control: str
    check: str
    kind: str
    filters: tuple[Filter, ...]
    judged: str = ""
    also: Mapping[str, str] = field(default_factory=dict)
    instead: tuple[str, ...] = ()

    @property
    def name(self) -> str:
        """A name that is a file name too, and a policy's name for Cloud Custodian: lower-case words and hyphens."""
        return self.text.lower().replace(" ", "-")

    def pair(self) -> tuple[str, str]:
        """Logical ids: with the flaw, and without."""
        return f"Flawed{self.resource}", f"Sound{self.resource}"

    def rests_on(self, logical: str) -> set[str]:
        """Permissions without all of which nothing answers the question for this resource."""
        return {*self.permissions, *(self.instead if logical.startswith("Sound") else ())}

    def address(self, logical: str) -> str:
        """Where our control looks: the address of the resource, or of the one beside it."""
        return f"all.{logical.replace(self.resource, self.judged or self.resource)}"


def _value(key: str, value: object, op: str = "eq") -> Filter:
    return {"type": "value", "key": key, "value": value, "op": op}


POLICY_READS: Final = ("s3:GetBucketPolicy", "s3:GetBucketPolicyStatus")
_POLICY: Final = (POLICY_READS, ("s3", "get_bucket_policy", "Bucket"))
_DATABASE: Final = (("rds:DescribeDBInstances",), ("rds", "describe_db_instances", ""))
_HTTPS_ONLY: Final = {
    "Effect": "Deny",
    "Principal": "*",
    "Action": "s3:*",
    "Condition": {"Bool": {"aws:SecureTransport": "false"}},
}

QUICK: Final = (
    Question(
        "bucket closed to the public",
        "Bucket",
        *_POLICY,
        "s3-policy-not-public",
        "s3_bucket_public_access",
        "aws.s3",
        ({"type": "cross-account"},),
        judged="BucketPolicy",
        instead=("s3:GetBucketAcl", "s3:GetBucketPublicAccessBlock", "s3:GetAccountPublicAccessBlock"),
    ),
    Question(
        "bucket demands TLS",
        "Bucket",
        *_POLICY,
        "s3-insecure-transport-denied",
        "s3_bucket_secure_transport_policy",
        "aws.s3",
        ({"not": [{"type": "has-statement", "statements": [_HTTPS_ONLY]}]},),
    ),
    Question(
        "bucket keeps versions",
        "Bucket",
        ("s3:GetBucketVersioning",),
        ("s3", "get_bucket_versioning", "Bucket"),
        "s3-versioned",
        "s3_bucket_object_versioning",
        "aws.s3",
        (_value("Versioning.Status", "Enabled", "ne"),),
    ),
    Question(
        "bucket encrypts by default",
        "Bucket",
        ("s3:GetEncryptionConfiguration",),
        ("s3", "get_bucket_encryption", "Bucket"),
        "s3-default-encryption",
        "s3_bucket_default_encryption",
        "aws.s3",
        ({"type": "bucket-encryption", "state": False},),
    ),
    Question(
        "bucket logs access",
        "Bucket",
        ("s3:GetBucketLogging",),
        ("s3", "get_bucket_logging", "Bucket"),
        "s3-access-logged",
        "s3_bucket_server_access_logging_enabled",
        "aws.s3",
        ({"type": "bucket-logging", "op": "disabled"},),
    ),
    Question(
        "database not public",
        "Database",
        *_DATABASE,
        "rds-not-marked-public",
        "rds_instance_no_public_access",
        "aws.rds",
        (_value("PubliclyAccessible", value=True),),
    ),
    Question(
        "database encrypted",
        "Database",
        *_DATABASE,
        "rds-storage-encrypted",
        "rds_instance_storage_encrypted",
        "aws.rds",
        (_value("StorageEncrypted", value=False),),
    ),
)
ALL: Final = (
    *QUICK,
    Question(
        "bucket blocks public access",
        "Bucket",
        ("s3:GetBucketPublicAccessBlock", "s3:GetAccountPublicAccessBlock"),
        ("s3", "get_public_access_block", "Bucket"),
        "s3-public-access-blocked",
        "s3_bucket_level_public_access_block",
        "aws.s3",
        ({"type": "check-public-block"},),
    ),
    Question(
        "database protected from deletion",
        "Database",
        *_DATABASE,
        "rds-deletion-protected",
        "rds_instance_deletion_protection",
        "aws.rds",
        (_value("DeletionProtection", value=False),),
    ),
    Question(
        "SSH closed to the world",
        "Group",
        ("ec2:DescribeSecurityGroups", "ec2:DescribeSecurityGroupRules"),
        ("ec2", "describe_security_groups", ""),
        "ec2-admin-ports-closed-to-world",
        "ec2_securitygroup_allow_ingress_from_internet_to_tcp_port_22",
        "aws.security-group",
        ({"type": "ingress", "Ports": [22], "Cidr": {"value": "0.0.0.0/0"}},),
    ),
    Question(
        "passwords are long",
        "Users",
        ("cognito-idp:DescribeUserPool",),
        ("cognito-idp", "describe_user_pool", "UserPoolId"),
        "cognito-password-policy",
        "cognito_user_pool_password_policy_minimum_length_14",
        "aws.user-pool",
        (_value("Policies.PasswordPolicy.MinimumLength", 14, "lt"),),
    ),
    Question(
        "key rotates",
        "Key",
        ("kms:GetKeyRotationStatus",),
        ("kms", "get_key_rotation_status", "KeyId"),
        "kms-key-rotates",
        "kms_cmk_rotation_enabled",
        "aws.kms-key",
        ({"type": "key-rotation-status", "key": "KeyRotationEnabled", "value": False},),
    ),
    Question(
        "policy does not allow everything",
        "Permissions",
        ("iam:GetPolicyVersion",),
        ("iam", "get_policy_version", "PolicyArn"),
        "iam-no-admin-policy",
        "iam_customer_attached_policy_no_administrative_privileges",
        "aws.iam-policy",
        ({"type": "has-allow-all"},),
        also={"VersionId": "v1"},
    ),
    Question(
        "queue encrypted",
        "Queue",
        ("sqs:GetQueueAttributes",),
        ("sqs", "get_queue_attributes", "QueueUrl"),
        "sqs-queue-encrypted",
        "sqs_queues_server_side_encryption_enabled",
        "",  # Cloud Custodian 0.9.53 asks AWS's own address for queues, whatever endpoint is set
        (),
    ),
    Question(
        "topic encrypted",
        "Topic",
        ("sns:GetTopicAttributes",),
        ("sns", "get_topic_attributes", "TopicArn"),
        "sns-topic-encrypted",
        "sns_topics_kms_encryption_at_rest_enabled",
        "aws.sns",
        (_value("KmsMasterKeyId", "absent"),),
    ),
    Question(
        "images scanned on push",
        "Images",
        ("ecr:DescribeRepositories",),
        ("ecr", "describe_repositories", ""),
        "ecr-scans-on-push",
        "ecr_repositories_scan_images_on_push_enabled",
        "aws.ecr",
        (_value("imageScanningConfiguration.scanOnPush", value=False),),
    ),
    Question(
        "logs under their own key",
        "Logs",
        ("logs:DescribeLogGroups",),
        ("logs", "describe_log_groups", ""),
        "logs-use-own-key",
        "cloudwatch_log_group_kms_encryption_enabled",
        "aws.log-group",
        (_value("kmsKeyId", "absent"),),
    ),
)
