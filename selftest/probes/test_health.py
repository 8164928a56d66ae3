"""The probe of the health address, against a real HTTPS server, and connections that end."""

from __future__ import annotations

import json
import ssl
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from selftest.probes.asking import World, answering, ask, closed_port, resource, saying
from stackproof.emulator.certificates import make_certificate
from stackproof.model import Cause, Outcome
from stackproof.probes import Answer

HOST = "api.mdreader.com"
HEALTHY = {"status": "healthy", "version": "2.0.0"}


@contextmanager
def health(folder: Path, body: Any, status: int = 200, host: str = HOST) -> Iterator[dict[str, Any]]:
    """An application behind its own name; gives where it is and whom to trust."""
    certificate = make_certificate(folder, "127.0.0.1") if host == HOST else make_certificate(folder, "127.0.0.9")
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate.file, certificate.key)
    content = body if isinstance(body, bytes) else json.dumps(body).encode()
    with answering(status, content, tls=context) as port:
        yield {"authority": certificate.file, "base_url": f"https://127.0.0.1:{port}"}


def asked(world: World, where: dict[str, Any], **options: str) -> Answer:
    return ask(world.probing(**where), "http-health", resource("AWS::ApiGateway::RestApi"), **options)


@pytest.mark.parametrize(
    ("status", "body", "options", "outcome"),
    [
        (200, HEALTHY, {}, "pass"),
        (200, HEALTHY, {"version": "2.0.0"}, "pass"),
        (200, HEALTHY, {"version": "1.9.0"}, "fail"),
        (200, {"status": "up", "version": "2"}, {"status": "up"}, "pass"),
        (200, {"status": "unhealthy", "version": "2.0.0"}, {}, "fail"),
        (200, {"status": "healthy"}, {}, "fail"),
        (200, {"status": "healthy", "version": ""}, {}, "fail"),
        (200, [HEALTHY], {}, "fail"),
        (200, b"<html>healthy 2.0.0</html>", {}, "fail"),
        (503, HEALTHY, {}, "fail"),
        (302, HEALTHY, {}, "fail"),
    ],
)
def test_health_is_what_it_says(
    world: World, tmp_path: Path, status: int, body: Any, options: dict[str, str], outcome: str
) -> None:
    """200, the status and a version, all three; nothing else is healthy."""
    with health(tmp_path, body, status) as where:
        assert asked(world, where, **options).outcome == outcome


def test_a_name_of_the_embedded_environment_is_asked_there(world: World, tmp_path: Path) -> None:
    """A name is resolved by what the environment says; without that nobody else of that name is asked."""
    with health(tmp_path, HEALTHY) as where:
        port = int(where["base_url"].rpartition(":")[2])
        there = {**where, "base_url": "https://localhost", "resolve": {"localhost": ("127.0.0.1", port)}}
        assert asked(world, there).outcome is Outcome.PASS
    answer = asked(world, {"base_url": f"https://{HOST}"})
    assert (answer.outcome, answer.cause, answer.decided_by) == (Outcome.UNKNOWN, Cause.ENDPOINT_OFF, HOST)


def test_an_address_that_cannot_be_asked_is_unknown(world: World, tmp_path: Path) -> None:
    """No address, a closed port, a mute server, and a certificate of another name: nothing was heard."""
    assert asked(world, {"base_url": ""}).cause is Cause.NOT_RUN
    assert asked(world, {"base_url": f"https://127.0.0.1:{closed_port()}"}).cause is Cause.ENDPOINT_OFF
    with saying() as port:
        assert asked(world, {"base_url": f"http://127.0.0.1:{port}", "timeout": 0.3}).cause is Cause.TIMEOUT
    with health(tmp_path, HEALTHY, host="other") as where:
        answer = asked(world, where)
    assert (answer.outcome, answer.cause) == (Outcome.UNKNOWN, Cause.ENDPOINT_OFF)


def test_an_answer_without_end_is_ended(world: World) -> None:
    """A server that sends a byte now and then does not hold the run up."""
    drip = [b"HTTP/1.1 200 OK\r\n", *[b"X"] * 200]
    begun = time.monotonic()
    with dripping(drip, 0.05) as port:
        answer = asked(world, {"base_url": f"http://127.0.0.1:{port}", "timeout": 0.25})
    assert answer.outcome is Outcome.UNKNOWN
    assert time.monotonic() - begun < 5


@contextmanager
def dripping(parts: list[bytes], pause: float) -> Iterator[int]:
    import contextlib
    from socketserver import BaseRequestHandler, ThreadingTCPServer

    from selftest.probes.asking import serving

    class Handler(BaseRequestHandler):
        def handle(self) -> None:
            with contextlib.suppress(OSError):
                self.request.recv(4096)
                for part in parts:
                    self.request.sendall(part)
                    time.sleep(pause)

    class Server(ThreadingTCPServer):
        daemon_threads = True
        block_on_close = False

    with serving(Server(("127.0.0.1", 0), Handler)) as port:
        yield port
