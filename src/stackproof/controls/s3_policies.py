"""Amazon S3 bucket policies: who is let in, and how."""

from __future__ import annotations

import re
from typing import Final

from stackproof.model import Claim, Fact, Inventory, Resource, Severity, Text, Unknown, Value, all_of, any_of, control
from stackproof.model.matching import Answer
from stackproof.resources import policies
from stackproof.resources.policy_resources import SOMETHING, denies_http, names_part, reaches
from stackproof.resources.policy_values import hole_in, skeleton
from stackproof.resources.s3 import policies_of

# What FSBP S3.6 names: whoever may do these can open or take over the bucket.
_TAKEOVER = (
    "s3:DeleteBucketPolicy",
    "s3:PutBucketAcl",
    "s3:PutBucketPolicy",
    "s3:PutEncryptionConfiguration",
    "s3:PutObjectAcl",
)
_DELIVERS: Final = ("s3:PutObject", "s3:GetBucketAcl", "s3:ListBucket")
# What a service does with a bucket by its own principal: the policies in each one's user guide
_TASKS: Final = {
    "logging.s3": ("s3:PutObject",),
    "logdelivery.elasticloadbalancing": ("s3:PutObject", "s3:GetBucketAcl"),
    "delivery.logs": _DELIVERS,
    "logs": _DELIVERS,
    "cloudtrail": _DELIVERS,
    "config": _DELIVERS,
    "s3": ("s3:PutObject",),
    "ses": ("s3:PutObject",),
    "cloudfront": ("s3:GetObject", "s3:ListBucket"),
}
_ACCOUNT: Final = re.compile(r"(^|:)(\d{12}|\ufffc)(:|$)")
_ACCOUNT_PATH: Final = re.compile(r"/AWSLogs/(\d{12}|\ufffc)(/|$)")


@control(
    "AWS::S3::BucketPolicy",
    severity=Severity.CRITICAL,
    remediation="Name the principals, or add a Condition on aws:SourceArn, aws:PrincipalOrgID or aws:SourceVpce.",
)
def s3_policy_not_public(policy: Resource) -> Claim:
    """A policy that allows everyone publishes the bucket to the internet."""
    return ~policies.any_statement(policy["PolicyDocument"]).some(policies.public)


@control(
    "AWS::S3::BucketPolicy",
    severity=Severity.HIGH,
    remediation="Take the policy-changing actions away from principals of other accounts.",
)
def s3_policy_not_for_other_accounts(policy: Resource, inventory: Inventory) -> Claim:
    """Another account that may rewrite the policy, the ACL or the encryption owns the bucket in all but name."""

    def given_away(statement: Fact) -> Claim:
        foreign = any_of(policies.foreign(p, inventory.account) for p in policies.principals(statement, "AWS"))
        return foreign & policies.covers(statement, *_TAKEOVER) & policies.allows(statement)

    return ~policies.any_statement(policy["PolicyDocument"]).some(given_away)


@control(
    "AWS::S3::Bucket",
    severity=Severity.MEDIUM,
    remediation='Add a bucket policy statement: Deny, Principal "*", s3:*, bucket and objects, '
    'Condition Bool aws:SecureTransport "false".',
)
def s3_insecure_transport_denied(bucket: Resource, inventory: Inventory) -> Claim:
    """S3 answers plain HTTP too. Only a Deny in the bucket policy keeps objects and tokens off the wire in clear."""

    def denied(policy: Resource, beneath: str, *actions: str) -> Claim:
        return policies.any_statement(policy["PolicyDocument"]).some(
            lambda s: denies_http(s, *actions) & reaches(s, bucket, inventory, beneath)
        )

    return policies_of(bucket, inventory).any(
        lambda policy: (
            denied(policy, "", "s3:ListBucket") & denied(policy, f"/{SOMETHING}", "s3:GetObject", "s3:PutObject")
        )
    )


