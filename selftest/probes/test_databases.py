"""The probes of database and cache: TLS only, their own secret only, and no silence taken for a refusal."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import ssl
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from selftest.emulator.test_permissions import enforce
from selftest.probes.asking import World, closed_port, saying, serving
from stackproof.emulator import postgres
from stackproof.emulator.certificates import make_certificate
from stackproof.model import Cause, Outcome
from stackproof.probes import rds
from stackproof.probes.base import Answer
from stackproof.probes.elasticache import closed, opens
from stackproof.sources.live import Aws, Credentials

DATABASE, CACHE = "rds-answers-over-tls-only", "elasticache-needs-auth"


def server(world: World, port: int = 0, host: str = "") -> rds.Server:
    database = world.running.database
    return rds.Server(host or database.host, port or database.port, "mdreader_admin", "mdreader")


def password(world: World) -> str:
    text = world.client("secretsmanager").get_secret_value(SecretId="mdreader/prod/database")["SecretString"]
    return str(json.loads(text)["password"])


# --- database -----------------------------------------------------------------------------------------------


@contextlib.contextmanager
def admitting(world: World, line: str) -> Iterator[None]:
    """The real server, with one more line in its access rules."""
    process = next(one for one in world.running.processes if one.role == "database")
    rules = world.running.scratch / "postgres" / "data" / "pg_hba.conf"
    before = rules.read_text(encoding="utf-8")
    try:
        for text in (before + line,):
            rules.write_text(text, encoding="utf-8")
        os.kill(process.pid, signal.SIGHUP)
        time.sleep(0.3)
        yield
    finally:
        rules.write_text(before, encoding="utf-8")
        os.kill(process.pid, signal.SIGHUP)
        time.sleep(0.3)


@pytest.mark.skipif(not postgres.speaks_tls(postgres.binaries()), reason="behind our own front this rule says nothing")
@pytest.mark.parametrize("way", ["trust", "scram-sha-256"])
def test_a_database_that_speaks_in_the_clear_is_seen(world: World, way: str) -> None:
    """Admitted without TLS, whether with or without a password, the server goes on, and that is the failure."""
    with admitting(world, f"hostnossl all all 0.0.0.0/0 {way}\n"):
        answer = world.ask(DATABASE, "data.Database")
    assert answer.outcome is Outcome.FAIL
    assert "goes on without TLS" in answer.message
    assert world.ask(DATABASE, "data.Database").outcome is Outcome.PASS


def test_a_secret_that_does_not_open_its_database_is_seen(world: World) -> None:
    """A password that the server does not take is a failure, not a silence."""
    answer = rds.query(world.probing(), server(world), "guessed")
    assert answer.outcome is Outcome.FAIL
    assert "does not open" in answer.message


def test_a_certificate_of_somebody_else_is_seen(world: World, tmp_path: Path) -> None:
    """Where the authority is given, a server that it did not sign for is not the database."""
    other = make_certificate(tmp_path, world.running.database.host).file
    with_other = rds.query(world.probing(authority=other), server(world), password(world))
    assert with_other.outcome is Outcome.FAIL
    without = rds.query(world.probing(authority=None), server(world), password(world))
    assert (without.outcome, without.cause) == (Outcome.UNKNOWN, Cause.NOT_RUN)


def test_a_database_without_tls_is_seen(world: World) -> None:
    """A server that says no to TLS does not offer it."""
    with saying(b"N") as port:
        answer = rds.query(world.probing(), server(world, port, "127.0.0.1"), "secret")
    assert answer.outcome is Outcome.FAIL


def refused_in_words(words: str, code: str = "28000") -> bytes:
    content = b"SFATAL\0C" + code.encode() + b"\0M" + words.encode() + b"\0\0"
    return b"E" + (len(content) + 4).to_bytes(4, "big") + content


@pytest.mark.parametrize(
    ("said", "outcome"),
    [
        (refused_in_words('no pg_hba.conf entry for host "10.0.0.9", user "u", database "d", no encryption'), "pass"),
        (refused_in_words('no pg_hba.conf entry for host "10.0.0.9", user "u", database "d", SSL off'), "pass"),
        (refused_in_words('no pg_hba.conf entry for host "10.0.0.9", user "u", database "d"'), "unknown"),
        (refused_in_words("sorry, too many clients already", "53300"), "unknown"),
        (refused_in_words("the database system is starting up", "57P03"), "unknown"),
        (b"R\0\0\0\x08\0\0\0\x03", "fail"),
        (b"HTTP/1.1 400 Bad Request\r\n\r\n", "unknown"),
        (b"", "unknown"),
    ],
)
def test_only_the_servers_own_words_refuse(world: World, said: bytes, outcome: str) -> None:
    """A connection in the clear is refused by PostgreSQL's words for it; a full or starting server refused nothing."""
    with saying(said) as port:
        assert rds.plain(world.probing(), server(world, port, "127.0.0.1")).outcome == outcome


def test_a_database_that_cannot_be_reached_is_unknown(world: World) -> None:
    """Neither a closed port nor a mute server has refused anything."""
    off, probing = server(world, closed_port(), "127.0.0.1"), world.probing(timeout=0.3)
    assert rds.plain(probing, off).cause is Cause.ENDPOINT_OFF
    assert rds.query(probing, off, "secret").cause is Cause.ENDPOINT_OFF
    with saying() as port:
        assert rds.plain(probing, server(world, port, "127.0.0.1")).cause is Cause.TIMEOUT
        assert rds.query(probing, server(world, port, "127.0.0.1"), "secret").cause is Cause.TIMEOUT


