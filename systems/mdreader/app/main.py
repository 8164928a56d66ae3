"""The API: `uvicorn app.main:app`, or the function `app.main.handler` behind API Gateway."""

from __future__ import annotations

import functools
import logging
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any

from fastapi import FastAPI, Request, Response

from app import __version__, problems, web
from app.api import auth, documents, health, uploads, workspaces
from app.services import Services
from app.settings import Settings

_log = logging.getLogger(__name__)


def create_app(settings: Settings | None = None) -> FastAPI:
    """The API; its settings are read from the environment when it starts, unless they are given."""

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        read = settings or Settings.read()
        app.state.services = Services.open(read)
        if read.static:
            web.mount(app, read.static)
        try:
            yield
        finally:
            app.state.services.close()

    app = FastAPI(
        title="MDReader",
        version=__version__,
        lifespan=lifespan,
        openapi_url="/api/v1/openapi.json",
        docs_url=None,
        redoc_url=None,
        responses={"default": {"model": problems.ProblemBody, "description": "What went wrong"}},
    )
    problems.install(app)
    for module in (auth, workspaces, documents, uploads, health):
        app.include_router(module.router)
    app.middleware("http")(_headers)
    return app


async def _headers(request: Request, follow: Callable[[Request], Awaitable[Response]]) -> Response:
    """Let the web application's origin read the answers, and nobody keep them."""
    preflight = request.method == "OPTIONS" and "Access-Control-Request-Method" in request.headers
    try:
        response = Response(status_code=204) if preflight else await follow(request)
    except Exception:  # noqa: BLE001 - nothing leaves without an answer; the log has the trace
        _log.exception("%s %s", request.method, request.url.path)
        response = problems.answer(problems.UNEXPECTED)
    if request.headers.get("Origin") == request.app.state.services.settings.origin:
        response.headers["Access-Control-Allow-Origin"] = request.headers["Origin"]
        if preflight:  # as the API's own preflight answer in the template
            response.headers["Access-Control-Allow-Methods"] = "GET,POST,PUT,DELETE,OPTIONS"
            response.headers["Access-Control-Allow-Headers"] = "Content-Type,Authorization"
            response.headers["Access-Control-Max-Age"] = "600"
    response.headers["Vary"] = "Origin"
    response.headers["X-Content-Type-Options"] = "nosniff"
    if request.url.path.startswith("/api/") or request.url.path == "/health":
        response.headers["Cache-Control"] = "no-store"
    return response


@functools.cache
def _behind_api_gateway() -> Any:
    """The function's adapter. What it opens stays open between calls."""
    from mangum import Mangum

    app.state.services = Services.open(Settings.read())
    return Mangum(app, lifespan="off")


def handler(event: dict[str, Any], context: Any) -> Any:
    """What Lambda calls."""
    return _behind_api_gateway()(event, context)


app = create_app()
