"""MDReader in folders of their own, deployed and not."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import pytest

from selftest.integration.callers import Staging
from selftest.integration.folders import Folder, Judged, lay
from selftest.integration.traces import traced
from selftest.plugin.projects import Ran
from stackproof import emulator
from stackproof.system.loading import load_system


@pytest.fixture
def folder(tmp_path: Path, shared_cache: Path) -> Folder:
    """MDReader in a folder of its own, with nothing deployed."""
    return lay(tmp_path, shared_cache)


@pytest.fixture(scope="session")
def staging(tmp_path_factory: pytest.TempPathFactory, shared_cache: Path) -> Iterator[Staging]:
    """MDReader's staging, deployed into an emulator."""
    folder = lay(tmp_path_factory.mktemp("staging"), shared_cache)
    system = load_system(folder.root / "systems/mdreader/system.yaml")
    running = emulator.start(system, folder.root, environment="staging", name="as-if-aws")
    try:
        yield Staging(folder, running)
    finally:
        running.stop()


@dataclass(frozen=True, slots=True)
class Alone:
    """Two runs at once in one folder with nothing started before, and what they left behind.

    One has no workers; the other has two, and nowhere to keep a cache.
    """

    folder: Folder
    one: tuple[Ran, Judged]
    other: tuple[Ran, Judged]
    left: list[object]


@pytest.fixture(scope="session")
def alone(tmp_path_factory: pytest.TempPathFactory, shared_cache: Path) -> Alone:
    """The gate on MDReader, as on a clean clone."""
    folder = lay(tmp_path_factory.mktemp("alone"), shared_cache)

    def run(reports: str, *arguments: str, **variables: str) -> tuple[Ran, Judged]:
        ran = folder.integration(f"--reports={reports}", *arguments, TMPDIR=str(traces.scratch), **variables)
        assert ran.code in (0, 1), ran.said
        return ran, folder.judged("embedded", reports)

    with traced(folder) as traces, ThreadPoolExecutor() as pool:
        one, other = pool.submit(run, "one"), pool.submit(run, "two", "-n", "2", STACKPROOF_CACHE="/dev/null/none")
        made = one.result(), other.result()
        return Alone(folder, *made, traces.left())
