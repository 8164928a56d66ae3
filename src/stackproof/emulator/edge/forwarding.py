"""Passes requests on to a workload, or to the embedded AWS, and the answers back; WebSockets in both ways."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import Final

import aiohttp
from aiohttp import web
from multidict import CIMultiDict
from yarl import URL

from stackproof.emulator.edge.visits import Visit, own_answer

_HOP: Final = frozenset(
    (
        *("connection", "keep-alive", "proxy-authenticate", "proxy-authorization", "proxy-connection"),
        *("te", "trailer", "transfer-encoding", "upgrade"),
    )
)
_HANDSHAKE: Final = frozenset(
    ("sec-websocket-key", "sec-websocket-version", "sec-websocket-extensions", "sec-websocket-protocol")
)
_FORWARDED: Final = ("x-forwarded-for", "x-forwarded-proto", "x-forwarded-port")


def new_session() -> aiohttp.ClientSession:
    """A client that passes on what it gets: no cookies, no decompression, no redirects, no headers of its own."""
    return aiohttp.ClientSession(
        auto_decompress=False,
        cookie_jar=aiohttp.DummyCookieJar(),
        connector=aiohttp.TCPConnector(limit=0, ssl=False),  # load balancers do not verify their targets
        skip_auto_headers=("User-Agent", "Accept", "Accept-Encoding", "Content-Type"),
        requote_redirect_url=False,
    )


def request_headers(visit: Visit) -> CIMultiDict[str]:
    """The headers as they go on: those of the connection left out, those about the client added."""
    named = {part.strip().lower() for part in visit.request.headers.get("Connection", "").split(",")}
    left_out = _HOP | named | {"content-length", "host", "expect"}
    headers = CIMultiDict((key, value) for key, value in visit.request.headers.items() if key.lower() not in left_out)
    before = headers.get("X-Forwarded-For", "")
    for name in _FORWARDED:
        headers.popall(name, None)
    headers["X-Forwarded-For"] = f"{before}, {visit.client}" if before else visit.client
    headers["X-Forwarded-Proto"] = "https" if visit.port == 443 else "http"
    headers["X-Forwarded-Port"] = str(visit.port)
    headers["Host"] = visit.name
    return headers


def response_headers(headers: Mapping[str, str]) -> CIMultiDict[str]:
    """The headers of an answer as they go back."""
    left_out = _HOP | {part.strip().lower() for part in headers.get("Connection", "").split(",")}
    return CIMultiDict((key, value) for key, value in headers.items() if key.lower() not in left_out)


async def pass_on(session: aiohttp.ClientSession, visit: Visit, url: str, seconds: float) -> web.StreamResponse:
    """Pass a request on and stream the answer back. `seconds` is how long the target may be silent.

    A target that refuses is 502, one that is silent 504, as load balancers say it.
    """
    if visit.upgrades:
        return await _web_socket(session, visit, url, seconds)
    target = URL(url + visit.address, encoded=True)
    limit = aiohttp.ClientTimeout(total=None, sock_connect=10, sock_read=seconds)
    try:
        async with session.request(
            visit.request.method, target, headers=request_headers(visit), data=visit.body or None,
            timeout=limit, allow_redirects=False,
        ) as answer:  # fmt: skip
            return await _streamed(visit, answer)
    except TimeoutError:
        visit.note("timed-out")
        return own_answer(504, f"the target did not answer within {seconds:g} s")
    except (aiohttp.ClientError, OSError) as error:
        visit.note("unreachable")
        return own_answer(502, f"the target does not answer: {error}")


async def _streamed(visit: Visit, answer: aiohttp.ClientResponse) -> web.StreamResponse:
    response = web.StreamResponse(status=answer.status, reason=answer.reason, headers=response_headers(answer.headers))
    await response.prepare(visit.request)
    try:
        async for chunk in answer.content.iter_any():
            await response.write(chunk)
    except (aiohttp.ClientError, TimeoutError):
        if visit.request.transport:
            visit.request.transport.abort()  # half an answer must not look like a whole one
        return response
    await response.write_eof()
    return response


# --- WebSockets ---------------------------------------------------------------------------------------------


async def _web_socket(session: aiohttp.ClientSession, visit: Visit, url: str, seconds: float) -> web.StreamResponse:
    headers = request_headers(visit)
    for name in _HANDSHAKE:
        headers.popall(name, None)
    asked = visit.request.headers.get("Sec-WebSocket-Protocol", "")
    protocols = tuple(part.strip() for part in asked.split(",") if part.strip())
    target = URL(url.replace("http", "ws", 1) + visit.address, encoded=True)
    try:
        behind = await session.ws_connect(
            target, headers=headers, protocols=protocols, autoping=False, autoclose=False, max_msg_size=0
        )
    except aiohttp.WSServerHandshakeError as error:
        visit.note("refused-by-target")
        return web.Response(status=error.status, headers=response_headers(error.headers or {}))
    except (aiohttp.ClientError, OSError, TimeoutError) as error:
        visit.note("unreachable")
        return own_answer(502, f"the target does not answer: {error}")
    chosen = (behind.protocol,) if behind.protocol else ()
    front = web.WebSocketResponse(protocols=chosen, autoping=False, autoclose=False, max_msg_size=0, compress=False)
    async with behind:
        await front.prepare(visit.request)
        ways = [asyncio.create_task(_copy(front, behind, seconds)), asyncio.create_task(_copy(behind, front, seconds))]
        _, open_ = await asyncio.wait(ways, return_when=asyncio.FIRST_COMPLETED)
        for way in open_:
            way.cancel()
        await asyncio.gather(*ways, return_exceptions=True)
    return front


Socket = aiohttp.ClientWebSocketResponse | web.WebSocketResponse


async def _copy(source: Socket, target: Socket, seconds: float) -> None:
    """Pass on messages, pings and the closing; a connection on which nothing is said is closed."""
    while True:
        try:
            message = await source.receive(timeout=seconds)
        except TimeoutError:
            await target.close(code=1001, message=b"idle")
            return
        if message.type is aiohttp.WSMsgType.TEXT:
            await target.send_str(message.data)
        elif message.type is aiohttp.WSMsgType.BINARY:
            await target.send_bytes(message.data)
        elif message.type is aiohttp.WSMsgType.PING:
            await target.ping(message.data)
        elif message.type is aiohttp.WSMsgType.PONG:
            await target.pong(message.data)
        else:
            await _close(source, target, message)
            return


async def _close(source: Socket, target: Socket, message: aiohttp.WSMessage) -> None:
    if message.type is aiohttp.WSMsgType.CLOSE:
        code, text = message.data or 1000, (message.extra or "").encode()
        await target.close(code=code, message=text)
        await source.close(code=code)
        return
    await target.close(code=1011, message=b"the other side went away")
