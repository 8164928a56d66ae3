"""Workspaces and who is in them."""

from __future__ import annotations

from uuid import UUID

from fastapi import APIRouter

from app.api.depends import CurrentPerson, Limit, Offset, WithServices
from app.models import Member, NewMember, NewWorkspace, Workspace
from app.problems import Problem, not_found
from app.store import workspaces

router = APIRouter(prefix="/api/v1/workspaces", tags=["workspaces"])


@router.post("", status_code=201)
def create(asked: NewWorkspace, person: CurrentPerson, services: WithServices) -> Workspace:
    """Create a workspace; who does is its owner."""
    with services.database.connection() as connection:
        return Workspace(**workspaces.create(connection, person.id, asked.name, asked.description))


@router.get("")
def list_all(person: CurrentPerson, services: WithServices, limit: Limit = 100, offset: Offset = 0) -> list[Workspace]:
    """The workspaces that one is in, by name."""
    with services.database.connection() as connection:
        return [Workspace(**row) for row in workspaces.of(connection, person.id, limit, offset)]


@router.get("/{workspace_id}")
def get(workspace_id: UUID, person: CurrentPerson, services: WithServices) -> Workspace:
    """One workspace."""
    with services.database.connection() as connection:
        found = workspaces.find(connection, person.id, workspace_id)
    if found is None:
        raise not_found("workspace")
    return Workspace(**found)


@router.get("/{workspace_id}/members")
def members(workspace_id: UUID, person: CurrentPerson, services: WithServices) -> list[Member]:
    """Who is in a workspace."""
    with services.database.connection() as connection:
        if workspaces.find(connection, person.id, workspace_id) is None:
            raise not_found("workspace")
        return [Member(**row) for row in workspaces.members(connection, workspace_id)]


@router.post("/{workspace_id}/members", status_code=201)
def add_member(workspace_id: UUID, asked: NewMember, person: CurrentPerson, services: WithServices) -> Member:
    """Share a workspace with somebody who has signed up."""
    with services.database.connection() as connection:
        if workspaces.find(connection, person.id, workspace_id) is None:
            raise not_found("workspace")
        found, added = workspaces.add_member(connection, workspace_id, asked.email)
    if found is None:
        reason = [("body.email", "nobody has signed up with this address")]
        raise Problem(422, "Nobody has signed up with this address.", reason)
    if not added:
        raise Problem(409, "This person is in the workspace already.")
    return Member(**found)
