"""Two people in one document, at one server and at two."""

from __future__ import annotations

import time
import uuid
from collections.abc import Iterator
from dataclasses import replace

import httpx
import psycopg
import pytest

from app import collaboration
from app.collaboration import create_app
from app.store import documents

from .conftest import HOST, Aws, Someone, serve
from .editing import Editor
from .test_identity import claims, signed


@pytest.fixture(params=["one server", "two servers"])
def servers(request: pytest.FixtureRequest, blue: str, green: str) -> tuple[str, str]:
    """Where Ann and Bob are."""
    return (blue, blue) if request.param == "one server" else (blue, green)


@pytest.fixture
def pair(servers: tuple[str, str], shared: str, ann: Someone, bob: Someone) -> Iterator[tuple[Editor, Editor]]:
    """Ann and Bob in one document."""
    one = Editor(servers[0], shared, ann.token)
    other = Editor(servers[1], shared, bob.token, in_address=True)
    for editor in (one, other):
        editor.until(lambda editor=editor: editor.text == "start")
    yield one, other
    one.close()
    other.close()


def test_edits_of_two_people_meet_and_are_stored(
    api: httpx.Client, pair: tuple[Editor, Editor], shared: str, ann: Someone
) -> None:
    """Both see all that both write, at once; the API gives the same text; whoever comes later finds it."""
    one, other = pair
    for index in range(20):
        one.write(0, f"a{index} ")
        other.write(len(other.text.encode()), f" é{index}")
    expected = {f"a{index}" for index in range(20)} | {f"é{index}" for index in range(20)} | {"start"}
    one.until(lambda: set(one.text.split()) == expected)
    other.until(lambda: other.text == one.text)
    one.until(lambda: one.stored == 21)  # its 20 edits, and its answer to what the server asked for
    found = api.get(f"/api/v1/documents/{shared}", headers=ann.headers).json()
    assert found["content"] == one.text
    assert found["version"] == 41


def test_a_change_by_the_api_arrives_in_the_editor(
    api: httpx.Client, pair: tuple[Editor, Editor], shared: str, ann: Someone
) -> None:
    """What is written by PUT merges with what is being typed."""
    one, other = pair
    one.write(5, " typed")
    one.until(lambda: one.stored >= 1 and "typed" in one.text)
    other.until(lambda: other.text == "start typed")
    api.put(f"/api/v1/documents/{shared}", json={"content": "a new start typed"}, headers=ann.headers)
    one.until(lambda: one.text == "a new start typed")
    other.until(lambda: other.text == "a new start typed")


def test_presence_says_who_is_here_and_nobody_else(pair: tuple[Editor, Editor], ann: Someone) -> None:
    """Others see one come and go under one's own name, whatever the client claims, and only for one's own clients."""
    one, other = pair
    one.appear(7, {"typing": True, "user": {"id": "somebody", "name": "Somebody else"}})
    other.until(lambda: 7 in other.people)
    assert other.people[7] == {"typing": True, "user": {"id": ann.id, "name": "Ann Winter"}}
    other.appear(7, None, clock=9)
    one.listen(0.3)
    assert 7 not in one.people
    one.close()
    other.until(lambda: other.people[7] is None)


def test_who_comes_later_sees_who_is_here(
    servers: tuple[str, str], pair: tuple[Editor, Editor], shared: str, bob: Someone
) -> None:
    """A newcomer is told who is in the document, at this server and at others."""
    pair[0].appear(8, {"typing": False})
    pair[1].until(lambda: 8 in pair[1].people)
    late = Editor(servers[1], shared, bob.token)
    late.until(lambda: 8 in late.people)
    late.close()


def test_nothing_is_lost_when_a_server_is_restarted(aws: Aws, shared: str, ann: Someone, bob: Someone) -> None:
    """What was stored is there; what was written meanwhile comes with the reconnection; nothing comes twice."""
    with serve(create_app(aws.settings)) as port:
        one, other = (Editor(f"{HOST}:{port}", shared, who.token) for who in (ann, bob))
        for editor in (one, other):
            editor.until(lambda editor=editor: editor.text == "start")
        one.write(0, "before ")
        one.until(lambda: one.stored == 2)
        other.until(lambda: other.text == "before start")
    assert one.closed_with() == 1012
    one.write(0, "away ")
    with serve(create_app(aws.settings)) as port:
        back = Editor(f"{HOST}:{port}", shared, ann.token)
        back.document.apply_update(one.document.get_update())
        back.until(lambda: back.stored == 1)
        late = Editor(f"{HOST}:{port}", shared, bob.token)
        late.until(lambda: late.text == "away before start")
        back.close()
        late.close()


