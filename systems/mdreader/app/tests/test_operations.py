"""Health, settings, faults on purpose, and the ways in which the application is started."""

from __future__ import annotations

import json
import ssl
from dataclasses import replace
from pathlib import Path
from typing import Any

import httpx
import pytest

from app import __version__, database
from app import serve as container
from app.collaboration import create_app as create_collaboration
from app.main import create_app, handler
from app.settings import Settings, SettingsError

from .conftest import HOST, Aws, Someone, serve, sign_up
from .editing import Editor


def test_health_names_version_and_parts(api: httpx.Client) -> None:
    """200, healthy, the version, and both parts."""
    answer = api.get("/health")
    assert answer.status_code == 200
    both = {"database": "healthy", "cache": "healthy"}
    assert answer.json() == {"status": "healthy", "version": __version__, "checks": both}


def test_without_a_database_the_application_starts_and_says_so(aws: Aws, monkeypatch: pytest.MonkeyPatch) -> None:
    """503 and unhealthy, with the part that does not answer; other addresses answer 503 in the documented form."""
    import boto3

    monkeypatch.setattr(database, "PATIENCE", 1.0)
    nowhere = {"host": HOST, "port": 1, "username": "a", "password": "b", "dbname": "c"}
    secrets = boto3.client("secretsmanager")
    arn = secrets.create_secret(Name="nowhere", SecretString=json.dumps(nowhere))["ARN"]
    app = create_app(replace(aws.settings, database_secret=arn))
    with serve(app) as port, httpx.Client(base_url=f"http://{HOST}:{port}", timeout=30) as client:
        answer = client.get("/health")
        assert (answer.status_code, answer.json()["status"]) == (503, "unhealthy")
        assert answer.json()["checks"] == {"database": "unhealthy", "cache": "healthy"}
        asked = {"email": "nobody@example.com", "password": "SecurePass123!"}
        refused = client.post("/api/v1/auth/register", json=asked)
    assert refused.status_code == 503
    assert refused.headers["Content-Type"] == "application/problem+json"
    assert refused.headers["Retry-After"] == "5"


def test_settings_that_are_missing_are_named() -> None:
    """Who starts it without settings learns which."""
    with pytest.raises(SettingsError, match="APP_ORIGIN, DATABASE_SECRET_ARN, REDIS_SECRET_ARN, COGNITO_SECRET_ARN"):
        Settings.read({})


def test_a_function_holds_one_connection() -> None:
    """Sixty copies of the function share the database's hundred connections."""
    needed = dict.fromkeys(("APP_ORIGIN", "DATABASE_SECRET_ARN", "REDIS_SECRET_ARN", "COGNITO_SECRET_ARN"), "x")
    assert Settings.read(needed | {"AWS_LAMBDA_FUNCTION_NAME": "backend"}).connections == 1
    assert Settings.read(needed).connections > 1


@pytest.mark.usefixtures("aws")
def test_the_function_answers_api_gateway() -> None:
    """The handler that the template names answers an event of the REST API, again and again."""
    event: dict[str, Any] = {
        "resource": "/health", "path": "/health", "httpMethod": "GET", "headers": {"Host": "api.example.com"},
        "multiValueHeaders": {}, "queryStringParameters": None, "multiValueQueryStringParameters": None,
        "pathParameters": None, "stageVariables": None, "body": None, "isBase64Encoded": False,
        "requestContext": {"httpMethod": "GET", "path": "/health", "identity": {"sourceIp": "192.0.2.1"}},
    }  # fmt: skip
    for _ in range(2):
        answer = handler(event, None)
        assert answer["statusCode"] == 200
        assert json.loads(answer["body"])["status"] == "healthy"


def test_the_container_makes_a_certificate_that_a_server_can_use(tmp_path: Path) -> None:
    """Certificate and key belong together, and nobody else may read the key."""
    certificate, key = container.make_certificate(tmp_path)
    ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER).load_cert_chain(certificate, key)
    assert key.stat().st_mode & 0o077 == 0


