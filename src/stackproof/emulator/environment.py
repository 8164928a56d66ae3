"""Starts and finds embedded environments."""

from __future__ import annotations

import contextlib
import fcntl
import json
import os
import secrets
import socket
import sys
import tempfile
import time
import urllib.request
from collections.abc import Callable, Iterator
from dataclasses import asdict
from pathlib import Path

from stackproof.emulator import postgres
from stackproof.emulator.certificates import make_certificate
from stackproof.emulator.errors import EmulatorError
from stackproof.emulator.processes import Known, last_lines, spawn, started_at
from stackproof.emulator.running import Address, Running, load, state_file
from stackproof.emulator.services import ACCOUNT, HEALTH, Services

PATIENCE = 60.0  # seconds until what does not answer is given up


def begin(folder: Path, name: str, system: str, region: str, owner: int = 0) -> Running:
    """Start the processes of an environment; `wait` says when they answer. What a crashed run left is removed first.

    `owner` is the number of the process with which it ends, 0 for none.

    Raises:
        EmulatorError: it runs already, or a part cannot be started.

    """
    state = state_file(folder, name)
    with _lock(state):
        left = load(state)
        if left is not None and left.alive and (left.starter is None or left.starter.alive):
            how = f"runs already at {left.endpoint}" if left.starter is None else "is being started by somebody else"
            raise EmulatorError(f"{name} {how}; end it with: stackproof down")
        if left is not None:
            left.stop()
        scratch = Path(tempfile.mkdtemp(prefix="stackproof-embedded-"))
        scratch.chmod(0o711)  # the database runs as another user when we are root, and must reach its folder
        host, database, cache = _free_address()
        certificate = make_certificate(scratch, host)
        made = Running(
            name=name,
            system=system,
            endpoint="",
            region=region,
            account=ACCOUNT,
            database=Address(host, database),
            cache=Address(host, cache),
            certificate=certificate.file,
            scratch=scratch,
            state=state,
            processes=(),
            stacks={},
            starter=Known("starter", os.getpid(), started_at(os.getpid())),
        )
        made.save()
        try:
            server = _aws(made, owner)
            made = made.with_(processes=(server,))
            return made.with_(processes=(server, postgres.begin(scratch, host, database, certificate)))
        except BaseException:
            made.stop()
            raise


def wait(made: Running) -> Running:
    """Wait until every part answers.

    Raises:
        EmulatorError: one ended, or does not answer in time; the message has the end of its log.

    """
    aws, database = made.processes
    ready = made.scratch / "ready.json"
    _until(ready.exists, aws, made.scratch / "aws.log")
    port = json.loads(ready.read_text(encoding="utf-8"))["port"]
    made = made.with_(endpoint=f"http://127.0.0.1:{port}")
    log = made.scratch / "postgres.log"
    _until(lambda: postgres.ready(made.scratch, made.database.port), database, log)
    return made


def running(folder: Path, name: str = "embedded") -> Running | None:
    """Find the environment that was started for this folder; wait while another process is still deploying it.

    What is left of a crashed one, or of a start that was broken off, is removed.
    """
    state, until = state_file(folder, name), time.monotonic() + PATIENCE
    while (found := load(state)) is not None and found.starter is not None and found.starter.alive:
        if found.starter.pid == os.getpid() or time.monotonic() > until:
            return None
        time.sleep(0.1)
    if found is None:
        return None
    if found.starter is None and found.alive:
        return found if _answers(found.endpoint) else None
    with _lock(state):
        found.stop()
    return None


def end(folder: Path, name: str = "embedded") -> bool:
    """End the environment that was started for this folder; False when nothing of it was running."""
    state = state_file(folder, name)
    with _lock(state):
        found = load(state)
        if found is None:
            return False
        was = any(process.alive for process in found.processes)
        found.stop()
        return was


def _aws(made: Running, owner: int) -> Known:
    token = made.scratch / "cache-token"
    services = Services(
        database_host=made.database.host,
        database_port=made.database.port,
        database_socket=str(made.scratch / "postgres" / f".s.PGSQL.{made.database.port}"),
        database_front=not postgres.speaks_tls(postgres.binaries()),
        cache_host=made.cache.host,
        cache_port=made.cache.port,
        cache_token_file=str(token),
    )
    command = [sys.executable, "-m", "stackproof.emulator.server", "--ready", str(made.scratch / "ready.json")]
    command += ["--services", json.dumps(asdict(services)), "--certificate", str(made.certificate)]
    command += ["--owner", str(owner), "--state", str(made.state)]
    kept = {key: value for key, value in os.environ.items() if not key.startswith(("AWS_", "MOTO_"))}
    return spawn("aws", command, made.scratch / "aws.log", environment=kept)


def _until(condition: Callable[[], bool], process: Known, log: Path) -> None:
    until = time.monotonic() + PATIENCE
    while not condition():
        if not process.alive:
            raise EmulatorError(f"the embedded {process.role} ended before it answered:\n{last_lines(log)}")
        if time.monotonic() > until:
            raise EmulatorError(
                f"the embedded {process.role} does not answer after {PATIENCE:.0f} s:\n{last_lines(log)}"
            )
        time.sleep(0.05)


def _answers(endpoint: str) -> bool:
    try:
        with urllib.request.urlopen(f"{endpoint}{HEALTH}", timeout=10) as answer:  # noqa: S310 - our own
            return bool(answer.status == 200)
    except OSError:
        return False


def _free_address() -> tuple[str, int, int]:
    """Find an address of loopback on which the ports that RDS and ElastiCache use are free; else 127.0.0.1, any port.

    On Linux all of 127.0.0.0/8 is loopback, so each environment has the usual ports to itself.
    """
    for _ in range(20):
        host = f"127.{secrets.randbelow(200) + 20}.{secrets.randbelow(250)}.{secrets.randbelow(250) + 2}"
        if _free(host, 5432) and _free(host, 6379):
            return host, 5432, 6379
    return "127.0.0.1", _any_port(), _any_port()


def _free(host: str, port: int) -> bool:
    with socket.socket() as probe:
        try:
            probe.bind((host, port))
        except OSError:
            return False
    return True


def _any_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


@contextlib.contextmanager
def _lock(state: Path) -> Iterator[None]:
    """Hold others off this environment while it is being started or cleaned up."""
    state.parent.mkdir(parents=True, exist_ok=True)
    with state.with_suffix(".lock").open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield
