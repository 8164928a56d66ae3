"""One environment for the whole session, with all of MDReader in it, read once."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from selftest.probes.asking import World
from stackproof import emulator
from stackproof.engine.systems import target_of
from stackproof.sources import evaluate
from stackproof.sources.live import Aws, Credentials, read_system
from stackproof.system.loading import System, load_system

PROJECT = Path(__file__).parents[2]


@pytest.fixture(scope="session")
def mdreader() -> System:
    """MDReader's description."""
    return load_system(PROJECT / "systems/mdreader/system.yaml")


@pytest.fixture(scope="session")
def world(mdreader: System, tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    """An embedded environment with all of MDReader's stacks, and without its application: no probe here needs it."""
    running = emulator.start(mdreader, tmp_path_factory.mktemp("probed"), workloads=False)
    try:
        target = target_of(mdreader, "embedded", PROJECT)
        deployment = replace(target.deployment, account=running.account)
        declared = evaluate(target.stacks, deployment).worlds[0].inventory
        key = Credentials("embedded", "embedded")
        aws = Aws(running.region, endpoint=running.endpoint, credentials=key, embedded=True)
        read = read_system(target.stacks, deployment, aws, declared=declared)
        yield World(running, declared, read.inventory, read.physical)
    finally:
        running.stop()
