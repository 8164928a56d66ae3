"""What deployments and rollbacks ask before they send traffic."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest

from .people import answered

if TYPE_CHECKING:
    from stackproof.browser.api import Api

pytestmark = [pytest.mark.e2e, pytest.mark.system("mdreader")]


@pytest.mark.proves("MDR-API-4")
def test_health_answers_with_its_version(api: Api) -> None:
    """GET /health answers 200, healthy in every part, and says which version it is."""
    health = answered(api.get("/health"), 200)
    assert health["status"] == "healthy", f"it says {health}"
    assert set(health["checks"].values()) == {"healthy"}, f"a part is not well: {health['checks']}"
    assert re.fullmatch(r"\d+\.\d+\.\d+", health["version"]), f"no version: {health}"
