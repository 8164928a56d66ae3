"""Counts changes of what the edge follows, so that it reads its rules again when there was one, and only then."""

from __future__ import annotations

import io
import re
import threading
from collections.abc import Callable, Iterable
from typing import Any, Final
from urllib.parse import parse_qs

from stackproof.emulator.services import CHANGES

_FOLLOWED: Final = frozenset(
    ("route53", "elasticloadbalancing", "ecs", "apigateway", "lambda", "wafv2", "amplify", "cloudfront")
)
_SCOPE: Final = re.compile(r"Credential=[^/]+/\d+/[^/]+/([^/]+)/aws4_request")
_READS: Final = ("Describe", "List", "Get", "Search", "Check", "Test")

App = Callable[[dict[str, Any], Any], Iterable[bytes]]


class Changes:
    """A number that grows with every request that may change something."""

    def __init__(self) -> None:
        self._count = 0
        self._lock = threading.Lock()

    def add(self) -> None:
        """Count one more."""
        with self._lock:
            self._count += 1

    def counted(self, app: App) -> App:
        """Put the counting before a WSGI application; it answers with the number itself, too."""

        def serve(environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
            if environ.get("PATH_INFO") == CHANGES:
                start_response("200 OK", [("Content-Type", "text/plain")])
                return [str(self._count).encode()]
            if not _may_change(environ):
                return app(environ, start_response)
            try:
                return app(environ, start_response)
            finally:
                self.add()  # afterwards: who reads the number and then the rules has both old or both new

        return serve


def _may_change(environ: dict[str, Any]) -> bool:
    scope = _SCOPE.search(environ.get("HTTP_AUTHORIZATION", ""))
    if scope is None:  # moto's own addresses, such as reset
        return environ.get("REQUEST_METHOD") != "GET"
    if scope[1] not in _FOLLOWED or environ.get("REQUEST_METHOD") in {"GET", "HEAD"}:
        return False
    action = environ.get("HTTP_X_AMZ_TARGET", "").rpartition(".")[2] or _action(environ)
    return not action.startswith(_READS)


def _action(environ: dict[str, Any]) -> str:
    """The action of a service that takes forms."""
    if "form" not in environ.get("CONTENT_TYPE", ""):
        return ""
    body: bytes = environ["wsgi.input"].read(int(environ.get("CONTENT_LENGTH") or 0))
    environ["wsgi.input"] = io.BytesIO(body)
    return parse_qs(body.decode(errors="replace")).get("Action", [""])[0]
