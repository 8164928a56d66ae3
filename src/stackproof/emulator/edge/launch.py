"""Starts the edge proxy and waits for it."""

from __future__ import annotations

import json
import os
import sys
import time
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from stackproof.emulator.errors import EmulatorError
from stackproof.emulator.processes import last_lines, spawn
from stackproof.emulator.running import Address, Edge, Running

if TYPE_CHECKING:
    from stackproof.system.loading import System

PATIENCE: Final = 30.0  # seconds until it is given up
SETTINGS: Final = "edge.json"
READY: Final = "edge-ready.json"
ROLE: Final = "edge"


def begin(running: Running) -> Running:
    """Start the process, which waits for its settings; one that runs already is kept.

    Raises:
        EmulatorError: it cannot be started, or aiohttp is not installed.

    """
    import importlib.util

    if any(process.role == ROLE for process in running.processes):
        return running
    if importlib.util.find_spec("aiohttp") is None:
        raise EmulatorError("the edge needs aiohttp, of this package's extra `emulator`: pip install aiohttp")
    kept = {key: value for key, value in os.environ.items() if not key.startswith(("AWS_", "MOTO_"))}
    command = [sys.executable, "-m", "stackproof.emulator.edge", "--folder", str(running.scratch)]
    process = spawn(ROLE, command, running.scratch / "edge.log", environment=kept)
    return running.with_(processes=(*running.processes, process))


def finish(running: Running, system: System) -> Running:
    """Give it its settings, or new ones, and wait until it answers.

    Raises:
        EmulatorError: it ended, or does not answer in time; the message has the end of its log.

    """
    settings = {
        "endpoint": running.endpoint,
        "regions": sorted({running.region, *(stack.region for stack in system.file.stacks if stack.region)}),
        "host": running.database.host,
        "certificate": str(running.certificate),
        "workloads": [asdict(served) for served in running.workloads],
    }
    target = running.scratch / SETTINGS
    part = target.with_suffix(".part")
    part.write_text(json.dumps(settings), encoding="utf-8")
    part.replace(target)
    return running.with_(edge=_wait(running, target.stat().st_mtime_ns))


def _wait(running: Running, written: int) -> Edge:
    """Wait until it answers with the settings that were written then."""
    ready, log = running.scratch / READY, running.scratch / "edge.log"
    process = next(process for process in running.processes if process.role == ROLE)
    until = time.monotonic() + PATIENCE
    while not (content := _read(ready)) or content["settings"] != written:
        if not process.alive:
            raise EmulatorError(f"the edge ended before it answered:\n{last_lines(log, 12)}")
        if time.monotonic() > until:
            raise EmulatorError(f"the edge does not answer after {PATIENCE:.0f} s:\n{last_lines(log, 12)}")
        time.sleep(0.02)
    https, http = Address(**content["https"]), Address(**content["http"])
    return Edge(https, http, tuple(content["names"]), content["fingerprint"])


def _read(ready: Path) -> dict[str, Any]:
    """What the edge wrote last; empty when it wrote nothing yet."""
    try:
        content: dict[str, Any] = json.loads(ready.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return {}
    return content
