"""The collaboration server: `uvicorn app.collaboration:app`.

/ws/documents/{id} speaks Yjs's sync and awareness protocols. The access token comes as `?token=`, or as the second of
two subprotocols, `mdreader` and the token, which keeps it out of the load balancer's logs. Close codes: 4401 sign in
(again), 4404 there is no such document or it is not shared with you, 1003 not the protocol, 1009 too large, 1013 come
again later.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from uuid import UUID, uuid4

import psycopg
from fastapi import FastAPI, WebSocket, WebSocketDisconnect
from redis import RedisError

from app import __version__, faults, problems
from app.api import health
from app.identity import Claims, not_signed_in
from app.models import Person
from app.problems import Problem, not_found
from app.room import GONE, Peer, Room
from app.rooms import FAILED, NOT_SIGNED_IN, Rooms
from app.services import Services
from app.settings import Settings
from app.store import documents, people

SUBPROTOCOL = "mdreader"
NOT_THE_PROTOCOL, TOO_LARGE, LATER = 1003, 1009, 1013
MOST_BYTES = 1024 * 1024  # of one message
DROP_AFTER = 5  # messages, with the fault websocket-drops

_log = logging.getLogger(__name__)


def create_app(settings: Settings | None = None) -> FastAPI:
    """The server; its settings are read from the environment when it starts, unless they are given."""

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        app.state.services = await asyncio.to_thread(Services.open, settings or Settings.read())
        app.state.rooms = Rooms(app.state.services, uuid4().hex)
        app.state.heard = Counter[UUID]()
        listening = asyncio.create_task(app.state.rooms.listen())
        try:
            yield
        finally:
            listening.cancel()
            with suppress(asyncio.CancelledError):
                await listening
            app.state.services.close()

    app = FastAPI(title="MDReader collaboration", version=__version__, lifespan=lifespan, openapi_url=None)
    problems.install(app)
    app.include_router(health.router)
    app.add_api_websocket_route("/ws/documents/{document}", _edit)
    return app


async def _edit(socket: WebSocket, document: str) -> None:
    """One person edits one document, until they go, or their token ends."""
    asked = socket.scope.get("subprotocols", [])
    own = len(asked) == 2 and asked[0] == SUBPROTOCOL
    await socket.accept(SUBPROTOCOL if own else None)
    token = asked[1] if own else socket.query_params.get("token", "")
    rooms: Rooms = socket.app.state.rooms
    try:
        person, claims, key = await asyncio.to_thread(_admit, socket.app.state.services, token, document)
        peer = Peer(person, claims, own)
        room = await rooms.enter(key, peer)
    except Problem as problem:
        await socket.close({401: NOT_SIGNED_IN, 404: GONE}.get(problem.status, LATER))
    except (psycopg.Error, RedisError) as error:
        _log.error("nobody can be admitted: %s", error)
        await socket.close(LATER)
    else:
        await _converse(socket, rooms, room, peer)


async def _converse(socket: WebSocket, rooms: Rooms, room: Room, peer: Peer) -> None:
    sending = asyncio.create_task(_send(socket, peer))
    expiry = asyncio.get_running_loop().call_later(peer.claims.expires - time.time(), peer.close, NOT_SIGNED_IN)
    try:
        if await asyncio.to_thread(socket.app.state.services.cache.revoked, peer.claims.session):
            peer.close(NOT_SIGNED_IN)  # signed out while it was being admitted
        while not peer.closing:
            message = await socket.receive_bytes()
            if len(message) > MOST_BYTES:
                peer.close(TOO_LARGE)
            elif _dropped(socket, room.id):
                peer.close(FAILED)
            else:
                await room.hear(peer, message)
    except (WebSocketDisconnect, RuntimeError):
        pass  # gone; or closed by us while it was speaking
    except (ValueError, KeyError):
        peer.close(NOT_THE_PROTOCOL)
    except RedisError:
        peer.close(LATER)
    except psycopg.Error as error:
        _log.error("edits of %s cannot be stored: %s", room.id, error)
        rooms.forget(room)
    finally:
        expiry.cancel()
        await rooms.leave(room, peer)
        peer.close(1000)
        await sending


async def _send(socket: WebSocket, peer: Peer) -> None:
    with suppress(WebSocketDisconnect, RuntimeError):  # it has gone
        while not isinstance(message := await peer.outbox.get(), int):
            await socket.send_bytes(message)
        await socket.close(message)


def _admit(services: Services, token: str, document: str) -> tuple[Person, Claims, UUID]:
    """Who it is and what they edit.

    Raises:
        Problem: 401 or 404, as the API would answer.

    """
    claims = services.claims(token)
    with services.database.connection() as connection:
        person = people.find(connection, claims.person)
        if person is None:
            raise not_signed_in()
        try:
            key = UUID(document)
        except ValueError:
            raise not_found("document") from None
        if documents.find(connection, claims.person, key) is None:
            raise not_found("document")
        return Person(**person), claims, key


def _dropped(socket: WebSocket, document: UUID) -> bool:
    """Whether the fault websocket-drops has struck this document; from then on it stays so."""
    if not faults.active("websocket-drops"):
        return False
    socket.app.state.heard[document] += 1
    return bool(socket.app.state.heard[document] > DROP_AFTER)


app = create_app()
