"""What the tests of readers share: a server to seed, and reading one resource of it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from stackproof.model import Inventory, Resource, Unknown, Where
from stackproof.sources.live import Aws
from stackproof.sources.live.reading import Reading, readers, schema_for
from stackproof.sources.live.stacks import Row, StackState
from stackproof.sources.live.system import Surroundings

ACCOUNT = "123456789012"
TRUST = json.dumps(
    {
        "Version": "2012-10-17",
        "Statement": [
            {"Effect": "Allow", "Principal": {"Service": "lambda.amazonaws.com"}, "Action": "sts:AssumeRole"}
        ],
    }
)


@dataclass
class Lab:
    """A server, and boto3 clients to put things there."""

    endpoint: str
    _clients: dict[str, Any] = field(default_factory=dict)

    def __call__(self, service: str) -> Any:
        """A boto3 client that may do everything."""
        import boto3
        from botocore.config import Config

        if service not in self._clients:
            self._clients[service] = boto3.client(
                service,
                region_name="us-east-1",
                endpoint_url=self.endpoint,
                aws_access_key_id="testing",
                aws_secret_access_key="testing",  # noqa: S106
                config=Config(retries={"total_max_attempts": 1}, inject_host_prefix=False),
            )
        return self._clients[service]


def read(
    aws: Aws,
    type_: str,
    physical: str,
    hints: Mapping[str, Any] | None = None,
    others: Mapping[str, str] | None = None,
) -> Reading:
    """Read one resource as `read_system` does. `others` maps types to the physical id of another resource in the stack.

    Raises:
        GoneError: it is not there.

    """
    here = Where("test")
    rows = [Row("s.X", "X", type_, physical, "CREATE_COMPLETE", "", here)]
    rows += [
        Row(f"s.O{n}", f"O{n}", t, p, "CREATE_COMPLETE", "", here) for n, (t, p) in enumerate((others or {}).items())
    ]
    declared = Inventory((Resource("s.X", type_, dict(hints or {}), {"": here}),))
    around = Surroundings([StackState("s", "s", None, rows=tuple(rows))], declared)
    reading = Reading(aws, "s.X", type_, physical, "us-east-1", schema_for(type_), around)
    readers()[type_].read(reading)
    reading.finish()
    return reading


def expect(reading: Reading, wanted: Mapping[str, Any], absent: tuple[str, ...] = ()) -> None:
    """Compare settled properties, and demand that everything has a call it came from or a cause."""
    found = {name: reading.properties.get(name, "not set") for name in wanted}
    odd = {name: (found[name], wanted[name]) for name in wanted if found[name] != wanted[name]}
    assert not odd, f"{reading.type}, found and expected: {odd}"
    there = {name: reading.properties[name] for name in absent if name in reading.properties}
    assert not there, f"{reading.type}, expected absent: {there}"
    for name, value in reading.properties.items():
        assert isinstance(value, Unknown) or name in reading.positions
    calls = {where.source for where in reading.positions.values()}
    assert calls <= set(readers()[reading.type].calls)
