"""MDReader itself, behind its own stacks: the application that system.yaml names, met through the edge."""

from __future__ import annotations

import json
import uuid
from collections.abc import Iterator
from typing import Any

import pytest

from selftest.emulator.edge_client import Client
from stackproof import emulator
from stackproof.system.loading import System

API = "api.mdreader.com"


@pytest.fixture(scope="module")
def mdreader_client(mdreader: System, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Client]:
    running = emulator.start(mdreader, tmp_path_factory.mktemp("served"))
    client = Client(running)
    yield client
    client.close()
    running.stop()


def sent(client: Client, path: str, content: dict[str, str], token: str = "") -> tuple[int, Any]:
    headers = {"Content-Type": "application/json", **({"Authorization": f"Bearer {token}"} if token else {})}
    answer = client.ask(API, path, "POST", headers=headers, body=json.dumps(content))
    return answer.status, json.loads(answer.data)


def test_it_is_healthy(mdreader_client: Client) -> None:
    """Database and cache answer with the secrets that the stacks made."""
    answer = json.loads(mdreader_client.ask(API, "/health").data)
    assert (answer["status"], answer["checks"]) == ("healthy", {"database": "healthy", "cache": "healthy"})
    assert answer["version"]


def test_a_person_comes_in_by_the_deployed_rules(mdreader_client: Client) -> None:
    """Signing up gives an access token, with which alone the deployed authorizer opens the rest."""
    who = {"email": f"{uuid.uuid4().hex}@example.com", "password": "Long-enough-1"}
    status, signed_up = sent(mdreader_client, "/api/v1/auth/register", who)
    assert (status, signed_up["user"]["email"]) == (201, who["email"])
    status, workspace = sent(mdreader_client, "/api/v1/workspaces", {"name": "Notes"}, signed_up["access_token"])
    assert (status, workspace["name"]) == (201, "Notes")
    assert sent(mdreader_client, "/api/v1/workspaces", {"name": "Notes"}) == (401, {"message": "Unauthorized"})


def test_a_weak_password_is_refused_by_the_deployed_policy(mdreader_client: Client) -> None:
    """The user pool decides, and the answer says what is wrong without a trace of how."""
    weak = {"email": f"{uuid.uuid4().hex}@example.com", "password": "long-enough"}
    status, problem = sent(mdreader_client, "/api/v1/auth/register", weak)
    assert (status, "Traceback" in json.dumps(problem)) == (422, False)


def test_the_page_is_served(mdreader_client: Client) -> None:
    """The built page comes under its own name, and for every address of its own."""
    pages = [mdreader_client.ask("app.mdreader.com", path).data for path in ("/", "/workspaces/1")]
    assert pages[0] == pages[1]
    assert b"MDReader" in pages[0]
