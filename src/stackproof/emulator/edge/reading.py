"""Reads the deployed rules over the embedded AWS's API. Each part is read on its own: what fails is `unread`."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Final

from stackproof.emulator.edge import (
    reading_apis,
    reading_balancers,
    reading_certificates,
    reading_names,
    reading_sites,
    reading_walls,
)
from stackproof.emulator.edge.names import covered
from stackproof.emulator.edge.rules import Gap, Rules
from stackproof.emulator.running import Served

FOREVER: Final = (
    Gap("web ACLs", "SQL injection and cross-site scripting are judged by a few patterns of our own", refused=False),
    Gap("load balancers", "with no healthy target AWS would try the unhealthy ones; here it is 503", refused=False),
    Gap("health checks", "intervals are 30 times shorter than deployed", refused=False),
)


@dataclass(frozen=True, slots=True)
class Settings:
    """What the edge was told: the embedded AWS, where to listen, and what runs behind what."""

    endpoint: str
    regions: tuple[str, ...]
    host: str
    certificate: Path
    workloads: tuple[Served, ...]

    @classmethod
    def load(cls, file: Path) -> Settings:
        """Read what the starter wrote."""
        content = json.loads(file.read_text(encoding="utf-8"))
        served = tuple(Served(**item) for item in content["workloads"])
        regions = tuple(content["regions"])
        return cls(content["endpoint"], regions, content["host"], Path(content["certificate"]), served)

    def behind(self, kind: str, id_: str) -> Served | None:
        """The workload of a function, service or web application."""
        return next((served for served in self.workloads if (served.kind, served.id) == (kind, id_)), None)


class Clients:
    """boto3 clients, each made once."""

    def __init__(self, endpoint: str) -> None:
        import boto3
        from botocore.config import Config

        self._endpoint = endpoint
        self._session = boto3.Session("embedded", "embedded")
        self._config = Config(retries={"max_attempts": 1, "mode": "standard"}, connect_timeout=5, read_timeout=20)
        self._made: dict[tuple[str, str], Any] = {}

    def __call__(self, service: str, region: str) -> Any:
        """Return the client of a service in a region."""
        key = (service, region)
        if key not in self._made:
            self._made[key] = self._session.client(
                service, region_name=region, endpoint_url=self._endpoint, config=self._config
            )
        return self._made[key]

    def all(self, service: str, region: str, operation: str, key: str, **asked: Any) -> Iterator[dict[str, Any]]:
        """All elements of a list, page by page."""
        client = self(service, region)
        if client.can_paginate(operation):
            for page in client.get_paginator(operation).paginate(**asked):
                yield from page.get(key) or ()
        else:
            yield from getattr(client, operation)(**asked).get(key) or ()


Found = Mapping[str, Any]
Part = Callable[[Clients, Settings], tuple[Found, Sequence[Gap]]]
_PARTS: Final[Mapping[str, Part]] = {
    "load balancers": reading_balancers.read,
    "APIs": reading_apis.read,
    "web applications": reading_sites.read,
    "web ACLs": reading_walls.read,
    "certificates": reading_certificates.read,
}


def read(clients: Clients, settings: Settings) -> Rules:
    """Read everything anew."""
    from botocore.exceptions import BotoCoreError, ClientError

    found: dict[str, Any] = {}
    gaps, unread = list(FOREVER), {}
    for part, reader in _PARTS.items():
        try:
            more, more_gaps = reader(clients, settings)
        except (BotoCoreError, ClientError) as error:
            unread[part] = str(error)
            gaps.append(Gap(part, f"could not be read: {error}", refused=True))
            continue
        found |= more
        gaps += more_gaps
    try:
        names, more_gaps = reading_names.read(clients, settings, Rules(**found))
    except (BotoCoreError, ClientError) as error:
        unread["names"] = str(error)
        names, more_gaps = {}, [Gap("names", f"could not be read: {error}", refused=True)]
    rules = Rules(**found, names=names, unread=unread)
    text = "no certificate that is issued covers it, so there is no TLS"
    bare = [Gap(name, text, refused=True) for name in names if not covered(rules, name)]
    return replace(rules, gaps=(*gaps, *more_gaps, *bare))
