"""Signing up, in and out."""

from __future__ import annotations

import hashlib
import time

from fastapi import APIRouter, Response
from fastapi.responses import JSONResponse

from app import faults
from app.api.depends import CurrentPerson, SignedIn, WithServices
from app.models import Credentials, Person, Registration, Session
from app.problems import Problem
from app.services import Services
from app.store import people

router = APIRouter(prefix="/api/v1/auth", tags=["auth"])


@router.post("/register", status_code=201, response_model=Session)
def register(asked: Registration, services: WithServices) -> Session | Response:
    """Sign up, and be signed in."""
    services.identity.register(asked.email, asked.password)
    token, seconds = services.identity.sign_in(asked.email, asked.password)
    username = asked.username or asked.email.partition("@")[0]
    user = _remember(services, token, asked.email, username, asked.full_name or username)
    if faults.active("register-without-token"):
        return JSONResponse({"user": user.model_dump(mode="json")}, 200)
    return Session(access_token=token, expires_in=seconds, user=user)


@router.post("/login")
def login(asked: Credentials, services: WithServices) -> Session:
    """Sign in. After ten failures with an address, it has to wait."""
    who = hashlib.sha256(asked.email.encode()).hexdigest()
    if wait := services.cache.wait_before_sign_in(who):
        minutes = f"Too many attempts with this address. Try again in {wait // 60 + 1} minutes."
        raise Problem(429, minutes, headers={"Retry-After": str(wait)})
    try:
        token, seconds = services.identity.sign_in(asked.email, asked.password)
    except Problem:
        services.cache.sign_in_failed(who)
        raise
    services.cache.sign_in_succeeded(who)
    username = asked.email.partition("@")[0]
    user = _remember(services, token, asked.email, username, username)
    return Session(access_token=token, expires_in=seconds, user=user)


@router.get("/me")
def me(person: CurrentPerson) -> Person:
    """Who is signed in."""
    return person


@router.post("/logout", status_code=204)
def logout(claims: SignedIn, services: WithServices) -> Response:
    """End this session: its token is refused from now on, and its open documents are closed."""
    services.cache.revoke(claims.session, claims.expires - int(time.time()))
    services.cache.tell_signed_out(claims.session)
    return Response(status_code=204)


def _remember(services: Services, token: str, email: str, username: str, full_name: str) -> Person:
    """Keep the person; at sign-in too, so that a registration that broke off before this point is mended."""
    person = services.identity.verify(token).person
    with services.database.connection() as connection:
        return Person(**people.remember(connection, person, email, username, full_name))
