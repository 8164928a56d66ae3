"""Amazon CloudFront in front of S3: distribution, origin access control, bucket policy and key together."""

from __future__ import annotations

from collections.abc import Callable

from stackproof.model import Claim, Fact, Inventory, Resource, Severity, all_of, control
from stackproof.resources import policies
from stackproof.resources.cloudfront import behaviours, from_bucket, is_bucket, named_in, origins
from stackproof.resources.policy_resources import names_part
from stackproof.resources.policy_values import skeleton
from stackproof.resources.s3 import default_encryption, policies_of

DISTRIBUTION = "AWS::CloudFront::Distribution"


@control(
    DISTRIBUTION,
    severity=Severity.HIGH,
    remediation="Give every origin one of CustomOriginConfig, VpcOriginConfig and S3OriginConfig (with origin access "
    'control: {OriginAccessIdentity: ""}).',
)
def cloudfront_origins_say_their_kind(cdn: Resource) -> Claim:
    """CloudFront refuses an origin that does not say its kind, and a bucket as custom origin is read anonymously."""
    kinds = ("S3OriginConfig", "CustomOriginConfig", "VpcOriginConfig")

    def one_kind(origin: Fact) -> Claim:
        present = [origin[kind].claim(f"{kind} in an origin", lambda value: isinstance(value, dict)) for kind in kinds]
        s3, custom, vpc = present
        return (s3 & ~custom & ~vpc) | (custom & ~s3 & ~vpc) | (vpc & ~s3 & ~custom)

    return origins(cdn).each(one_kind) & origins(cdn).present()


@control(
    DISTRIBUTION,
    severity=Severity.HIGH,
    remediation="Set OriginAccessControlId of the S3 origin to an AWS::CloudFront::OriginAccessControl of type s3 that "
    "always signs with sigv4, and leave OriginAccessIdentity empty.",
)
def cloudfront_bucket_read_through_oac(cdn: Resource, inventory: Inventory) -> Claim:
    """Without origin access control the bucket must be open to the public for the distribution to read it."""

    def controlled(origin: Fact) -> Claim:
        access = origin["OriginAccessControlId"]
        signs = inventory.follow(access, _always_signs)
        legacy = origin["S3OriginConfig"]["OriginAccessIdentity"].absent()
        return (access.present() & signs & legacy).only_if(is_bucket(origin, inventory))

    return origins(cdn).each(controlled)


@control(
    DISTRIBUTION,
    severity=Severity.HIGH,
    remediation="Add a bucket policy: Allow cloudfront.amazonaws.com s3:GetObject on the objects, Condition "
    "StringEquals aws:SourceArn with the distribution's ARN.",
)
def cloudfront_bucket_admits_distribution(cdn: Resource, inventory: Inventory) -> Claim:
    """Signed requests are refused until the bucket policy admits this distribution: every object answers 403."""

    def admitted(bucket: Resource) -> Claim:
        return policies_of(bucket, inventory).any(
            lambda policy: policies.any_statement(policy["PolicyDocument"]).some(
                lambda statement: all_of(
                    (
                        _lets_read(statement),
                        statement["Resource"].some(lambda item: names_part(item, bucket, inventory)),
                        _source(statement, lambda v: named_in(v, cdn, inventory)),
                    )
                )
            )
        )

    return _each_bucket(cdn, inventory, admitted)


@control(
    "AWS::S3::BucketPolicy",
    severity=Severity.HIGH,
    remediation="Add Condition StringEquals aws:SourceArn with the ARN of the one distribution.",
)
def cloudfront_bucket_admits_no_other(policy: Resource, inventory: Inventory) -> Claim:
    """The service principal stands for every distribution of every customer; only aws:SourceArn names yours."""

    def held(statement: Fact) -> Claim:
        one = _source(statement, lambda value: _is_distribution(value, inventory))
        return one.only_if(policies.allows(statement) & policies.for_service(statement, "cloudfront"))

    return policies.any_statement(policy["PolicyDocument"]).each(held)


