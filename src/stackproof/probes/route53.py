"""Amazon Route 53: which of several weighted records the world is sent to."""

from __future__ import annotations

import socket
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from stackproof.model import Cause, Resource, Severity, Unknown, Where
from stackproof.model.matching import readable
from stackproof.probes.base import Answer, Probing, bad, faulty, good, joined, part, probe, unsure


@probe(
    id="route53-weights-in-force",
    title="Weighted records send all traffic to one target that is there",
    severity=Severity.HIGH,
    types=("AWS::Route53::RecordSet",),
    remediation="Deploy the weights again: 100 on the active colour, 0 on the other, each pointing at a load balancer.",
    needs=("route53:ListResourceRecordSets", "elasticloadbalancing:DescribeLoadBalancers"),
    options={"shifting": False},
)
def route53_weights_in_force(p: Probing, record: Resource) -> Answer:
    """A weight that was changed by hand in a shift is what users get, whatever the template says.

    All records of the name count together. Their weights must sum to 100, on one record alone unless `shifting` is
    said; each must evaluate its target's health and point at a load balancer that exists. Outside the embedded
    environment the name must resolve, too.
    """
    zone = _zone(p, record)
    name = readable(record["Name"].value)
    if isinstance(zone, Unknown) or not isinstance(name, str):
        unknown = zone if isinstance(zone, Unknown) else Unknown(Cause.NOT_READ, "Name")
        return unsure(unknown, f"zone or name of {record.address} is not known")
    listed = p.aws.call("route53", "ListResourceRecordSets", {"HostedZoneId": zone})
    seen = Where(listed.call, listed.entry)
    if listed.fault:
        return faulty(listed.fault, listed.call, seen)
    found = [
        one
        for one in part(listed, "ResourceRecordSets")
        if _same(one.get("Name", ""), name) and one.get("Type") == readable(record["Type"].value)
    ]
    answers = [_weighted(found, name, seen, shifting=p.options["shifting"])]
    answers += [_target(p, one, seen, p.region_of(record)) for one in found]
    if not p.embedded:
        answers.append(resolved(p, name))
    return joined(answers)


def _weighted(found: Sequence[Mapping[str, Any]], name: str, seen: Where, *, shifting: bool) -> Answer:
    weights = {str(one.get("SetIdentifier", "")): one.get("Weight") for one in found}
    shown = ", ".join(f"{colour or 'a record without weight'} {weight}" for colour, weight in weights.items()) or "none"
    plain = [weight for weight in weights.values() if isinstance(weight, int)]
    if len(plain) != len(found) or not plain:
        return bad(f"the records of {name} are not all weighted: {shown}", seen)
    if sum(plain) != 100:
        return bad(f"the weights of {name} sum to {sum(plain)}, expected 100: {shown}", seen)
    if not shifting and max(plain) != 100:
        return bad(f"the traffic of {name} is shared ({shown}), expected all on one colour", seen)
    return good(f"the weights of {name} are {shown}", seen)


def _target(p: Probing, one: Mapping[str, Any], seen: Where, region: str) -> Answer:
    colour, alias = one.get("SetIdentifier", ""), one.get("AliasTarget")
    if not alias:
        said = f"{colour} is no alias, so whether its target is there is not asked"
        return unsure(Unknown(Cause.UNSUPPORTED_TYPE, "AliasTarget"), said, seen)
    if not alias.get("EvaluateTargetHealth"):
        return bad(f"{colour} does not evaluate the health of its target", seen)
    host = str(alias.get("DNSName", "")).rstrip(".").lower().removeprefix("dualstack.")
    if ".elb." not in host and ".elb-" not in host:
        return unsure(
            Unknown(Cause.UNSUPPORTED_TYPE, host), f"{colour} points at {host}, which is no load balancer", seen
        )
    listed = p.aws.call("elbv2", "DescribeLoadBalancers", {}, region=region)
    where = Where(listed.call, listed.entry)
    if listed.fault:
        return faulty(listed.fault, listed.call, seen, where)
    states = {
        str(b.get("DNSName", "")).lower(): str((b.get("State") or {}).get("Code", ""))
        for b in part(listed, "LoadBalancers")
    }
    if host not in states:
        return bad(f"{colour} points at {host}, and no load balancer of {region} is called that", seen, where)
    if states[host] not in ("active", "active_impaired"):
        return bad(f"{colour} points at a load balancer that is {states[host] or 'in no state'}", seen, where)
    return good(f"{colour} points at a load balancer that is {states[host]}", seen, where)


def resolved(p: Probing, name: str) -> Answer:
    """Whether the name resolves from here. That it does not may be this machine's fault, so it is no failure."""
    asked = Where(f"DNS {name}")
    pool = ThreadPoolExecutor(max_workers=1)
    try:
        found = pool.submit(socket.getaddrinfo, name, 443, type=socket.SOCK_STREAM).result(p.timeout)
    except TimeoutError:
        return unsure(Unknown(Cause.TIMEOUT, name), f"{name} was not resolved in {p.timeout:g} s", asked)
    except OSError as error:
        return unsure(Unknown(Cause.ENDPOINT_OFF, name), f"{name} does not resolve from here ({error})", asked)
    finally:
        pool.shutdown(wait=False, cancel_futures=True)
    return good(f"{name} resolves to {len({one[4][0] for one in found})} addresses", asked)


def _zone(p: Probing, record: Resource) -> str | Unknown:
    target = p.declared.target(record["HostedZoneId"])
    if isinstance(target, Resource):
        found = p.id_of(target)
        return found.rpartition("/")[2] if found else Unknown(Cause.NOT_DEPLOYED, target.address)
    text = readable(record["HostedZoneId"].value)
    return text if isinstance(text, str) else target


def _same(listed: str, name: str) -> bool:
    """Names as Route 53 gives them end with a dot and write `*` as an escape."""
    return listed.rstrip(".").replace("\\052", "*").lower() == name.rstrip(".").lower()
