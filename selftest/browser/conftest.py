"""One run of all flows, which the tests look at."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from selftest.browser.pages import PASSWORD, Shop, served
from selftest.browser.project import findings, flow_project, python_blocks
from selftest.plugin.projects import Project, Ran


@dataclass(frozen=True, slots=True)
class FlowRun:
    """A run of the gate, the application that it used, and the finding of each flow."""

    project: Project
    ran: Ran
    shop: Shop
    url: str
    found: Mapping[str, dict[str, Any]]

    @property
    def reports(self) -> Path:
        """Where the evidence of its tests lies."""
        return self.project.root / "reports/e2e/dev"

    def again(self, *arguments: str, **variables: str) -> Ran:
        """Run pytest once more."""
        return self.project.pytest(
            "--system", "shop", *arguments, **{"SHOP_URL": self.url, "SHOP_PASSWORD": PASSWORD, **variables}
        )


@pytest.fixture(scope="package")
def flows(tmp_path_factory: pytest.TempPathFactory, shared_cache: Path) -> Iterator[FlowRun]:
    """Every flow of the project, and those that docs/flows.md shows, run once."""
    shown = [block for block in python_blocks("flows.md") if "def test_" in block]
    project = flow_project(tmp_path_factory.mktemp("flows"), shared_cache, *shown)
    project.put("reports/e2e/dev/test_shop.test_fails_by_itself/visitor/of-an-earlier-run.txt", "old")
    project.put("reports/e2e/dev/test_shop.test_that_is_gone/visitor/page.png", "kept")
    project.put("reports/unit/junit.xml", "kept")
    shop = Shop()
    with served(shop) as port:
        url = f"http://127.0.0.1:{port}"
        ran = project.pytest(
            *("-n", "2", "-m", "e2e", "--system", "shop", "--environment", "dev"), SHOP_URL=url, SHOP_PASSWORD=PASSWORD
        )
        yield FlowRun(project, ran, shop, url, findings(project))
