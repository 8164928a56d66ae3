"""Errors in one form (RFC 9457, application/problem+json), and never a stack trace.

{"type": "urn:mdreader:problem:invalid", "title": "...", "status": 422, "detail": "...",
 "errors": [{"field": "email", "message": "..."}]}
"""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from typing import Any

import psycopg
from botocore.exceptions import BotoCoreError, ClientError
from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from pydantic import BaseModel
from redis import RedisError
from starlette.exceptions import HTTPException

_log = logging.getLogger(__name__)

TITLES = {
    400: ("bad-request", "The request cannot be understood"),
    401: ("not-signed-in", "Sign in first"),
    403: ("forbidden", "This is not allowed"),
    404: ("not-found", "There is nothing here"),
    405: ("method-not-allowed", "This address does not do that"),
    409: ("conflict", "This does not fit what is there"),
    413: ("too-large", "This is too large"),
    422: ("invalid", "Some of this is not valid"),
    429: ("too-many-attempts", "Too many attempts"),
    500: ("internal", "Something went wrong here"),
    503: ("unavailable", "This is not available right now"),
}


class FieldError(BaseModel):
    """What is wrong with one field; `field` is its path, such as `body.email`."""

    field: str
    message: str


class ProblemBody(BaseModel):
    """How every error looks."""

    type: str
    title: str
    status: int
    detail: str
    errors: list[FieldError] = []


class Problem(Exception):  # noqa: N818 - the standard's word
    """An answer that is not what was asked for. `status` decides type and title; `detail` is for the person."""

    def __init__(
        self,
        status: int,
        detail: str,
        errors: Sequence[tuple[str, str]] = (),
        headers: Mapping[str, str] | None = None,
    ) -> None:
        super().__init__(detail)
        self.status, self.detail, self.errors, self.headers = status, detail, errors, headers


UNEXPECTED = Problem(500, "It is not your doing. Try again soon.")


def not_found(what: str) -> Problem:
    """What is not there, or belongs to somebody else: the two must look the same."""
    return Problem(404, f"There is no such {what}, or it is not shared with you.")


def answer(problem: Problem) -> JSONResponse:
    """The problem as a response."""
    name, title = TITLES.get(problem.status, ("error", "The request failed"))
    body = ProblemBody(
        type=f"urn:mdreader:problem:{name}",
        title=title,
        status=problem.status,
        detail=problem.detail,
        errors=[FieldError(field=field, message=message) for field, message in problem.errors],
    )
    return JSONResponse(body.model_dump(), problem.status, problem.headers, "application/problem+json")


def install(app: FastAPI) -> None:
    """Let every error of this application leave as a problem."""

    def expected(_: Request, error: Any) -> JSONResponse:
        return answer(error)

    def of_the_framework(_: Request, error: Any) -> JSONResponse:
        title = TITLES.get(error.status_code, ("", "The request failed"))[1]
        return answer(Problem(error.status_code, f"{title}.", headers=error.headers))

    def invalid(_: Request, error: Any) -> JSONResponse:
        return answer(_invalid(error))

    def unavailable(request: Request, error: Any) -> JSONResponse:
        _log.error("%s %s: %s: %s", request.method, request.url.path, type(error).__name__, error)
        return answer(
            Problem(503, "A part of the service does not answer. Try again soon.", headers={"Retry-After": "5"})
        )

    app.add_exception_handler(Problem, expected)
    app.add_exception_handler(HTTPException, of_the_framework)
    app.add_exception_handler(RequestValidationError, invalid)
    for kind in (psycopg.OperationalError, RedisError, BotoCoreError, ClientError):
        app.add_exception_handler(kind, unavailable)


def _invalid(error: RequestValidationError) -> Problem:
    """What was sent is not repeated: it may be a password."""
    found = error.errors()
    if any(item["loc"][0] == "path" for item in found):
        return Problem(404, "There is nothing at this address.")
    if any(item["type"] == "json_invalid" for item in found):
        return Problem(400, "The body is not JSON.")
    errors = [(".".join(str(part) for part in item["loc"]), item["msg"]) for item in found]
    return Problem(422, "Correct the fields that are named and send it again.", errors)
