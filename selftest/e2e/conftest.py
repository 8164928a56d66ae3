"""One embedded MDReader for all tests here."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from selftest.e2e.running import SYSTEM, Embedded
from stackproof.system.loading import load_system


@pytest.fixture(scope="package")
def embedded(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Embedded]:
    """An embedded MDReader. Who restarts it with faults leaves them to the next, who restarts it too."""
    made = Embedded(tmp_path_factory.mktemp("mdreader"), load_system(SYSTEM))
    yield made
    made.running.stop()
