"""Whom flows sign in as: from variables or from Secrets Manager, and in nobody's sight."""

from __future__ import annotations

import json
from collections.abc import Iterator

import pytest
import yaml
from moto.server import ThreadedMotoServer

from stackproof.browser.credentials import READS_SECRET, Credentials, from_secret, from_variables
from stackproof.model import Cause, Unknown
from stackproof.sources.live import Aws, Ledger, RefusedError
from stackproof.sources.live import Credentials as Keys
from stackproof.system.schema import FlowUser

ANNA = Credentials("anna@example.com", "hunter2 hunter2")


@pytest.fixture(scope="module")
def endpoint() -> Iterator[str]:
    """A Secrets Manager with a secret of each form."""
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    _, port = server.get_host_and_port()
    secrets = {
        "pair": json.dumps({"email": ANNA.email, "password": ANNA.password}),
        "user": json.dumps({"username": ANNA.email, "password": ANNA.password}),
        "plain": ANNA.password,
        "other": json.dumps({"host": "db"}),
    }
    embedded = Aws(
        "eu-west-1", endpoint=f"http://127.0.0.1:{port}", credentials=Keys("any", "any"), embedded=True
    ).client("secretsmanager")
    for name, text in secrets.items():
        embedded.create_secret(Name=name, SecretString=text)
    yield f"http://127.0.0.1:{port}"
    server.stop()


def flow_user(text: str) -> FlowUser:
    """As system.yaml says it."""
    return FlowUser.model_validate(yaml.safe_load(text))


def connection(endpoint: str, *permits: str) -> Aws:
    """A connection as towards a real account."""
    keys = Keys("testing", "testing")
    return Aws("eu-west-1", endpoint=endpoint, credentials=keys, permits=permits, ledger=Ledger(), attempts=1)


@pytest.mark.parametrize(
    "user",
    ["{secret: pair}", "{secret: user}", "{email: anna@example.com, secret: plain}"],
    ids=["pair", "username", "plain"],
)
def test_a_secret_gives_name_and_password_and_is_not_written_down(endpoint: str, user: str) -> None:
    """The call stands in the ledger; its answer and the password do not, and no representation shows it."""
    aws = connection(endpoint, READS_SECRET)
    found = from_secret(flow_user(user), aws)
    assert found == ANNA
    assert ANNA.password not in repr(found)
    assert [entry.operation for entry in aws.ledger.entries] == ["GetSecretValue"]
    assert ANNA.password not in repr(aws.ledger.entries)


def test_what_is_not_there_is_unknown_with_its_cause(endpoint: str) -> None:
    """A missing secret, one of another form, and a variable that is not set."""
    aws = connection(endpoint, READS_SECRET)
    missing = from_secret(flow_user("{secret: gone}"), aws)
    other = from_secret(flow_user("{secret: other}"), aws)
    unset = from_variables(flow_user('{email: anna@example.com, password: "${NOBODY_SETS_THIS}"}'))
    assert isinstance(missing, Unknown)
    assert "'gone'" in missing.detail
    assert isinstance(other, Unknown)
    assert other.cause is Cause.MALFORMED
    assert unset == Unknown(Cause.NO_CREDENTIALS, "test_user: the variable NOBODY_SETS_THIS is not set")


def test_without_the_permit_no_secret_is_read(endpoint: str) -> None:
    """The guard stops the call before it leaves."""
    with pytest.raises(RefusedError, match="GetSecretValue"):
        from_secret(flow_user("{secret: pair}"), connection(endpoint))


def test_a_password_in_system_yaml_is_refused() -> None:
    """Only a variable's name may stand there, and only one way to the password."""
    with pytest.raises(ValueError, match="password"):
        flow_user("{email: anna@example.com, password: hunter2}")
    with pytest.raises(ValueError, match="either password or secret"):
        flow_user("{email: anna@example.com}")
