"""axe-core's source, and the script that every document runs before its own."""

from __future__ import annotations

import contextlib
import functools
import importlib.util
from pathlib import Path
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from playwright.sync_api import Page, Playwright

WATCH: Final = Path(__file__).with_name("watch.js")

UNEXAMINED: Final = "unexamined"  # a selector engine: finds the document while it is still to be examined
_ENGINE: Final = """
{
  query: () => window.__stackproof?.due() ? document.documentElement : null,
  queryAll: () => window.__stackproof?.due() ? [document.documentElement] : [],
}
"""


def register(playwright: Playwright) -> None:
    """Teach Playwright the selector `unexamined=`. Once is enough; again does nothing."""
    from playwright.sync_api import Error

    with contextlib.suppress(Error):  # it knows it already
        playwright.selectors.register(UNEXAMINED, script=_ENGINE)


def examine_before_actions(page: Page) -> None:
    """Let every action and assertion of a test wait until the page that it meets is examined."""
    from playwright.sync_api import Error

    def examine() -> None:
        with contextlib.suppress(Error):  # it went elsewhere in between
            page.evaluate("() => window.__stackproof?.soon()")

    page.add_locator_handler(page.locator(f"{UNEXAMINED}=page"), examine, no_wait_after=True)


@functools.cache
def watch_script() -> str:
    """Return the script that measures a document, with axe-core in it.

    axe-core (Deque Systems, MPL-2.0) comes with the package axe-playwright-python.

    Raises:
        ModuleNotFoundError: that is not installed.

    """
    spec = importlib.util.find_spec("axe_playwright_python")
    if spec is None or spec.origin is None:
        raise ModuleNotFoundError("axe-playwright-python is not installed: pip install 'stackproof[browser]'")
    source = Path(spec.origin).with_name("axe.min.js").read_text(encoding="utf-8")
    return WATCH.read_text(encoding="utf-8").replace("{ AXE }", "{" + source + "\n}", 1)
