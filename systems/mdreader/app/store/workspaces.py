"""Workspaces and their members."""

from __future__ import annotations

from uuid import UUID

from psycopg.rows import DictRow

from app.database import Connection

_LIST = """
SELECT w.id, w.name, w.description, w.created_at, m.role,
    (SELECT count(*) FROM members WHERE workspace_id = w.id) AS members,
    (SELECT count(*) FROM documents WHERE workspace_id = w.id) AS documents
FROM workspaces w JOIN members m ON m.workspace_id = w.id AND m.person_id = %s
"""


def create(connection: Connection, owner: UUID, name: str, description: str) -> DictRow:
    """A new workspace with its owner as the only member."""
    made = connection.execute(
        """WITH made AS (INSERT INTO workspaces (name, description) VALUES (%s, %s) RETURNING id)
        INSERT INTO members (workspace_id, person_id, role) SELECT id, %s, 'owner' FROM made RETURNING workspace_id""",
        (name, description, owner),
    ).fetchone()
    found = find(connection, owner, made["workspace_id"]) if made else None
    assert found is not None  # noqa: S101 - just made
    return found


def of(connection: Connection, person: UUID, limit: int, offset: int) -> list[DictRow]:
    """A person's workspaces by name."""
    return connection.execute(
        _LIST + "ORDER BY lower(w.name), w.id LIMIT %s OFFSET %s", (person, limit, offset)
    ).fetchall()


def find(connection: Connection, person: UUID, workspace: UUID) -> DictRow | None:
    """A workspace, if the person is in it."""
    return connection.execute(_LIST + "WHERE w.id = %s", (person, workspace)).fetchone()


def members(connection: Connection, workspace: UUID) -> list[DictRow]:
    """Who is in it: owners first, then by name."""
    return connection.execute(
        """SELECT p.id, p.email, p.username, p.full_name, m.role FROM members m JOIN people p ON p.id = m.person_id
        WHERE m.workspace_id = %s ORDER BY m.role DESC, lower(p.full_name), p.id""",
        (workspace,),
    ).fetchall()


def add_member(connection: Connection, workspace: UUID, email: str) -> tuple[DictRow | None, bool]:
    """Add a person by e-mail address: the person (None when nobody has it), and whether they were not in it before."""
    sql = "SELECT id, email, username, full_name, 'member' AS role FROM people WHERE email = %s"
    person = connection.execute(sql, (email,)).fetchone()
    if person is None:
        return None, False
    added = connection.execute(
        "INSERT INTO members (workspace_id, person_id, role) VALUES (%s, %s, 'member') ON CONFLICT DO NOTHING",
        (workspace, person["id"]),
    )
    return person, added.rowcount == 1
