"""What tests of probes share: asking one probe of one resource, and small servers to ask."""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from socketserver import BaseRequestHandler, ThreadingTCPServer
from typing import Any

from stackproof.emulator import Running
from stackproof.model import Inventory, Resource
from stackproof.probes import Answer, Probing, all_probes
from stackproof.sources.live import Aws, Credentials

CATALOGUE = {probe.id: probe for probe in all_probes()}


@dataclass(frozen=True)
class World:
    """An embedded environment with all of MDReader, and what is known of it."""

    running: Running
    declared: Inventory
    observed: Inventory
    physical: Mapping[str, str]

    def client(self, service: str) -> Any:
        """A boto3 client that may do everything."""
        return self.running.client(service)

    def probing(self, **changes: Any) -> Probing:
        """All that probes get, with a connection that remembers nothing."""
        key = Credentials("embedded", "embedded")
        aws = Aws(self.running.region, endpoint=self.running.endpoint, credentials=key, embedded=True)
        made = Probing(
            aws=aws,
            declared=self.declared,
            observed=self.observed,
            physical=self.physical,
            environment="embedded",
            base_url="https://api.mdreader.com",
            embedded=True,
            authority=self.running.certificate,
            timeout=3.0,
        )
        return replace(made, **changes)

    def ask(self, probe: str, address: str, **options: Any) -> Answer:
        """Ask one probe of one of MDReader's resources."""
        resource = self.declared.get(address)
        assert resource is not None
        return ask(self.probing(), probe, resource, **options)


def ask(probing: Probing, probe: str, resource: Resource, **options: Any) -> Answer:
    """Ask one probe of one resource."""
    found = CATALOGUE[probe]
    return found.ask(replace(probing, options={**found.options, **options}), resource)


def resource(type_: str, address: str = "made.Thing", **properties: Any) -> Resource:
    """A declared resource."""
    return Resource(address, type_, properties, {})


@contextlib.contextmanager
def serving(server: Any) -> Iterator[int]:
    """A server of the standard library in a thread; gives its port."""
    thread = threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True)
    thread.start()
    try:
        yield server.server_address[1]
    finally:
        server.shutdown()
        server.server_close()
        thread.join(5)


@contextlib.contextmanager
def answering(status: int, body: bytes, headers: Mapping[str, str] | None = None, tls: Any = None) -> Iterator[int]:
    """An HTTP server that answers everything alike, with TLS where a context is given."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.rfile.read(int(self.headers.get("Content-Length", 0)))
            self.send_response(status)
            for name, value in (headers or {}).items():
                self.send_header(name, value)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        do_PUT = do_GET  # noqa: N815 - as the standard library calls it

        def log_message(self, *_: Any) -> None:
            """Nothing on the terminal."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    if tls:
        server.socket = tls.wrap_socket(server.socket, server_side=True)
    with serving(server) as port:
        yield port


@contextlib.contextmanager
def saying(*words: bytes, tls: Any = None) -> Iterator[int]:
    """A TCP server that reads once before each of these words, says it, and then hangs up. None of them: it is mute."""

    class Handler(BaseRequestHandler):
        def handle(self) -> None:
            for word in words:
                self.request.recv(4096)
                self.request.sendall(word)
            if not words:
                with contextlib.suppress(OSError):
                    while self.request.recv(4096):
                        pass

    class Server(ThreadingTCPServer):
        allow_reuse_address = True
        daemon_threads = True

    server = Server(("127.0.0.1", 0), Handler)
    if tls:
        server.socket = tls.wrap_socket(server.socket, server_side=True)
    with serving(server) as port:
        yield port


def closed_port() -> int:
    """A port of loopback on which nothing listens."""
    import socket

    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        port: int = taken.getsockname()[1]
        return port
