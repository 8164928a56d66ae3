"""What runs behind deployed functions and services: the processes that system.yaml names under `workloads`.

Each gets the environment variables of the deployed configuration, as the embedded AWS tells them, and credentials of
the deployed role. One process stands for all copies of a function and all tasks of a service.
"""

from __future__ import annotations

import contextlib
import http.client
import os
import shlex
import shutil
import socket
import ssl
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Final

from stackproof.emulator.certificates import Certificate, issue
from stackproof.emulator.errors import EmulatorError
from stackproof.emulator.processes import Known, last_lines, spawn
from stackproof.emulator.running import WORKLOAD, Running, Served
from stackproof.emulator.workload_settings import FILES, Settings, credentials, digest, settings_of

if TYPE_CHECKING:
    from stackproof.system.loading import System
    from stackproof.system.schema import Workload

PATIENCE: Final = 60.0  # seconds until a workload that does not answer is given up
_KEPT: Final = ("PATH", "HOME", "LANG", "LC_ALL", "TMPDIR", "TZ", "VIRTUAL_ENV")  # of our own environment


@dataclass(frozen=True, slots=True)
class _Started:
    """A process that may not answer yet."""

    workload: Workload
    served: Served
    process: Known
    host: str
    port: int
    log: Path


def serve(running: Running, system: System) -> Running:
    """Start what is not running yet, or runs with what is no longer deployed, and wait until all of it answers.

    A resource that is not deployed in this environment has no workload there, and a service without tasks none either.

    Raises:
        EmulatorError: something is missing, ended or does not answer; the message has how to get it, or its log.

    """
    ready: list[Served] = []
    started: list[_Started] = []
    before = {served.resource: served for served in running.workloads if _alive(running, served.resource)}
    for workload in system.file.workloads:
        region = _region(system, running, workload)
        found = settings_of(running, workload.resource, region)
        if (found is None or found.copies == 0) and workload.run:
            running = _without(running, workload.resource)
        elif found is None:
            continue
        elif workload.files or found.kind == FILES:
            ready.append(_files(workload, system.folder, found))
        else:
            served = _wanted(workload, system.folder, found)
            old = before.get(workload.resource)
            if old is not None and old.digest == served.digest:
                ready.append(old)
                continue
            running = _without(running, workload.resource)
            new = _start(running, workload, served, found)
            running = running.with_(processes=(*running.processes, new.process))
            started.append(new)
    return running.with_(workloads=(*ready, *_await(started)))


def _alive(running: Running, resource: str) -> bool:
    return any(process.role == f"{WORKLOAD}{resource}" and process.alive for process in running.processes)


def _region(system: System, running: Running, workload: Workload) -> str:
    component = workload.resource.partition(".")[0]
    own = next((stack.region for stack in system.file.stacks if stack.component == component), "")
    return own or running.region


def _files(workload: Workload, home: Path, found: Settings) -> Served:
    if not workload.files or found.kind != FILES:
        raise EmulatorError(f"{workload.resource}: `files` is for web applications, `run` for functions and services")
    folder = (home / workload.files).resolve()
    if not (folder / "index.html").is_file():
        raise EmulatorError(_missing(workload, f"{folder} has no index.html"))
    return Served(workload.resource, found.kind, found.id, folder=str(folder), passed=_passed(workload))


def _wanted(workload: Workload, home: Path, found: Settings) -> Served:
    folder, passed = (home / workload.folder).resolve(), _passed(workload)
    if not folder.is_dir():
        raise EmulatorError(_missing(workload, f"its folder {folder} is not there"))
    whole = digest(workload.run, str(folder), dict(found.variables), found.role, passed)
    return Served(workload.resource, found.kind, found.id, "", str(folder), passed, whole, found.digest)


