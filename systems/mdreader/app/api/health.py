"""Health: what load balancers, deployments and rollbacks ask."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter
from fastapi.responses import JSONResponse

from app import __version__
from app.api.depends import WithServices
from app.models import Health
from app.services import Services

router = APIRouter(tags=["health"])


@router.get("/health", response_model=Health, responses={503: {"model": Health}})
def health(services: WithServices) -> JSONResponse:
    """Whether database and cache answer: 200 and healthy, else 503 and unhealthy."""
    body = report(services)
    return JSONResponse(body, 200 if body["status"] == "healthy" else 503)


def report(services: Services) -> dict[str, Any]:
    """The answer of /health."""
    answers = {"database": services.database.answers(), "cache": services.cache.answers()}
    words = {True: "healthy", False: "unhealthy"}
    found = Health(
        status=words[all(answers.values())],
        version=__version__,
        checks={name: words[well] for name, well in answers.items()},
        colour=services.settings.colour or None,
    )
    return found.model_dump(exclude_none=True)
