"""Processes that outlive the command which started them: known by number and start time, so no other is ever ended."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from stackproof.emulator.errors import EmulatorError


@dataclass(frozen=True, slots=True)
class Known:
    """A process: what it is for, its number, and when it started (as the system writes it)."""

    role: str
    pid: int
    started: str
    stop: int = signal.SIGTERM

    @property
    def alive(self) -> bool:
        """Whether this very process still runs; one of the same number that started at another time is not it."""
        with contextlib.suppress(ChildProcessError, OSError):
            os.waitpid(self.pid, os.WNOHANG)  # when it is our child and has ended, let it go
        return bool(self.started) and started_at(self.pid) == self.started

    def end(self, seconds: float = 10.0) -> None:
        """Ask the process to end, and kill it when it has not after `seconds`."""
        for how in (self.stop, signal.SIGKILL):
            if not self.alive:
                return
            with contextlib.suppress(ProcessLookupError):
                os.killpg(self.pid, how)  # it leads a group of its own
            until = time.monotonic() + seconds
            while self.alive and time.monotonic() < until:
                time.sleep(0.02)


def started_at(pid: int) -> str:
    """When a process started; empty when there is none, or it has ended and only waits to be let go."""
    stat = Path(f"/proc/{pid}/stat")
    if Path("/proc/self/stat").exists():
        try:
            fields = stat.read_text(encoding="utf-8", errors="replace").rpartition(")")[2].split()
        except OSError:
            return ""
        return "" if fields[0] in "ZX" else fields[19]
    found = subprocess.run(  # noqa: S603 - fixed command
        ["/bin/ps", "-o", "lstart=,stat=", "-p", str(pid)], capture_output=True, text=True, check=False
    ).stdout.strip()
    started, _, state = found.rpartition(" ")
    return "" if not found or state.startswith("Z") else started.strip()


def spawn(
    role: str,
    command: Sequence[str],
    log: Path,
    *,
    user: str = "",
    environment: Mapping[str, str] | None = None,
    stop: int = signal.SIGTERM,
    folder: Path | None = None,
) -> Known:
    """Start a process in a session of its own, its output in `log`; it works in `folder`, else where the log is.

    Raises:
        EmulatorError: it cannot be started.

    """
    with log.open("ab") as output:
        try:
            process = subprocess.Popen(  # noqa: S603 - our own commands
                command,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,
                cwd=folder or log.parent,
                env=dict(environment) if environment is not None else None,
                user=user or None,
                group=_group(user) if user else None,
                extra_groups=[] if user else None,
            )
        except OSError as error:
            raise EmulatorError(f"{role} cannot be started: {error}") from error
    process.returncode = 0  # it is meant to outlive us: no warning when this object goes
    return Known(role, process.pid, started_at(process.pid), stop)


def _group(user: str) -> int:
    import pwd

    return pwd.getpwnam(user).pw_gid


def last_lines(log: Path, count: int = 5) -> str:
    """The end of a log, for messages."""
    try:
        lines = log.read_text(encoding="utf-8", errors="replace").splitlines()
    except OSError:
        return ""
    return "\n".join(f"    {line}" for line in lines[-count:])
