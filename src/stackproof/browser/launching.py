"""Finding a browser and starting it: Playwright's own where it is installed, else the system's Chromium."""

from __future__ import annotations

import contextlib
import importlib.util
import json
import os
import shutil
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

from stackproof.browser.accessibility import register

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Playwright

    from stackproof.browser.sites import Site

SYSTEM_BROWSERS: Final = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
HOW_TO_GET: Final = (
    "python -m playwright install chromium, or a Chromium of the system (apt-get install chromium), "
    "or name one by STACKPROOF_BROWSER=/path/to/chromium"
)
NAMED: Final = "STACKPROOF_BROWSER"  # the variable that names a browser's program
# What a browser does in the background would be traffic and work of its own beside what is measured.
_QUIET: Final = (
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-default-apps",
    "--disable-dev-shm-usage",  # /dev/shm is 64 MB in a container
    "--disable-domain-reliability",
    "--disable-sync",
    "--no-first-run",
)


@dataclass(frozen=True, slots=True)
class BrowserFound:
    """A browser that can be started; `program` is empty for Playwright's own."""

    program: str

    def __str__(self) -> str:
        return self.program or "Playwright's own Chromium"


@dataclass(frozen=True, slots=True)
class BrowserMissing:
    """There is no browser: why, and how to get one."""

    reason: str
    advice: str = HOW_TO_GET

    def __str__(self) -> str:
        return f"{self.reason}. To get one: {self.advice}"


def playwright_missing() -> BrowserMissing | None:
    """Say whether Playwright itself is not there."""
    if importlib.util.find_spec("playwright") and importlib.util.find_spec("axe_playwright_python"):
        return None
    return BrowserMissing("Playwright or axe is not installed", f"pip install 'stackproof[browser]', then {HOW_TO_GET}")


def find_browser(playwright: Playwright | None = None) -> BrowserFound | BrowserMissing:
    """Find a browser: the one that STACKPROOF_BROWSER names, Playwright's own, or the system's on PATH.

    Without `playwright`, which knows the place of its own browser, only a named one and the system's are looked for.
    """
    named = os.environ.get(NAMED, "")
    if named:
        found = shutil.which(named)
        return BrowserFound(found) if found else BrowserMissing(f"{NAMED}: {named} is not a program")
    if playwright is not None and Path(playwright.chromium.executable_path).is_file():
        return BrowserFound("")
    system = next(filter(None, map(shutil.which, SYSTEM_BROWSERS)), None)
    if system:
        return BrowserFound(system)
    return BrowserMissing(f"neither Playwright's own browser is installed nor one of {', '.join(SYSTEM_BROWSERS)}")


def launch_arguments(site: Site) -> list[str]:
    """Arguments for Chromium that lead the names of an embedded environment to its edge, and trust just its key."""
    if site.edge is None:
        return list(_QUIET)
    return [
        *_QUIET,
        "--no-proxy-server",
        f"--host-resolver-rules={site.edge.resolver}",
        f"--ignore-certificate-errors-spki-list={site.edge.fingerprint}",
    ]


def launch(
    playwright: Playwright, found: BrowserFound, site: Site, *, headed: bool = False, slowmo: float = 0
) -> Browser | BrowserMissing:
    """Start the browser; `slowmo` is in milliseconds per action. One that does not start is as good as none."""
    from playwright.sync_api import Error

    if headed and not has_display():
        return BrowserMissing("there is no display to show a browser on", "leave out --headed, or set DISPLAY")
    register(playwright)
    try:
        return playwright.chromium.launch(
            executable_path=found.program or None,
            args=launch_arguments(site),
            headless=not headed,
            slow_mo=slowmo,
        )
    except Error as error:
        first = next((line.strip() for line in str(error).splitlines() if line.strip()), "it ended at once")
        return BrowserMissing(f"{found} does not start: {first}")


def has_display() -> bool:
    """Say whether a window can be shown."""
    if sys.platform in ("darwin", "win32"):
        return True
    return bool(os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY"))


# --- video ----------------------------------------------------------------------------------------------------


@contextlib.contextmanager
def with_video(folder: Path) -> Iterator[bool]:
    """Let Playwright, while it starts, find a program that writes videos; tell whether there is one.

    Playwright looks for its own ffmpeg beside its browsers only. Where that is missing, imageio-ffmpeg's stands in for
    it in `folder`, provided that no browser of Playwright's own would be hidden by that.
    """
    own = _own_folder()
    if (own / _ffmpeg_name()).is_dir():
        yield True
        return
    program = _other_ffmpeg()
    if not program or any(own.glob("chromium-*")):
        yield False
        return
    _put(program, folder / _ffmpeg_name())
    before = os.environ.get("PLAYWRIGHT_BROWSERS_PATH")
    os.environ["PLAYWRIGHT_BROWSERS_PATH"] = str(folder.resolve())
    try:
        yield True
    finally:
        _restore("PLAYWRIGHT_BROWSERS_PATH", before)


def _own_folder() -> Path:
    named = os.environ.get("PLAYWRIGHT_BROWSERS_PATH", "")
    return Path(named) if named not in ("", "0") else Path.home() / ".cache" / "ms-playwright"


def _ffmpeg_name() -> str:
    """The folder's name holds the revision that this Playwright asks for."""
    spec = importlib.util.find_spec("playwright")
    if spec is None or spec.origin is None:
        return "ffmpeg"
    browsers = Path(spec.origin).parent / "driver" / "package" / "browsers.json"
    listed = json.loads(browsers.read_text(encoding="utf-8"))["browsers"]
    return "ffmpeg-" + next(str(item["revision"]) for item in listed if item["name"] == "ffmpeg")


def _other_ffmpeg() -> str:
    if importlib.util.find_spec("imageio_ffmpeg") is None:
        return ""
    import imageio_ffmpeg

    try:
        return str(imageio_ffmpeg.get_ffmpeg_exe())
    except RuntimeError:  # it brings none for this machine, and the system has none either
        return ""


def _put(program: str, folder: Path) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    link = folder / "ffmpeg-linux"
    if not link.exists():
        with contextlib.suppress(FileExistsError):  # another worker was quicker
            link.symlink_to(program)
    (folder / "INSTALLATION_COMPLETE").touch()


def _restore(name: str, before: str | None) -> None:
    if before is None:
        os.environ.pop(name, None)
    else:
        os.environ[name] = before
