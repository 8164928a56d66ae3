"""Target groups: what load balancers forward to, and how they know that it is well."""

from __future__ import annotations

from stackproof.model import Claim, Inventory, Resource, Severity, control
from stackproof.resources.entries import pointed_at_from

GROUP = "AWS::ElasticLoadBalancingV2::TargetGroup"


def _speaks_http(group: Resource) -> Claim:
    return group["Protocol"].one_of("HTTP", "HTTPS")


@control(
    GROUP,
    severity=Severity.MEDIUM,
    remediation="Set HealthCheckPath to a path that the application answers for this purpose, such as /health.",
)
def elbv2_target_health_checked(group: Resource) -> Claim:
    """A check of the default path / says that something listens, not that the application works.

    With HealthCheckEnabled false, requests go on to targets that are dead.
    """
    path = group["HealthCheckPath"]
    plain = group["HealthCheckProtocol"].one_of("TCP")
    purposeful = path.present() & ~path.equals("/") & ~plain
    checked = purposeful & ~group["HealthCheckEnabled"].equals(expected=False)
    return checked.only_if(_speaks_http(group))


@control(
    GROUP,
    severity=Severity.LOW,
    remediation="Set Matcher.HttpCode to the one code that means healthy, such as 200.",
)
def elbv2_target_health_exact(group: Resource) -> Claim:
    """A matcher that takes redirects or errors for health keeps a broken target in service."""
    code = group["Matcher"]["HttpCode"]
    return (code.absent() | code.matches(r"2\d\d(-2\d\d)?(,2\d\d)*")).only_if(_speaks_http(group))


@control(
    GROUP,
    severity=Severity.HIGH,
    remediation="Forward to the target group from a Listener's DefaultActions or a ListenerRule's Actions.",
)
def elbv2_target_group_served(group: Resource, inventory: Inventory) -> Claim:
    """A target group that no listener forwards to gets no requests, and an ECS service on it cannot be created."""
    return pointed_at_from(group, inventory, _FORWARDERS)


_FORWARDERS = tuple(
    (kind, f"{actions}.{path}")
    for kind, actions in (
        ("AWS::ElasticLoadBalancingV2::Listener", "DefaultActions"),
        ("AWS::ElasticLoadBalancingV2::ListenerRule", "Actions"),
    )
    for path in ("TargetGroupArn", "ForwardConfig.TargetGroups.TargetGroupArn")
)


@control(
    GROUP,
    severity=Severity.LOW,
    remediation="Set Protocol: HTTPS (TLS) and let the target present a certificate; any certificate will do.",
)
def elbv2_target_encrypted(group: Resource) -> Claim:
    """Between load balancer and target the request is in the clear for whoever is inside the network."""
    encrypted = group["Protocol"].one_of("HTTPS", "TLS", "QUIC", "TCP_QUIC")
    return encrypted.only_if(~group["TargetType"].one_of("lambda", "alb") & ~group["Protocol"].equals("GENEVE"))