@pytest.mark.parametrize("in_address", [True, False])
def test_who_may_not_is_told_why(blue: str, aws: Aws, document: str, bob: Someone, in_address: bool) -> None:
    """4401 without a good token or with an expired one; 4404 for a document of others, and for none at all."""
    expired = signed(claims(aws, bob, exp=int(time.time()) - 5))

    def code(token: str, of: str) -> int | None:
        return Editor(blue, of, token, in_address=in_address).closed_with()

    assert code("nonsense", document) == 4401
    assert code(expired, document) == 4401
    assert code(bob.token, document) == 4404
    assert code(bob.token, str(uuid.uuid4())) == 4404
    assert code(bob.token, "not-an-id") == 4404


def test_a_connection_ends_with_its_token(blue: str, aws: Aws, document: str, ann: Someone) -> None:
    """When the token expires, the connection is closed with 4401."""
    editor = Editor(blue, document, signed(claims(aws, ann, exp=int(time.time()) + 2)))
    editor.until(lambda: editor.text == "start")
    assert editor.closed_with() == 4401


def test_signing_out_and_deleting_close_the_document(
    api: httpx.Client, pair: tuple[Editor, Editor], shared: str, ann: Someone, bob: Someone
) -> None:
    """Who signs out is closed with 4401; when the document is deleted, everybody with 4404."""
    one, other = pair
    api.post("/api/v1/auth/logout", headers=bob.headers)
    assert other.closed_with() == 4401
    api.delete(f"/api/v1/documents/{shared}", headers=ann.headers)
    assert one.closed_with() == 4404


@pytest.mark.parametrize("message", [b"", b"\x00\x02\x05ab", b"\x00\x02\x03abc", b"\x01\x04\x01\x01\x01\x05", "text"])
def test_what_is_not_the_protocol_closes_the_connection(
    blue: str, document: str, ann: Someone, message: bytes | str
) -> None:
    """Nonsense is answered by closing with 1003, and harms nobody else."""
    other = Editor(blue, document, ann.token)
    other.until(lambda: other.text == "start")
    bad = Editor(blue, document, ann.token)
    bad.raw(message)
    assert bad.closed_with() == 1003
    other.write(0, "a ")
    other.until(lambda: other.stored == 2)
    other.close()


def test_a_message_without_end_is_refused(blue: str, document: str, ann: Someone) -> None:
    """More than a megabyte at once closes with 1009."""
    editor = Editor(blue, document, ann.token)
    editor.until(lambda: editor.text == "start")
    editor.write(0, "x" * (collaboration.MOST_BYTES + 1))
    assert editor.closed_with() == 1009


def test_edits_that_cannot_be_stored_are_not_shown_as_stored(
    blue: str, shared: str, ann: Someone, bob: Someone, monkeypatch: pytest.MonkeyPatch
) -> None:
    """When the database fails, everybody is cut off and comes back to what is stored, with the edit still at hand."""
    one, other = (Editor(blue, shared, who.token) for who in (ann, bob))
    for editor in (one, other):
        editor.until(lambda editor=editor: editor.text == "start")

    def fail(*_: object) -> None:
        raise psycopg.OperationalError("the disk is full")

    with monkeypatch.context() as patch:
        patch.setattr(documents, "append", fail)
        one.write(0, "lost? ")
        assert one.closed_with() == other.closed_with() == 1011
    assert other.text == "start"
    back = Editor(blue, shared, ann.token)
    back.document.apply_update(one.document.get_update())
    back.until(lambda: back.stored >= 1)
    again = Editor(blue, shared, bob.token)
    again.until(lambda: again.text == "lost? start")
    back.close()
    again.close()


def test_its_health_names_its_colour(blue: str, aws: Aws) -> None:
    """The load balancer's health check sees which colour answers, and whether database and cache do."""
    assert httpx.get(f"http://{blue}/health").json()["colour"] == "blue"
    broken = replace(aws.settings, authority=None)  # the cache's certificate is not one of the system's authorities
    with serve(create_app(broken)) as port:
        answer = httpx.get(f"http://{HOST}:{port}/health")
    assert answer.status_code == 503
    assert answer.json()["checks"] == {"database": "healthy", "cache": "unhealthy"}
