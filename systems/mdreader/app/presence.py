"""Presence: who has a document open, in the form of Yjs's awareness protocol.

An awareness message is a list of (client, clock, state); a state of None says that the client has gone.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any

from pycrdt import Decoder, write_message, write_var_uint

State = dict[str, Any] | None
Entry = tuple[int, int, State]

_MOST = 4096  # bytes of one client's state


def decode(message: bytes) -> list[Entry]:
    """The entries of an awareness message.

    Raises:
        ValueError: it is not one.

    """
    decoder = Decoder(message)
    try:
        return [_entry(decoder) for _ in range(decoder.read_var_uint())]
    except (IndexError, RuntimeError) as error:
        raise ValueError("an awareness message that ends too early") from error


def encode(entries: Iterable[Entry]) -> bytes:
    """An awareness message of these entries."""
    parts = [
        write_var_uint(client) + write_var_uint(clock) + write_message(json.dumps(state).encode())
        for client, clock, state in entries
    ]
    return write_var_uint(len(parts)) + b"".join(parts)


def _entry(decoder: Decoder) -> Entry:
    client, clock = decoder.read_var_uint(), decoder.read_var_uint()
    text = decoder.read_message() or b""
    if decoder.length < 0 or len(text) > _MOST:
        raise ValueError("an awareness state that is cut short, or too long")
    state = json.loads(text)
    if not isinstance(state, dict | None):
        raise ValueError("an awareness state is not an object")
    return client, clock, state
