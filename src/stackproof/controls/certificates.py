"""AWS Certificate Manager certificates."""

from __future__ import annotations

from stackproof.model import Cause, Claim, Fact, Inventory, Resource, Severity, Unknown, control

CERTIFICATE = "AWS::CertificateManager::Certificate"


@control(
    CERTIFICATE,
    severity=Severity.MEDIUM,
    remediation="Set ValidationMethod: DNS, with the hosted zone in DomainValidationOptions.",
)
def certificate_renews_itself(certificate: Resource) -> Claim:
    """A certificate that was validated by mail expires unless somebody answers the mail a year later."""
    return certificate["ValidationMethod"].equals("DNS").only_if(certificate["CertificateAuthorityArn"].absent())


@control(
    CERTIFICATE,
    severity=Severity.HIGH,
    remediation="Set KeyAlgorithm to RSA_2048 or an elliptic curve.",
)
def certificate_key_is_strong(certificate: Resource) -> Claim:
    """RSA keys of 1024 bits can be factored, and browsers refuse them."""
    return ~certificate["KeyAlgorithm"].equals("RSA_1024")


@control(
    CERTIFICATE,
    severity=Severity.LOW,
    remediation="Set CertificateTransparencyLoggingPreference to ENABLED.",
)
def certificate_is_logged(certificate: Resource) -> Claim:
    """Browsers warn about certificates that are in no public log, and the log shows you one that is not yours."""
    return certificate["CertificateTransparencyLoggingPreference"].equals("ENABLED")


@control(
    CERTIFICATE,
    severity=Severity.LOW,
    remediation="List the host names in DomainName and SubjectAlternativeNames in place of a wildcard.",
    same_as=("CKV2_AWS_71",),
)
def certificate_names_hosts(certificate: Resource) -> Claim:
    """The private key of a wildcard is good for every host of the domain, also for those that others run."""
    alternatives = certificate["SubjectAlternativeNames"].each(lambda name: ~name.matches(r"\*\..*"))
    return ~certificate["DomainName"].matches(r"\*\..*") & alternatives


@control(
    CERTIFICATE,
    severity=Severity.HIGH,
    remediation="Create the certificate of a distribution in a stack in us-east-1.",
)
def certificate_of_cdn_in_us_east_1(certificate: Resource, inventory: Inventory) -> Claim:
    """CloudFront takes its certificates from us-east-1 only."""
    region = inventory.region or Unknown(Cause.UNRESOLVED_PARAMETER, "AWS::Region")
    at = "DistributionConfig.ViewerCertificate.AcmCertificateArn"
    used = inventory.pointing_to(certificate, "AWS::CloudFront::Distribution", at=at).exists()
    return Fact("AWS::Region", region, certificate.where("")).equals("us-east-1").only_if(used)
