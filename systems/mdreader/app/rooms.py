"""All documents that are being edited at a collaboration server, and the news of other servers.

Servers tell each other that there is something new (Redis), read it from the database, and look there now and then in
any case.
"""

from __future__ import annotations

import asyncio
import logging
from uuid import UUID

import psycopg
from redis import RedisError

from app.problems import not_found
from app.room import GONE, Peer, Room
from app.services import Services
from app.store import documents

NOT_SIGNED_IN, FAILED = 4401, 1011  # close codes

_log = logging.getLogger(__name__)


class Rooms:
    """All documents that are being edited at this server."""

    def __init__(self, services: Services, server: str, look: float = 5.0) -> None:
        self._services, self._server, self._look = services, server, look
        self._rooms: dict[UUID, Room] = {}
        self._opening = asyncio.Lock()

    async def enter(self, document: UUID, peer: Peer) -> Room:
        """Let a peer into a document's room, opened if need be.

        Raises:
            Problem: 404 if the document has just been deleted.

        """
        async with self._opening:
            room = self._rooms.get(document)
            if room is None:
                found = await asyncio.to_thread(self._edits, document)
                if found is None:
                    raise not_found("document")
                room = self._rooms[document] = Room(self._services, self._server, document, found)
                await room.ask_presence()
            room.enter(peer)
            return room

    async def leave(self, room: Room, peer: Peer) -> None:
        """A peer has gone. A room that nobody is in is forgotten, and its document's edits are folded."""
        await room.leave(peer)
        if not room.peers and self._rooms.get(room.id) is room:
            del self._rooms[room.id]
            try:
                await asyncio.to_thread(self._fold, room.id)
            except psycopg.Error as error:  # a later leave does it
                _log.warning("edits of %s were not folded: %s", room.id, error)

    def forget(self, room: Room) -> None:
        """Close a room whose memory and database may differ; who comes again finds what is stored."""
        if self._rooms.get(room.id) is room:
            del self._rooms[room.id]
        room.close(FAILED)

    async def listen(self) -> None:
        """Hear what other servers tell, until cancelled."""
        loop, place = asyncio.get_running_loop(), b""
        looked = loop.time()
        while True:
            try:
                place = place or await asyncio.to_thread(self._services.cache.latest)
                for entry, head, data in await asyncio.to_thread(self._news, place):
                    place = entry
                    await self._hear(head, data)
                if loop.time() - looked > self._look:
                    looked = loop.time()
                    for room in list(self._rooms.values()):
                        await room.refresh()
            except (RedisError, psycopg.OperationalError, ValueError) as error:
                _log.warning("news cannot be read: %s", error)
                await asyncio.sleep(1)

    async def _hear(self, head: dict[str, str], data: bytes) -> None:
        if head["kind"] == "signed-out":
            for peer in [peer for each in self._rooms.values() for peer in each.peers]:
                if peer.claims.session == head["session"]:
                    peer.close(NOT_SIGNED_IN)
            return
        room = self._rooms.get(UUID(head["document"]))
        if room is None or head["sender"] == self._server:
            return
        if head["kind"] == "edited":
            await room.refresh()
        elif head["kind"] == "presence":
            room.hear_presence(data, head["sender"])
        elif head["kind"] == "who":
            await room.tell_presence()
        elif head["kind"] == "deleted":
            room.close(GONE)

    def _news(self, place: bytes) -> list[tuple[bytes, dict[str, str], bytes]]:
        return list(self._services.cache.news(place, 500))

    def _edits(self, document: UUID) -> documents.Edits | None:
        with self._services.database.connection() as connection:
            return documents.edits(connection, document)

    def _fold(self, document: UUID) -> None:
        with self._services.database.connection() as connection:
            documents.fold(connection, document)
