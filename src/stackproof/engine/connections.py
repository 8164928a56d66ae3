"""How an environment is reached: AWS with the caller's own credentials, the embedded AWS, or a stored ledger."""

from __future__ import annotations

import os
import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from stackproof.errors import MisuseError
from stackproof.sources.live import Aws, Fault, Ledger, Stored
from stackproof.system.loading import System

_ROLE: Final = re.compile(r"arn:aws[\w-]*:iam::\d{12}:role/[\w+=,.@/-]+")


@dataclass(frozen=True, slots=True)
class Reach:
    """The connection to one environment, or why there is none, and what is known of the embedded one.

    `account` is the embedded environment's number, empty for a real one. `unsupported` names addresses that the
    embedded environment only pretends to have. `authority` is a PEM file to verify its servers with; `resolve` maps
    names that only it knows to address and port.
    """

    aws: Aws | Fault
    embedded: bool = False
    account: str = ""
    unsupported: tuple[str, ...] = ()
    authority: Path | None = None
    resolve: Mapping[str, tuple[str, int]] = field(default_factory=dict)


def connect(system: System, environment: str, ledger: Ledger, permits: Collection[str] = ()) -> Reach:
    """Connect to a real environment; through the role that system.yaml names for it, if it names one.

    `permits` names calls besides reads that the guard lets through. AWS_ENDPOINT_URL replaces AWS's addresses, and
    AWS_MAX_ATTEMPTS our number of attempts, as they do for AWS's own tools.

    Raises:
        MisuseError: the role is not the ARN of one, or AWS_MAX_ATTEMPTS is not a number.

    """
    settings, endpoint = system.environment(environment), os.environ.get("AWS_ENDPOINT_URL", "")
    role = re.sub(r"\$\{(\w+)\}", lambda found: os.environ.get(found[1], ""), settings.role)
    if role and not _ROLE.fullmatch(role):
        raise MisuseError(f"role of {environment}", repr(role), "the ARN of a role: arn:aws:iam::ACCOUNT:role/NAME")
    account = "" if role else system.account(environment)
    aws = Aws(settings.region, account=account, endpoint=endpoint, ledger=ledger, permits=permits, attempts=_attempts())
    return Reach(aws.assume(role) if role else aws)


def _attempts() -> int:
    """How often one request is sent at most; 0 is our own choice."""
    given = os.environ.get("AWS_MAX_ATTEMPTS", "0")
    if not given.isdecimal():
        raise MisuseError("AWS_MAX_ATTEMPTS", repr(given), "a number")
    return int(given)


def connect_stored(system: System, environment: str, folder: Path, facts: Mapping[str, Any]) -> Reach:
    """Connect to what an earlier run was answered; nothing is sent. `facts` are those that it left of the environment.

    Raises:
        MisuseError: the folder holds no ledger, or one that was changed.

    """
    stored = Stored(Ledger.load(folder))
    account, embedded = str(facts["account_read"]), bool(facts["embedded"])
    region = system.environment(environment).region
    roles = {entry.role for entry in stored.ledger.entries if entry.role}
    expected = "" if roles else account or system.account(environment)
    aws = Aws(region, account=expected, stored=stored, embedded=embedded, role=next(iter(roles), ""))
    return Reach(aws, embedded, account, tuple(facts["unsupported"]))
