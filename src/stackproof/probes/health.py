"""Health addresses: what users and load balancers ask, too."""

from __future__ import annotations

import json
import re
from urllib.parse import urlsplit

from stackproof.model import Cause, Resource, Severity, Unknown, Where
from stackproof.probes.base import Answer, Probing, bad, good, probe, unsure
from stackproof.probes.connecting import known_here, request


@probe(
    id="http-health",
    title="The health address answers healthy, with its version",
    severity=Severity.CRITICAL,
    types=(),
    remediation="Look at the last deployment and at what the application needs; roll back if it was healthy before.",
    options={"path": "/health", "status": "healthy", "version": "", "url": ""},
)
def http_health(p: Probing, _: Resource) -> Answer:
    """A deployment or a rollback is good only when what answers says that it is healthy, and which version it is.

    `version` names the version that must answer; without it any will do. `url` stands in for the environment's
    `base_url`.
    """
    base = p.options["url"] or p.base_url
    if not base:
        return unsure(Unknown(Cause.NOT_RUN, "base_url"), "the environment has no base_url in system.yaml")
    url = base.rstrip("/") + p.options["path"]
    host, asked = urlsplit(url).hostname or "", Where(f"GET {url}")
    if not known_here(p, host):
        said = f"nothing answers for {host} in the embedded environment"
        return unsure(Unknown(Cause.ENDPOINT_OFF, host), said, asked)
    heard = request(p, "GET", url, headers={"Accept": "application/json"})
    if isinstance(heard, Answer):
        return heard
    if heard.status != 200:
        return bad(f"{url} answers {heard.status}, expected 200", asked)
    return _healthy(p, heard.body, url, asked)


def _healthy(p: Probing, body: bytes, url: str, asked: Where) -> Answer:
    try:
        said = json.loads(body)
    except ValueError:
        return bad(f"{url} answers no JSON", asked)
    said = said if isinstance(said, dict) else {}
    wanted, version = p.options["status"], said.get("version")
    if said.get("status") != wanted:
        return bad(f"{url} says status {said.get('status')!r}, expected {wanted!r}", asked)
    if not isinstance(version, str) or not re.search(r"\w", version):
        return bad(f"{url} says no version", asked)
    if p.options["version"] and version != p.options["version"]:
        return bad(f"{url} is version {version}, expected {p.options['version']}", asked)
    return good(f"{url} is {wanted}, version {version}", asked)
