"""Amazon CloudFront, AWS WAF and Certificate Manager."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from stackproof.model import ABSENT, Cause, Unknown, Value
from stackproof.sources.live.aws import EDGE_REGION
from stackproof.sources.live.parts import GoneError, NoHintError
from stackproof.sources.live.reading import Reading, reads

_CACHE: Final = "DistributionConfig.DefaultCacheBehavior"
_ORIGINS: Final = "DistributionConfig.Origins"


@reads("AWS::CloudFront::Distribution", "cloudfront:GetDistribution", "cloudfront:ListTagsForResource")
def distribution(r: Reading) -> None:
    """CloudFront wraps every list with its length, and names some members differently."""
    part = r.main(r.ask("cloudfront:GetDistribution", "Distribution", Id=r.id))
    config = part.at("DistributionConfig")
    renames = {
        "DistributionConfig.IPV6Enabled": "IsIPV6Enabled",
        "DistributionConfig.ViewerCertificate.AcmCertificateArn": "ACMCertificateArn",
        "DistributionConfig.ViewerCertificate.IamCertificateId": "IAMCertificateId",
        "DistributionConfig.ViewerCertificate.SslSupportMethod": "SSLSupportMethod",
    }
    r.set("DistributionConfig", config, lambda value: _flat(value, r, config.shape, renames))
    arn = part.at("ARN")
    r.tags(arn if arn.fault else r.ask("cloudfront:ListTagsForResource", "Tags.Items", Resource=arn.value))
    if part.value:
        r.also(arn.value)
        r.also(part.value.get("DomainName"), attribute="DomainName")


def _flat(value: Mapping[str, Any], r: Reading, shape: Any, renames: Mapping[str, str]) -> Value:
    """Shape the configuration, with what CloudFront leaves empty taken out."""
    made = r.shaped("DistributionConfig", value, shape, renames)
    if not isinstance(made, dict):
        return made
    behaviours = [(made.get("DefaultCacheBehavior"), value.get("DefaultCacheBehavior") or {})]
    listed = made.get("CacheBehaviors")
    theirs = (value.get("CacheBehaviors") or {}).get("Items") or []
    behaviours += list(zip(listed if isinstance(listed, list) else [], theirs, strict=False))
    for ours, answered in behaviours:
        if isinstance(ours, dict):
            _behaviour(ours, answered)
    origins = made.get("Origins")
    for origin, answered in zip(
        origins if isinstance(origins, list) else [], (value.get("Origins") or {}).get("Items") or [], strict=False
    ):
        if isinstance(origin, dict):
            _origin(origin, answered)
    logging = made.get("Logging")
    if isinstance(logging, dict) and not (value.get("Logging") or {}).get("Enabled"):
        made.pop("Logging")
    if isinstance(made.get("ViewerCertificate"), dict):
        _certificate(made["ViewerCertificate"])
    return {key: item for key, item in made.items() if item not in ("", [])}


def _behaviour(ours: dict[str, Value], answered: Mapping[str, Any]) -> None:
    methods = answered.get("AllowedMethods") or {}
    ours["AllowedMethods"] = list(methods.get("Items") or [])
    ours["CachedMethods"] = list((methods.get("CachedMethods") or {}).get("Items") or [])
    for key in ("TrustedKeyGroups", "TrustedSigners"):
        kept = answered.get(key) or {}
        ours[key] = list(kept.get("Items") or []) if kept.get("Enabled") else []
    for key in [key for key, item in ours.items() if item in ("", [])]:
        del ours[key]


def _origin(origin: dict[str, Value], answered: Mapping[str, Any]) -> None:
    headers = (answered.get("CustomHeaders") or {}).get("Items") or []
    origin.pop("CustomHeaders", None)
    if headers:
        hidden = Unknown(Cause.WRITE_ONLY, "OriginCustomHeaders.HeaderValue")
        origin["OriginCustomHeaders"] = [
            {"HeaderName": h.get("HeaderName", ""), "HeaderValue": hidden} for h in headers
        ]
    else:
        origin.pop("OriginCustomHeaders", None)
    if "VpcOriginConfig" not in answered:
        origin.pop("VpcOriginConfig", None)
    for key in [key for key, item in origin.items() if item in ("", [])]:
        del origin[key]


def _certificate(found: Value) -> None:
    if isinstance(found, dict):
        for key in ("Certificate", "CertificateSource"):
            found.pop(key, None)


@reads("AWS::CloudFront::OriginAccessControl", "cloudfront:GetOriginAccessControl")
def origin_access_control(r: Reading) -> None:
    """One block."""
    r.fill(r.main(r.ask("cloudfront:GetOriginAccessControl", "OriginAccessControl", Id=r.id)))


@reads("AWS::CloudFront::KeyGroup", "cloudfront:GetKeyGroup")
def key_group(r: Reading) -> None:
    """One block."""
    r.fill(r.main(r.ask("cloudfront:GetKeyGroup", "KeyGroup", Id=r.id)))


@reads("AWS::CloudFront::PublicKey", "cloudfront:GetPublicKey")
def public_key(r: Reading) -> None:
    """One block."""
    r.fill(r.main(r.ask("cloudfront:GetPublicKey", "PublicKey", Id=r.id)))


@reads("AWS::WAFv2::WebACL", "wafv2:GetWebACL", "wafv2:ListTagsForResource")
def web_acl(r: Reading) -> None:
    """Its physical id is `name|id|scope`."""
    parts = r.id.split("|")
    if len(parts) != 3:
        raise NoHintError("Scope")
    name, key, scope = parts
    region = EDGE_REGION if scope == "CLOUDFRONT" else r.region
    part = r.main(r.ask("wafv2:GetWebACL", "WebACL", region=region, Name=name, Id=key, Scope=scope))
    r.set("Scope", part, scope)
    arn = part.at("ARN")
    call = "wafv2:ListTagsForResource"
    r.tags(arn if arn.fault else r.ask(call, "TagInfoForResource.TagList", region=region, ResourceARN=arn.value))
    r.fill(part, optional=("RetrofittedByFirewallManager",))
    r.also(arn.value, key)


@reads("AWS::WAFv2::WebACLAssociation", "wafv2:GetWebACLForResource")
def web_acl_association(r: Reading) -> None:
    """Its physical id holds both ARNs, in an order that changed over time."""
    ids = r.id.split("|")
    arn = next((part for part in ids if len(ids) == 2 and ":wafv2:" not in part), "") or r.needs("ResourceArn")[0]
    answer = r.main(r.ask("wafv2:GetWebACLForResource", ResourceArn=arn), bare=True)  # nothing protects it
    if answer.fault is None and not answer.value.get("WebACL"):
        raise GoneError(answer)
    r.set("ResourceArn", answer, arn)
    r.set("WebACLArn", answer.at("WebACL.ARN"), lambda value: value)


@reads("AWS::WAFv2::LoggingConfiguration", "wafv2:GetLoggingConfiguration")
def web_acl_logging(r: Reading) -> None:
    """Its physical id is the web ACL's ARN."""
    region = EDGE_REGION if ":global/" in r.id else r.region
    part = r.main(r.ask("wafv2:GetLoggingConfiguration", "LoggingConfiguration", region=region, ResourceArn=r.id))
    r.fill(part)


@reads("AWS::CertificateManager::Certificate", "acm:DescribeCertificate", "acm:ListTagsForCertificate")
def certificate(r: Reading) -> None:
    """How it was validated stands beside each of its names."""
    part = r.main(r.ask("acm:DescribeCertificate", "Certificate", CertificateArn=r.id))
    options = part.at("DomainValidationOptions", required=False)
    r.set("ValidationMethod", options, lambda found: found[0].get("ValidationMethod", ABSENT) if found else ABSENT)
    choice = part.at("Options.CertificateTransparencyLoggingPreference", required=False)
    r.set("CertificateTransparencyLoggingPreference", choice, lambda value: value)
    names = part.at("SubjectAlternativeNames", required=False)
    main = part.at("DomainName", required=False).value  # AWS counts it among the alternative names
    r.set("SubjectAlternativeNames", names, lambda found: [name for name in found if name != main] or ABSENT)
    r.set("KeyAlgorithm", part, lambda found: str(found.get("KeyAlgorithm", "")).replace("-", "_") or ABSENT)
    r.tags(r.ask("acm:ListTagsForCertificate", "Tags", CertificateArn=r.id))
    r.fill(part, {"CertificateAuthorityArn": "CertificateAuthorityArn"})
