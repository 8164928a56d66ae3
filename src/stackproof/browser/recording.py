"""Recording a flow: Playwright's code generator on our browser, and its code turned into a test with our fixtures."""

from __future__ import annotations

import os
import re
import shlex
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Final

from stackproof.browser.launching import BrowserFound, launch_arguments
from stackproof.browser.sites import Site

_PROGRAM: Final = "PWTEST_CLI_EXECUTABLE_PATH"  # Playwright's command line takes a browser's program from here only
HEADLESS: Final = "PWTEST_CLI_HEADLESS"  # lets its recorder run without a window
_PASSWORD: Final = re.compile(r"(?i)pass(word|wort|phrase|code)|passwd|kennwort|contraseña|mot de passe")


def record(site: Site, found: BrowserFound, executable: str) -> str:
    """Open the recorder on the site's start page, wait until it is closed, and return the code that Playwright wrote.

    `executable` is the browser's program. Empty when nothing was recorded.

    Raises:
        OSError: the recorder could not be started.
        subprocess.CalledProcessError: it failed; what it wrote is on standard error.

    """
    with tempfile.TemporaryDirectory(prefix="stackproof-record-") as folder:
        program = Path(folder) / "browser"
        words = shlex.join([found.program or executable, *launch_arguments(site)])
        program.write_text(f'#!/bin/sh\nexec {words} "$@"\n', encoding="utf-8")
        program.chmod(0o700)
        output = Path(folder) / "recorded.py"
        command = [sys.executable, "-m", "playwright", "codegen", "--target", "python-pytest"]
        subprocess.run(  # noqa: S603 - our own interpreter
            [*command, "--output", str(output), site.url()],
            env={**os.environ, _PROGRAM: str(program)},
            check=True,
        )
        return output.read_text(encoding="utf-8") if output.is_file() else ""


def flow_from(code: str, site: Site, name: str) -> str:
    """Turn what Playwright recorded into a test named `name`; empty when it holds no action.

    Addresses of the site become paths, and what was typed into a field for a password becomes `test_user.password`.
    """
    _, _, body = code.partition("def test_example(page: Page) -> None:\n")
    lines = [_line(line, site) for line in body.splitlines() if line.strip()]
    if not lines:
        return ""
    text = "\n".join(lines)
    own_page = re.search(r"\bpage\b", text) is not None
    fixtures = ["visitor", *(["test_user"] if "test_user." in text else [])]
    imports = ["import pytest", *(["from playwright.sync_api import expect"] if "expect(" in text else [])]
    parts = [
        '"""A recorded flow: give it a name and a purpose, and say by expect() what must be seen."""',
        "",
        *(["import re", ""] if re.search(r"\bre\.", text) else []),
        *imports,
        "",
        "pytestmark = pytest.mark.e2e",
        "",
        "",
        f"def {name}({', '.join(fixtures)}):",
        '    """Say in a sentence what a user does here."""',
        *(["    page = visitor.page"] if own_page else []),
        text,
    ]
    return "\n".join(parts) + "\n"


def _line(line: str, site: Site) -> str:
    went = re.fullmatch(r'(\s+)page\.goto\("([^"\\]*)"\)', line)
    start = site.url().rstrip("/")
    if went and (went[2] == start or went[2].startswith(f"{start}/")):
        return f'{went[1]}visitor.goto("{went[2][len(start) :] or "/"}")'
    filled = re.fullmatch(r'(\s+\w+\..*)\.fill\("((?:[^"\\]|\\.)*)"\)', line)
    if filled and _PASSWORD.search(filled[1]):
        return f"{filled[1]}.fill(test_user.password)"
    return line
