"""MDReader read back whole: in how many calls, what of it cannot be read, and the same again from stored evidence."""

from __future__ import annotations

import contextlib
import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from stackproof import emulator
from stackproof.engine.systems import target_of
from stackproof.model import Cause, Inventory, Unknown
from stackproof.resources.secret_values import speaks_of_secret
from stackproof.sources import evaluate
from stackproof.sources.live import Aws, Credentials, Ledger, LiveReading, Stored, read_system
from stackproof.system.loading import System


class Reader:
    """Reads MDReader, from the embedded environment or from stored evidence."""

    def __init__(self, system: System) -> None:
        target = target_of(system, "embedded", Path.cwd())
        self.stacks, self.deployment = target.stacks, target.deployment
        self.declared: Inventory = evaluate(self.stacks, self.deployment).worlds[0].inventory

    def read(self, aws: Aws) -> LiveReading:
        """Read all stacks."""
        return read_system(self.stacks, self.deployment, aws, declared=self.declared)


@pytest.fixture(scope="module")
def reader(mdreader: System) -> Reader:
    return Reader(mdreader)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("evidence") / "run"


@pytest.fixture(scope="module")
def reading(reader: Reader, deployed: emulator.Running, folder: Path) -> LiveReading:
    credentials = Credentials(deployed.access_key, deployed.secret_key)
    ledger = Ledger(folder)
    aws = Aws(deployed.region, endpoint=deployed.endpoint, credentials=credentials, embedded=True, ledger=ledger)
    found = reader.read(aws)
    ledger.close()
    return found


def test_all_of_it_is_read_in_few_calls(reading: LiveReading, reader: Reader) -> None:
    """Nothing is missing, extra or a gap, and there are at most two calls for each resource."""
    assert (reading.missing, reading.extra, reading.inventory.gaps, reading.fault) == ((), (), (), None)
    assert len(reading.inventory.resources) == len(reader.declared.resources)
    assert len(reading.ledger.entries) <= 2 * len(reading.inventory.resources)


def test_what_is_declared_is_read_or_is_write_only(reading: LiveReading, reader: Reader) -> None:
    """No reader leaves out a property that MDReader uses."""
    unread: dict[str, set[str]] = {}
    for resource in reader.declared.resources:
        found = reading.inventory.get(resource.address)
        assert found is not None
        names = resource.properties if isinstance(resource.properties, dict) else {}
        for name in names:
            value = found[name].value
            if isinstance(value, Unknown) and value.cause is not Cause.WRITE_ONLY:
                unread.setdefault(resource.type, set()).add(name)
    assert unread == {}


def test_stored_evidence_gives_the_same_inventory(reading: LiveReading, reader: Reader, folder: Path) -> None:
    """Without credentials and without the environment, resource for resource."""
    again = reader.read(Aws(reader.deployment.region, stored=Stored(Ledger.load(folder)), embedded=True))
    assert content(again) == content(reading)


def content(reading: LiveReading) -> dict[str, list[object]]:
    parts = ("type", "properties", "positions", "attributes", "names")
    return {r.address: [getattr(r, part) for part in parts] for r in reading.inventory.resources}


def test_no_secret_of_the_environment_is_in_the_evidence(
    reading: LiveReading, deployed: emulator.Running, folder: Path
) -> None:
    """The generated passwords and tokens are in Secrets Manager, and nowhere in the files."""
    assert reading.fault is None
    written = "".join(file.read_text(encoding="utf-8") for file in folder.iterdir())
    texts = list(secret_values(deployed))
    passwords = {password for text in texts for password in passwords_in(text)}
    assert len(passwords) >= 2
    assert [word for word in passwords if word in written] == []


def secret_values(deployed: emulator.Running) -> Iterator[str]:
    client = deployed.client("secretsmanager")
    for item in client.list_secrets()["SecretList"]:
        with contextlib.suppress(client.exceptions.ResourceNotFoundException):  # one may have no value yet
            yield client.get_secret_value(SecretId=item["ARN"])["SecretString"]


def passwords_in(text: str) -> Iterator[str]:
    """The passwords in a secret's text: fields of such a name, or the text itself."""
    if not text.startswith("{"):
        yield text
        return
    fields = ((name, str(value)) for name, value in json.loads(text).items() if speaks_of_secret(name))
    yield from (value for _, value in fields if not value.startswith("arn:"))