@control(
    DISTRIBUTION,
    severity=Severity.HIGH,
    remediation="Add a key policy statement: Allow cloudfront.amazonaws.com kms:Decrypt, Condition aws:SourceArn.",
)
def cloudfront_bucket_key_admits_it(cdn: Resource, inventory: Inventory) -> Claim:
    """Objects under a KMS key cannot be read by the distribution until the key's own policy lets it decrypt."""

    def decrypts(bucket: Resource) -> Claim:
        return default_encryption(bucket).each(
            lambda rule: _key_admits(rule["ServerSideEncryptionByDefault"], inventory)
        )

    return _each_bucket(cdn, inventory, decrypts)


@control(
    DISTRIBUTION,
    severity=Severity.LOW,
    remediation="Set AllowedMethods to [GET, HEAD, OPTIONS] where the target is a bucket, or leave it out.",
)
def cloudfront_bucket_is_only_read(cdn: Resource, inventory: Inventory) -> Claim:
    """One statement too many in the bucket policy, and whoever can reach the distribution writes and deletes files."""

    def from_a_bucket(behaviour: Fact) -> Claim:
        target = behaviour["TargetOriginId"].value
        direct = origins(cdn).some(lambda origin: origin["Id"].equals(target) & is_bucket(origin, inventory))
        grouped = cdn["DistributionConfig"]["OriginGroups"]["Items"].some(lambda group: group["Id"].equals(target))
        return direct | (grouped & from_bucket(cdn, inventory))

    return all_of(
        behaviour["AllowedMethods"]
        .each(lambda method: method.one_of("GET", "HEAD", "OPTIONS"))
        .only_if(from_a_bucket(behaviour))
        for behaviour in behaviours(cdn)
    )


def _each_bucket(cdn: Resource, inventory: Inventory, claim: Callable[[Resource], Claim]) -> Claim:
    """Judge the bucket of every S3 origin; nothing to judge where no origin is a bucket."""
    judged = origins(cdn).each(
        lambda origin: inventory.follow(origin["DomainName"], claim).only_if(is_bucket(origin, inventory))
    )
    return judged.only_if(from_bucket(cdn, inventory))


def _always_signs(access: Resource) -> Claim:
    config = access["OriginAccessControlConfig"]
    return all_of(
        (
            config["OriginAccessControlOriginType"].equals("s3"),
            config["SigningBehavior"].equals("always"),
            config["SigningProtocol"].equals("sigv4"),
        )
    )


def _lets_read(statement: Fact) -> Claim:
    return (
        policies.allows(statement)
        & policies.admits_service(statement, "cloudfront")
        & policies.covers(statement, "s3:GetObject")
    )


def _source(statement: Fact, claim: Callable[[Fact], Claim]) -> Claim:
    arn = policies.condition_on(statement, ["aws:SourceArn"])
    return arn.present() & arn.each(claim)


def _is_distribution(value: Fact, inventory: Inventory) -> Claim:
    def judged(found: Resource) -> Claim:
        return value.claim("the ARN of one distribution", lambda _: found.type == DISTRIBUTION)

    wildcard = value.claim("the ARN of one distribution", lambda v: "*" not in (skeleton(v) or ""))
    return wildcard & inventory.follow(value, judged)


def _key_admits(encryption: Fact, inventory: Inventory) -> Claim:
    under_key = encryption["SSEAlgorithm"].one_of("aws:kms", "aws:kms:dsse")
    admits = inventory.follow(
        encryption["KMSMasterKeyID"],
        lambda key: policies.any_statement(key["KeyPolicy"]).some(
            lambda statement: (
                policies.allows(statement)
                & policies.admits_service(statement, "cloudfront")
                & policies.covers(statement, "kms:Decrypt")
            )
        ),
    )
    return (encryption["KMSMasterKeyID"].present() & admits).only_if(under_key)
