"""Where the users of an environment reach it, and how names that only an embedded environment knows are resolved."""

from __future__ import annotations

import os
import re
import socket
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urljoin, urlsplit
from urllib.request import getproxies

from stackproof.model import Cause, Unknown

if TYPE_CHECKING:
    from stackproof.emulator import Edge
    from stackproof.system.loading import System


@dataclass(frozen=True, slots=True)
class Site:
    """The addresses of one environment: `app`, `api`, `websocket` and any other that system.yaml names.

    `edge` is the proxy before an embedded environment, and `authority` the PEM file to verify it with; both are None
    for a real one, which is resolved and verified as usual.
    """

    environment: str
    addresses: Mapping[str, str] = field(default_factory=dict)
    edge: Edge | None = None
    authority: Path | None = None

    def url(self, path: str = "/") -> str:
        """Return the address of a page of the web application.

        Raises:
            LookupError: as `address`.

        """
        return self.address("app", path)

    def api(self, path: str = "/") -> str:
        """Return the address of a path of the API.

        Raises:
            LookupError: as `address`.

        """
        return self.address("api", path)

    def websocket(self, path: str = "/") -> str:
        """Return the address of a path of the WebSocket server.

        Raises:
            LookupError: as `address`.

        """
        return self.address("websocket", path)

    def address(self, name: str, path: str = "/") -> str:
        """Join a path to a named address. An address with a path of its own (`https://example.com/shop`) keeps it.

        Raises:
            LookupError: the environment has no such address.

        """
        if name not in self.addresses:
            known = ", ".join(self.addresses) or "none"
            raise LookupError(f"environment {self.environment!r} has no address {name!r} in system.yaml, only {known}")
        return urljoin(f"{self.addresses[name].rstrip('/')}/", path.lstrip("/"))

    def served_at(self, url: str) -> tuple[str, int] | None:
        """Return the loopback address and port that stand behind a URL; None where it is resolved as usual."""
        parts = urlsplit(url)
        if self.edge is None or (parts.hostname or "") not in self.edge.names:
            return None
        door = self.edge.https if parts.scheme in ("https", "wss") else self.edge.http
        usual = 443 if parts.scheme in ("https", "wss") else 80
        return (door.host, door.port) if parts.port in (None, usual) else None


def addresses_of(system: System, environment: str, colour: str = "") -> Mapping[str, str] | Unknown:
    """Collect an environment's addresses by name; `app` and `api` are `base_url` where they are not given.

    A colour's own addresses stand in place of the usual ones. Unknown when there is none, or a variable that one is
    read from is not set.
    """
    settings = system.environment(environment)
    given = {name: settings.base_url for name in ("app", "api") if settings.base_url} | dict(settings.addresses)
    if colour:
        given |= settings.colours[colour]
    if not given:
        where = system.place("environments", environment)
        return Unknown(Cause.NOT_RUN, f"{where}: environment {environment!r} has neither addresses nor base_url")
    found: dict[str, str] = {}
    for name, text in given.items():
        filled = filled_in(text)
        if isinstance(filled, Unknown):
            return Unknown(filled.cause, f"address {name!r} of environment {environment!r}: {filled.detail}")
        found[name] = filled
    return found


def filled_in(text: str) -> str | Unknown:
    """Put variables of the run's environment in place of `${NAME}`; unknown when one is not set."""
    missing = [name for name in re.findall(r"\$\{(\w+)\}", text) if not os.environ.get(name)]
    if missing:
        return Unknown(Cause.NOT_RUN, f"the variable {missing[0]} is not set")
    return re.sub(r"\$\{(\w+)\}", lambda found: os.environ[found[1]], text)


def unresolved(addresses: Mapping[str, str]) -> Unknown | None:
    """Say which address has a name that does not exist: nobody is deployed there, so nothing can be met.

    A name that exists and does not answer is another matter: its users do not get an answer either. Behind a proxy,
    which resolves names itself, nothing is said.
    """
    if getproxies().get("https"):
        return None
    for host in dict.fromkeys(urlsplit(url).hostname or "" for url in addresses.values()):
        try:
            socket.getaddrinfo(host, None)
        except socket.gaierror as error:
            cause = Cause.NOT_DEPLOYED if error.errno == socket.EAI_NONAME else Cause.ENDPOINT_OFF
            return Unknown(cause, f"{host}: {error.strerror}")
    return None
