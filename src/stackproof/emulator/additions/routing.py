"""API actions that moto lacks, or answers with less than it was told: answered here, before or around moto.

Only services that speak JSON are added to, so requests and answers stay what they are on the wire.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, NoReturn
from urllib.parse import parse_qs, unquote, urlsplit

from stackproof.emulator.additions import strangers
from stackproof.emulator.additions.permission import denial
from stackproof.emulator.services import HEALTH

Wire = dict[str, Any]
Answer = tuple[int, Mapping[str, str], bytes]
_SCOPE = re.compile(r"Credential=[^/]+/\d+/([^/]+)/([^/]+)/aws4_request")


class RefusedError(Exception):
    """The action is refused; `code` is AWS's error code."""

    def __init__(self, code: str, message: str, status: int = 400) -> None:
        self.code = code
        self.status = status
        super().__init__(message)


class _PassedOnError(Exception):
    def __init__(self, answer: Answer) -> None:
        self.answer = answer


@dataclass(frozen=True, slots=True)
class Call:
    """One request: its parameters by their names on the wire, where it goes, and what moto would answer."""

    given: Wire
    region: str
    account: str
    memory: dict[str, Any]
    _moto: Callable[[], Answer]
    headers: Mapping[str, Any] = field(default_factory=dict)
    body: bytes = b""

    def moto(self) -> Wire:
        """Let moto answer; an error of moto's goes to the caller as it is."""
        answer = self._moto()
        if answer[0] >= 400:
            raise _PassedOnError(answer)
        body = answer[2]
        found: Wire = json.loads(body) if body else {}
        return found

    def pass_on(self) -> NoReturn:
        """Let moto answer in the action's place."""
        raise _PassedOnError(self._moto())

    def arn(self, service: str, rest: str) -> str:
        """An ARN of this account and region."""
        return f"arn:aws:{service}:{self.region}:{self.account}:{rest}"

    def kept(self, kind: str) -> dict[str, Any]:
        """What is remembered of one kind of thing in this region."""
        found: dict[str, Any] = self.memory.setdefault(f"{self.region}/{kind}", {})
        return found


Action = Callable[[Call], Wire]


def _hole(name: str) -> str:
    """A parameter in a path; one with a plus takes slashes too."""
    return f"(?P<{name[:-1]}>.+)" if name.endswith("+") else f"(?P<{name}>[^/]+)"


@dataclass(frozen=True, slots=True)
class Route:
    """An action: the name services are signed with, how a request is recognised, and who answers.

    `target` is the X-Amz-Target of a JSON service; else `method` and `path` recognise it: `{name}` is one part of it,
    `{name+}` all the rest.
    """

    service: str
    action: Action
    method: str = ""
    path: str = ""
    target: str = ""
    status: int = 200

    def matches(self, method: str, path: str, target: str) -> Wire | None:
        """Return the parameters in the path, or None for another action's request."""
        if self.target:
            return {} if target == self.target else None
        if method != self.method:
            return None
        pattern = "".join(
            _hole(part[1:-1]) if part.startswith("{") else re.escape(part)
            for part in re.split(r"(\{[^}]+\})", self.path)
        )
        found = re.fullmatch(pattern + "/?", path)
        return {key: unquote(value) for key, value in found.groupdict().items()} if found else None


@dataclass
class Additions:
    """All added actions, and what they remember."""

    routes: Iterable[Route]
    account: str
    memory: dict[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self._routes: dict[str, list[Route]] = {}
        for route in self.routes:
            self._routes.setdefault(route.service, []).append(route)

    def concerns(self, service: str) -> bool:
        """Whether any action of a service (by the name it is signed with) is added."""
        return service in self._routes

    def answer(
        self,
        method: str,
        url: str,
        headers: Mapping[str, Any],
        body: bytes,
        moto: Callable[[], Answer],
        *,
        enforce: bool = False,
    ) -> Answer | None:
        """Answer a request, or return None when moto alone does. With `enforce`, the caller needs the permission."""
        scope = _SCOPE.search(_plain(headers.get("Authorization", "")))
        if not scope or not self.concerns(scope[2]):
            return None
        parts, target = urlsplit(url), _plain(headers.get("X-Amz-Target", ""))
        for route in self._routes[scope[2]]:
            found = route.matches(method, parts.path, target)
            if found is not None:
                denied = denial(scope[2], method, parts.path, target, headers, self.account) if enforce else ""
                if denied:
                    return _refusal(RefusedError("AccessDeniedException", denied, 403))
                given = {**_query(parts.query), **_content(body), **found}
                return self._run(route, Call(given, scope[1], self.account, self.memory, moto, headers, body))
        return None

    def _run(self, route: Route, call: Call) -> Answer:
        kind = {"Content-Type": "application/json"}
        try:
            return route.status, kind, json.dumps(route.action(call)).encode()
        except _PassedOnError as passed:
            return passed.answer
        except RefusedError as error:
            return _refusal(error)


def _refusal(error: RefusedError) -> Answer:
    text = json.dumps({"__type": error.code, "message": str(error), "Message": str(error)})
    return error.status, {"Content-Type": "application/json", "x-amzn-ErrorType": error.code}, text.encode()


def _query(text: str) -> Wire:
    """Parameters in the address: a list where one is given more than once."""
    found = parse_qs(text, keep_blank_values=True)
    return {key: values[0] if len(values) == 1 else values for key, values in found.items()}


def _content(body: bytes) -> Wire:
    try:
        content = json.loads(body) if body else {}
    except ValueError:
        return {}
    return content if isinstance(content, dict) else {}


def _plain(value: Any) -> str:
    return value.decode() if isinstance(value, bytes) else str(value)


def wsgi(additions: Additions, app: Callable[..., Any]) -> Callable[..., Any]:
    """Put the additions before a WSGI application."""
    import io

    from werkzeug.test import run_wsgi_app
    from werkzeug.wrappers import Request, Response

    def serve(environ: dict[str, Any], start_response: Any) -> Any:
        request = Request(environ)
        if request.path == HEALTH:
            return Response("healthy")(environ, start_response)
        scope = _SCOPE.search(request.headers.get("Authorization", ""))
        asked = strangers.bucket_asked(request, additions.account) if scope is None else None
        if asked:
            body = request.get_data()
            if refused := strangers.refusal(request, *asked, additions.account):
                return Response(refused[2], refused[0], refused[1])(environ, start_response)
            return app({**environ, "wsgi.input": io.BytesIO(body), **strangers.ADMITTED}, start_response)
        if scope is None or not additions.concerns(scope[2]):
            if request.path == "/moto-api/reset":  # and not reset-auth, which switches IAM on and off
                additions.memory.clear()
            return app(environ, start_response)
        body = request.get_data()
        environ["wsgi.input"] = io.BytesIO(body)

        def moto() -> Answer:
            inner = {**environ, "wsgi.input": io.BytesIO(body)}
            inner.pop("werkzeug.request", None)
            content, status, headers = run_wsgi_app(app, inner, buffered=True)
            return int(status.split()[0]), dict(headers), b"".join(content)

        answer = additions.answer(request.method, request.url, dict(request.headers), body, moto, enforce=True)
        if answer is None:
            return app(environ, start_response)
        headers = {key: value for key, value in answer[1].items() if key.lower() != "content-length"}
        return Response(answer[2], answer[0], headers)(environ, start_response)

    return serve
