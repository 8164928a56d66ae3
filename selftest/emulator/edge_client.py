"""A client of the edge: it verifies the certificate and may come from any address of loopback."""

from __future__ import annotations

import json
import shutil
import ssl
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import urllib3

from stackproof import emulator
from stackproof.system.loading import System, load_system

PROJECT = Path(__file__).parents[2]
APP = Path(__file__).parent / "edge_app"
WORKLOADS = """
workloads:
  - {resource: backend.Backend, run: "{python} app.py {host} {port}", folder: app, passes: [EDGE_FAULT]}
  - {resource: websocket.BlueService, run: "{python} app.py {host} {port} {certificate} {key}", folder: app}
  - {resource: websocket.GreenService, run: "{python} app.py {host} {port} {certificate} {key}", folder: app}
  - {resource: edge.WebApp, files: app/web, passes: [EDGE_FAULT]}
"""


def mdreader_with(folder: Path, workloads: str = WORKLOADS) -> System:
    """MDReader's infrastructure, with the tests' application in place of its own."""
    source = PROJECT / "systems/mdreader"
    for part in ("infrastructure", "parameters"):
        shutil.copytree(source / part, folder / part)
    shutil.copytree(APP, folder / "app")
    shutil.copy(source / "requirements.yaml", folder)
    text = (source / "system.yaml").read_text(encoding="utf-8")
    head, found, rest = text.partition("\nworkloads:")
    if found:  # up to the next key
        lines = rest.splitlines(keepends=True)[1:]
        end = next((n for n, line in enumerate(lines) if line[:1] not in " #\n"), len(lines))
        text = head + "\n" + "".join(lines[end:])
    (folder / "system.yaml").write_text(text + workloads, encoding="utf-8")
    return load_system(folder / "system.yaml")


class Client:
    """Speaks to the edge of an environment."""

    def __init__(self, running: emulator.Running) -> None:
        assert running.edge is not None
        self.running = running
        self.edge = running.edge
        self._pools: dict[tuple[str, bool, str], urllib3.HTTPConnectionPool] = {}

    def ask(
        self,
        name: str,
        path: str = "/",
        method: str = "GET",
        *,
        headers: Mapping[str, str] | None = None,
        body: bytes | str | None = None,
        plain: bool = False,
        source: str = "",
    ) -> urllib3.BaseHTTPResponse:
        """Send one request to a name, with TLS unless `plain`, from the loopback address `source`."""
        pool = self._pool(name, source, plain=plain)
        said = {"Host": name, **(headers or {})}
        return pool.request(method, path, headers=said, body=body, redirect=False, retries=False, timeout=20)

    def close(self) -> None:
        """Close all connections."""
        for pool in self._pools.values():
            pool.close()

    def status(self) -> dict[str, Any]:
        """What the edge tells of itself."""
        found: dict[str, Any] = json.loads(self.ask(self.edge.http.host, "/__edge/status", plain=True).data)
        return found

    def _pool(self, name: str, source: str, *, plain: bool) -> urllib3.HTTPConnectionPool:
        key = (name, plain, source)
        if key not in self._pools:
            at = self.edge.http if plain else self.edge.https
            more: dict[str, Any] = {"source_address": (source, 0)} if source else {}
            if not plain:
                context = ssl.create_default_context(cafile=str(self.running.certificate))
                more |= {"server_hostname": name, "assert_hostname": name, "ssl_context": context}
            kind = urllib3.HTTPConnectionPool if plain else urllib3.HTTPSConnectionPool
            self._pools[key] = kind(at.host, at.port, **more)
        return self._pools[key]
