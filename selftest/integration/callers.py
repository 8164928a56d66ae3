"""Staging, deployed into an emulator that checks permissions, and who calls it."""

from __future__ import annotations

import json
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from selftest.integration.folders import Folder
from stackproof.emulator import Running

ALL = {"Effect": "Allow", "Action": "*", "Resource": "*"}


@dataclass(frozen=True, slots=True)
class Staging:
    """A folder whose environment `staging` is deployed at `running`, as if that were AWS."""

    folder: Folder
    running: Running

    def user(self, name: str, *denied: str, allowed: bool = True) -> dict[str, str]:
        """Make a user who may do everything but these, or nothing; return the variables of a run as that user."""
        iam = self.running.client("iam")
        iam.create_user(UserName=name)
        statements: list[dict[str, Any]] = [ALL] if allowed else []
        if denied:
            statements.append({"Effect": "Deny", "Action": list(denied), "Resource": "*"})
        if statements:
            document = json.dumps({"Version": "2012-10-17", "Statement": statements})
            iam.put_user_policy(UserName=name, PolicyName="of-this-test", PolicyDocument=document)
        key = iam.create_access_key(UserName=name)["AccessKey"]
        return {
            "AWS_ENDPOINT_URL": self.running.endpoint,
            "AWS_ACCESS_KEY_ID": key["AccessKeyId"],
            "AWS_SECRET_ACCESS_KEY": key["SecretAccessKey"],
        }

    @contextmanager
    def enforced(self) -> Iterator[None]:
        """Let the emulator check permissions; its own administrator is a stranger then."""
        self._check_permissions_after("0")
        try:
            yield
        finally:
            self._check_permissions_after("inf")

    def _check_permissions_after(self, calls: str) -> None:
        address = f"{self.running.endpoint}/moto-api/reset-auth"
        request = urllib.request.Request(address, calls.encode(), {"Content-Type": "text/plain"}, method="POST")  # noqa: S310 - our own server
        urllib.request.urlopen(request, timeout=10).close()  # noqa: S310 - our own server
