"""One document that is being edited, in the memory of a collaboration server.

The database has the truth: an edit is stored before others see it.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Iterable
from dataclasses import dataclass, field
from uuid import UUID

from pycrdt import (
    YMessageType,
    YSyncMessageType,
    create_awareness_message,
    create_sync_message,
    create_update_message,
    handle_sync_message,
    read_message,
    write_var_uint,
)
from redis import RedisError

from app import presence, text
from app.identity import Claims
from app.models import Person
from app.presence import Entry
from app.services import Services
from app.store import documents

STORED = 100  # our own kind of message: how many edits of this connection are stored by now
AWARENESS_ASKED = 3  # of the awareness protocol
MOST_WAITING = 2000  # messages that a slow reader may be behind
GONE, TOO_SLOW = 4404, 1013  # close codes

_log = logging.getLogger(__name__)


@dataclass(eq=False, slots=True)
class Peer:
    """One connection. What is put into `outbox` is sent to it: messages, or at last a close code."""

    person: Person
    claims: Claims
    wants_stored: bool
    outbox: asyncio.Queue[bytes | int] = field(default_factory=asyncio.Queue)
    closing: bool = False
    edits: int = 0

    def send(self, message: bytes) -> None:
        """Send a message; one that does not keep up is closed, and catches up when it comes again."""
        if self.outbox.qsize() >= MOST_WAITING:
            self.close(TOO_SLOW)
        elif not self.closing:
            self.outbox.put_nowait(message)

    def close(self, code: int) -> None:
        """Close the connection after what is waiting."""
        if not self.closing:
            self.closing = True
            self.outbox.put_nowait(code)


class Room:
    """One document and who edits it here."""

    def __init__(self, services: Services, server: str, document: UUID, edits: documents.Edits) -> None:
        self.id, self.peers = document, set[Peer]()
        self._services, self._server, self._seen = services, server, edits.last
        self._document = text.document_of(edits.updates)
        self._changes: list[bytes] = []
        self._subscription = self._document.observe(lambda event: self._changes.append(bytes(event.update)))
        self._present: dict[int, tuple[Entry, Peer | str]] = {}  # by client: what it says, and who may say it

    # --- coming and going -----------------------------------------------------------------------------------

    def enter(self, peer: Peer) -> None:
        """A peer comes: it is asked for what we lack, and told who is there."""
        self.peers.add(peer)
        peer.send(create_sync_message(self._document))
        if self._present:
            peer.send(_awareness(entry for entry, _ in self._present.values()))

    async def leave(self, peer: Peer) -> None:
        """A peer has gone; the others are told."""
        self.peers.discard(peer)
        gone = [(entry[0], entry[1], None) for entry, of in self._present.values() if of is peer]
        for client, _, _ in gone:
            del self._present[client]
        if gone:
            self._spread(_awareness(gone), None)
            await self._tell("presence", presence.encode(gone))

    def close(self, code: int) -> None:
        """Close all connections."""
        for peer in self.peers:
            peer.close(code)

    # --- messages of peers ----------------------------------------------------------------------------------

    async def hear(self, peer: Peer, message: bytes) -> None:
        """Handle one message of a peer.

        Raises:
            ValueError: it is not one of the protocol.

        """
        try:
            kind, rest = message[0], message[1:]
            if kind == YMessageType.SYNC and rest[0] == YSyncMessageType.SYNC_STEP1:
                peer.send(handle_sync_message(rest, self._document) or b"")
            elif kind == YMessageType.SYNC:
                await self._edit(peer, read_message(rest[1:]))
            elif kind == YMessageType.AWARENESS:
                await self._presence(peer, read_message(rest))
            elif kind == AWARENESS_ASKED:
                peer.send(_awareness(entry for entry, _ in self._present.values()))
        except (IndexError, RuntimeError, AssertionError) as error:  # what the library raises for a message cut short
            raise ValueError("a message that ends too early") from error

    async def _edit(self, peer: Peer, update: bytes) -> None:
        change = self._apply(update)
        if change is not None:
            if await asyncio.to_thread(self._store, change) is None:
                self.close(GONE)
                return
            self._spread(create_update_message(change), peer)
            await self._tell("edited")
        peer.edits += 1
        if peer.wants_stored:
            peer.send(bytes([STORED]) + write_var_uint(peer.edits))

    async def _presence(self, peer: Peer, message: bytes) -> None:
        """Spread what a peer says of itself; who it is, we say."""
        person = {"id": str(peer.person.id), "name": peer.person.full_name}
        said: list[Entry] = []
        for client, clock, state in presence.decode(message):
            if self._may_speak(peer, client):
                said.append((client, clock, None if state is None else {**state, "user": person}))
        if said:
            self._note(said, peer)
            self._spread(_awareness(said), peer)
            await self._tell("presence", presence.encode(said))

    # --- news of other servers ------------------------------------------------------------------------------

    async def refresh(self) -> None:
        """Take over what others have stored."""
        found = await asyncio.to_thread(self._edits_after, self._seen)
        if found is None:
            self.close(GONE)
            return
        for update in found.updates:
            change = self._apply(update)
            if change is not None:
                self._spread(create_update_message(change), None)
        self._seen = max(self._seen, found.last)

    def hear_presence(self, data: bytes, server: str) -> None:
        """Take over who is at another server."""
        said = presence.decode(data)
        self._note(said, server)
        self._spread(_awareness(said), None)

    async def tell_presence(self) -> None:
        """Tell other servers who is here."""
        here = [entry for entry, of in self._present.values() if isinstance(of, Peer)]
        if here:
            await self._tell("presence", presence.encode(here))

    async def ask_presence(self) -> None:
        """Ask other servers who is there."""
        await self._tell("who")

    # --- inside ---------------------------------------------------------------------------------------------

    def _apply(self, update: bytes) -> bytes | None:
        """Apply an update and return what it changed, None for nothing."""
        self._changes.clear()
        self._document.apply_update(update)
        return self._changes[-1] if self._changes else None

    def _may_speak(self, peer: Peer, client: int) -> bool:
        """Whether a client is this peer's, or of the same person, whose connection was lost before we noticed."""
        known = self._present.get(client)
        return known is None or known[1] is peer or (known[0][2] or {}).get("user", {}).get("id") == str(peer.person.id)

    def _note(self, said: Iterable[Entry], of: Peer | str) -> None:
        for client, clock, state in said:
            if state is None:
                self._present.pop(client, None)
            else:
                self._present[client] = ((client, clock, state), of)

    def _spread(self, message: bytes, but: Peer | None) -> None:
        for peer in self.peers:
            if peer is not but:
                peer.send(message)

    def _store(self, change: bytes) -> int | None:
        with self._services.database.connection() as connection:
            return documents.append(connection, self.id, change)

    def _edits_after(self, last: int) -> documents.Edits | None:
        with self._services.database.connection() as connection:
            return documents.edits(connection, self.id, last)

    async def _tell(self, kind: str, data: bytes = b"") -> None:
        try:
            await asyncio.to_thread(self._services.cache.tell, self.id, kind, data, self._server)
        except RedisError as error:  # others look into the database in any case
            _log.warning("the other servers were not told: %s", error)


def _awareness(entries: Iterable[Entry]) -> bytes:
    return create_awareness_message(presence.encode(entries))
