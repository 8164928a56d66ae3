"""What the tests run against, started once: PostgreSQL and Redis with TLS, Cognito, S3 and Secrets Manager (moto)."""

from __future__ import annotations

import json
import socket
import sys
import threading
import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import httpx
import pytest

sys.path.insert(0, str(Path(__file__).parents[2]))  # so that `app` is found, as where it runs

HOST = "127.0.0.1"
PASSWORD = "SecurePass123!"


@dataclass(frozen=True, slots=True)
class Aws:
    """The AWS on loopback and what is in it."""

    endpoint: str
    pool: str
    client: str
    settings: Any


@dataclass(frozen=True, slots=True)
class Someone:
    """A person who has signed up, and the header that says so."""

    email: str
    id: str
    token: str
    headers: dict[str, str]


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind((HOST, 0))
        return int(probe.getsockname()[1])


@pytest.fixture(scope="session")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Any:
    from stackproof.emulator.certificates import make_certificate

    folder = tmp_path_factory.mktemp("certificate")
    return make_certificate(folder, HOST)


@pytest.fixture(scope="session")
def database(certificate: Any) -> Iterator[dict[str, Any]]:
    """A PostgreSQL that takes TLS and a password only; as the secret describes it."""
    import tempfile

    from stackproof.emulator import postgres
    from stackproof.emulator.tls_front import DatabaseFront

    port = _free_port()
    with tempfile.TemporaryDirectory(prefix="mdreader-") as name:  # pytest's own folders are closed to its user
        folder = Path(name)
        folder.chmod(0o711)
        known = postgres.begin(folder, HOST, port, certificate)
        try:
            while not postgres.ready(folder, port):
                assert known.alive, (folder / "postgres.log").read_text(encoding="utf-8")
                time.sleep(0.05)
            door = str(folder / "postgres" / f".s.PGSQL.{port}")
            if not postgres.speaks_tls(postgres.binaries()):
                DatabaseFront(HOST, port, certificate, door).start()
            postgres.admit(door, user="mdreader", password="letters", database="mdreader")
            yield {"host": HOST, "port": port, "username": "mdreader", "password": "letters", "dbname": "mdreader"}
        finally:
            known.end()


@pytest.fixture(scope="session")
def cache(certificate: Any, tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, Any]]:
    """A server that speaks Redis, with TLS and a token; as the two secrets describe it."""
    from stackproof.emulator.cache import CacheServer

    token, port = tmp_path_factory.mktemp("cache") / "token", _free_port()
    token.write_text("a-token", encoding="utf-8")
    server = CacheServer(HOST, port, certificate, token)
    server.start()
    yield {"url": f"rediss://{HOST}:{port}/0", "token": "a-token"}
    server.shutdown()
    server.server_close()


@pytest.fixture(scope="session")
def aws(database: dict[str, Any], cache: dict[str, Any], certificate: Any) -> Iterator[Aws]:
    """Cognito with the deployed pool's rules, the bucket, and the secrets; and the settings that point at them."""
    import boto3
    from moto.server import ThreadedMotoServer

    server = ThreadedMotoServer(HOST, 0, verbose=False)
    server.start()
    _, port = server.get_host_and_port()
    with pytest.MonkeyPatch.context() as patch:
        for name, value in {
            "AWS_ENDPOINT_URL": f"http://{HOST}:{port}",
            "AWS_ACCESS_KEY_ID": "test",
            "AWS_SECRET_ACCESS_KEY": "test",
            "AWS_DEFAULT_REGION": "us-east-1",
            "APP_ORIGIN": "https://app.example.com",
            "SSL_CA_FILE": str(certificate.file),
            "UPLOADS_BUCKET": "uploads",
        }.items():
            patch.setenv(name, value)
        pool, client = _make_pool(boto3.client("cognito-idp"))
        boto3.client("s3").create_bucket(Bucket="uploads")
        secrets = boto3.client("secretsmanager")

        def keep(name: str, value: dict[str, Any]) -> str:
            return str(secrets.create_secret(Name=name, SecretString=json.dumps(value))["ARN"])

        token = keep("token", {"token": cache["token"]})
        issuer = f"https://cognito-idp.us-east-1.amazonaws.com/{pool}"
        patch.setenv("DATABASE_SECRET_ARN", keep("database", database))
        patch.setenv("REDIS_SECRET_ARN", keep("redis", {"url": cache["url"], "token_secret": token}))
        found = {"user_pool_id": pool, "client_id": client, "issuer": issuer}
        patch.setenv("COGNITO_SECRET_ARN", keep("cognito", found))
        from app.settings import Settings

        yield Aws(f"http://{HOST}:{port}", pool, client, Settings.read())
    server.stop()


