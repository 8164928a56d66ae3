"""Behind the endpoints of database and cache are real servers that open only to what the stacks generated."""

from __future__ import annotations

import json
import socket
import ssl
from typing import Any

import pg8000.native
import pytest
import redis

from stackproof.emulator import Running


def secret(running: Running, name: str) -> dict[str, Any]:
    value = running.client("secretsmanager").get_secret_value(SecretId=name)["SecretString"]
    content: dict[str, Any] = json.loads(value)
    return content


def connect(running: Running, **changes: Any) -> Any:
    content = secret(running, "mdreader/prod/database")
    settings = {
        "user": content["username"],
        "password": content["password"],
        "host": content["host"],
        "port": content["port"],
        "database": content["dbname"],
        "ssl_context": ssl.create_default_context(cafile=str(running.certificate)),
    }
    return pg8000.native.Connection(**{**settings, **changes})


def test_the_database_answers_over_tls(deployed: Running) -> None:
    """With the generated password and a verified certificate, tables can be made and read in the named database."""
    connection = connect(deployed)
    try:
        connection.run("CREATE TABLE probe (word text)")
        connection.run("INSERT INTO probe VALUES ('heard')")
        assert connection.run("SELECT word FROM probe") == [["heard"]]
    finally:
        connection.run("DROP TABLE probe")
        connection.close()


@pytest.mark.parametrize("changes", [{"ssl_context": False}, {"password": "guessed"}], ids=["plaintext", "password"])
def test_the_database_refuses(deployed: Running, changes: dict[str, Any]) -> None:
    """Without TLS, and with another password, nobody comes in."""
    with pytest.raises(pg8000.native.DatabaseError, match=r"28000|28P01"):
        connect(deployed, **changes)


def client(running: Running, **settings: Any) -> Any:
    url = secret(running, "mdreader/prod/redis")["url"]
    return redis.Redis.from_url(url, ssl_ca_certs=str(running.certificate), socket_timeout=5, **settings)


def test_the_cache_answers_its_token(deployed: Running) -> None:
    """With the generated token and a verified certificate, values can be set and read, in both protocol versions."""
    token = secret(deployed, secret(deployed, "mdreader/prod/redis")["token_secret"])["token"]
    for protocol in (2, 3):
        cache = client(deployed, password=token, protocol=protocol)
        assert cache.set("probe", "heard")
        assert cache.get("probe") == b"heard"
        assert cache.delete("probe") == 1
        cache.close()


@pytest.mark.parametrize("settings", [{}, {"password": "guessed"}, {"username": "admin", "password": "guessed"}])
def test_the_cache_refuses(deployed: Running, settings: dict[str, str]) -> None:
    """Without the token, or with another one, no command is run."""
    with pytest.raises(redis.AuthenticationError):
        client(deployed, **settings).get("probe")


def test_the_cache_speaks_no_plaintext(deployed: Running) -> None:
    """A client that does not begin with TLS gets no answer."""
    with socket.create_connection((deployed.cache.host, deployed.cache.port), timeout=5) as plain:
        plain.sendall(b"*1\r\n$4\r\nPING\r\n")
        try:
            answer = plain.recv(100)
        except ConnectionResetError:
            answer = b""
    assert b"PONG" not in answer
    assert b"NOAUTH" not in answer
