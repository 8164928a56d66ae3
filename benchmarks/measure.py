"""Run a command as a user would and say what it took: wall time, and the peak memory of its largest process."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent


@dataclass(frozen=True, slots=True)
class Run:
    """One finished command: seconds of wall time, peak resident memory of any one process in megabytes, exit code."""

    seconds: float
    peak: float
    code: int
    output: str


def run(command: Sequence[str], *, variables: Mapping[str, str] | None = None, cwd: Path = ROOT) -> Run:
    """Run a command to its end. Its peak counts every process that it waited for (getrusage, RUSAGE_CHILDREN)."""
    given = {**os.environ, **(variables or {})}
    given.pop("PYTHONDONTWRITEBYTECODE", None)  # users keep compiled modules; without them every start compiles anew
    started = time.perf_counter()
    with subprocess.Popen(command, cwd=cwd, env=given, stdout=subprocess.PIPE, stderr=subprocess.STDOUT) as process:
        assert process.stdout is not None
        output = process.stdout.read().decode(errors="replace")
        _, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
    return Run(time.perf_counter() - started, usage.ru_maxrss / 1024, process.returncode, output)


def tool(name: str, *, environment: str = ".venv") -> str:
    """Find a command of one of the project's environments, else beside the running Python."""
    for place in (ROOT / environment / "bin", Path(sys.executable).parent):
        if (place / name).exists():
            return str(place / name)
    raise SystemExit(f"{name} is not installed: run `make setup` first")


def row(name: str, value: str, target: str = "") -> None:
    """Print one figure."""
    print(f"{name:<58} {value:>12}   {target}")
