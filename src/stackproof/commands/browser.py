"""`stackproof browser`: say which browser the flows use; with --install, get one where there is none."""

from __future__ import annotations

import argparse
import os
import shutil
import subprocess
import sys
from collections.abc import Sequence
from typing import Final

from stackproof.browser.launching import BrowserFound, BrowserMissing, find_browser, playwright_missing

NONE: Final = 1
_PATIENCE: Final = 300.0  # seconds for one download


def browser(options: argparse.Namespace) -> int:
    """Print the browser that is used. With `--install` one is fetched first, if need be; having none is then no error.

    The gates that need a browser say not-run, with the reason, where there is none.
    """
    found = _find()
    if isinstance(found, BrowserMissing) and options.install:
        for command in _ways():
            print(f"browser: {' '.join(command)}", flush=True)
            if _done(command) and isinstance(found := _find(), BrowserFound):
                break
    if isinstance(found, BrowserFound):
        print(f"browser: {found}")
        return 0
    print(f"browser: none: {found}", file=sys.stderr)
    return 0 if options.install else NONE


def _find() -> BrowserFound | BrowserMissing:
    if missing := playwright_missing():
        return missing
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        return find_browser(playwright)


def _ways() -> Sequence[Sequence[str]]:
    """What to try: Playwright's own browser, then, in a container's root shell, the system's package."""
    ways = [[sys.executable, "-m", "playwright", "install", "chromium"]]
    if hasattr(os, "geteuid") and os.geteuid() == 0 and shutil.which("apt-get"):
        ways += [["sh", "-c", "apt-get update -qq && apt-get install --yes -qq --no-install-recommends chromium"]]
    return ways


def _done(command: Sequence[str]) -> bool:
    try:
        ran = subprocess.run(command, capture_output=True, check=False, timeout=_PATIENCE, stdin=subprocess.DEVNULL)  # noqa: S603 - our own commands
    except (OSError, subprocess.TimeoutExpired):
        return False
    return ran.returncode == 0
