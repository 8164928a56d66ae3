"""One person in the browser: a context of their own, everything that happens recorded, every page checked."""

from __future__ import annotations

import json
from collections.abc import Callable, Collection, Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from stackproof.browser import redaction
from stackproof.browser.accessibility import examine_before_actions, watch_script
from stackproof.browser.examining import Examiner
from stackproof.browser.problems import Budget, PageProblems, Problem, distinct
from stackproof.browser.watching import Expected, Watch, hosts_of

if TYPE_CHECKING:
    from playwright.sync_api import Browser, BrowserContext, Page

    from stackproof.browser.sites import Site

TIMEOUT: Final = 10_000  # ms that an action waits
NAVIGATION: Final = 20_000  # ms that a page may take to load; its budget is judged apart from that
_VIDEO: Final = {"width": 960, "height": 540}


@dataclass(frozen=True, slots=True)
class Visit:
    """How a person comes: their name, where evidence goes, with which storage state (as Playwright gives it).

    `options` are further ones of Playwright's browser context, such as viewport, is_mobile and color_scheme. `secrets`
    are values that no evidence may show, read at the end; those that the traffic gives away are found anyway.
    """

    name: str
    folder: Path
    state: Any = None
    budget: Budget = field(default_factory=Budget)
    video: bool = False
    options: Mapping[str, Any] = field(default_factory=dict)
    secrets: Collection[str] = ()


