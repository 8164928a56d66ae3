"""The edge's listeners: HTTPS and HTTP on the environment's own address, and its status."""

from __future__ import annotations

import asyncio
import ipaddress
import json
import ssl
import sys
import traceback
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Final

from aiohttp import web

from stackproof.emulator.certificates import Certificate, fingerprint, issue
from stackproof.emulator.edge.balancing import Balancing
from stackproof.emulator.edge.firewall import Firewall
from stackproof.emulator.edge.forwarding import new_session, pass_on
from stackproof.emulator.edge.gateway import Gateway
from stackproof.emulator.edge.health import HealthChecks
from stackproof.emulator.edge.keeping import Keeper
from stackproof.emulator.edge.launch import READY
from stackproof.emulator.edge.names import choose, covered, find
from stackproof.emulator.edge.rules import Record, Rules, UnjudgedError, Way
from stackproof.emulator.edge.sites import Sites
from stackproof.emulator.edge.status import status_of
from stackproof.emulator.edge.visits import Counts, Visit, own_answer

STATUS: Final = "/__edge/status"
LARGEST: Final = 64 * 1024 * 1024  # bytes of a request that the edge takes at all
_LOOK: Final = 0.25  # seconds between two looks for changes
_KNOWN: Final = Record(Way(""))
_DEEPEST: Final = 3  # rewrites of one request


