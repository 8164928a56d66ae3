"""Amazon CloudFront distributions: what viewers meet."""

from __future__ import annotations

from stackproof.model import Claim, Fact, Inventory, Resource, Severity, all_of, any_of, control
from stackproof.resources.cloudfront import behaviours, from_bucket, origins

DISTRIBUTION = "AWS::CloudFront::Distribution"
_SINCE_TLS_1_2 = ("TLSv1.2_2018", "TLSv1.2_2019", "TLSv1.2_2021", "TLSv1.2_2025", "TLSv1.3_2025")


@control(
    DISTRIBUTION,
    severity=Severity.HIGH,
    remediation="Set ViewerProtocolPolicy of every cache behaviour to redirect-to-https or https-only.",
    same_as=("CKV_AWS_34",),
)
def cloudfront_viewers_use_https(cdn: Resource) -> Claim:
    """Over plain HTTP anyone on the way reads cookies and tokens and replaces what the viewer gets."""
    return all_of(b["ViewerProtocolPolicy"].one_of("redirect-to-https", "https-only") for b in behaviours(cdn))


@control(
    DISTRIBUTION,
    severity=Severity.HIGH,
    remediation="Set ViewerCertificate.MinimumProtocolVersion to TLSv1.2_2021, with a certificate of your own.",
    same_as=("CKV_AWS_174",),
)
def cloudfront_tls_1_2(cdn: Resource) -> Claim:
    """Older TLS has known breaks. With CloudFront's own certificate AWS keeps TLS 1.0 on, whatever is written."""
    certificate = cdn["DistributionConfig"]["ViewerCertificate"]
    shared = certificate["CloudFrontDefaultCertificate"].equals(True)
    return certificate["MinimumProtocolVersion"].one_of(*_SINCE_TLS_1_2) & ~shared


@control(
    DISTRIBUTION,
    severity=Severity.LOW,
    remediation="Set ViewerCertificate.MinimumProtocolVersion to TLSv1.2_2021 or newer.",
)
def cloudfront_recommended_tls_policy(cdn: Resource) -> Claim:
    """The policies before 2021 still offer ciphers in CBC mode, which AWS no longer recommends."""
    return cdn.at("DistributionConfig.ViewerCertificate.MinimumProtocolVersion").one_of(*_SINCE_TLS_1_2[2:])


@control(
    DISTRIBUTION,
    severity=Severity.MEDIUM,
    remediation="Set ViewerCertificate.AcmCertificateArn with SslSupportMethod sni-only, and the domain in Aliases.",
)
def cloudfront_own_certificate(cdn: Resource) -> Claim:
    """Viewers can check only a name that is yours; a dedicated address in place of SNI costs 600 dollars a month."""
    certificate = cdn["DistributionConfig"]["ViewerCertificate"]
    own = certificate["AcmCertificateArn"].present() | certificate["IamCertificateId"].present()
    return own & certificate["SslSupportMethod"].equals("sni-only")


@control(
    DISTRIBUTION,
    severity=Severity.MEDIUM,
    remediation="Set DistributionConfig.WebACLId to the ARN of a web ACL with scope CLOUDFRONT.",
    same_as=("CKV_AWS_68",),
)
def cloudfront_web_acl_attached(cdn: Resource, inventory: Inventory) -> Claim:
    """Without a web ACL nothing filters attacks at the edge; one of regional scope cannot be attached."""
    acl = cdn["DistributionConfig"]["WebACLId"]
    found = inventory.target(acl)
    if isinstance(found, Resource):
        return found["Scope"].equals("CLOUDFRONT")
    return acl.present()


@control(
    DISTRIBUTION,
    severity=Severity.MEDIUM,
    remediation="Set DistributionConfig.Logging, or deliver ACCESS_LOGS through AWS::Logs::DeliverySource.",
    same_as=("CKV_AWS_86",),
)
def cloudfront_access_logged(cdn: Resource, inventory: Inventory) -> Claim:
    """Access logs are the only record of who fetched what from the edge."""
    delivered = inventory.pointing_to(cdn, "AWS::Logs::DeliverySource", at="ResourceArn").exists()
    return cdn["DistributionConfig"]["Logging"]["Bucket"].present() | delivered


