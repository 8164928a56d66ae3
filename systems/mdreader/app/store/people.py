"""People."""

from __future__ import annotations

from uuid import UUID

from psycopg.rows import DictRow

from app.database import Connection


def remember(connection: Connection, person: UUID, email: str, username: str, full_name: str) -> DictRow:
    """Keep a person of the user pool; one that is kept already stays as it is.

    An address that belonged to another user of the pool before belongs to this one now.
    """
    connection.execute("UPDATE people SET email = id::text WHERE email = %s AND id <> %s", (email, person))
    found = connection.execute(
        """INSERT INTO people (id, email, username, full_name) VALUES (%s, %s, %s, %s)
        ON CONFLICT (id) DO UPDATE SET email = excluded.email RETURNING id, email, username, full_name""",
        (person, email, username, full_name),
    ).fetchone()
    assert found is not None  # noqa: S101 - RETURNING gives the row
    return found


def find(connection: Connection, person: UUID) -> DictRow | None:
    """A person by id."""
    sql = "SELECT id, email, username, full_name FROM people WHERE id = %s"
    return connection.execute(sql, (person,)).fetchone()
