"""What the functions behind the addresses need: the services, who asks, and which part of a list."""

from __future__ import annotations

from typing import Annotated

from fastapi import Depends, Query, Request, Security
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer

from app.identity import Claims, not_signed_in
from app.models import Person
from app.services import Services
from app.store import people

_bearer = HTTPBearer(auto_error=False, description="The access token of register or login.")


def _services(request: Request) -> Services:
    services: Services = request.app.state.services
    return services


WithServices = Annotated[Services, Depends(_services)]


def _claims(
    services: WithServices, credentials: Annotated[HTTPAuthorizationCredentials | None, Security(_bearer)]
) -> Claims:
    if credentials is None:
        raise not_signed_in()
    return services.claims(credentials.credentials)


SignedIn = Annotated[Claims, Depends(_claims)]


def _person(services: WithServices, claims: SignedIn) -> Person:
    with services.database.connection() as connection:
        found = people.find(connection, claims.person)
    if found is None:
        raise not_signed_in()
    return Person(**found)


CurrentPerson = Annotated[Person, Depends(_person)]
Limit = Annotated[int, Query(ge=1, le=200)]
Offset = Annotated[int, Query(ge=0, le=1_000_000)]
