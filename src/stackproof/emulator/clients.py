"""boto3 clients whose requests moto answers in this very process, without a network in between."""

from __future__ import annotations

import threading
from typing import Any

import boto3
import botocore.session
from botocore.awsrequest import AWSResponse
from botocore.compat import HTTPHeaders
from botocore.config import Config
from moto.core.botocore_stubber import BotocoreStubber, MockRawResponse

from stackproof.emulator.additions.changes import Changes
from stackproof.emulator.additions.routing import Additions, Answer
from stackproof.emulator.models_once import shared_loader


class InProcessClients:
    """Clients of one account, each made once. Used by the handlers, inside the server."""

    def __init__(self, account: str, additions: Additions, changes: Changes | None = None) -> None:
        self._additions = additions
        self._changes = changes
        self._lock = threading.Lock()
        self._clients: dict[tuple[str, str], Any] = {}
        self._stubber = BotocoreStubber()
        self._stubber.enabled = True
        core = botocore.session.Session()
        core.register_component("data_loader", shared_loader())
        secret = "embedded"  # noqa: S105 - any would do
        self._session = boto3.Session(account, secret, botocore_session=core)
        self._config = Config(retries={"max_attempts": 1, "mode": "standard"}, s3={"addressing_style": "path"})

    def __call__(self, service: str, region: str) -> Any:
        """Return the client of a service in a region."""
        with self._lock:
            key = (service, region)
            if key not in self._clients:
                client = self._session.client(service, region_name=region, config=self._config)
                client.meta.events.register_first("before-send", self._answer)
                self._clients[key] = client
            return self._clients[key]

    def _answer(self, event_name: str, request: Any, **_: Any) -> Any:
        def moto() -> Answer:
            found = self._stubber(event_name, request)
            if found is None:
                raise ConnectionError(f"moto does not answer {request.url}")
            return found.status_code, found.headers, found.content

        body = request.body or b""
        body = body.encode() if isinstance(body, str) else body if isinstance(body, bytes) else b""
        answer = self._additions.answer(request.method, request.url, request.headers, body, moto)
        status, headers, content = answer or moto()
        if self._changes:
            self._changes.add()
        return AWSResponse(request.url, status, HTTPHeaders.from_dict(dict(headers)), MockRawResponse(content))
