"""One browser for a session, started when it is needed and again after it crashed, and where people's visits go."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from stackproof.browser import evidence
from stackproof.browser.launching import BrowserMissing, find_browser, launch, playwright_missing, with_video
from stackproof.browser.problems import Budget
from stackproof.model import Cause
from stackproof.plugin.flows import EVIDENCE, unknown
from stackproof.plugin.session import SESSION
from stackproof.system.mistakes import suggestion

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Playwright

    from stackproof.browser.sites import Site
    from stackproof.browser.visits import Visitor


SECRETS = pytest.StashKey[set[str]]()  # values that no evidence may show, however they got there


class Browsers:
    """Starts the browser. Where there is none, the test that needs it ends without a verdict."""

    def __init__(self, site: Site, config: pytest.Config) -> None:
        self.site = site
        self.video = False
        self.secrets = config.stash.setdefault(SECRETS, set())
        self._headed = bool(config.getoption("headed", False))
        self._slowmo = float(config.getoption("slowmo", 0) or 0)
        self._playwright: Playwright | None = None
        self._browser: Browser | None = None

    def browser(self) -> Browser:
        """Return the running browser."""
        if self._browser is not None and self._browser.is_connected():
            return self._browser
        playwright = self._started()
        found = find_browser(playwright)
        launched = (
            found
            if isinstance(found, BrowserMissing)
            else launch(playwright, found, self.site, headed=self._headed, slowmo=self._slowmo)
        )
        if isinstance(launched, BrowserMissing):
            unknown(Cause.TOOL_MISSING, str(launched))
        self._browser = launched
        return launched

    def device(self, name: str) -> Mapping[str, Any]:
        """Return the context options of one of Playwright's devices (`iPhone 13`)."""
        devices = self._started().devices
        if name not in devices:
            raise LookupError(f"Playwright knows no device {name!r}. {suggestion(name, devices)}".strip())
        return {key: value for key, value in devices[name].items() if key != "default_browser_type"}

    def end(self) -> None:
        """End the browser, and Playwright."""
        if self._browser is not None and self._browser.is_connected():
            self._browser.close()
        if self._playwright is not None:
            self._playwright.stop()

    def _started(self) -> Playwright:
        if self._playwright is not None:
            return self._playwright
        missing = playwright_missing()
        if missing:
            unknown(Cause.TOOL_MISSING, str(missing))
        from playwright.sync_api import sync_playwright

        with with_video(Path(".stackproof") / "video") as video:
            self.video = video
            self._playwright = sync_playwright().start()
        return self._playwright


@dataclass(slots=True)
class Flow:
    """One try of a test: the folder of its evidence, its visitors, and whether it has failed by itself."""

    folder: Path
    budget: Budget
    visitors: list[Visitor] = field(default_factory=list)
    failed: bool = False

    def visit(self, browsers: Browsers, name: str, state: Any, options: Mapping[str, Any]) -> Visitor:
        """Let a person come. A second one of the same name has a folder of their own, too."""
        from stackproof.browser.visits import Visit, Visitor

        browser = browsers.browser()
        taken = [visitor.folder.name for visitor in self.visitors]
        plain = re.sub(r"[^\w-]+", "-", name).strip("-") or "visitor"
        folder = next(f for f in (plain, *(f"{plain}-{n}" for n in range(2, 1000))) if f not in taken)
        visit = Visit(name, self.folder / folder, state, self.budget, browsers.video, options, browsers.secrets)
        visitor = Visitor(browser, browsers.site, visit)
        self.visitors.append(visitor)
        return visitor


FLOW = pytest.StashKey[Flow]()
_TRIES = pytest.StashKey[int]()


def flow_of(item: pytest.Item, environment: str) -> Flow:
    """Return the running try of a test. The first one empties the test's folder; further ones lie below it."""
    if FLOW in item.stash:
        return item.stash[FLOW]
    gate = next((name for name in ("e2e", "smoke") if item.get_closest_marker(name)), "e2e")
    session = item.config.stash[SESSION]
    folder = evidence.test_folder(Path(session.options.reports), gate, environment, item.nodeid)
    tries = item.stash.get(_TRIES, 0) + 1
    item.stash[_TRIES] = tries
    if tries > 1:
        folder = folder / f"try-{tries}"
    evidence.begin(folder)
    said = session.system.file.gates.get(gate) if session.has_system else None
    budget = Budget(said.pages.lcp, said.pages.cls, said.pages.load) if said else Budget()
    item.stash[FLOW] = Flow(folder, budget)
    item.stash[EVIDENCE] = [*item.stash.get(EVIDENCE, []), folder.as_posix()]
    return item.stash[FLOW]
