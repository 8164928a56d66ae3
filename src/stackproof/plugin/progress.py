"""Progress of long work, on a terminal only."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any


@contextmanager
def progress_to(reporter: Any) -> Iterator[Callable[[str, int, int], None] | None]:
    """Show `what done/total` on one line of pytest's terminal; nothing where there is none."""
    if reporter is None or not getattr(reporter, "isatty", False):
        yield None
        return

    def show(what: str, done: int, total: int) -> None:
        reporter.rewrite(f"stackproof: {what} {done}/{total}", erase=True)

    try:
        yield show
    finally:
        reporter.rewrite("", erase=True)
