"""Documented defaults of load balancers, and their security policies."""

from __future__ import annotations

from typing import Final

from stackproof.model import Value

DEFAULTS: Final[dict[str, dict[str, Value]]] = {
    # API CreateLoadBalancer.
    "AWS::ElasticLoadBalancingV2::LoadBalancer": {"Scheme": "internet-facing", "Type": "application"},
    # Template reference: without a policy, CloudFormation creates listeners with the one of 2016.
    "AWS::ElasticLoadBalancingV2::Listener": {"SslPolicy": "ELBSecurityPolicy-2016-08"},
    # API CreateTargetGroup.
    "AWS::ElasticLoadBalancingV2::TargetGroup": {"TargetType": "instance"},
}

# Elastic Load Balancing User Guide, "Security policies": the families that refuse TLS below 1.2 (TLS13-1-0 does not).
MODERN_POLICY: Final = r"ELBSecurityPolicy-(TLS13-1-[23]|TLS-1-2|FS-1-2)(-[A-Za-z0-9]+)*-\d{4}-\d{2}"
