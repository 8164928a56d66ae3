"""What the tests of the commands share."""

from __future__ import annotations

from pathlib import Path

import pytest

from selftest.plugin.projects import Project


@pytest.fixture
def place(tmp_path: Path, shared_cache: Path) -> Project:
    """An empty folder."""
    return Project(tmp_path, shared_cache)
