"""A small application for the edge's tests: says what it was asked, echoes WebSockets, and turns ill on demand.

`python app.py HOST PORT [CERTIFICATE KEY]`
"""

from __future__ import annotations

import os
import ssl
import sys

from aiohttp import WSMsgType, web

ill = False


async def health(_: web.Request) -> web.Response:
    return web.json_response({"status": "unhealthy" if ill else "healthy"}, status=503 if ill else 200)


async def turn(request: web.Request) -> web.Response:
    global ill  # noqa: PLW0603 - the one thing that it remembers
    ill = request.match_info["how"] == "ill"
    return web.Response()


async def say(request: web.Request) -> web.Response:
    asked = {"method": request.method, "path": request.path_qs, "headers": dict(request.headers)}
    named = {key: value for key, value in os.environ.items() if key.isupper()}
    return web.json_response({**asked, "body": await request.text(), "environment": named})


async def echo(request: web.Request) -> web.WebSocketResponse:
    socket = web.WebSocketResponse(protocols=("notes",))
    await socket.prepare(request)
    async for message in socket:
        if message.type is WSMsgType.TEXT and message.data == "bye":
            await socket.close(code=4401, message=b"who are you")
        elif message.type is WSMsgType.TEXT:
            await socket.send_str(f"{os.environ['COLOUR']}: {message.data}")
        elif message.type is WSMsgType.BINARY:
            await socket.send_bytes(message.data)
    return socket


def main() -> None:
    host, port, *tls = sys.argv[1:]
    app = web.Application()
    app.router.add_get("/health", health)
    app.router.add_post("/turn/{how}", turn)
    app.router.add_get("/ws/{name}", echo)
    app.router.add_route("*", "/{rest:.*}", say)
    context = None
    if tls:
        context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        context.load_cert_chain(*tls)
    web.run_app(app, host=host, port=int(port), ssl_context=context, print=None)


if __name__ == "__main__":
    main()
