"""Counts changes of what the edge follows, so that it reads its rules again when there was one, and only then.

The number stands in a file: the edge can look at it before every request, which costs it next to nothing.
"""

from __future__ import annotations

import io
import os
import re
import threading
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any, Final
from urllib.parse import parse_qs

_FOLLOWED: Final = frozenset(
    (
        *("route53", "elasticloadbalancing", "ecs", "apigateway", "lambda", "wafv2", "amplify", "cloudfront"),
        *("acm", "ec2"),
    )
)
_SCOPE: Final = re.compile(r"Credential=[^/]+/\d+/[^/]+/([^/]+)/aws4_request")
_READS: Final = ("Describe", "List", "Get", "Search", "Check", "Test")

App = Callable[[dict[str, Any], Any], Iterable[bytes]]


class Changes:
    """A number that grows with every request that may change something."""

    def __init__(self, file: Path) -> None:
        self._count = 0
        self._lock = threading.Lock()
        self._file = os.open(file, os.O_WRONLY | os.O_CREAT, 0o600)

    def add(self) -> None:
        """Count one more."""
        with self._lock:
            self._count += 1
            os.pwrite(self._file, f"{self._count:020}".encode(), 0)

    def counted(self, app: App) -> App:
        """Put the counting before a WSGI application: who has its answer finds it counted."""

        def serve(environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
            if not _may_change(environ):
                return app(environ, start_response)
            try:
                return app(environ, start_response)
            finally:
                self.add()  # after the change: whoever sees the new number reads the new rules

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
