"""Connections to the environments of a system: AWS with the caller's own credentials, or the embedded one."""

from __future__ import annotations

import os
import re
from collections.abc import Collection
from typing import TYPE_CHECKING

from stackproof.sources.live import Aws, Credentials, Fault, Ledger
from stackproof.system.loading import System

if TYPE_CHECKING:
    from stackproof.emulator import Running


def connect(system: System, environment: str, ledger: Ledger, permits: Collection[str] = ()) -> Aws | Fault:
    """Connect to a real environment; through the role that system.yaml names for it, if it names one.

    `permits` names calls besides reads that the guard lets through.

    AWS_ENDPOINT_URL replaces AWS's addresses, as it does for AWS's own tools.
    """
    settings, endpoint = system.environment(environment), os.environ.get("AWS_ENDPOINT_URL", "")
    role = _filled(settings.role)
    account = "" if role else system.account(environment)
    aws = Aws(settings.region, account=account, endpoint=endpoint, ledger=ledger, permits=permits)
    return aws.assume(role) if role else aws


def connect_embedded(running: Running, ledger: Ledger) -> Aws:
    """Connect to an embedded environment."""
    return Aws(
        running.region,
        account=running.account,
        endpoint=running.endpoint,
        credentials=Credentials(running.access_key, running.secret_key),
        embedded=True,
        ledger=ledger,
    )


def _filled(text: str) -> str:
    return re.sub(r"\$\{(\w+)\}", lambda found: os.environ.get(found[1], ""), text)
