"""Load balancers and their listeners."""

from __future__ import annotations

from stackproof.model import Claim, Fact, Inventory, Resource, Severity, control
from stackproof.resources.elbv2 import MODERN_POLICY
from stackproof.resources.entries import entry
from stackproof.resources.networks import is_public, spans_zones
from stackproof.resources.wafv2 import guarding

BALANCER, LISTENER = "AWS::ElasticLoadBalancingV2::LoadBalancer", "AWS::ElasticLoadBalancingV2::Listener"


def _attribute(balancer: Resource, key: str, default: str) -> Fact:
    """A load balancer attribute; the defaults are those of the API's LoadBalancerAttribute."""
    return entry(balancer["LoadBalancerAttributes"], key, default=default)


def _is(balancer: Resource, kind: str) -> Claim:
    return balancer["Type"].equals(kind)


def _redirects(actions: Fact) -> Claim:
    """Every action sends the client to HTTPS."""
    to_https = actions.each(
        lambda action: action["Type"].equals("redirect") & action["RedirectConfig"]["Protocol"].equals("HTTPS")
    )
    return actions.present() & to_https


@control(
    LISTENER,
    severity=Severity.HIGH,
    remediation="Set Protocol: HTTPS (TLS) with a certificate, or DefaultActions and all rules to a redirect to HTTPS.",
    same_as=("CKV_AWS_2",),
)
def elbv2_listener_encrypts_or_redirects(listener: Resource, inventory: Inventory) -> Claim:
    """A plain listener carries sessions and passwords in the clear.

    A rule of the listener that forwards undoes the redirect of its default action.
    """
    rules = inventory.pointing_to(listener, "AWS::ElasticLoadBalancingV2::ListenerRule", at="ListenerArn")
    redirects = _redirects(listener["DefaultActions"]) & rules.each(lambda rule: _redirects(rule["Actions"]))
    return listener["Protocol"].one_of("HTTPS", "TLS") | (listener["Protocol"].equals("HTTP") & redirects)


@control(
    LISTENER,
    severity=Severity.HIGH,
    remediation="Set SslPolicy: ELBSecurityPolicy-TLS13-1-2-Res-2021-06 or a newer one; the default is of 2016.",
    same_as=("CKV_AWS_103",),
)
def elbv2_listener_modern_tls(listener: Resource) -> Claim:
    """Older policies let a client be talked down to TLS 1.0 and weak ciphers."""
    return listener["SslPolicy"].matches(MODERN_POLICY).only_if(listener["Protocol"].one_of("HTTPS", "TLS"))


@control(
    LISTENER,
    severity=Severity.MEDIUM,
    remediation="Set Certificates to the ARN of an ACM certificate.",
)
def elbv2_listener_has_certificate(listener: Resource) -> Claim:
    """Without a certificate an encrypting listener cannot be created."""
    certificates = listener["Certificates"]
    named = certificates.each(lambda certificate: certificate["CertificateArn"].present())
    return (certificates.present() & named).only_if(listener["Protocol"].one_of("HTTPS", "TLS"))


@control(
    BALANCER,
    severity=Severity.MEDIUM,
    remediation="Set the attribute routing.http.drop_invalid_header_fields.enabled to 'true'.",
    same_as=("CKV_AWS_131",),
)
def elbv2_drops_invalid_headers(balancer: Resource) -> Claim:
    """Malformed headers are how requests are smuggled past a proxy."""
    drops = _attribute(balancer, "routing.http.drop_invalid_header_fields.enabled", "false").equals(expected=True)
    return drops.only_if(_is(balancer, "application"))


@control(
    BALANCER,
    severity=Severity.MEDIUM,
    remediation="Set routing.http.desync_mitigation_mode to defensive or strictest, or remove it.",
)
def elbv2_mitigates_desync(balancer: Resource) -> Claim:
    """Request smuggling makes the load balancer and the application disagree on where a request ends."""
    mode = _attribute(balancer, "routing.http.desync_mitigation_mode", "defensive")
    return mode.one_of("defensive", "strictest").only_if(_is(balancer, "application"))


@control(
    BALANCER,
    severity=Severity.MEDIUM,
    remediation="Set access_logs.s3.enabled to 'true' and access_logs.s3.bucket.",
    same_as=("CKV_AWS_91",),
)
def elbv2_access_logged(balancer: Resource) -> Claim:
    """Access logs are the only record of who asked for what at the edge of the network."""
    enabled = _attribute(balancer, "access_logs.s3.enabled", "false").equals(expected=True)
    bucket = _attribute(balancer, "access_logs.s3.bucket", "").present()
    return (enabled & bucket).only_if(~_is(balancer, "gateway"))


@control(
    BALANCER,
    severity=Severity.MEDIUM,
    remediation="Set deletion_protection.enabled to 'true'.",
)
def elbv2_deletion_protected(balancer: Resource) -> Claim:
    """Deleting the load balancer takes everything behind it off the network."""
    return _attribute(balancer, "deletion_protection.enabled", "false").equals(expected=True)


@control(
    BALANCER,
    severity=Severity.MEDIUM,
    remediation="List Subnets of at least two availability zones.",
)
def elbv2_spans_zones(balancer: Resource, inventory: Inventory) -> Claim:
    """A load balancer in one zone is down as long as the zone is."""
    mapped = balancer["SubnetMappings"]
    in_mappings = mapped.count(lambda number: number >= 2, "mappings in at least 2 subnets, one per zone")
    return spans_zones(balancer["Subnets"], inventory) | (mapped.present() & in_mappings)


@control(
    BALANCER,
    severity=Severity.HIGH,
    remediation="Put an internet-facing load balancer into public Subnets, one with Scheme: internal into private.",
)
def elbv2_scheme_fits_subnets(balancer: Resource, inventory: Inventory) -> Claim:
    """An internet-facing load balancer without a route out answers nobody; an internal one needs no route out."""
    subnets = balancer["Subnets"]
    public = subnets.each(lambda pointer: inventory.follow(pointer, lambda subnet: is_public(subnet, inventory)))
    private = subnets.each(lambda pointer: inventory.follow(pointer, lambda subnet: ~is_public(subnet, inventory)))
    facing = balancer["Scheme"].equals("internet-facing")
    return ((facing & public) | (~facing & private)).only_if(subnets.present())


@control(
    BALANCER,
    severity=Severity.MEDIUM,
    remediation="Add an AWS::WAFv2::WebACLAssociation whose ResourceArn is the load balancer and whose "
    "WebACLArn is that of a web ACL with scope REGIONAL.",
)
def elbv2_behind_firewall(balancer: Resource, inventory: Inventory) -> Claim:
    """Without a web ACL, injections and floods reach the application unfiltered."""
    links = inventory.pointing_to(balancer, "AWS::WAFv2::WebACLAssociation", at="ResourceArn")
    attached = links.any(lambda link: guarding(link, inventory))
    return attached.only_if(_is(balancer, "application") & balancer["Scheme"].equals("internet-facing"))


@control(
    BALANCER,
    severity=Severity.MEDIUM,
    remediation="List the load balancer's own SecurityGroups.",
)
def elbv2_has_own_group(balancer: Resource) -> Claim:
    """Without a group of its own it gets the VPC's default one, which admits whatever else is in it."""
    return balancer["SecurityGroups"].present().only_if(~_is(balancer, "gateway"))