def _make_pool(cognito: Any) -> tuple[str, str]:
    rules = {"MinimumLength": 8} | dict.fromkeys(
        ["RequireUppercase", "RequireLowercase", "RequireNumbers", "RequireSymbols"], True
    )
    pool = cognito.create_user_pool(
        PoolName="people", UsernameAttributes=["email"], Policies={"PasswordPolicy": rules}
    )["UserPool"]["Id"]
    flows = ["ALLOW_ADMIN_USER_PASSWORD_AUTH", "ALLOW_USER_SRP_AUTH", "ALLOW_REFRESH_TOKEN_AUTH"]
    client = cognito.create_user_pool_client(UserPoolId=pool, ClientName="web", ExplicitAuthFlows=flows)
    return pool, client["UserPoolClient"]["ClientId"]


@pytest.fixture(scope="session")
def api(aws: Aws) -> Iterator[httpx.Client]:
    """A client of the API, which is served as it is in production, but on loopback."""
    from app.main import create_app

    with serve(create_app(aws.settings)) as port, httpx.Client(base_url=f"http://{HOST}:{port}", timeout=20) as client:
        yield client


@pytest.fixture(scope="session")
def blue(aws: Aws) -> Iterator[str]:
    """The address of a collaboration server."""
    from app.collaboration import create_app

    with serve(create_app(replace(aws.settings, colour="blue"))) as port:
        yield f"{HOST}:{port}"


@pytest.fixture(scope="session")
def green(aws: Aws) -> Iterator[str]:
    """The address of another collaboration server."""
    from app.collaboration import create_app

    with serve(create_app(replace(aws.settings, colour="green"))) as port:
        yield f"{HOST}:{port}"


@contextmanager
def serve(app: Any) -> Iterator[int]:
    """Serve an application on a free port of loopback."""
    import uvicorn

    server = uvicorn.Server(uvicorn.Config(app, host=HOST, port=0, log_config=None, ws="websockets-sansio"))
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    while not server.started:
        assert thread.is_alive(), "the server ended before it was ready"
        time.sleep(0.01)
    yield server.servers[0].sockets[0].getsockname()[1]
    server.should_exit = True
    thread.join(10)


@pytest.fixture
def ann(api: httpx.Client) -> Someone:
    """Ann, who has just signed up."""
    return sign_up(api, "Ann Winter")


@pytest.fixture
def bob(api: httpx.Client) -> Someone:
    """Bob, who has just signed up."""
    return sign_up(api, "Bob Lind")


def sign_up(api: httpx.Client, name: str) -> Someone:
    """Sign somebody up with an address that nobody has."""
    email = f"{name.split(maxsplit=1)[0].lower()}-{uuid.uuid4().hex[:8]}@example.com"
    answer = api.post("/api/v1/auth/register", json={"email": email, "password": PASSWORD, "full_name": name})
    assert answer.status_code == 201, answer.text
    token = answer.json()["access_token"]
    return Someone(email, answer.json()["user"]["id"], token, {"Authorization": f"Bearer {token}"})


@pytest.fixture
def workspace(api: httpx.Client, ann: Someone) -> str:
    """A workspace of Ann's."""
    return str(api.post("/api/v1/workspaces", json={"name": "Notes"}, headers=ann.headers).json()["id"])


@pytest.fixture
def document(api: httpx.Client, ann: Someone, workspace: str) -> str:
    """A document of Ann's, with the text "start"."""
    asked = {"title": "A document", "content": "start", "workspace_id": workspace}
    return str(api.post("/api/v1/documents", json=asked, headers=ann.headers).json()["id"])


@pytest.fixture
def shared(api: httpx.Client, ann: Someone, bob: Someone, workspace: str, document: str) -> str:
    """Ann's document, shared with Bob."""
    answer = api.post(f"/api/v1/workspaces/{workspace}/members", json={"email": bob.email}, headers=ann.headers)
    assert answer.status_code == 201
    return document
