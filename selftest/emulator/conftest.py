"""One environment for the whole session, with all of MDReader in it."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

import pytest

from selftest.emulator.edge_client import Client, mdreader_with
from stackproof import emulator
from stackproof.system.loading import System, load_system

PROJECT = Path(__file__).parents[2]
Deploy = Callable[..., emulator.PlannedStack]


@pytest.fixture(scope="session")
def mdreader() -> System:
    """MDReader's description."""
    return load_system(PROJECT / "systems/mdreader/system.yaml")


@pytest.fixture(scope="session")
def deployed(mdreader: System, tmp_path_factory: pytest.TempPathFactory) -> Iterator[emulator.Running]:
    """An embedded environment with all of MDReader's stacks."""
    running = emulator.start(mdreader, tmp_path_factory.mktemp("embedded"), workloads=False)
    yield running
    running.stop()


@pytest.fixture
def deploy(deployed: emulator.Running, tmp_path: Path) -> Iterator[Deploy]:
    """Deploy a template given as text, under one name per test; what was deployed is deleted afterwards."""
    name = f"test-{uuid.uuid4().hex[:8]}"
    used = set()

    def deploy(text: str, parameters: Mapping[str, str] | None = None, name: str = name) -> emulator.PlannedStack:
        file = tmp_path / f"{name}.yml"
        file.write_text(text, encoding="utf-8")
        used.add(name)
        stack = emulator.PlannedStack(name, name, deployed.region, file, parameters or {})
        emulator.deploy_stack(deployed, stack)
        return stack

    yield deploy
    client = deployed.client("cloudformation")
    for one in used:
        client.delete_stack(StackName=one)
    living = client.list_stacks()["StackSummaries"]
    while any(s["StackName"] in used and s["StackStatus"].endswith("PROGRESS") for s in living):
        living = client.list_stacks()["StackSummaries"]


@pytest.fixture(scope="session")
def edged_system(tmp_path_factory: pytest.TempPathFactory) -> System:
    """MDReader with the tests' own small application."""
    return mdreader_with(tmp_path_factory.mktemp("edged"))


@pytest.fixture(scope="session")
def edged(edged_system: System, tmp_path_factory: pytest.TempPathFactory) -> Iterator[emulator.Running]:
    """An embedded environment with all of MDReader's stacks, workloads and the edge."""
    running = emulator.start(edged_system, tmp_path_factory.mktemp("edge"))
    yield running
    running.stop()


@pytest.fixture(scope="session")
def client(edged: emulator.Running) -> Iterator[Client]:
    """A client of that environment's edge."""
    client = Client(edged)
    yield client
    client.close()


@pytest.fixture(scope="session")
def tokens(edged: emulator.Running) -> dict[str, str]:
    """What Cognito gives to somebody who signs in."""
    cognito = edged.client("cognito-idp")
    pool = cognito.list_user_pools(MaxResults=10)["UserPools"][0]["Id"]
    app = cognito.list_user_pool_clients(UserPoolId=pool)["UserPoolClients"][0]["ClientId"]
    who, password = "edge@example.com", "Long-enough-1"
    cognito.admin_create_user(UserPoolId=pool, Username=who, MessageAction="SUPPRESS")
    cognito.admin_set_user_password(UserPoolId=pool, Username=who, Password=password, Permanent=True)
    given = cognito.admin_initiate_auth(
        UserPoolId=pool,
        ClientId=app,
        AuthFlow="ADMIN_USER_PASSWORD_AUTH",
        AuthParameters={"USERNAME": who, "PASSWORD": password},
    )["AuthenticationResult"]
    return {"access": given["AccessToken"], "id": given["IdToken"]}
