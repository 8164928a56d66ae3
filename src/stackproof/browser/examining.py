"""The checks of pages: those that are shown, and those that a person left before they could be checked."""

from __future__ import annotations

import contextlib
import json
import time
from collections.abc import Callable
from enum import Enum
from typing import TYPE_CHECKING, Any, Final

from stackproof.browser.problems import Budget, Problem, inaccessible, over_budget
from stackproof.browser.watching import Seen, Watch, path_of

if TYPE_CHECKING:
    from playwright.sync_api import BrowserContext, Page

TIMEOUT: Final = 10_000  # ms until a page must have loaded that is to be examined
LOADS: Final = 3  # a page above its budget is loaded until this many loads are measured; the median decides
_SETTLES: Final = 2.0  # seconds until the browser must have reported how a page loaded
_IDLE: Final = 2_000  # ms that a page may go on loading before it is checked as it is; some never stop
_GLANCE: Final = 0.3  # seconds; a page shown for less that cannot be opened again was only passed through

_STORAGE: Final = "() => ({origin: location.origin, items: Object.entries(sessionStorage)})"
_RESTORE: Final = """
({origin, items}) => {
  if (location.origin === origin) items.forEach(([name, value]) => sessionStorage.setItem(name, value));
}
"""


class Examiner:
    """Checks the pages of one person. `new_context(state)` makes further contexts, with cold caches, as theirs is."""

    def __init__(self, watch: Watch, budget: Budget, new_context: Callable[[Any], BrowserContext]) -> None:
        self.passed_through: list[str] = []
        self._watch = watch
        self._budget = budget
        self._new_context = new_context

    def shown(self, page: Page, name: str = "") -> list[Problem]:
        """Check a page that is shown. `name` stands for it in the sentences."""
        path = path_of(page.url)
        called = f"{name} ({path})" if name else path
        if not self._watch.own(page.url):
            return [Problem("unmeasured", called, "it is not a page of this site, and was not checked")]
        document, result = _examined(page)
        if document is None:
            return [Problem("unmeasured", called, f"it could not be examined: {result}")]
        self._watch.examined(page.url, result)
        return [*inaccessible(called, result), *self._timely(document, called, page)]

    def visited(self, page: Page) -> list[Problem]:
        """Check every page that was visited: from what it told while it was shown, else by opening it again."""
        problems: list[Problem] = []
        for path, seen in list(self._watch.pages.items()):
            if not seen.examined:
                problems += self._unexamined(path, seen, page)
            for result in seen.examined:
                problems += inaccessible(path, result)
        for path in list(self._watch.loads):
            problems += self._timely(path, path, page)
        return problems

    def _unexamined(self, path: str, seen: Seen, page: Page) -> list[Problem]:
        led = self._again(page, seen.url)
        if led is _Led.THERE:
            return []
        if led is _Led.ELSEWHERE and seen.until and seen.until - seen.since < _GLANCE:
            self.passed_through.append(path)
            return []
        why = seen.why or f"it was left too soon, and {led.value}"
        return [
            Problem(
                "unmeasured",
                path,
                f"accessibility was not checked: {why}; call visitor.check() while it is shown",
            )
        ]

    def _timely(self, path: str, called: str, page: Page) -> list[Problem]:
        """Judge how a page loaded; again, if it took too long or was left before that was known."""
        measured = self._watch.loads.get(path)
        if measured is None:
            return [Problem("unmeasured", called, "it is not known how it loaded: it reported nothing")]
        while problems := over_budget(called, measured, self._budget):
            led = self._again(page, measured.loads[0].url) if len(measured.loads) < LOADS else _Led.NOWHERE
            if led is _Led.ELSEWHERE and path not in self._watch.pages:  # it never came to its load event
                self.passed_through.append(path)
                return []
            if led is not _Led.THERE:
                return problems
        return []

    def _again(self, page: Page, url: str) -> _Led:
        """Open a page once more, as the same person or, where that leads elsewhere, as a stranger."""
        from playwright.sync_api import Error

        state, storage = _stored(page)
        led = _Led.NOWHERE
        for known in ([state] if state else []) + [None]:
            try:
                context = self._new_context(known)
            except Error:  # the browser is gone
                return _Led.NOWHERE
            with contextlib.suppress(Error), contextlib.closing(context):
                if known and storage:
                    context.add_init_script(f"({_RESTORE})({json.dumps(storage)})")
                led = self._opened(context, url)
            if led is not _Led.ELSEWHERE:
                break
        return led

    def _opened(self, context: BrowserContext, url: str) -> _Led:
        """Say where the URL led. Only if that is its own page, what happened there counts."""
        from playwright.sync_api import Error

        watch, path = self._watch.another(context), path_of(url)
        page = context.new_page()
        try:
            page.goto(url, timeout=TIMEOUT)
        except Error:
            return _Led.NOWHERE
        document, result = _examined(page)
        if document is None:
            return _Led.NOWHERE
        if path_of(page.url) != path or path not in watch.loads:
            return _Led.ELSEWHERE
        watch.examined(url, result)
        watch.pages[path].examined[:] = [result]
        self._watch.merge(watch)
        return _Led.THERE


class _Led(Enum):
    """Where opening a page again led, in words for a sentence."""

    THERE = "opens again"
    ELSEWHERE = "leads elsewhere now"
    NOWHERE = "does not open again"


def _stored(page: Page) -> tuple[Any, Any]:
    """Return what the browser keeps for a person, and for their page; None where the page is gone."""
    from playwright.sync_api import Error

    try:
        return page.context.storage_state(indexed_db=True), page.evaluate(_STORAGE)
    except Error:
        return None, None


def _examined(page: Page) -> tuple[str | None, Any]:
    """Return the path that the page's document was loaded by, and axe's result; or None, and why not."""
    from playwright.sync_api import Error
    from playwright.sync_api import TimeoutError as TooLate

    try:
        page.wait_for_load_state("load", timeout=TIMEOUT)
        with contextlib.suppress(TooLate):
            page.wait_for_load_state("networkidle", timeout=_IDLE)  # content that comes late may move the rest
        until = time.monotonic() + _SETTLES
        vitals: Any = {}
        while time.monotonic() < until:
            vitals = page.evaluate("() => window.__stackproof.vitals()")
            if None not in (vitals["lcp"], vitals["load"]):
                break
            page.wait_for_timeout(50)
        return str(vitals["path"]), page.evaluate("() => window.__stackproof.examine()")
    except Error as error:
        return None, str(error).strip().splitlines()[0]
