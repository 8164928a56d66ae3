"""Documents and their edits. A text is never written as a whole: edits are added, and folded now and then."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any
from uuid import UUID

from psycopg.rows import DictRow
from pycrdt import Doc

from app import faults, text
from app.database import Connection

FOLD_FROM = 200  # edits after which they are folded into the state

_ENTRY = "d.id, d.workspace_id, d.title, d.version, d.created_at, d.updated_at"
_held: dict[UUID, bytes] = {}  # only with the fault lose-last-edit


@dataclass(frozen=True, slots=True)
class Edits:
    """Edits of a document in their order; `last` is the id of the last one that they hold."""

    updates: tuple[bytes, ...]
    last: int


def create(connection: Connection, workspace: UUID, title: str, content: str) -> DictRow:
    """A new document."""
    made = connection.execute(
        f"INSERT INTO documents AS d (workspace_id, title, state) VALUES (%s, %s, %s) RETURNING {_ENTRY}",  # noqa: S608
        (workspace, title, text.new(content)),
    ).fetchone()
    assert made is not None  # noqa: S101 - RETURNING gives the row
    return made


def of(connection: Connection, person: UUID, workspace: UUID | None, limit: int, offset: int) -> list[DictRow]:
    """The documents that a person may read, those changed last first."""
    return connection.execute(
        f"""SELECT {_ENTRY} FROM documents d JOIN members m ON m.workspace_id = d.workspace_id AND m.person_id = %s
        WHERE %s::uuid IS NULL OR d.workspace_id = %s ORDER BY d.updated_at DESC, d.id LIMIT %s OFFSET %s""",  # noqa: S608
        (person, workspace, workspace, limit, offset),
    ).fetchall()


def find(connection: Connection, person: UUID, document: UUID, *, lock: bool = False) -> DictRow | None:
    """A document, if it is shared with the person. With `lock`, nobody else changes it before the transaction ends."""
    return connection.execute(
        f"""SELECT {_ENTRY} FROM documents d WHERE d.id = %s AND EXISTS
        (SELECT FROM members m WHERE m.workspace_id = d.workspace_id AND m.person_id = %s)"""  # noqa: S608
        + (" FOR UPDATE" if lock else ""),
        (document, person),
    ).fetchone()


def find_anybodys(connection: Connection, document: UUID) -> DictRow | None:
    """A document, whoever asks. Only for the fault foreign-document-readable."""
    return connection.execute(f"SELECT {_ENTRY} FROM documents d WHERE d.id = %s", (document,)).fetchone()  # noqa: S608


def edits(connection: Connection, document: UUID, after: int = -1) -> Edits | None:
    """The edits that came after the one with that id (all by default); None when there is no such document."""
    with connection.transaction():  # one statement, so state and later edits belong together
        rows = connection.execute(
            """SELECT d.state, d.folded, u.id, u.data FROM documents d
            LEFT JOIN document_updates u ON u.document_id = d.id AND u.id > greatest(d.folded, %s)
            WHERE d.id = %s ORDER BY u.id""",
            (after, document),
        ).fetchall()
    if not rows:
        return None
    folded = (rows[0]["state"],) if rows[0]["folded"] > after else ()
    later = tuple(row["data"] for row in rows if row["id"] is not None)
    return Edits(folded + later, max(after, rows[0]["folded"], rows[-1]["id"] or 0))


def load(connection: Connection, document: UUID) -> Doc[Any]:
    """The document as its edits make it.

    Raises:
        KeyError: there is none.

    """
    found = edits(connection, document)
    if found is None:
        raise KeyError(document)
    return text.document_of(found.updates)


def append(connection: Connection, document: UUID, update: bytes) -> int | None:
    """Add an edit and return its id; None when the document is not there any more."""
    if faults.active("lose-last-edit"):
        held, _held[document] = _held.get(document), update
        update = held or text.NOTHING
    row = connection.execute(
        """WITH changed AS
            (UPDATE documents SET version = version + 1, updated_at = clock_timestamp() WHERE id = %s RETURNING id)
        INSERT INTO document_updates (document_id, data) SELECT id, %s FROM changed RETURNING id""",
        (document, update),
    ).fetchone()
    return row["id"] if row else None


def rename(connection: Connection, document: UUID, title: str) -> None:
    """Give a document another title."""
    sql = "UPDATE documents SET title = %s, version = version + 1, updated_at = clock_timestamp() WHERE id = %s"
    connection.execute(sql, (title, document))


def fold(connection: Connection, document: UUID, at_least: int = FOLD_FROM) -> bool:
    """Fold the edits into the state when there are that many; whether it was done."""
    with connection.transaction():
        connection.execute("SELECT FROM documents WHERE id = %s FOR UPDATE", (document,))
        count = connection.execute("SELECT count(*) AS n FROM document_updates WHERE document_id = %s", (document,))
        row, found = count.fetchone(), edits(connection, document)
        if row is None or found is None or row["n"] < at_least:
            return False
        state = text.document_of(found.updates).get_update()
        sql = "UPDATE documents SET state = %s, folded = %s WHERE id = %s"
        connection.execute(sql, (state, found.last, document))
        connection.execute("DELETE FROM document_updates WHERE document_id = %s AND id <= %s", (document, found.last))
        return True


def delete(connection: Connection, document: UUID) -> None:
    """Delete a document."""
    connection.execute("DELETE FROM documents WHERE id = %s", (document,))
