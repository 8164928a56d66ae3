"""Documents. What is written here and what is typed in the editor are the same edits, and merge."""

from __future__ import annotations

from uuid import UUID

from fastapi import APIRouter, Response
from psycopg.rows import DictRow

from app import faults, text
from app.api.depends import CurrentPerson, Limit, Offset, WithServices
from app.database import Connection
from app.models import Document, DocumentChange, DocumentEntry, NewDocument, Person
from app.problems import Problem, not_found
from app.store import documents, workspaces

router = APIRouter(prefix="/api/v1/documents", tags=["documents"])


@router.post("", status_code=201)
def create(asked: NewDocument, person: CurrentPerson, services: WithServices) -> Document:
    """Create a document in a workspace that one is in."""
    with services.database.connection() as connection:
        if workspaces.find(connection, person.id, asked.workspace_id) is None:
            raise not_found("workspace")
        made = documents.create(connection, asked.workspace_id, asked.title, asked.content)
    return Document(**made, content=asked.content)


@router.get("")
def list_all(
    person: CurrentPerson,
    services: WithServices,
    workspace_id: UUID | None = None,
    limit: Limit = 100,
    offset: Offset = 0,
) -> list[DocumentEntry]:
    """The documents of a workspace, or all that one may read; those changed last first."""
    with services.database.connection() as connection:
        if workspace_id and workspaces.find(connection, person.id, workspace_id) is None:
            raise not_found("workspace")
        return [DocumentEntry(**row) for row in documents.of(connection, person.id, workspace_id, limit, offset)]


@router.get("/{document_id}")
def get(document_id: UUID, person: CurrentPerson, services: WithServices) -> Document:
    """One document with its text."""
    with services.database.connection() as connection:
        row = _find(connection, person, document_id)
        return Document(**row, content=text.text_of(documents.load(connection, document_id)))


@router.put("/{document_id}")
def update(document_id: UUID, asked: DocumentChange, person: CurrentPerson, services: WithServices) -> Document:
    """Change title, text or both. With a version that is not the document's any more, nothing is changed (409)."""
    with services.database.connection() as connection:
        row = documents.find(connection, person.id, document_id, lock=True)
        if row is None:
            raise not_found("document")
        if asked.version not in (None, row["version"]):
            now = f"The document has changed: it has version {row['version']} now."
            raise Problem(409, now, [("body.version", f"is {row['version']}")])
        if asked.title and asked.title != row["title"]:
            documents.rename(connection, document_id, asked.title)
        document = documents.load(connection, document_id)
        edited = asked.content is not None and (edit := text.edit(document, asked.content)) != text.NOTHING
        if edited:
            documents.append(connection, document_id, edit)
            documents.fold(connection, document_id)
        changed = documents.find(connection, person.id, document_id) or row
    if edited:
        services.cache.tell(document_id, "edited")
    return Document(**changed, content=text.text_of(document))


@router.delete("/{document_id}", status_code=204)
def delete(document_id: UUID, person: CurrentPerson, services: WithServices) -> Response:
    """Delete a document for everybody."""
    with services.database.connection() as connection:
        if documents.find(connection, person.id, document_id, lock=True) is None:
            raise not_found("document")
        documents.delete(connection, document_id)
    services.cache.tell(document_id, "deleted")
    return Response(status_code=204)


def _find(connection: Connection, person: Person, document: UUID) -> DictRow:
    found = documents.find(connection, person.id, document)
    if found is None and faults.active("foreign-document-readable"):
        found = documents.find_anybodys(connection, document)
    if found is None:
        raise not_found("document")
    return found
