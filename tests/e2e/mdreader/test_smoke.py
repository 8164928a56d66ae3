"""Basic functionality, quickly, and safe where people work: reads, and one marked round trip that leaves nothing."""

from __future__ import annotations

import datetime
import os
import uuid
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import pytest

from . import collaborating
from .pages import heading, sign_in, sign_out
from .people import Person, answered, log_in, refused, sign_up

if TYPE_CHECKING:
    from stackproof.browser.api import Api
    from stackproof.browser.sites import Site
    from stackproof.browser.visits import Visitor

pytestmark = [pytest.mark.smoke, pytest.mark.system("mdreader")]

WORKSPACE = "Smoke checks"  # made once for the test user, and kept
MARK = "smoke-"
NAMED = "MDREADER_TEST_EMAIL"  # as in system.yaml
LEFT_AFTER = datetime.timedelta(hours=1)  # no run takes so long: what is older was left by one that was killed


@pytest.fixture
def user(site: Site, api: Api, request: pytest.FixtureRequest) -> Person:
    """The test user of system.yaml; an embedded environment has no people, so there somebody signs up unless named."""
    if site.edge is not None and NAMED not in os.environ:
        return sign_up(api, "Smoke Check")
    known = request.getfixturevalue("test_user")
    return log_in(api, known.email, known.password)


@pytest.fixture
def document(user: Person) -> Iterator[str]:
    """A marked document, deleted in any case, with what a run that was killed may have left."""
    workspace = _workspace(user)
    _clear(user, workspace, older_than=LEFT_AFTER)
    title = f"{MARK}{uuid.uuid4().hex[:12]}"
    try:
        yield user.document(title, "# Smoke\n", workspace)
    finally:
        _clear(user, workspace, title=title)


@pytest.mark.proves("MDR-API-4")
def test_smoke_health(site: Site, api: Api, colour: str) -> None:
    """API and collaboration server are healthy in every part, and the server is of the colour that was asked for."""
    servers = {"the API": api.get("/health"), "the collaboration server": api.get(_https(site.websocket("/health")))}
    for name, answer in servers.items():
        health: dict[str, Any] = answered(answer, 200)
        assert health["status"] == "healthy", f"{name} says {health}"
        assert set(health["checks"].values()) == {"healthy"}, f"a part of {name} is not well: {health['checks']}"
        assert health["version"], f"{name} does not say which version it is"
        if colour and name != "the API":
            assert health["colour"] == colour, f"behind {site.websocket()} is {health['colour']}, not {colour}"


def test_smoke_the_page_lets_people_in(visitor: Visitor, user: Person) -> None:
    """The page comes, passes its checks, and lets the test user sign in and out."""
    visitor.goto("/sign-in")
    sign_in(visitor.page, user)
    heading(visitor.page, "Workspaces")
    visitor.check("workspaces")
    sign_out(visitor.page)


def test_smoke_a_document_comes_and_goes(site: Site, user: Person, document: str) -> None:
    """A document is written on the API and over the WebSocket, read back, and deleted."""
    assert user.read(document) == "# Smoke\n", "the document is not read back as it was written"
    collaborating.write(site, user.token, document, "and fire\n")
    assert user.read(document) == "# Smoke\nand fire\n", f"what was written at {site.websocket()} is not there"
    answered(user.api.delete(f"/api/v1/documents/{document}"), 204)
    refused(user.api.get(f"/api/v1/documents/{document}"), 404)


def _workspace(user: Person) -> str:
    known = answered(user.api.get("/api/v1/workspaces", params={"limit": 200}), 200)
    return next((str(w["id"]) for w in known if w["name"] == WORKSPACE), "") or user.workspace(WORKSPACE)


def _clear(user: Person, workspace: str, *, title: str = MARK, older_than: datetime.timedelta | None = None) -> None:
    """Delete marked documents of the test user's own workspace, and nothing else."""
    asked = {"workspace_id": workspace, "limit": "200"}
    for entry in answered(user.api.get("/api/v1/documents", params=asked), 200):
        age = datetime.datetime.now(datetime.UTC) - datetime.datetime.fromisoformat(entry["created_at"])
        if entry["title"].startswith(title) and (older_than is None or age > older_than):
            answered(user.api.delete(f"/api/v1/documents/{entry['id']}"), 204)


def _https(url: str) -> str:
    return "https:" + url.removeprefix("wss:") if url.startswith("wss:") else "http:" + url.removeprefix("ws:")
