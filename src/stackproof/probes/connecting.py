"""Connections that end: sockets and HTTP with time limits, names of the embedded environment, causes of failures."""

from __future__ import annotations

import contextlib
import http.client
import socket
import ssl
import threading
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import SplitResult, urlsplit

from stackproof.model import Cause, Unknown, Where
from stackproof.probes.base import Answer, Probing, unsure

_MOST: Final = 1_000_000  # bytes of an answer that are read
_LOOPBACK: Final = ("localhost", "127.", "[::1]", "::1")


@dataclass(frozen=True, slots=True)
class Heard:
    """An HTTP answer. Names of `headers` are in lower case."""

    status: int
    headers: Mapping[str, str]
    body: bytes


def unreachable(error: Exception, place: str, *asked: Where) -> Answer:
    """Sort a failed connection: nothing was heard, so nothing is known."""
    if isinstance(error, ssl.SSLCertVerificationError):
        said = f"the certificate of {place} does not verify: {error.verify_message}"
        return unsure(Unknown(Cause.ENDPOINT_OFF, f"a verified certificate of {place}"), said, *asked)
    late = isinstance(error, TimeoutError)
    cause = Cause.TIMEOUT if late else Cause.ENDPOINT_OFF
    why = "no answer in time" if late else f"{type(error).__name__}: {error}"
    return unsure(Unknown(cause, place), f"{place} could not be asked from here ({why})", *asked)


def connect(p: Probing, host: str, port: int) -> socket.socket:
    """Open a TCP connection to a name, or to where the embedded environment has it.

    Raises:
        OSError: nothing answers; every wait ends after the probing's timeout.

    """
    address = p.resolve.get(host, (host, port))
    return socket.create_connection(address, p.timeout)


def verified(p: Probing) -> ssl.SSLContext:
    """TLS that verifies names and certificates, by the machine's authorities and the probing's own."""
    context = ssl.create_default_context()
    if p.authority:
        context.load_verify_locations(p.authority)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    return context


def known_here(p: Probing, host: str) -> bool:
    """Whether asking this name asks the judged environment: an embedded one's names belong to somebody else outside."""
    return not p.embedded or host in p.resolve or host.startswith(_LOOPBACK)


def request(
    p: Probing, method: str, url: str, *, headers: Mapping[str, str] | None = None, body: bytes = b""
) -> Heard | Answer:
    """Ask by HTTP, without credentials, proxies and redirects; what keeps it from being heard is the answer."""
    parts = urlsplit(url)
    host, port = parts.hostname or "", parts.port or (443 if parts.scheme == "https" else 80)
    place = f"{host}:{port}"
    try:
        with contextlib.closing(connect(p, host, port)) as plain, _ended(plain, 4 * p.timeout):
            if parts.scheme != "https":
                return _exchange(plain, method, parts, headers or {}, body)
            with verified(p).wrap_socket(plain, server_hostname=host) as inside, _ended(inside, 4 * p.timeout):
                return _exchange(inside, method, parts, headers or {}, body)
    except (OSError, http.client.HTTPException) as error:
        return unreachable(error, place, Where(f"{method} {url}"))


def _exchange(sock: Any, method: str, parts: SplitResult, headers: Mapping[str, str], body: bytes) -> Heard:
    connection = http.client.HTTPConnection(parts.netloc)
    connection.sock = sock
    target = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    sent = {"User-Agent": "stackproof", "Connection": "close", **headers}
    connection.request(method, target, body or None, sent)
    answer = connection.getresponse()
    found = {name.lower(): value for name, value in answer.getheaders()}
    return Heard(answer.status, found, answer.read(_MOST))


@contextlib.contextmanager
def _ended(sock: socket.socket, seconds: float) -> Iterator[None]:
    """End a connection that answers a byte at a time; what was heard of it until then is no answer.

    Raises:
        TimeoutError: it had to be ended.

    """
    late = threading.Event()

    def end() -> None:
        late.set()
        with contextlib.suppress(OSError):
            sock.shutdown(socket.SHUT_RDWR)

    timer = threading.Timer(seconds, end)
    timer.daemon = True
    timer.start()
    try:
        yield
    finally:
        timer.cancel()
        if late.is_set():
            raise TimeoutError
