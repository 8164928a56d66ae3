"""The collaboration server as a program meets it: Yjs's sync protocol over a WebSocket, without a browser."""

from __future__ import annotations

import socket
import ssl
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

if TYPE_CHECKING:
    from stackproof.browser.sites import Site

SYNC, ASKS = 0, 0  # the kind of message, and the first of its steps
STORED = 100  # MDReader's own: how many edits of this connection are stored
PATIENCE = 10.0  # seconds


def write(site: Site, token: str, document: str, text: str) -> None:
    """Add a text to the end of a document, at the site's WebSocket address, and wait until it is stored.

    Raises:
        AssertionError: it is not stored within ten seconds.
        OSError: the server cannot be reached, or its certificate is not good.
        websockets.WebSocketException: it refuses the connection, or ends it.

    """
    from pycrdt import Decoder, Doc, Text, create_sync_message, create_update_message, handle_sync_message

    doc: Doc[Any] = Doc({"content": Text()})
    sent, written = 0, False
    with _connected(site, site.websocket(f"/ws/documents/{document}"), token) as line:
        line.send(create_sync_message(doc))
        while True:
            try:
                message = line.recv(timeout=PATIENCE)
            except TimeoutError:
                raise AssertionError(f"{site.websocket()} does not say that the edit is stored") from None
            if message[0] == SYNC:
                sent += message[1] == ASKS  # our answer to its question is an edit, too
                answer = handle_sync_message(message[1:], doc)
                if answer is not None:
                    line.send(answer)
                if message[1] != ASKS and not written:
                    written, before = True, doc.get_state()
                    doc["content"] += text
                    line.send(create_update_message(doc.get_update(before)))
                    sent += 1
            elif message[0] == STORED and written and Decoder(message[1:]).read_var_uint() >= sent:
                return


def refusal(site: Site, token: str, document: str) -> int:
    """Ask to edit a document and return the code with which the connection is closed; 0 when one is let in.

    Raises:
        TimeoutError: for ten seconds nothing comes.
        OSError: as `write`.

    """
    from websockets.exceptions import ConnectionClosed

    with _connected(site, site.websocket(f"/ws/documents/{document}"), token) as line:
        try:
            line.recv(timeout=PATIENCE)
        except ConnectionClosed as closed:
            return closed.rcvd.code if closed.rcvd else -1
    return 0


def _connected(site: Site, url: str, token: str) -> Any:
    from websockets.sync.client import connect

    name = urlsplit(url).hostname or ""
    served = site.served_at(url)
    trusted = ssl.create_default_context(cafile=str(site.authority) if site.authority else None)
    return connect(
        url,
        sock=socket.create_connection(served, timeout=PATIENCE) if served else None,
        ssl=trusted if url.startswith("wss:") else None,
        server_hostname=name if url.startswith("wss:") else None,
        subprotocols=["mdreader", token],  # type: ignore[list-item]
        open_timeout=PATIENCE,
    )
