"""Uploaded files; their bytes are in the bucket, under `key`."""

from __future__ import annotations

from uuid import UUID

from psycopg.rows import DictRow

from app.database import Connection


def create(connection: Connection, workspace: UUID, filename: str, content_type: str, size: int) -> DictRow:
    """A file that is to be uploaded."""
    made = connection.execute(
        """INSERT INTO uploads (workspace_id, filename, content_type, size) VALUES (%s, %s, %s, %s)
        RETURNING id, workspace_id, filename, content_type, size""",
        (workspace, filename, content_type, size),
    ).fetchone()
    assert made is not None  # noqa: S101 - RETURNING gives the row
    return made


def find(connection: Connection, person: UUID, upload: UUID) -> DictRow | None:
    """A file, if it is shared with the person."""
    return connection.execute(
        """SELECT u.id, u.workspace_id, u.filename, u.content_type, u.size FROM uploads u
        JOIN members m ON m.workspace_id = u.workspace_id AND m.person_id = %s WHERE u.id = %s""",
        (person, upload),
    ).fetchone()


def key(row: DictRow) -> str:
    """Where the file is in the bucket."""
    return f"workspaces/{row['workspace_id']}/{row['id']}"
