"""A client of an API: bound to its address, verified, with short timeouts, and every call written down."""

from __future__ import annotations

import json
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final
from urllib.parse import urljoin, urlsplit

import requests
from requests.adapters import HTTPAdapter

from stackproof.browser.redaction import (
    HIDDEN,
    hidden,
    hidden_text,
    hidden_url,
    is_secret_name,
    secrets_in_text,
    without,
)
from stackproof.browser.sites import Site

TIMEOUT: Final = (5.0, 15.0)  # seconds to connect, and between two bytes of an answer
_MOST: Final = 20_000  # characters of a body that are kept


class Api(requests.Session):
    """A `requests.Session` whose paths (`api.get("/health")`) belong to the site's API.

    Names of an embedded environment lead to its edge and are verified against its authority. Every call is a line in
    `log` (JSON: time, person, method, url, status, seconds, headers and bodies). Passwords and tokens are hidden: what
    a name gives away, and from then on its value wherever it stands. `secrets` collects these values.
    """

    def __init__(
        self,
        site: Site,
        log: Path,
        *,
        base: str = "",
        person: str = "",
        token: str = "",
        secrets: set[str] | None = None,
    ) -> None:
        super().__init__()
        self.secrets = set() if secrets is None else secrets
        self.site = site
        self.base = base or site.api()
        self.person = person
        self.log = log
        if site.edge is not None:
            self.trust_env = False  # no proxy stands before a loopback address
            self.verify = str(site.authority)
        self.mount("https://", _Adapter(site))
        self.mount("http://", _Adapter(site))
        if token:
            self.headers["Authorization"] = f"Bearer {token}"
            self.secrets.add(token)

    def as_(self, person: str, token: str) -> Api:
        """Return a client of the same API for a person who is signed in; `token` goes into `Authorization: Bearer`."""
        return Api(self.site, self.log, base=self.base, person=person, token=token, secrets=self.secrets)

    def request(self, method: str | bytes, url: str | bytes, *args: Any, **kwargs: Any) -> requests.Response:
        """Send a request, and write down what came of it.

        Raises:
            requests.RequestException: no answer came: refused, not verified, or too late.

        """
        verb, address = _text(method).upper(), urljoin(f"{self.base.rstrip('/')}/", _text(url).lstrip("/"))
        kwargs.setdefault("timeout", TIMEOUT)
        began, started = time.time(), time.perf_counter()
        try:
            response = super().request(verb, address, *args, **kwargs)
        except requests.RequestException as error:
            self._write(
                {
                    "time": began,
                    "person": self.person,
                    "method": verb,
                    "url": hidden_url(address),
                    "error": hidden_url(str(error)),
                }
            )
            raise
        for body in (_text(response.request.body or ""), _content(response)):
            self.secrets |= secrets_in_text(body)
        self._write(_line(response, self.person, began, time.perf_counter() - started))
        return response

    def _write(self, line: Mapping[str, Any]) -> None:
        self.log.parent.mkdir(parents=True, exist_ok=True)
        text = json.dumps(line, ensure_ascii=False)
        with self.log.open("ab") as file:
            file.write(without(text.encode(), self.secrets) + b"\n")


class _Adapter(HTTPAdapter):
    """Connects to the edge in place of the names that only it knows; their certificate is still the one verified."""

    def __init__(self, site: Site) -> None:
        self._site = site
        super().__init__()

    def build_connection_pool_key_attributes(self, request: Any, verify: Any, cert: Any = None) -> tuple[Any, Any]:
        """Point the connection at the edge."""
        made: tuple[Any, Any] = super().build_connection_pool_key_attributes(request, verify, cert)
        host, pool = made
        served = self._site.served_at(request.url)
        if served:
            host["host"], host["port"] = served
            if host["scheme"] == "https":
                pool["server_hostname"] = pool["assert_hostname"] = urlsplit(request.url).hostname
        return host, pool

    def add_headers(self, request: Any, **_: Any) -> None:
        """Ask for the name, also after a redirect to another one."""
        request.headers["Host"] = urlsplit(request.url).netloc.rpartition("@")[2]


def _line(response: requests.Response, person: str, began: float, seconds: float) -> Mapping[str, Any]:
    request = response.request
    return {
        "time": began,
        "person": person,
        "method": request.method,
        "url": hidden_url(request.url or ""),
        "status": response.status_code,
        "seconds": round(seconds, 4),
        "redirects": [hidden_url(step.url) for step in response.history],
        "request": {"headers": hidden(dict(request.headers)), "body": _body(_text(request.body or ""))},
        "response": {"headers": _headers(response), "body": _body(_content(response))},
    }


def _headers(response: requests.Response) -> Mapping[str, str]:
    return {name: HIDDEN if is_secret_name(name) else hidden_url(value) for name, value in response.headers.items()}


def _content(response: requests.Response) -> str:
    kind = response.headers.get("Content-Type", "")
    if not getattr(response, "_content_consumed", True):  # a stream that the test reads by itself
        return "(a stream)"
    textual = "json" in kind or kind.startswith("text/") or "xml" in kind or not kind
    return response.text if textual else f"({len(response.content)} bytes of {kind})"


def _body(text: str) -> str:
    shown = hidden_text(text)
    return shown if len(shown) <= _MOST else f"{shown[:_MOST]}... ({len(text)} characters)"


def _text(value: Any) -> str:
    if isinstance(value, bytes):
        return value.decode(errors="replace")
    return value if isinstance(value, str) else f"({type(value).__name__})"
