"""Amazon S3 bucket policies: who is let in, and how."""

from __future__ import annotations

import re
from typing import Final

from stackproof.model import Claim, Fact, Inventory, Resource, Severity, all_of, any_of, control
from stackproof.resources import policies
from stackproof.resources.policy_values import skeleton
from stackproof.resources.s3 import policies_of

# What FSBP S3.6 names: whoever may do these can open or take over the bucket.
_TAKEOVER = (
    "s3:DeleteBucketPolicy",
    "s3:PutBucketAcl",
    "s3:PutBucketPolicy",
    "s3:PutEncryptionConfiguration",
    "s3:PutObjectAcl",
)
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
    return policies_of(bucket, inventory).any(
        lambda policy: policies.any_statement(policy["PolicyDocument"]).some(_denies_http)
    )


@control(
    "AWS::S3::BucketPolicy",
    "AWS::SQS::QueuePolicy",
    "AWS::SNS::TopicPolicy",
    severity=Severity.MEDIUM,
    remediation="Add a Condition on aws:SourceArn or aws:SourceAccount to statements for service principals.",
)
def policy_services_held_to_source(policy: Resource) -> Claim:
    """A service acts for every customer of AWS; unless the condition names the source, anyone can use it on yours."""
    return policies.any_statement(policy["PolicyDocument"]).each(_held_to_source)


def _held_to_source(statement: Fact) -> Claim:
    services = policies.principals(statement, "Service")
    named = any_of(service.present() for service in services)
    return (policies.narrowed(statement) | _held_by_path(statement)).only_if(policies.allows(statement) & named)


def _held_by_path(statement: Fact) -> Claim:
    """Load balancers send no source with their logs; there the path of the objects names the account."""
    deliveries = policies.for_service(statement, "logdelivery.elasticloadbalancing")
    path = statement["Resource"].each(
        lambda item: item.claim(
            "a path with the account", lambda value: _ACCOUNT_PATH.search(skeleton(value) or "") is not None
        )
    )
    return deliveries & statement["Resource"].present() & path


def _denies_http(statement: Fact) -> Claim:
    secure = policies.condition_on(statement, ["aws:SecureTransport"], "Bool")
    return all_of(
        (
            policies.denies(statement),
            policies.admits_anyone(statement),
            policies.covers(statement, "s3:GetObject"),
            policies.covers(statement, "s3:PutObject"),
            secure.some(lambda value: value.equals(False)),
        )
    )
