"""MDReader in folders of their own, deployed and not."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from selftest.integration.callers import Staging
from selftest.integration.folders import Folder, lay
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
