"""What opens database, cache and user pool, read from Secrets Manager."""

from __future__ import annotations

import json
from typing import Any


class Secrets:
    """Secrets as mappings. They are read anew whenever something connects, so a rotation needs no restart."""

    def __init__(self, client: Any) -> None:
        self._client = client

    def read(self, arn: str) -> dict[str, Any]:
        """Read one secret."""
        value: dict[str, Any] = json.loads(self._client.get_secret_value(SecretId=arn)["SecretString"])
        return value
