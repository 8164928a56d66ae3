"""What the tests of the edge share: asking it, and making what stands behind it ill or different."""

from __future__ import annotations

import json
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

import urllib3

from selftest.emulator.edge_client import Client
from stackproof import emulator
from stackproof.system.loading import System

API, WEB, EDITING = "api.mdreader.com", "app.mdreader.com", "websocket.mdreader.com"
ORIGIN = "https://app.mdreader.com"
Json = dict[str, Any]


def said(client: Client, name: str, path: str = "/x", **more: Any) -> Json:
    answer = client.ask(name, path, **more)
    assert answer.status == 200, answer.data
    found: Json = json.loads(answer.data)
    return found


def colours(client: Client, requests: int, name: str = EDITING) -> Counter[str]:
    return Counter(said(client, name)["environment"]["COLOUR"] for _ in range(requests))


def until(condition: Callable[[], bool], seconds: float = 10.0) -> None:
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "it did not come about"
        time.sleep(0.05)


@contextmanager
def shifted(edged: emulator.Running, system: System, **parameters: str) -> Iterator[None]:
    """The routing stack, deployed with other parameters."""
    stack = next(s for s in emulator.make_plan(system, "embedded", edged.account).stacks if s.component == "routing")
    emulator.deploy_stack(edged, replace(stack, parameters={**stack.parameters, **parameters}))
    try:
        yield
    finally:
        emulator.deploy_stack(edged, stack)


def turn(edged: emulator.Running, resource: str, how: str) -> None:
    """Make a workload ill or well, by a request to itself."""
    url = next(served.url for served in edged.workloads if served.resource == resource)
    with urllib3.PoolManager(ca_certs=str(edged.certificate)) as pool:
        assert pool.request("POST", f"{url}/turn/{how}", timeout=5).status == 200


@contextmanager
def ill(edged: emulator.Running, client: Client, *resources: str) -> Iterator[None]:
    """Workloads whose health check fails, from when the edge has noticed until it has noticed that they are well."""

    def states() -> set[bool]:
        return {state["healthy"] for state in client.status()["health"] if state["target"] in resources}

    for resource in resources:
        turn(edged, resource, "ill")
    try:
        until(lambda: states() == {False})
        yield
    finally:
        for resource in resources:
            turn(edged, resource, "well")
        until(lambda: states() == {True})