def test_the_page_is_served_as_amplify_would(aws: Aws, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Files are files, addresses of the application are its page, and the page learns addresses and faults."""
    (tmp_path / "dist").mkdir()
    (tmp_path / "dist" / "index.html").write_text("<title>page</title>", encoding="utf-8")
    (tmp_path / "dist" / "main.js").write_text("1", encoding="utf-8")
    (tmp_path / "secret.txt").write_text("secret", encoding="utf-8")
    monkeypatch.setenv("VITE_WS_URL", "wss://websocket.example.com")
    monkeypatch.setenv("MDREADER_FAULT", "console-error")
    app = create_app(replace(aws.settings, static=tmp_path / "dist"))
    with serve(app) as port, httpx.Client(base_url=f"http://{HOST}:{port}") as client:
        for address in ("/", "/documents/1"):
            page = client.get(address)
            assert page.text == "<title>page</title>"
            assert "connect-src 'self' wss://websocket.example.com;" in page.headers["Content-Security-Policy"]
        assert client.get("/main.js").text == "1"
        assert client.get("/none.js").status_code == 404
        assert "secret" not in client.get("/..%2fsecret.txt").text
        found = client.get("/config.json").json()
        assert found == {"VITE_WS_URL": "wss://websocket.example.com", "MDREADER_FAULT": "console-error"}
        assert client.get("/api/v1/auth/me").status_code == 401


# --- faults on purpose: each is seen by whom it should be, and only when it is switched on --------------------------


def test_fault_register_without_token(api: httpx.Client, monkeypatch: pytest.MonkeyPatch) -> None:
    """Registering answers 200 and no token."""
    monkeypatch.setenv("MDREADER_FAULT", "slow-page, register-without-token")
    answer = api.post("/api/v1/auth/register", json={"email": "fault@example.com", "password": "SecurePass123!"})
    assert answer.status_code == 200
    assert list(answer.json()) == ["user"]


def test_fault_foreign_document_readable(
    api: httpx.Client, document: str, bob: Someone, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Bob reads Ann's document."""
    monkeypatch.setenv("MDREADER_FAULT", "foreign-document-readable")
    assert api.get(f"/api/v1/documents/{document}", headers=bob.headers).json()["content"] == "start"


def test_fault_lose_last_edit(
    api: httpx.Client, blue: str, document: str, ann: Someone, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The answer shows what was saved, and reading it again shows what was before; in the editor, too."""
    monkeypatch.setenv("MDREADER_FAULT", "lose-last-edit")
    address = f"/api/v1/documents/{document}"
    assert api.put(address, json={"content": "new"}, headers=ann.headers).json()["content"] == "new"
    assert api.get(address, headers=ann.headers).json()["content"] == "start"
    editor = Editor(blue, document, ann.token)
    editor.until(lambda: editor.text == "start")
    editor.write(5, " one")
    editor.write(9, " two")
    editor.until(lambda: editor.stored == 3)
    editor.close()
    kept = api.get(address, headers=ann.headers).json()["content"]
    assert "one" in kept
    assert "two" not in kept


def test_fault_websocket_drops(aws: Aws, api: httpx.Client, monkeypatch: pytest.MonkeyPatch) -> None:
    """The connection closes after some messages, and each that follows closes, too."""
    monkeypatch.setenv("MDREADER_FAULT", "websocket-drops")
    cleo = sign_up(api, "Cleo Stone")
    space = api.post("/api/v1/workspaces", json={"name": "W"}, headers=cleo.headers).json()["id"]
    asked = {"title": "T", "workspace_id": space}
    document = api.post("/api/v1/documents", json=asked, headers=cleo.headers).json()["id"]
    with serve(create_collaboration(aws.settings)) as port:
        for _ in range(2):
            editor = Editor(f"{HOST}:{port}", document, cleo.token)
            editor.listen(0.2)
            for _ in range(6):
                editor.write(0, "x")
            assert editor.closed_with() == 1011