class Visitor:
    """One person: `page` is their page, `context` their browser context (Playwright's own objects, for everything).

    From the start it records console errors, failed requests, a HAR file, a trace and a video. `check` judges the page
    that is shown; what the checks find at the end of a test fails it.
    """

    def __init__(self, browser: Browser, site: Site, visit: Visit) -> None:
        self.name = visit.name
        self.folder = visit.folder
        self.site = site
        self._browser = browser
        self._visit = visit
        self._ended = self._closed = False
        self._notes: list[str] = []
        self._secrets: set[str] = set()
        self._problems: list[Problem] = []
        self.folder.mkdir(parents=True, exist_ok=True)
        self.context: BrowserContext = self._new_context(visit.state, recorded=True)
        self._watch = Watch(self.context, hosts_of(site))
        self._examiner = Examiner(self._watch, visit.budget, self._new_context)
        self.context.add_init_script(watch_script())
        self.context.tracing.start(screenshots=True, snapshots=True, title=visit.name)
        self.context.on("page", examine_before_actions)
        self.page: Page = self.context.new_page()

    # --- for tests ----------------------------------------------------------------------------------------

    def goto(self, path: str = "/") -> None:
        """Open a page of the web application by its path."""
        if self._watch.own(self.page.url):
            self._try("accessibility", lambda: self.page.evaluate("() => window.__stackproof?.soon()"))
        self.page.goto(self.site.url(path))

    def check(self, page: str = "") -> None:
        """Judge the page that is shown now; `page` names it in messages.

        Raises:
            PageProblems: a check failed: console, requests, accessibility, metrics, or something was not measured.

        """
        found = self._examiner.shown(self.page, page)
        problems = distinct([*self._watch.problems(), *found])
        if problems:
            raise PageProblems(self.name, problems)

    def expects(self, *, status: int = 0, url: str = "", console: str = "") -> None:
        """Announce an error that must come: a request's (status, or any failure, of a URL) or one in the console.

        In `url`, `*` stands for any text; one that begins with `/` is a path. It is a problem if it does not come.
        """
        self._watch.expected.append(Expected(status, url, console, must=True))

    def allows(self, *, status: int = 0, url: str = "", console: str = "") -> None:
        """Announce an error that may come; otherwise as `expects`."""
        self._watch.expected.append(Expected(status, url, console, must=False))

    def state(self) -> Any:
        """Return cookies, local storage and IndexedDB, for another visitor to begin with; not the tabs' own storage."""
        return self.context.storage_state(indexed_db=True)

    # --- for the fixtures ---------------------------------------------------------------------------------

    def finish(self, *, failed: bool) -> list[Problem]:
        """End the visit: judge every page (unless the test failed by itself), take pictures, stop the trace."""
        if self._ended:
            return self._problems
        self._ended = True
        found: list[Problem] = []
        if not failed:
            for page in self._open_pages():
                found += self._examiner.shown(page)
        self._pictures(full=failed)
        self._try("trace.zip", lambda: self.context.tracing.stop(path=self.folder / "trace.zip"))
        if not failed:
            found += self._examiner.visited(self.page)
            found += self._watch.missed()
        self._problems = distinct([*self._watch.problems(), *found])
        if self._problems and not failed:
            self._pictures(full=True)
        return self._problems

    def close(self, *, failed: bool) -> None:
        """Leave: write HAR, video (kept only of a failure) and checks.json, and take secrets out of all of it."""
        if self._closed:
            return
        self._closed = True
        self.finish(failed=failed)
        self._try("storage", lambda: self._secrets.update(redaction.secrets_in_state(self.state())))
        videos = [page.video for page in self.context.pages if page.video]
        self._try("har.zip", self.context.close)
        self._keep_video([str(video.path()) for video in videos], kept=failed or bool(self._problems))
        self._scrub()
        self._write()

    # --- inside -------------------------------------------------------------------------------------------

    def _new_context(self, state: Any, *, recorded: bool = False) -> BrowserContext:
        options: dict[str, Any] = {"storage_state": state, **self._visit.options}
        if recorded:
            options |= {"record_har_path": self.folder / "har.zip", "record_har_content": "attach"}
        if recorded and self._visit.video:
            options |= {"record_video_dir": self.folder / "video", "record_video_size": _VIDEO}
        context = self._browser.new_context(**options)
        context.set_default_timeout(TIMEOUT)
        context.set_default_navigation_timeout(NAVIGATION)
        if not recorded:
            context.add_init_script(watch_script())
        return context

    def _open_pages(self) -> list[Page]:
        return [page for page in self.context.pages if not page.is_closed() and self._watch.own(page.url)]

    def _pictures(self, *, full: bool) -> None:
        if self.page.is_closed():
            self._notes.append("page.png: the page was closed")
            return
        self._try("page.png", lambda: self.page.screenshot(path=self.folder / "page.png", full_page=full))
        self._try("page.html", lambda: (self.folder / "page.html").write_text(self.page.content(), encoding="utf-8"))

    def _try(self, what: str, save: Callable[[], object]) -> None:
        """Save a piece of evidence; one that cannot be had is noted, and does not hide what the test has to say."""
        from playwright.sync_api import Error

        try:
            save()
        except (Error, OSError) as error:
            self._notes.append(f"{what}: {str(error).strip().splitlines()[0]}")

    def _keep_video(self, files: list[str], *, kept: bool) -> None:
        for number, file in enumerate(files):
            if not kept:
                Path(file).unlink(missing_ok=True)
            elif Path(file).exists():
                Path(file).replace(self.folder / f"video{f'-{number + 1}' if number else ''}.webm")
        if self._visit.video:
            self._try("video", (self.folder / "video").rmdir)
        else:
            self._notes.append("video.webm: there is no ffmpeg (python -m playwright install ffmpeg)")

    def _scrub(self) -> None:
        """Take out what the traffic shows to be a password or a token, from all that was written."""
        archives = [file for file in self.folder.iterdir() if file.suffix == ".zip"]
        self._secrets.update(self._visit.secrets, *(redaction.secrets_in_zip(file) for file in archives))
        for file in self.folder.iterdir():
            if file.suffix == ".zip":
                redaction.scrub_zip(file, self._secrets)
            elif file.suffix == ".html":
                redaction.scrub_file(file, self._secrets)

    def _write(self) -> None:
        watch = self._watch
        content = {
            "person": self.name,
            "problems": [asdict(problem) for problem in self._problems],
            "pages": {
                path: {
                    "loads": [load.shown() for load in watch.loads[path].loads] if path in watch.loads else [],
                    "accessibility": seen.examined,
                }
                for path, seen in watch.pages.items()
            },
            "passed_through": self._examiner.passed_through,
            "elsewhere": sorted(watch.elsewhere),
            "cancelled": watch.cancelled,
            "expected": [{"what": str(e), "must": e.must, "met": bool(e.met)} for e in watch.expected],
            "not_saved": self._notes,
            "browser": self._browser.version,
        }
        text = json.dumps(content, indent=2, ensure_ascii=False)
        path = self.folder / "checks.json"
        path.write_text(text + "\n", encoding="utf-8")
        redaction.scrub_file(path, self._secrets)


def error_of(visitors: list[Visitor]) -> PageProblems | None:
    """Join what several people met into one error; None if nobody met anything."""
    met = [(visitor.name, problem) for visitor in visitors for problem in visitor.finish(failed=False)]
    if not met:
        return None
    names = ", ".join(dict.fromkeys(name for name, _ in met))
    return PageProblems(names, [problem for _, problem in met])
