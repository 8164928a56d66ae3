"""Documents as edits, in the database and out of it."""

from __future__ import annotations

import threading
import uuid
from typing import Any

import psycopg
import pytest
from hypothesis import given
from hypothesis import strategies as st
from psycopg.rows import dict_row

from app import text
from app.database import Database, migrate
from app.store import documents, people, workspaces

from .conftest import Aws

WORDS = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=30)


@given(WORDS, WORDS)
def test_an_edit_makes_one_text_of_another(old: str, new: str) -> None:
    """Applied to another copy, the edit gives exactly the new text, whatever its characters."""
    here = text.document_of([text.new(old)])
    there = text.document_of([here.get_update()])
    there.apply_update(text.edit(here, new))
    assert text.text_of(here) == text.text_of(there) == new


@given(WORDS, WORDS, WORDS)
def test_edits_made_at_the_same_time_both_survive(middle: str, before: str, after: str) -> None:
    """One person writes before a text, another after it: both are in it, in whatever order they are applied."""
    start = text.new(f"|{middle}|")
    one, other = text.document_of([start]), text.document_of([start])
    edits = [text.edit(one, f"{before}|{middle}|"), text.edit(other, f"|{middle}|{after}")]
    for order in (edits, edits[::-1]):
        assert text.text_of(text.document_of([start, *order])) == f"{before}|{middle}|{after}"


def test_what_changes_nothing_is_no_edit() -> None:
    """The same text again is not stored."""
    assert text.edit(text.document_of([text.new("same")]), "same") == text.NOTHING


@pytest.fixture(scope="module")
def opened(aws: Aws) -> Any:
    """The application's database."""
    import boto3

    from app.aws_secrets import Secrets

    opened = Database(aws.settings, Secrets(boto3.client("secretsmanager")))
    opened.open()
    yield opened
    opened.close()


def test_folding_keeps_the_text_and_what_others_have_not_read(opened: Database) -> None:
    """After folding, the text is the same, and who had read only some edits still gets the rest."""
    with opened.connection() as connection:
        person = uuid.uuid4()
        people.remember(connection, person, f"{person}@example.com", "a", "A")
        space = workspaces.create(connection, person, "W", "")["id"]
        made = documents.create(connection, space, "T", "0")["id"]
        document = documents.load(connection, made)
        ids = [documents.append(connection, made, text.edit(document, "0123456"[: n + 2])) for n in range(6)]
        reader = text.document_of([text.new("")])
        half = documents.edits(connection, made)
        assert half is not None
        assert half.last == ids[-1]
        assert not documents.fold(connection, made, at_least=7)
        assert documents.fold(connection, made, at_least=6)
        assert text.text_of(documents.load(connection, made)) == "0123456"
        rest = documents.edits(connection, made, after=ids[2] or 0)
        assert rest is not None
        for update in rest.updates:
            reader.apply_update(update)
        assert "456" in text.text_of(reader)
        assert documents.edits(connection, made, after=rest.last) == documents.Edits((), rest.last)
        documents.delete(connection, made)
        assert documents.append(connection, made, text.NOTHING) is None
        assert documents.edits(connection, made) is None


def test_migrations_run_once_however_many_copies_start(database: dict[str, Any], certificate: Any) -> None:
    """Four copies that start at once on an empty database apply each migration once, and none fails."""
    name = f"empty_{uuid.uuid4().hex[:8]}"

    def connect(to: str) -> Any:
        return psycopg.connect(
            host=database["host"], port=database["port"], user=database["username"], password=database["password"],
            dbname=to, row_factory=dict_row, sslmode="verify-full", sslrootcert=str(certificate.file),
        )  # fmt: skip

    with connect("mdreader") as admin:
        admin.autocommit = True
        admin.execute(f"CREATE DATABASE {name}")
    applied: list[list[str]] = []

    def start() -> None:
        with connect(name) as connection:
            applied.append(migrate(connection))

    copies = [threading.Thread(target=start) for _ in range(4)]
    for copy in copies:
        copy.start()
    for copy in copies:
        copy.join()
    assert sorted(map(len, applied)) == [0, 0, 0, 1]


def test_the_database_refuses_what_is_not_encrypted(database: dict[str, Any]) -> None:
    """The tests' database is as strict as the deployed one, so that the application is seen to encrypt."""
    with pytest.raises(psycopg.OperationalError, match="no encryption"):
        psycopg.connect(
            host=database["host"], port=database["port"], user=database["username"], password=database["password"],
            dbname="mdreader", sslmode="disable",
        )  # fmt: skip