@control(
    "AWS::S3::Bucket",
    severity=Severity.MEDIUM,
    remediation="Add to the policy of the destination bucket: Allow logging.s3.amazonaws.com s3:PutObject on the "
    "prefix, Condition aws:SourceAccount.",
)
def s3_log_bucket_admits_delivery(bucket: Resource, inventory: Inventory) -> Claim:
    """Access logs that the destination's policy does not admit are dropped, and nobody is told."""

    def writes(statement: Fact, destination: Resource) -> Claim:
        into = statement["Resource"].some(lambda item: names_part(item, destination, inventory))
        logging = policies.admits_service(statement, "logging.s3") & policies.covers(statement, "s3:PutObject")
        return policies.allows(statement) & logging & into

    def admitted(destination: Resource) -> Claim:
        by_policy = policies_of(destination, inventory).any(
            lambda policy: policies.any_statement(policy["PolicyDocument"]).some(lambda s: writes(s, destination))
        )
        return by_policy | destination["AccessControl"].equals("LogDeliveryWrite")

    logs = bucket["LoggingConfiguration"]
    itself = logs["LogFilePrefix"].present() & admitted(bucket)  # without a destination S3 writes into the bucket
    elsewhere = inventory.follow(logs["DestinationBucketName"], admitted)
    named = logs["DestinationBucketName"].present()
    return ((named & elsewhere) | (~named & itself)).only_if(named | logs["LogFilePrefix"].present())


@control(
    "AWS::S3::BucketPolicy",
    "AWS::SQS::QueuePolicy",
    "AWS::SNS::TopicPolicy",
    "AWS::KMS::Key",
    severity=Severity.MEDIUM,
    remediation="Add a Condition on aws:SourceArn or aws:SourceAccount to statements for service principals; for "
    "CloudWatch Logs in a key policy, on kms:EncryptionContext:aws:logs:arn with the account in it.",
)
def policy_services_held_to_source(policy: Resource) -> Claim:
    """A service acts for every customer of AWS; unless the condition names the source, anyone can use it on yours."""
    if policy.type == "AWS::KMS::Key":
        return policies.any_statement(policy["KeyPolicy"]).each(_key_held_to_source)
    return policies.any_statement(policy["PolicyDocument"]).each(_held_to_source)


@control(
    "AWS::S3::BucketPolicy",
    severity=Severity.MEDIUM,
    remediation="Allow services that deliver logs s3:PutObject (some also need s3:GetBucketAcl), CloudFront "
    "s3:GetObject, and no service s3:*.",
)
def s3_policy_services_do_their_own(policy: Resource) -> Claim:
    """A service that may do more than its task does it for whoever can direct it: read the logs, or erase them."""

    def limited(statement: Fact) -> Claim:
        tasks = [
            policies.only_covers(statement, *actions).only_if(policies.for_service(statement, service))
            for service, actions in _TASKS.items()
        ]
        named = any_of(service.present() for service in policies.principals(statement, "Service"))
        beyond = policies.wildcard_actions(statement) | policies.covers(statement, *_TAKEOVER)
        return all_of((*tasks, ~beyond)).only_if(policies.allows(statement) & named)

    return policies.any_statement(policy["PolicyDocument"]).each(limited)


def _held_to_source(statement: Fact) -> Claim:
    services = policies.principals(statement, "Service")
    named = any_of(service.present() for service in services)
    return (policies.narrowed(statement) | _held_by_path(statement)).only_if(policies.allows(statement) & named)


def _key_held_to_source(statement: Fact) -> Claim:
    """EventBridge sends no source when it uses a key (SNS developer guide), and describing a key gives nothing away."""
    services = policies.principals(statement, "Service")
    named = any_of(service.present() & ~service.starts_with("events.amazonaws.com") for service in services)
    uses = ~policies.only_covers(statement, "kms:DescribeKey")
    held = policies.narrowed(statement) | _held_by_context(statement)
    return held.only_if(policies.allows(statement) & named & uses)


def _held_by_context(statement: Fact) -> Claim:
    """What is encrypted is named in the encryption context: the ARN of a log group, topic or trail of this account."""
    lines = [c for c in policies.conditions(statement) if c.key.startswith("kms:encryptioncontext:") and c.demands]
    return any_of(
        line.values.present() & line.values.each(lambda v: v.claim("an ARN with an account in it", _names_account))
        for line in lines
    )


def _names_account(value: Value) -> Answer:
    parts = value.parts if isinstance(value, Text) else ()
    own = any(isinstance(part, Unknown) and part.detail == "AWS::AccountId" for part in parts)
    return own or _ACCOUNT.search(skeleton(value) or "") is not None or hole_in(value)


def _held_by_path(statement: Fact) -> Claim:
    """Load balancers send no source with their logs; there the path of the objects names the account."""
    deliveries = policies.for_service(statement, "logdelivery.elasticloadbalancing")
    path = statement["Resource"].each(
        lambda item: item.claim(
            "a path with the account", lambda value: _ACCOUNT_PATH.search(skeleton(value) or "") is not None
        )
    )
    return deliveries & statement["Resource"].present() & path