def _start(running: Running, workload: Workload, served: Served, found: Settings) -> _Started:
    host = running.database.host
    port = _free_port(host)
    command = _command(workload, host, port, _certificate(running))
    if shutil.which(command[0]) is None:
        raise EmulatorError(_missing(workload, f"there is no program {command[0]}"))
    log = running.scratch / f"{workload.resource}.log"
    variables = {
        **{name: os.environ[name] for name in _KEPT if name in os.environ},
        "PYTHONUNBUFFERED": "1",
        **found.variables,
        "AWS_ENDPOINT_URL": running.endpoint,
        "AWS_REGION": found.region,
        "AWS_DEFAULT_REGION": found.region,
        "AWS_EC2_METADATA_DISABLED": "true",
        **credentials(running, found.role, found.region),
        "SSL_CA_FILE": str(running.certificate),
        **served.passed,
    }
    role = f"{WORKLOAD}{workload.resource}"
    process = spawn(role, command, log, environment=variables, folder=Path(served.folder))
    return _Started(workload, served, process, host, port, log)


def _without(running: Running, resource: str) -> Running:
    """End the process of a workload that runs already."""
    role = f"{WORKLOAD}{resource}"
    if not any(process.role == role for process in running.processes):
        return running
    for process in running.processes:
        if process.role == role:
            process.end()
    return running.with_(processes=tuple(process for process in running.processes if process.role != role))


def _passed(workload: Workload) -> Mapping[str, str]:
    return {name: os.environ[name] for name in workload.passes if name in os.environ}


def _command(workload: Workload, host: str, port: int, certificate: Certificate) -> list[str]:
    values = {
        "{python}": sys.executable,
        "{host}": host,
        "{port}": str(port),
        "{certificate}": str(certificate.file),
        "{key}": str(certificate.key),
    }
    words = shlex.split(workload.run)
    for hole, value in values.items():
        words = [word.replace(hole, value) for word in words]
    return words


def _certificate(running: Running) -> Certificate:
    """One for all workloads that speak TLS themselves."""
    made = Certificate(running.scratch / "workload.pem", running.scratch / "workload-key.pem")
    authority = Certificate(running.certificate, running.certificate.with_name("key.pem"))
    return made if made.file.exists() else issue(authority, running.scratch, "workload", [running.database.host])


def _free_port(host: str) -> int:
    with socket.socket() as probe:
        probe.bind((host, 0))
        port: int = probe.getsockname()[1]
        return port


def _missing(workload: Workload, what: str) -> str:
    advice = workload.install or "`install` of the workload in system.yaml can say how to get it"
    return f"{workload.resource} cannot run: {what}\n    to get it: {advice}"


# --- readiness ----------------------------------------------------------------------------------------------


def _await(started: Sequence[_Started]) -> list[Served]:
    until, ready = time.monotonic() + PATIENCE, []
    for one in started:
        scheme = ""
        while not scheme:
            scheme, answer = _asked(one)
            if not scheme:
                if not one.process.alive:
                    raise EmulatorError(_failed(one, "ended before it answered"))
                if time.monotonic() > until:
                    raise EmulatorError(_failed(one, f"is not ready after {PATIENCE:.0f} s: {answer}"))
                time.sleep(0.05)
        ready.append(replace(one.served, url=f"{scheme}://{one.host}:{one.port}"))
    return ready


def _asked(one: _Started) -> tuple[str, str]:
    """Return the scheme by which the health path answers 2xx, or nothing and the last answer."""
    answer = "nothing answers"
    trusting = ssl._create_unverified_context()  # noqa: S323 - like a load balancer, which does not verify targets
    for scheme in ("http", "https"):
        address = f"{scheme}://{one.host}:{one.port}{one.workload.health}"
        try:
            with urllib.request.urlopen(address, timeout=5, context=trusting) as found:  # noqa: S310 - our own
                return scheme, f"{found.status}"
        except urllib.error.HTTPError as error:
            with contextlib.closing(error):
                answer = f"{one.workload.health} answers {error.code} {error.read(300).decode(errors='replace')}"
        except (OSError, http.client.HTTPException):
            continue
    return "", answer


def _failed(one: _Started, what: str) -> str:
    wrote = last_lines(one.log, 12)
    advice = f"\n    to get what it needs: {one.workload.install}" if one.workload.install else ""
    return f"{one.workload.resource} {what}:\n{wrote or '    it wrote nothing'}{advice}"
