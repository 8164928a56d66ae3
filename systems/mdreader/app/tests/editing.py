"""Somebody who edits a document over a WebSocket, as the page does."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from contextlib import ExitStack
from typing import Any

from pycrdt import (
    Decoder,
    Doc,
    Text,
    create_awareness_message,
    create_sync_message,
    create_update_message,
    handle_sync_message,
    read_message,
)
from websockets.exceptions import ConnectionClosed
from websockets.sync.client import ClientConnection, connect

from app import presence

Predicate = Callable[[], bool]


class Editor:
    """A document here, kept like the one at the server. `stored` counts the edits that the server says are stored."""

    def __init__(self, server: str, document: str, token: str, *, in_address: bool = False) -> None:
        self.document: Doc[Any] = Doc()
        self.document["content"] = Text()
        self.people: dict[int, Any] = {}
        self.stored = 0
        self.code: int | None = None
        address = f"ws://{server}/ws/documents/{document}"
        self._opened = ExitStack()
        way = connect(f"{address}?token={token}") if in_address else connect(address, subprotocols=["mdreader", token])
        self.socket: ClientConnection = self._opened.enter_context(way)
        self._send(create_sync_message(self.document))

    @property
    def text(self) -> str:
        """The text as it is here."""
        return str(self.document["content"])

    def write(self, at: int, words: str) -> None:
        """Insert words at a place, in bytes of UTF-8, and send them."""
        before = self.document.get_state()
        self.document["content"].insert(at, words)
        self._send(create_update_message(self.document.get_update(before)))

    def appear(self, client: int, state: dict[str, Any] | None, clock: int = 1) -> None:
        """Say who is here."""
        self._send(create_awareness_message(presence.encode([(client, clock, state)])))

    def raw(self, message: bytes | str) -> None:
        """Send anything."""
        self._send(message)

    def until(self, holds: Predicate, seconds: float = 5) -> None:
        """Read messages until something holds."""
        end = time.monotonic() + seconds
        while not holds():
            assert time.monotonic() < end, f"waited in vain; the text is {self.text!r}, the close code {self.code}"
            self.listen(0.05)

    def listen(self, seconds: float) -> None:
        """Read what comes within so many seconds of silence."""
        try:
            while True:
                self._hear(self.socket.recv(timeout=seconds))
        except TimeoutError:
            pass
        except ConnectionClosed:
            self.code = self.socket.close_code

    def closed_with(self) -> int | None:
        """The code that the server closes with."""
        self.until(lambda: self.code is not None)
        return self.code

    def close(self) -> None:
        """Leave."""
        self._opened.close()

    def _hear(self, message: bytes | str) -> None:
        assert isinstance(message, bytes)
        if message[0] == 0:
            answer = handle_sync_message(message[1:], self.document)
            if answer:
                self._send(answer)
        elif message[0] == 1:
            for client, _, state in presence.decode(read_message(message[1:])):
                self.people[client] = json.loads(json.dumps(state))
        elif message[0] == 100:
            self.stored = Decoder(message[1:]).read_var_uint()

    def _send(self, message: bytes | str) -> None:
        try:
            self.socket.send(message)
        except ConnectionClosed:
            self.code = self.socket.close_code