@pytest.mark.parametrize("address", ["data.Database", "data.Redis"])
def test_without_the_permission_it_is_named(world: World, address: str) -> None:
    """Who may read all but the secret learns which permission is missing; what needs no secret is still asked."""
    iam, actions = world.client("iam"), ["rds:*", "elasticache:*", "kms:*"]
    iam.create_user(UserName="curious")
    document = json.dumps(
        {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": actions, "Resource": "*"}]}
    )
    iam.put_user_policy(UserName="curious", PolicyName="p", PolicyDocument=document)
    key = iam.create_access_key(UserName="curious")["AccessKey"]
    enforce(world.running, "0")
    try:
        keys = Credentials(key["AccessKeyId"], key["SecretAccessKey"])
        aws = Aws(world.running.region, endpoint=world.running.endpoint, credentials=keys, embedded=True)
        found = world.declared.get(address)
        assert found is not None
        from selftest.probes.asking import ask

        answer = ask(world.probing(aws=aws), DATABASE if address == "data.Database" else CACHE, found)
    finally:
        enforce(world.running, "inf")
        iam.delete_access_key(UserName="curious", AccessKeyId=key["AccessKeyId"])
        iam.delete_user_policy(UserName="curious", PolicyName="p")
        iam.delete_user(UserName="curious")
    assert (answer.outcome, answer.cause) == (Outcome.UNKNOWN, Cause.ACCESS_DENIED)
    assert answer.decided_by == "secretsmanager:GetSecretValue"


# --- cache --------------------------------------------------------------------------------------------------


def test_a_token_that_does_not_open_its_cache_is_seen(world: World) -> None:
    """When the cache has another token than its secret, the secret opens nothing."""
    file = world.running.scratch / "cache-token"
    token = file.read_text(encoding="utf-8")
    try:
        file.write_text("another", encoding="utf-8")
        answer = world.ask(CACHE, "data.Redis")
    finally:
        file.write_text(token, encoding="utf-8")
    assert answer.outcome is Outcome.FAIL
    assert "its own secret does not open" in answer.message
    assert world.ask(CACHE, "data.Redis").outcome is Outcome.PASS


@contextlib.contextmanager
def unguarded(folder: Path, *, tls: bool) -> Iterator[tuple[int, Path]]:
    """A Redis server that asks nobody for a token; gives its port and its authority."""
    from fakeredis import TcpFakeServer

    certificate = make_certificate(folder, "127.0.0.1")
    made: Any = TcpFakeServer(("127.0.0.1", 0), server_type="redis")
    made.daemon_threads = True
    if tls:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(certificate.file, certificate.key)
        made.socket = context.wrap_socket(made.socket, server_side=True)
    with serving(made) as port:
        yield port, certificate.file


def outcomes(answers: tuple[Answer, ...]) -> list[str]:
    return [str(answer.outcome) for answer in answers]


def test_a_cache_without_a_token_is_seen(world: World, tmp_path: Path) -> None:
    """A server that answers anybody is seen by that; without TLS it still refuses."""
    with unguarded(tmp_path, tls=True) as (port, authority):
        found = closed(world.probing(authority=authority), "127.0.0.1", port)
    assert (found[0].outcome, found[2].outcome) == (Outcome.FAIL, Outcome.PASS)


@pytest.mark.parametrize(
    ("said", "outcome"),
    [
        (b"-WRONGPASS invalid username-password pair or user is disabled.\r\n", "pass"),
        (
            b"-ERR AUTH <password> called without any password configured for the default user. Are you sure?\r\n",
            "fail",
        ),
        (b"-ERR Client sent AUTH, but no password is set\r\n", "fail"),
        (b"+OK\r\n", "fail"),
        (b"-LOADING Redis is loading the dataset in memory\r\n", "unknown"),
        (b"", "unknown"),
    ],
)
def test_a_wrong_token_is_refused_in_rediss_words(world: World, tmp_path: Path, said: bytes, outcome: str) -> None:
    """Redis says that a token is wrong; that it has none, takes any, or is busy, is no refusal."""
    certificate = make_certificate(tmp_path, "127.0.0.1")
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate.file, certificate.key)
    with saying(said, tls=context) as port:
        assert closed(world.probing(authority=certificate.file), "127.0.0.1", port)[1].outcome == outcome


def test_a_cache_in_the_clear_is_seen(world: World, tmp_path: Path) -> None:
    """A server without TLS answers without it; that it does not speak TLS leaves the rest unknown."""
    from stackproof.probes.elasticache import in_clear

    with unguarded(tmp_path, tls=False) as (port, _):
        assert in_clear(world.probing(), "127.0.0.1", port).outcome is Outcome.FAIL
        assert "pass" not in outcomes(closed(world.probing(), "127.0.0.1", port))


def test_a_cache_that_cannot_be_reached_is_unknown(world: World) -> None:
    """Where nothing was heard over TLS, hanging up in the clear says nothing."""
    probing = world.probing(timeout=0.3)
    off = closed(probing, "127.0.0.1", closed_port())
    assert [answer.cause for answer in off] == [Cause.ENDPOINT_OFF]
    assert opens(probing, "127.0.0.1", closed_port(), "token").cause is Cause.ENDPOINT_OFF
    with saying() as port:
        assert [answer.cause for answer in closed(probing, "127.0.0.1", port)] == [Cause.TIMEOUT]
