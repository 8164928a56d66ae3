"""Answers as a load balancer: web ACL, listener, rules, actions, healthy targets."""

from __future__ import annotations

import ipaddress
import re
import secrets
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Final
from urllib.parse import parse_qsl

from aiohttp import web

from stackproof.emulator.edge.firewall import Firewall
from stackproof.emulator.edge.forwarding import pass_on
from stackproof.emulator.edge.health import HealthChecks
from stackproof.emulator.edge.rules import Balancer, Rules, TargetGroup, UnjudgedError, Wire, place
from stackproof.emulator.edge.statements import Seen
from stackproof.emulator.edge.visits import Visit, own_answer

if TYPE_CHECKING:
    import aiohttp

INSPECTED: Final = 8 * 1024  # bytes of a body that WAF looks at before a load balancer
_REFUSED: Final = "<html>\n<head><title>403 Forbidden</title></head>\n<body><h1>403 Forbidden</h1></body>\n</html>\n"


class Balancing:
    """All load balancers of the environment."""

    def __init__(self, session: aiohttp.ClientSession, firewall: Firewall, checks: HealthChecks) -> None:
        self._session = session
        self._firewall = firewall
        self._checks = checks

    def has_healthy(self, rules: Rules, balancer: Balancer) -> bool:
        """Whether each of its target groups has a healthy target, which is what Route 53 asks."""
        arns = {arn for listener in balancer.listeners for arn in _groups_of(listener.rules)}
        groups = [rules.groups[arn] for arn in arns if arn in rules.groups]
        return bool(groups) and all(self._checks.healthy(group) for group in groups)

    async def serve(self, visit: Visit, rules: Rules, balancer: Balancer) -> web.StreamResponse:
        """Answer a request that a name led here.

        Raises:
            UnjudgedError: a rule, action or condition is deployed that is not followed.

        """
        rules.need("load balancers", "web ACLs")
        listener = next((listener for listener in balancer.listeners if listener.port == visit.port), None)
        if listener is None:
            visit.note("no-listener")
            return own_answer(421, f"the load balancer of {visit.name} has no listener on port {visit.port}")
        if listener.closed:
            visit.note("closed")
            return own_answer(421, listener.closed)
        if listener.unjudged:
            raise UnjudgedError(listener.unjudged)
        acl = rules.acls.get(place(balancer.arn))
        if acl is not None:
            blocked = self._firewall.judge(acl, seen(visit, rules, INSPECTED))
            if blocked:
                visit.note(f"blocked: {blocked.rule}")
                kind, body = (blocked.kind or "text/plain", blocked.body) if blocked.body else ("text/html", _REFUSED)
                return web.Response(status=blocked.status, text=body, content_type=kind, headers=blocked.headers)
        for rule in listener.rules:
            fits = [_fits(condition, visit) for condition in rule.get("Conditions", [])]  # none is passed over
            if all(fits):
                return await self._act(visit, rules, balancer, rule["Actions"])
        raise UnjudgedError("no rule of the listener fits")

    async def _act(self, visit: Visit, rules: Rules, balancer: Balancer, actions: Sequence[Wire]) -> web.StreamResponse:
        if len(actions) != 1:
            kinds = ", ".join(action["Type"] for action in actions)
            raise UnjudgedError(f"several actions are not followed: {kinds}")
        action = actions[0]
        if action["Type"] == "redirect":
            return _redirected(visit, action["RedirectConfig"])
        if action["Type"] == "fixed-response":
            fixed = action["FixedResponseConfig"]
            visit.note("fixed-response")
            kind = fixed.get("ContentType", "text/plain")
            return web.Response(status=int(fixed["StatusCode"]), text=fixed.get("MessageBody", ""), content_type=kind)
        if action["Type"] == "forward":
            return await self._forward(visit, rules, balancer, action)
        raise UnjudgedError(f"the action {action['Type']} is not followed")

    async def _forward(self, visit: Visit, rules: Rules, balancer: Balancer, action: Wire) -> web.StreamResponse:
        group = _choose(rules, action)
        if group.settings.get("ProtocolVersion", "HTTP1") != "HTTP1":
            raise UnjudgedError(f"targets that speak {group.settings['ProtocolVersion']} are not followed")
        healthy = self._checks.healthy(group)
        if not healthy:
            visit.note("no-healthy-target", next(iter(group.targets), ""))
            said = "; ".join([f"{group.settings['TargetGroupName']} has no healthy target", *group.lacking])
            return own_answer(503, said)
        resource, url = healthy[secrets.randbelow(len(healthy))]
        visit.note("forwarded", resource)
        scheme = str(group.settings.get("Protocol", "HTTP")).lower()
        return await pass_on(self._session, visit, f"{scheme}://{url.partition('://')[2]}", balancer.idle)


