"""What the edge tells of itself at `/__edge/status` of its own address."""

from __future__ import annotations

from typing import Any

from stackproof.emulator.edge.health import HealthChecks
from stackproof.emulator.edge.rules import Record, Rules
from stackproof.emulator.edge.visits import Counts


def status_of(rules: Rules, checks: HealthChecks, counts: Counts, reads: int) -> dict[str, Any]:
    """Names with their records, load balancers, APIs, web applications, health, gaps and counts, as plain JSON."""
    return {
        "names": {name: [_record(record) for record in records] for name, records in sorted(rules.names.items())},
        "load_balancers": {
            balancer.dns: [{"port": one.port, "rules": len(one.rules)} for one in balancer.listeners]
            for balancer in rules.balancers.values()
        },
        "apis": {
            f"{api.id}/{api.stage}": sorted(f"{method.verb} {method.path}" for method in api.methods)
            for api in rules.apis.values()
        },
        "web_applications": {
            site.resource or site.id: [rule["source"] for rule in site.rules] for site in rules.sites.values()
        },
        "web_acls": {arn: [rule["Name"] for rule in acl["Rules"]] for arn, acl in rules.acls.items()},
        "health": [
            {"group": arn, "target": name, "url": url, "healthy": s.healthy, "said": s.said, "asked": s.asked}
            for (arn, name, url), s in checks.states().items()
        ],
        "gaps": [{"where": gap.where, "reason": gap.reason, "refused": gap.refused} for gap in rules.gaps],
        "unread": dict(rules.unread),
        "requests": counts.listed(),
        "reads": reads,
    }


def _record(record: Record) -> dict[str, Any]:
    return {
        "to": record.way.kind,
        "id": record.way.id,
        "label": record.label,
        "weight": record.weight,
        "needs_health": record.needs_health,
    }
