"""One request on its way through the edge, and the answers that the edge gives itself."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from aiohttp import web

REASON = "X-Edge-Reason"


@dataclass(frozen=True, slots=True)
class Visit:
    """A request. `path` and `query` are as they were sent, `port` is the one that the client believes to speak to."""

    request: web.Request
    name: str
    path: str
    query: str
    port: int
    client: str
    body: bytes
    notes: dict[str, str] = field(default_factory=dict)

    @property
    def address(self) -> str:
        """Path and query together."""
        return f"{self.path}?{self.query}" if self.query else self.path

    @property
    def upgrades(self) -> bool:
        """Whether it asks for a WebSocket."""
        return self.request.headers.get("Upgrade", "").lower() == "websocket"

    @property
    def headers(self) -> Mapping[str, str]:
        """Headers by their names in lower case, several of one name joined."""
        found: dict[str, str] = {}
        for name, value in self.request.headers.items():
            found[name.lower()] = f"{found[name.lower()]}, {value}" if name.lower() in found else value
        return found

    def to(self, name: str, path: str, query: str) -> Visit:
        """The same request, rewritten to another address."""
        return replace(self, name=name, path=path, query=query, port=443)

    def note(self, decision: str, target: str = "") -> None:
        """Say what became of it, for the counts: the decision, and the workload that it went to."""
        self.notes["decision"] = decision
        if target:
            self.notes["target"] = target


class Counts:
    """How many requests of each name went to which workload with which decision."""

    def __init__(self) -> None:
        self._counted: Counter[tuple[str, str, str]] = Counter()

    def add(self, visit: Visit) -> None:
        """Count one; `visit` is the request as it came in."""
        self._counted[visit.name, visit.notes.get("target", ""), visit.notes.get("decision", "")] += 1

    def listed(self) -> list[dict[str, str | int]]:
        """All counts."""
        return [
            {"name": name, "target": target, "decision": decision, "requests": number}
            for (name, target, decision), number in sorted(self._counted.items())
        ]


def own_answer(status: int, reason: str) -> web.Response:
    """An answer of the edge itself, where AWS would not answer in these words."""
    text = json.dumps({"edge": reason})
    return web.Response(
        status=status, text=text, content_type="application/json", headers={REASON: " ".join(reason.split())}
    )
