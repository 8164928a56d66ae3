"""What happened in a browser context from its start: errors, requests that failed, pages and how they loaded."""

from __future__ import annotations

import fnmatch
import json
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import urlsplit

from stackproof.browser.problems import Measured, Problem, Vitals
from stackproof.browser.redaction import hidden_url

if TYPE_CHECKING:
    from playwright.sync_api import BrowserContext, ConsoleMessage, Request, Response, WebError

    from stackproof.browser.sites import Site

_TWIN: Final = "Failed to load resource:"  # how Chromium's console repeats a request that failed
_CANCELLED: Final = "net::ERR_ABORTED"  # the page itself gave it up, by leaving or on purpose


@dataclass(slots=True)
class Expected:
    """An error that a test announced: of a request by status and URL, or in the console. `must`: it has to come."""

    status: int
    url: str
    console: str
    must: bool
    met: int = 0

    def __str__(self) -> str:
        if self.console:
            return f"a console error like {self.console!r}"
        return f"{f'status {self.status}' if self.status else 'a failed request'} of {self.url or 'any address'}"

    def is_request(self, url: str, status: int) -> bool:
        """Say whether it speaks of this request. A pattern that begins with `/` is of the path; `*` is any text."""
        if self.console or (self.status and self.status != status):
            return False
        seen = urlsplit(url).path if self.url.startswith("/") else url
        return not self.url or fnmatch.fnmatchcase(seen, self.url)

    def is_console(self, text: str) -> bool:
        """Say whether it speaks of this message of the console."""
        return bool(self.console) and (self.console in text or fnmatch.fnmatchcase(text, self.console))


@dataclass(frozen=True, slots=True)
class Failed:
    """A request that got no answer (status 0) or an error."""

    page: str
    method: str
    url: str
    status: int
    error: str

    def __str__(self) -> str:
        what = f"answered {self.status}" if self.status else f"failed: {self.error}"
        return f"{self.method} {hidden_url(self.url)} {what}"


@dataclass(frozen=True, slots=True)
class Said:
    """An error in the console, or one that no script caught; `url` and `line` say where."""

    page: str
    text: str
    url: str
    line: int

    def __str__(self) -> str:
        where = f" ({urlsplit(self.url).path}:{self.line})" if self.url else ""
        return f"console error: {self.text}{where}"


@dataclass(slots=True)
class Seen:
    """A page that was shown: a path of a document, or of an application that changes it without a load."""

    url: str
    since: float
    until: float = 0.0  # 0 while it is shown
    examined: list[dict[str, Any]] = field(default_factory=list)
    why: str = ""  # it could not be examined