def seen(visit: Visit, rules: Rules, inspected: int) -> Seen:
    """A request as WAF sees it."""
    return Seen(
        visit.request.method, visit.path, visit.query, visit.headers, visit.body, visit.client, inspected, rules.ip_sets
    )


def _groups_of(listener_rules: Iterable[Wire]) -> list[str]:
    return [arn for rule in listener_rules for action in rule["Actions"] for arn, _ in _weighted(action)]


def _weighted(action: Wire) -> list[tuple[str, int]]:
    if action["Type"] != "forward":
        return []
    many = action.get("ForwardConfig", {}).get("TargetGroups", [])
    if many:
        return [(entry["TargetGroupArn"], int(entry.get("Weight", 1))) for entry in many]
    return [(action["TargetGroupArn"], 1)]


def _choose(rules: Rules, action: Wire) -> TargetGroup:
    weighted = [(arn, weight) for arn, weight in _weighted(action) if weight > 0]
    if not weighted:
        raise UnjudgedError("all target groups of the action have weight 0")
    left = secrets.randbelow(sum(weight for _, weight in weighted))
    for arn, weight in weighted:
        if left < weight:
            if arn not in rules.groups:
                raise UnjudgedError(f"the target group {arn} is not there")
            return rules.groups[arn]
        left -= weight
    raise AssertionError("weights add up to their sum")


def _redirected(visit: Visit, config: Wire) -> web.Response:
    values = {
        "#{protocol}": "https" if visit.port == 443 else "http",
        "#{host}": visit.name,
        "#{port}": str(visit.port),
        "#{path}": visit.path.removeprefix("/"),
        "#{query}": visit.query,
    }
    usual = {"Protocol": "#{protocol}", "Host": "#{host}", "Port": "#{port}", "Path": "/#{path}", "Query": "#{query}"}
    parts = {**usual, **config}
    for name in usual:
        for hole, value in values.items():
            parts[name] = parts[name].replace(hole, value)
    query = f"?{parts['Query']}" if parts["Query"] else ""
    location = f"{parts['Protocol'].lower()}://{parts['Host']}:{parts['Port']}{parts['Path']}{query}"
    visit.note("redirected")
    return web.Response(status=int(config["StatusCode"].removeprefix("HTTP_")), headers={"Location": location})


# --- conditions ---------------------------------------------------------------------------------------------


def _fits(condition: Wire, visit: Visit) -> bool:
    field = condition["Field"]
    if field not in _CONDITIONS:
        raise UnjudgedError(f"conditions by {field} are not followed")
    return _CONDITIONS[field](condition, visit)


def _values(condition: Wire, config: str) -> Sequence[str]:
    found: Sequence[str] = condition.get(config, {}).get("Values") or condition.get("Values") or []
    if not found:
        raise UnjudgedError(f"a condition by {condition['Field']} without values is not followed")
    return found


def _glob(pattern: str, text: str, *, lower: bool = False) -> bool:
    """`*` stands for any text, `?` for one character."""
    written = "".join({"*": ".*", "?": "."}.get(part, re.escape(part)) for part in re.split(r"([*?])", pattern))
    return re.fullmatch(written, text, re.IGNORECASE if lower else 0) is not None


def _query(condition: Wire, visit: Visit) -> bool:
    pairs = parse_qsl(visit.query, keep_blank_values=True)
    wanted = condition.get("QueryStringConfig", {}).get("Values") or []
    if not wanted:
        raise UnjudgedError("a condition by query-string without values is not followed")
    return any(
        _glob(pair["Value"], value, lower=True) and ("Key" not in pair or _glob(pair["Key"], key, lower=True))
        for pair in wanted
        for key, value in pairs
    )


def _header(condition: Wire, visit: Visit) -> bool:
    name = condition.get("HttpHeaderConfig", {}).get("HttpHeaderName", "")
    value = visit.headers.get(name.lower())
    return value is not None and any(
        _glob(pattern, value, lower=True) for pattern in _values(condition, "HttpHeaderConfig")
    )


def _source(condition: Wire, visit: Visit) -> bool:
    address = ipaddress.ip_address(visit.client)
    networks = _values(condition, "SourceIpConfig")
    return any(address in ipaddress.ip_network(network, strict=False) for network in networks)


_CONDITIONS: Final[Mapping[str, Callable[[Wire, Visit], bool]]] = {
    "path-pattern": lambda c, v: any(_glob(p, v.path) for p in _values(c, "PathPatternConfig")),
    "host-header": lambda c, v: any(_glob(p, v.name, lower=True) for p in _values(c, "HostHeaderConfig")),
    "http-request-method": lambda c, v: v.request.method in _values(c, "HttpRequestMethodConfig"),
    "http-header": _header,
    "query-string": _query,
    "source-ip": _source,
}
