"""Serves the built page beside the API, for working on it. Deployed, Amplify does this, with the same rules."""

from __future__ import annotations

import os
from pathlib import Path

from fastapi import FastAPI
from fastapi.responses import FileResponse, JSONResponse, Response
from starlette.routing import Mount, Route

from app import faults

_HEADERS = {
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "strict-origin-when-cross-origin",
}
_POLICY = (
    "default-src 'self'; connect-src 'self' {addresses}; img-src 'self' data:; style-src 'self' 'unsafe-inline'; "
    "frame-ancestors 'none'; base-uri 'self'; form-action 'self'"
)


def mount(app: FastAPI, folder: Path) -> None:
    """Serve the files of a folder; any other address without a dot is a page of the application (index.html)."""
    variables = {name: value for name, value in os.environ.items() if name.startswith("VITE_")}
    addresses = " ".join(value for value in variables.values() if "://" in value)
    headers = {**_HEADERS, "Content-Security-Policy": _POLICY.format(addresses=addresses)}

    async def config(_: object) -> Response:
        return JSONResponse({**variables, faults.VARIABLE: os.environ.get(faults.VARIABLE, "")})

    async def page(request: object) -> Response:
        name = str(getattr(request, "path_params", {}).get("path", ""))
        asked = (folder / name).resolve()
        inside = asked.is_relative_to(folder.resolve()) and asked.is_file()
        if not inside and "." in name.rpartition("/")[2]:
            return Response("not found", 404, headers)
        return FileResponse(asked if inside else folder / "index.html", headers=headers)

    app.router.routes.append(Route("/config.json", config))
    app.router.routes.append(Mount("/", routes=[Route("/{path:path}", page)]))