class Edge:
    """Answers every name of the environment under the deployed rules."""

    def __init__(self, folder: Path, settings: Path) -> None:
        self._folder = folder
        self._session = new_session()
        self._firewall = Firewall()
        self._checks = HealthChecks(self._session)
        self._balancing = Balancing(self._session, self._firewall, self._checks)
        self._gateway = Gateway(self._session, self._firewall)
        self._sites = Sites(self._again)
        self._counts = Counts()
        self._named: tuple[str, ...] = ()
        self._covered: tuple[str, ...] = ()
        self._certificate: Certificate | None = None
        self._tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self._tls.minimum_version = ssl.TLSVersion.TLSv1_2
        self._tls.sni_callback = self._meet
        self.keeper = Keeper(settings, self._follow)
        self._looking: asyncio.Task[None] | None = None
        self._ports = (0, 0)

    async def start(self) -> None:
        """Read the rules, listen, and write where."""
        await self.keeper.current()
        server = web.Server(self.answer, access_log=None)
        runner = web.ServerRunner(server)
        await runner.setup()
        https = await _listen(runner, self.keeper.settings.host, (443, 8443, 0), self._tls)
        http = await _listen(runner, self.keeper.settings.host, (80, 8080, 0), None)
        self._ports = (https, http)
        self._looking = asyncio.create_task(self._look())

    async def close(self) -> None:
        """End what runs beside the listeners."""
        if self._looking:
            self._looking.cancel()
        await self._checks.close()
        await self._session.close()

    async def _look(self) -> None:
        """Look for changes while nobody asks, and write what a starter waits for.

        So a new name has its certificate before the first request, and a new target its first check.
        """
        told = -1
        while True:
            await self.keeper.current()
            if told != self.keeper.reads:
                await self._checks.first()
                told = self.keeper.reads
                self._tell()
            await asyncio.sleep(_LOOK)

    def _tell(self) -> None:
        assert self._certificate is not None  # noqa: S101 - made when the rules were read
        host = self.keeper.settings.host
        https, http = ({"host": host, "port": port} for port in self._ports)
        content = {"https": https, "http": http, "names": self._named, "fingerprint": fingerprint(self._certificate)}
        part = self._folder / f"{READY}.part"
        part.write_text(json.dumps({**content, "settings": self.keeper.written}), encoding="utf-8")
        part.replace(self._folder / READY)

    async def _follow(self, rules: Rules) -> None:
        """Follow new rules: a certificate for their names, health checks of their targets."""
        self._checks.follow(rules)
        self._named = tuple(sorted(rules.names))
        names = tuple(name for name in self._named if covered(rules, name))
        if names == self._covered and self._certificate is not None:
            return
        settings = self.keeper.settings
        authority = Certificate(settings.certificate, settings.certificate.with_name("key.pem"))
        self._certificate = issue(authority, self._folder, "edge", [settings.host, "localhost", *names])
        self._tls.load_cert_chain(self._certificate.file, self._certificate.key)
        self._covered = names

    def _meet(self, _: ssl.SSLObject, name: str | None, __: ssl.SSLContext) -> int | None:
        """Refuse TLS for a name that no deployed certificate covers. Clients name no addresses."""
        if name is None or name == "localhost" or find(dict.fromkeys(self._covered, (_KNOWN,)), name.lower()):
            return None
        return ssl.ALERT_DESCRIPTION_UNRECOGNIZED_NAME

    async def answer(self, request: web.BaseRequest) -> web.StreamResponse:
        """Answer one request, and count it."""
        name = _host(request)
        if _is_address(name):
            return await self._own(request)
        path, _, query = request.raw_path.partition("?")
        if not path.startswith("/"):
            return own_answer(400, "the request's target is no path")
        client, port = request.remote or "127.0.0.1", 443 if request.secure else 80
        if (request.content_length or 0) > LARGEST:
            return own_answer(413, f"the edge takes at most {LARGEST} bytes")
        body = bytearray()
        async for chunk in request.content.iter_any():
            body += chunk
            if len(body) > LARGEST:
                return own_answer(413, f"the edge takes at most {LARGEST} bytes")
        visit = Visit(request, name, path, query, port, client, bytes(body))  # type: ignore[arg-type]
        try:
            return await self._serve(visit, await self.keeper.current())
        except UnjudgedError as error:
            visit.note("unjudged")
            return own_answer(502, str(error))
        except Exception as error:  # noqa: BLE001 - whatever it was, the request was not judged
            traceback.print_exc(file=sys.stderr)
            visit.note("unjudged")
            return own_answer(502, f"the edge failed: {type(error).__name__}: {error}")
        finally:
            self._counts.add(visit)

    async def _again(self, visit: Visit) -> web.StreamResponse:
        """Answer a request that a web application rewrote to another name, under that name's rules."""
        rules = await self.keeper.current()
        deep = int(visit.notes.get("rewrites", "0")) + 1
        visit.notes["rewrites"] = str(deep)
        if deep > _DEEPEST or not find(rules.names, visit.name):
            raise UnjudgedError(f"a rewrite to {visit.name} is not followed: it is no name of this environment")
        return await self._serve(visit, rules)

    async def _serve(self, visit: Visit, rules: Rules) -> web.StreamResponse:
        rules.need("names")
        records = find(rules.names, visit.name)
        if not records:
            visit.note("unknown-name")
            own = ", ".join(name for name in rules.names if "amazon" not in name)
            return own_answer(421, f"{visit.name} is no name of this environment; there are {own}")
        record = choose(records, lambda way: self._healthy(rules, way))
        way = record.way
        if way.kind == "balancer":
            return await self._balancing.serve(visit, rules, rules.balancers[way.id])
        if way.kind == "api":
            return await self._gateway.serve(visit, rules, way.id)
        if way.kind == "default-api":
            return await self._gateway.serve_default(visit, rules, way.id)
        if way.kind == "site":
            return await self._sites.serve(visit, rules, way.id)
        if way.kind == "aws":
            visit.note("aws")
            return await pass_on(self._session, replace(visit, port=443), self.keeper.settings.endpoint, 60)
        raise UnjudgedError(way.id)

    def _healthy(self, rules: Rules, way: Way) -> bool:
        return way.kind != "balancer" or self._balancing.has_healthy(rules, rules.balancers[way.id])

    async def _own(self, request: web.BaseRequest) -> web.StreamResponse:
        """Requests to the bare address: the status, and nothing else."""
        if request.path != STATUS:
            return own_answer(421, f"name one of the environment's names; {STATUS} lists them")
        rules = await self.keeper.current()
        return web.json_response(status_of(rules, self._checks, self._counts, self.keeper.reads))


def _host(request: web.BaseRequest) -> str:
    """The name that a request is for, without a port, in lower case."""
    host = request.headers.get("Host", "").strip().lower()
    if host.startswith("["):
        return host
    return host.partition(":")[0].rstrip(".")


def _is_address(name: str) -> bool:
    try:
        ipaddress.ip_address(name.strip("[]"))
    except ValueError:
        return name == "localhost"
    return True


async def _listen(runner: web.ServerRunner, host: str, ports: Sequence[int], tls: ssl.SSLContext | None) -> int:
    """Listen on the first port that may be taken; the last, 0, is any free one."""
    for port in ports:
        site = web.TCPSite(runner, host, port, ssl_context=tls)
        try:
            await site.start()
        except OSError:
            if port == ports[-1]:
                raise
            continue
        address: tuple[str, int] = runner.addresses[-1]
        return address[1]
    raise AssertionError("the last port is any free one")
