"""What tests of whole commands share: a cache, so that equal documents are scanned once in a test run."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from selftest.plugin.projects import Project, new_project


@pytest.fixture(scope="session")
def shared_cache(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """One cache for all workers of the test run."""
    base = tmp_path_factory.getbasetemp()
    return (base.parent if "PYTEST_XDIST_WORKER" in os.environ else base) / "stackproof-cache"


@pytest.fixture
def project(tmp_path: Path, shared_cache: Path) -> Project:
    """The small system in a folder of its own."""
    return new_project(tmp_path, shared_cache)
