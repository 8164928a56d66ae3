"""`stackproof record`: start a new user flow by doing it once in a browser."""

from __future__ import annotations

import argparse
import os
import re
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from stackproof.errors import MisuseError
from stackproof.model import Unknown
from stackproof.system.loading import System, find_system, load_system

if TYPE_CHECKING:
    from stackproof.browser.sites import Site

FAILED = 1


def record(options: argparse.Namespace) -> int:
    """Record a flow and write it as a test; exit code 1 when nothing was recorded or the recorder failed.

    Raises:
        MisuseError: no such system, environment, address or browser, no display, or the file is there already.

    """
    from stackproof.browser import recording
    from stackproof.browser.launching import has_display

    system = load_system(find_system(options.system, Path.cwd()))
    name = _test_name(options.output)
    site = _site(system, options.environment)
    if not has_display() and not os.environ.get(recording.HEADLESS):
        raise MisuseError("stackproof record", "no display", "one to show a browser on", "Run it on a desktop.")
    code = _recorded(site)
    flow = recording.flow_from(code, site, name)
    if not flow:
        print("stackproof: nothing was recorded, so nothing was written", file=sys.stderr)
        return FAILED
    options.output.parent.mkdir(parents=True, exist_ok=True)
    options.output.write_text(flow, encoding="utf-8")
    print(f"{options.output}: {flow.count(chr(10))} lines; run it with: pytest -m e2e -k {name.removeprefix('test_')}")
    return 0


def _test_name(output: Path) -> str:
    name = output.stem
    if not re.fullmatch(r"test_\w+", name) or output.suffix != ".py":
        raise MisuseError("--output", str(output), "a file such as tests/e2e/test_new_flow.py")
    if output.exists():
        raise MisuseError("--output", f"{output}, which is there already", "a file that is not there yet")
    return name


def _site(system: System, environment: str) -> Site:
    from stackproof import emulator
    from stackproof.browser.sites import Site, addresses_of

    addresses = addresses_of(system, environment)
    if isinstance(addresses, Unknown):
        raise MisuseError("--environment", addresses.detail, "an environment with the address of a web application")
    if "app" not in addresses:
        raise MisuseError("--environment", f"{environment!r} without an address 'app'", "one with a web application")
    if not system.environment(environment).emulated:
        return Site(environment, addresses)
    running = emulator.running(Path.cwd(), environment)
    if running is None or running.edge is None:
        raise MisuseError("--environment", f"{environment!r}, which does not run", "one that runs", "stackproof up")
    return Site(environment, addresses, running.edge, running.certificate)


def _recorded(site: Site) -> str:
    from stackproof.browser import recording
    from stackproof.browser.launching import BrowserMissing, find_browser, playwright_missing

    missing = playwright_missing()
    if missing:
        raise MisuseError("stackproof record", missing.reason, "Playwright", missing.advice)
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        found, own = find_browser(playwright), playwright.chromium.executable_path
    if isinstance(found, BrowserMissing):
        raise MisuseError("stackproof record", found.reason, "a browser", found.advice)
    try:
        return recording.record(site, found, own)
    except (OSError, subprocess.CalledProcessError) as error:
        raise MisuseError("stackproof record", f"a recorder that failed ({error})", "one that runs") from error