class Watch:
    """Listens to a context. Pages of hosts that are not the site's own are noted in `elsewhere`, and not judged."""

    def __init__(self, context: BrowserContext, hosts: frozenset[str]) -> None:
        self.pages: dict[str, Seen] = {}
        self.loads: dict[str, Measured] = {}
        self.failed: list[Failed] = []
        self.said: list[Said] = []
        self.cancelled: list[str] = []
        self.elsewhere: set[str] = set()
        self.expected: list[Expected] = []
        self._hosts = hosts
        self._documents: dict[str, tuple[str, int]] = {}
        self._shown: dict[str, str] = {}
        context.expose_binding("__stackproof_tell", self._told)
        context.on("console", self._console)
        context.on("weberror", self._uncaught)
        context.on("requestfailed", self._request_failed)
        context.on("response", self._response)

    def problems(self) -> list[Problem]:
        """Say which errors and failed requests nobody expected."""
        found = [
            Problem("request", fault.page, str(fault))
            for fault in self.failed
            if not self._expects_request(fault.url, fault.status)
        ]
        failed = {fault.url for fault in self.failed}
        for error in self.said:
            twin = error.text.startswith(_TWIN) and error.url in failed
            if not twin and not self._expects_console(error.text):
                found.append(Problem("console", error.page, str(error)))
        return found

    def missed(self) -> list[Problem]:
        """Say what had to come and did not."""
        self.problems()
        return [
            Problem("expected", "", f"expected {e}, which did not come") for e in self.expected if e.must and not e.met
        ]

    def examined(self, url: str, result: dict[str, Any]) -> None:
        """Note what axe found on a page."""
        self._page(url).examined.append(result)

    def merge(self, other: Watch) -> None:
        """Take over what another watch saw of the same pages."""
        for path, seen in other.pages.items():
            mine = self.pages.setdefault(path, seen)
            if mine is not seen:
                mine.examined += seen.examined
        for path, measured in other.loads.items():
            self.loads.setdefault(path, Measured()).loads += measured.loads
        self.failed += other.failed
        self.said += other.said

    def another(self, context: BrowserContext) -> Watch:
        """Watch a further context by the same rules, apart from this one."""
        return Watch(context, self._hosts)

    def own(self, url: str) -> bool:
        """Say whether a URL is one of the site's own hosts."""
        return (urlsplit(url).hostname or "") in self._hosts

    # --- events -------------------------------------------------------------------------------------------

    def _told(self, source: Any, text: str) -> None:
        """Hear a document: see watch.js."""
        told = json.loads(text)
        kind, page = told["kind"], told.get("path", "")
        if not self.own(told["origin"]):
            self.elsewhere.add(told["origin"])
        elif kind == "vitals":
            self._vitals(told)
        elif kind == "seen":
            self._seen(source, told, page)
        elif kind == "examined":
            self._page(told["origin"] + page).examined.append(
                {"violations": told["violations"], "undecided": told["undecided"], "rules": told["rules"]}
            )
        else:
            self._page(told["origin"] + page).why = told["why"]

    def _vitals(self, told: dict[str, Any]) -> None:
        page, document = told["path"], told["id"]
        measured = self.loads.setdefault(page, Measured())
        load = Vitals(page, told["lcp"], told["cls"], told["load"], told["element"], told["shifted"], told["url"])
        if document in self._documents:
            key, index = self._documents[document]
            self.loads[key].loads[index] = load
        else:
            self._documents[document] = (page, len(measured.loads))
            measured.loads.append(load)

    def _seen(self, source: Any, told: dict[str, Any], page: str) -> None:
        tab = str(id(source["page"]))
        before = self._shown.get(tab)
        if before == page:
            return
        if before in self.pages:
            self.pages[before].until = time.monotonic()
        self._shown[tab] = page
        seen = self._page(told["origin"] + page)
        seen.url, seen.until = told["url"], 0.0

    def _page(self, url: str) -> Seen:
        path = path_of(url)
        return self.pages.setdefault(path, Seen(url, time.monotonic()))

    def _console(self, message: ConsoleMessage) -> None:
        page = message.page.url if message.page else ""
        if message.type == "error" and self._judged(page):
            at = message.location
            self.said.append(Said(path_of(page), message.text, at["url"], at["lineNumber"] + 1))

    def _uncaught(self, error: WebError) -> None:
        page = error.page.url if error.page else ""
        if self._judged(page):
            self.said.append(Said(path_of(page), f"uncaught {error.error}".splitlines()[0], "", 0))

    def _request_failed(self, request: Request) -> None:
        page = _page_of(request)
        if not self._judged(page) and not self.own(request.url):
            return
        if request.failure == _CANCELLED:
            self.cancelled.append(f"{request.method} {hidden_url(request.url)}")
        else:
            self.failed.append(Failed(path_of(page), request.method, request.url, 0, request.failure or "no answer"))

    def _response(self, response: Response) -> None:
        page = _page_of(response.request)
        if response.status >= 400 and (self._judged(page) or self.own(response.url)):
            self.failed.append(Failed(path_of(page), response.request.method, response.url, response.status, ""))

    def _judged(self, page: str) -> bool:
        return self.own(page) or not page.startswith("http")

    def _expects_request(self, url: str, status: int) -> bool:
        return _all_met([expected for expected in self.expected if expected.is_request(url, status)])

    def _expects_console(self, text: str) -> bool:
        return _all_met([expected for expected in self.expected if expected.is_console(text)])


def hosts_of(site: Site) -> frozenset[str]:
    """The hosts whose pages are the site's own."""
    return frozenset(urlsplit(address).hostname or "" for address in site.addresses.values())


def path_of(url: str) -> str:
    """A page's path, with the part behind `#/` where an application keeps its pages there."""
    parts = urlsplit(url)
    route = f"#{parts.fragment.partition('?')[0]}" if parts.fragment.startswith("/") else ""
    return (parts.path or "/") + route if parts.scheme in ("http", "https") else url


def _page_of(request: Request) -> str:
    """The page that made a request; for a page's own request, the page that it leads to."""
    from playwright.sync_api import Error

    if request.is_navigation_request():
        return request.url
    try:
        return request.frame.page.url
    except Error:  # a service worker's, or of a page that is gone
        return ""


def _all_met(found: list[Expected]) -> bool:
    for expected in found:
        expected.met += 1
    return bool(found)
