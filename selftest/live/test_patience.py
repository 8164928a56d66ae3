"""Over real HTTP: throttling ends, garbage is malformed, silence is a timeout; none of them takes for ever."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from stackproof.model import Cause
from stackproof.sources.live import Aws, Credentials, aws, clients

Answer = Callable[[BaseHTTPRequestHandler], None]


@contextmanager
def serving(answer: Answer) -> Iterator[tuple[str, list[str]]]:
    """A server that answers every request the same way; its address and the operations that were asked."""
    asked: list[str] = []

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            self.rfile.read(int(self.headers.get("Content-Length", 0)))
            asked.append(self.headers.get("X-Amz-Target", ""))
            answer(self)

        def log_message(self, *_: object) -> None: ...

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.server_port}", asked
    finally:
        server.shutdown()
        server.server_close()


def sends(status: int, body: bytes) -> Answer:
    def answer(request: BaseHTTPRequestHandler) -> None:
        request.send_response(status)
        request.send_header("Content-Length", str(len(body)))
        request.end_headers()
        request.wfile.write(body)

    return answer


def connected(endpoint: str, attempts: int) -> Aws:
    return Aws("us-east-1", endpoint=endpoint, credentials=Credentials("a", "b"), attempts=attempts)


def ask(connection: Aws, number: int = 0) -> Cause | None:
    fault = connection.call("logs", "ListTagsForResource", {"resourceArn": f"arn:aws:logs:us-east-1:1:x{number}"}).fault
    return fault.cause if fault else None


def test_throttling_ends_after_some_attempts_and_some_calls(monkeypatch: pytest.MonkeyPatch) -> None:
    """Each call is tried again a bounded number of times; when several were given up, no more are sent."""
    monkeypatch.setattr(aws, "_PATIENCE", 2)
    body = json.dumps({"__type": "ThrottlingException", "message": "Rate exceeded"}).encode()
    with serving(sends(400, body)) as (endpoint, asked):
        connection = connected(endpoint, attempts=2)
        causes = [ask(connection, number) for number in range(10)]
    assert causes == [Cause.THROTTLED] * 10
    assert len(asked) == 2 * 2
    assert [entry.attempts for entry in connection.ledger.entries] == [2] * 2
    assert {entry.outcome for entry in connection.ledger.entries} == {"ThrottlingException"}


@pytest.mark.parametrize("body", [b"<html>busy</html>", b"", b'{"tags": ', b"[]"])
def test_what_is_no_answer_is_malformed(body: bytes) -> None:
    """A proxy's page, half a document, nothing at all: no fact comes of them."""
    with serving(sends(200, body)) as (endpoint, _):
        connection = connected(endpoint, attempts=1)
        answer = connection.call("logs", "DescribeLogGroups")
    empty = answer.fault is None and answer.value == {}
    assert empty or (answer.fault is not None and answer.fault.cause is Cause.MALFORMED)


def test_an_error_page_is_the_services_failure() -> None:
    """A 503 of a load balancer has no error code."""
    with serving(sends(503, b"<html>unavailable</html>")) as (endpoint, _):
        assert ask(connected(endpoint, attempts=1)) is Cause.SERVICE_ERROR


def test_silence_is_a_timeout(monkeypatch: pytest.MonkeyPatch) -> None:
    """The connection is there, the answer never comes."""
    monkeypatch.setattr(clients, "_READ_TIMEOUT", 0.2)
    with serving(lambda _: time.sleep(1)) as (endpoint, _):
        assert ask(connected(endpoint, attempts=1)) is Cause.TIMEOUT
