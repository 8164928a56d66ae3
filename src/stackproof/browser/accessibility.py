"""axe-core's source, and the script that every document runs before its own."""

from __future__ import annotations

import functools
import importlib.util
from pathlib import Path
from typing import Final

WATCH: Final = Path(__file__).with_name("watch.js")


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
