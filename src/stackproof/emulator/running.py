"""An embedded environment that runs: where its parts are, and what is known of them across commands."""

from __future__ import annotations

import contextlib
import functools
import json
import os
import shutil
import tempfile
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any

from stackproof.emulator.processes import Known

WORKLOAD = "workload "  # begins the role of a process that runs behind a deployed resource
STATES = Path(".stackproof") / "embedded"


@dataclass(frozen=True, slots=True)
class Address:
    """Where a data service listens, with TLS. Credentials are in the secrets that the system's own stacks make."""

    host: str
    port: int


@dataclass(frozen=True, slots=True)
class Unsupported:
    """What the embedded AWS could not make of a resource: the whole of it, or the properties that `reason` names."""

    address: str
    type: str
    reason: str


@dataclass(frozen=True, slots=True)
class Served:
    """What runs behind a deployed resource. `id` is the function's name, the service's ARN or the application's id.

    `url` is where it listens, empty for the files of a web application, which lie in `folder`. `passed` are variables
    of the run that it got; `digest` says which command and configuration it was started with, `deployed` which
    configuration alone.
    """

    resource: str
    kind: str  # function, service or files
    id: str
    url: str = ""
    folder: str = ""
    passed: Mapping[str, str] = field(default_factory=dict)
    digest: str = ""
    deployed: str = ""


@dataclass(frozen=True, slots=True)
class Edge:
    """The proxy by which the system's own names are reached, under the rules that are deployed.

    `names` are those when it started; `fingerprint` is that of its certificate's key, for browsers that accept it.
    """

    https: Address
    http: Address
    names: tuple[str, ...]
    fingerprint: str

    @property
    def resolver(self) -> str:
        """The value of a Chromium browser's `--host-resolver-rules` that leads all its names here."""
        return self.rules_for(self.names)

    def rules_for(self, names: Iterable[str]) -> str:
        """Such a value for some names; `*` in a name stands for any text."""
        if (self.https.port, self.http.port) == (443, 80):
            return ", ".join(f"MAP {name} {self.https.host}" for name in names)
        ways = ((443, self.https), (80, self.http))
        return ", ".join(f"MAP {name}:{port} {at.host}:{at.port}" for name in names for port, at in ways)


@dataclass(frozen=True, slots=True)
class Running:
    """An embedded environment. `endpoint` answers for every AWS service; `stacks` maps components to stack names.

    `starter` is the process that is still starting or deploying it, None when that is done.
    `certificate` is the authority (PEM) to verify database and cache with. The access key is no secret: the embedded
    AWS takes any.
    """

    name: str
    system: str
    endpoint: str
    region: str
    account: str
    database: Address
    cache: Address
    certificate: Path
    scratch: Path
    state: Path
    processes: tuple[Known, ...]
    stacks: Mapping[str, str]
    unsupported: tuple[Unsupported, ...] = ()
    starter: Known | None = None
    workloads: tuple[Served, ...] = ()
    edge: Edge | None = None
    access_key: str = "embedded"
    secret_key: str = "embedded"  # noqa: S105 - any would do

    @property
    def alive(self) -> bool:
        """Whether all its processes run. A workload that has ended is an outage in it, not its end."""
        own = [process for process in self.processes if not process.role.startswith(WORKLOAD)]
        return bool(own) and all(process.alive for process in own)

    def client(self, service: str, region: str = "") -> Any:
        """A boto3 client of the embedded AWS. A missing action fails at once instead of being tried again."""
        from botocore.config import Config

        settings = Config(retries={"max_attempts": 1, "mode": "standard"}, s3={"addressing_style": "path"})
        session, region = _session(self.access_key, self.secret_key), region or self.region
        return session.client(service, region_name=region, endpoint_url=self.endpoint, config=settings)

    def stop(self, *, last: int = 0) -> None:
        """End its processes and remove all that belongs to it. The process `last` is the caller's own: it goes on."""
        for process in reversed(self.processes):
            if process.pid != last:
                process.end()
        shutil.rmtree(self.scratch, ignore_errors=True)
        self.state.unlink(missing_ok=True)

    def save(self) -> None:
        """Write the state file, whole or not at all."""
        content = {**asdict(self), "certificate": str(self.certificate), "scratch": str(self.scratch)}
        content["processes"] = [{**asdict(process), "stop": int(process.stop)} for process in self.processes]
        content["state"] = str(self.state)
        content["starter"] = asdict(self.starter) if self.starter else None
        self.state.parent.mkdir(parents=True, exist_ok=True)
        handle, part = tempfile.mkstemp(dir=self.state.parent, prefix=self.state.stem)
        with os.fdopen(handle, "w", encoding="utf-8") as file:
            json.dump(content, file, indent=2)
        Path(part).replace(self.state)

    def with_(self, **changes: Any) -> Running:
        """A copy with changes, saved."""
        changed = replace(self, **changes)
        changed.save()
        return changed


@functools.cache
def _session(access_key: str, secret_key: str) -> Any:
    """One session, so that each service's model is read once."""
    import boto3

    return boto3.Session(access_key, secret_key)


def state_file(folder: Path, name: str) -> Path:
    """Where an environment's state is written, below the folder that it was started for."""
    return folder.resolve() / STATES / f"{name}.json"


def load(state: Path) -> Running | None:
    """Read a state file; None when there is none, or it cannot be read."""
    with contextlib.suppress(OSError, ValueError, TypeError, KeyError):
        content = json.loads(state.read_text(encoding="utf-8"))
        return Running(
            **{
                **content,
                "database": Address(**content["database"]),
                "cache": Address(**content["cache"]),
                "certificate": Path(content["certificate"]),
                "scratch": Path(content["scratch"]),
                "state": state,
                "starter": Known(**content["starter"]) if content["starter"] else None,
                "processes": tuple(Known(**process) for process in content["processes"]),
                "unsupported": tuple(Unsupported(**item) for item in content["unsupported"]),
                "workloads": tuple(Served(**item) for item in content.get("workloads", [])),
                "edge": _edge(content.get("edge")),
            }
        )
    return None


def _edge(content: dict[str, Any] | None) -> Edge | None:
    if content is None:
        return None
    https, http = Address(**content["https"]), Address(**content["http"])
    return Edge(https, http, tuple(content["names"]), content["fingerprint"])