@control(
    DISTRIBUTION,
    severity=Severity.LOW,
    remediation="Set DistributionConfig.DefaultRootObject, for example to index.html.",
)
def cloudfront_default_root_object(cdn: Resource, inventory: Inventory) -> Claim:
    """A request for / is passed on to the bucket, and an answer to it may list what the bucket holds."""
    return cdn["DistributionConfig"]["DefaultRootObject"].present().only_if(from_bucket(cdn, inventory))


@control(
    DISTRIBUTION,
    severity=Severity.INFO,
    remediation="Add an origin group with two members and failover status codes, and target it.",
)
def cloudfront_origin_failover(cdn: Resource) -> Claim:
    """With a single origin its outage is the distribution's outage."""
    return cdn["DistributionConfig"]["OriginGroups"]["Items"].some(
        lambda group: group["Members"]["Items"].count(lambda number: number >= 2, "two members")
    )


@control(
    DISTRIBUTION,
    severity=Severity.HIGH,
    remediation="Set CustomOriginConfig.OriginProtocolPolicy to https-only.",
    same_as=("CKV2_AWS_72",),
)
def cloudfront_origins_use_https(cdn: Resource) -> Claim:
    """What the viewer sent encrypted must not travel from the edge to the origin in clear."""
    encrypted = all_of(b["ViewerProtocolPolicy"].equals("https-only") for b in behaviours(cdn))

    def safe(origin: Fact) -> Claim:
        protocol = origin["CustomOriginConfig"]["OriginProtocolPolicy"]
        kept = protocol.equals("https-only") | (protocol.equals("match-viewer") & encrypted)
        return kept.only_if(origin["CustomOriginConfig"].present())

    return origins(cdn).each(safe)


@control(
    DISTRIBUTION,
    severity=Severity.MEDIUM,
    remediation="Set CustomOriginConfig.OriginSSLProtocols to [TLSv1.2].",
)
def cloudfront_origin_tls_1_2(cdn: Resource) -> Claim:
    """SSLv3, TLS 1.0 and 1.1 have known breaks; CloudFront may use any protocol in the list towards the origin."""

    def modern(origin: Fact) -> Claim:
        custom = origin["CustomOriginConfig"]
        encrypted = custom.present() & ~custom["OriginProtocolPolicy"].equals("http-only")
        return custom["OriginSSLProtocols"].each(lambda protocol: protocol.equals("TLSv1.2")).only_if(encrypted)

    return origins(cdn).each(modern)


@control(
    DISTRIBUTION,
    severity=Severity.HIGH,
    remediation="Let TargetOriginId of every cache behaviour be the Id of an origin or origin group.",
)
def cloudfront_behaviours_have_origins(cdn: Resource) -> Claim:
    """A behaviour that targets an origin which is not declared stops the deployment."""
    declared = (*origins(cdn).items(), *cdn["DistributionConfig"]["OriginGroups"]["Items"].items())

    def targets_one(behaviour: Fact) -> Claim:
        target = behaviour["TargetOriginId"]
        return target.present() & any_of(origin["Id"].equals(target.value) for origin in declared)

    return all_of(targets_one(behaviour) for behaviour in behaviours(cdn))


@control(
    DISTRIBUTION,
    severity=Severity.LOW,
    remediation="Set ResponseHeadersPolicyId of every cache behaviour to a policy with security headers.",
)
def cloudfront_security_headers(cdn: Resource) -> Claim:
    """Browsers enforce HTTPS, framing and content types only when the response tells them to."""
    return all_of(b["ResponseHeadersPolicyId"].present() for b in behaviours(cdn))


@control(
    DISTRIBUTION,
    severity=Severity.MEDIUM,
    remediation="Replace TrustedSigners by TrustedKeyGroups.",
)
def cloudfront_key_groups_sign(cdn: Resource) -> Claim:
    """A trusted signer's key belongs to an account's root user; a key group is managed by IAM and can be rotated."""
    return all_of(b["TrustedSigners"].absent() for b in behaviours(cdn))
