"""MDReader's production environment, judged once for all tests of this folder."""

from __future__ import annotations

import pytest

from selftest.mdreader.copies import SYSTEM
from selftest.mdreader.mutations import judged
from selftest.mdreader.rejudging import Baseline


@pytest.fixture(scope="session")
def prod() -> Baseline:
    """What every control and expectation says of MDReader in production."""
    return judged(SYSTEM / "system.yaml", "prod")
