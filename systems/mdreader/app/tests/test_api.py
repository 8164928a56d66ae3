"""The API as a client meets it."""

from __future__ import annotations

import uuid

import httpx
import pytest

from .conftest import PASSWORD, Someone


def test_registering_signing_in_and_out(api: httpx.Client) -> None:
    """Register answers 201 with user and token, login 200 with a token, which shows who one is until one signs out."""
    asked = {"email": f"{uuid.uuid4().hex}@Example.com", "password": PASSWORD, "username": "ann", "full_name": "Ann"}
    registered = api.post("/api/v1/auth/register", json=asked)
    assert registered.status_code == 201
    assert registered.json()["user"] | {"id": ""} == {
        "id": "",
        "email": asked["email"].lower(),
        "username": "ann",
        "full_name": "Ann",
    }
    assert registered.json()["expires_in"] == 3600
    login = api.post("/api/v1/auth/login", json={"email": asked["email"], "password": PASSWORD})
    assert login.status_code == 200
    headers = {"Authorization": f"Bearer {login.json()['access_token']}"}
    assert api.get("/api/v1/auth/me", headers=headers).json() == registered.json()["user"]
    assert api.post("/api/v1/auth/logout", headers=headers).status_code == 204
    assert api.get("/api/v1/auth/me", headers=headers).status_code == 401


@pytest.mark.parametrize("headers", [{}, {"Authorization": "Bearer nonsense"}, {"Authorization": "Basic YTpi"}])
def test_who_is_not_signed_in_is_told_so(api: httpx.Client, headers: dict[str, str]) -> None:
    """Without a token, or with one that is none, every address but the open ones answers 401."""
    for path in ("auth/me", "workspaces", "documents", f"documents/{uuid.uuid4()}", f"uploads/{uuid.uuid4()}"):
        answer = api.get(f"/api/v1/{path}", headers=headers)
        assert answer.status_code == 401
        assert answer.headers["WWW-Authenticate"] == "Bearer"


def test_a_weak_password_is_refused_and_the_address_stays_free(api: httpx.Client) -> None:
    """The pool refuses a weak password; the next registration with a strong one succeeds."""
    asked = {"email": f"{uuid.uuid4().hex}@example.com", "password": "weak"}
    refused = api.post("/api/v1/auth/register", json=asked)
    assert refused.status_code == 422
    assert [error["field"] for error in refused.json()["errors"]] == ["body.password"]
    assert api.post("/api/v1/auth/register", json=asked | {"password": PASSWORD}).status_code == 201


def test_an_address_can_be_taken_once(api: httpx.Client, ann: Someone) -> None:
    """Registering again with an address is a conflict, and does not change the password."""
    again = {"email": ann.email, "password": "OtherPass456!"}
    assert api.post("/api/v1/auth/register", json=again).status_code == 409
    assert api.post("/api/v1/auth/login", json=again).status_code == 401


def test_a_wrong_name_and_a_wrong_password_look_the_same(api: httpx.Client, ann: Someone) -> None:
    """Nobody learns from a refused sign-in whether an address is known."""
    wrong = api.post("/api/v1/auth/login", json={"email": ann.email, "password": "wrong"})
    unknown = api.post("/api/v1/auth/login", json={"email": f"x{ann.email}", "password": "wrong"})
    assert wrong.status_code == unknown.status_code == 401
    assert wrong.json() == unknown.json()


def test_sign_in_waits_after_ten_failures(api: httpx.Client, ann: Someone) -> None:
    """The eleventh attempt is refused for a while, even with the right password; other addresses are not."""
    wrong = {"email": ann.email, "password": "wrong"}
    assert [api.post("/api/v1/auth/login", json=wrong).status_code for _ in range(10)] == [401] * 10
    refused = api.post("/api/v1/auth/login", json=wrong | {"password": PASSWORD})
    assert refused.status_code == 429
    assert 0 < int(refused.headers["Retry-After"]) <= 300


def test_a_document_is_created_changed_read_and_deleted(api: httpx.Client, ann: Someone, workspace: str) -> None:
    """201, 200, equal when read back, 204, and then 404."""
    asked = {"title": "T", "content": "# Hello World\n\nThis is a test document.", "workspace_id": workspace}
    created = api.post("/api/v1/documents", json=asked, headers=ann.headers)
    assert (created.status_code, created.json()["version"]) == (201, 1)
    address, content = f"/api/v1/documents/{created.json()['id']}", "# Hello Wörld 😀\n\nUpdated."
    updated = api.put(address, json={"content": content}, headers=ann.headers)
    assert (updated.status_code, updated.json()["content"], updated.json()["version"]) == (200, content, 2)
    renamed = api.put(address, json={"title": "New", "version": 2}, headers=ann.headers)
    assert (renamed.json()["title"], renamed.json()["version"]) == ("New", 3)
    assert api.get(address, headers=ann.headers).json() == renamed.json()
    listed = api.get("/api/v1/documents", params={"workspace_id": workspace}, headers=ann.headers).json()
    assert [(entry["id"], entry["title"]) for entry in listed] == [(created.json()["id"], "New")]
    assert api.delete(address, headers=ann.headers).status_code == 204
    assert api.get(address, headers=ann.headers).status_code == 404


def test_a_change_to_an_old_version_is_refused(api: httpx.Client, ann: Someone, document: str) -> None:
    """Who names a version that is not the present one changes nothing and learns the present one."""
    address = f"/api/v1/documents/{document}"
    assert api.put(address, json={"content": "two", "version": 1}, headers=ann.headers).status_code == 200
    refused = api.put(address, json={"content": "three", "title": "x", "version": 1}, headers=ann.headers)
    assert refused.status_code == 409
    assert refused.json()["errors"] == [{"field": "body.version", "message": "is 2"}]
    assert api.get(address, headers=ann.headers).json()["content"] == "two"


def test_what_is_not_shared_looks_as_if_it_were_not_there(
    api: httpx.Client, bob: Someone, workspace: str, document: str
) -> None:
    """Somebody else's workspace and document answer as one that does not exist, to reading and to changing."""
    nothing = api.get(f"/api/v1/documents/{uuid.uuid4()}", headers=bob.headers)
    for method, path, body in (
        ("GET", f"documents/{document}", None),
        ("PUT", f"documents/{document}", {"content": "x"}),
        ("DELETE", f"documents/{document}", None),
        ("GET", f"workspaces/{workspace}", None),
        ("GET", f"workspaces/{workspace}/members", None),
        ("POST", f"workspaces/{workspace}/members", {"email": bob.email}),
        ("GET", f"documents?workspace_id={workspace}", None),
        ("POST", "documents", {"title": "x", "workspace_id": workspace}),
        ("POST", "uploads", {"workspace_id": workspace, "filename": "a", "content_type": "text/plain", "size": 1}),
    ):
        answer = api.request(method, f"/api/v1/{path}", json=body, headers=bob.headers)
        assert answer.status_code == 404, path
        assert {**answer.json(), "detail": ""} == {**nothing.json(), "detail": ""}
    assert api.get("/api/v1/workspaces", headers=bob.headers).json() == []
    assert api.get("/api/v1/documents", headers=bob.headers).json() == []


def test_sharing_a_workspace_by_address(
    api: httpx.Client, ann: Someone, bob: Someone, shared: str, workspace: str
) -> None:
    """Who is added can read and write, and is listed; adding again is a conflict, and a stranger is not found."""
    assert api.put(f"/api/v1/documents/{shared}", json={"content": "Bob's"}, headers=bob.headers).status_code == 200
    assert api.get(f"/api/v1/documents/{shared}", headers=ann.headers).json()["content"] == "Bob's"
    members = api.get(f"/api/v1/workspaces/{workspace}/members", headers=bob.headers).json()
    assert [(member["email"], member["role"]) for member in members] == [(ann.email, "owner"), (bob.email, "member")]
    found = api.get(f"/api/v1/workspaces/{workspace}", headers=bob.headers).json()
    assert (found["role"], found["members"], found["documents"]) == ("member", 2, 1)
    add = f"/api/v1/workspaces/{workspace}/members"
    assert api.post(add, json={"email": bob.email}, headers=ann.headers).status_code == 409
    assert api.post(add, json={"email": "nobody@example.com"}, headers=ann.headers).status_code == 422


def test_a_file_goes_to_the_bucket_and_comes_back(
    api: httpx.Client, ann: Someone, bob: Someone, workspace: str
) -> None:
    """The signed address takes the file, another gives it back, and people of other workspaces get neither."""
    asked = {"workspace_id": workspace, "filename": "a.png", "content_type": "image/png", "size": 4}
    planned = api.post("/api/v1/uploads", json=asked, headers=ann.headers)
    assert planned.status_code == 201
    sent = httpx.put(planned.json()["url"], content=b"\x89PNG", headers=planned.json()["headers"])
    assert sent.status_code == 200
    address = f"/api/v1/uploads/{planned.json()['id']}"
    found = api.get(address, headers=ann.headers).json()
    assert httpx.get(found["url"]).content == b"\x89PNG"
    assert httpx.get(found["url"].partition("?")[0]).status_code == 403
    assert api.get(address, headers=bob.headers).status_code == 404


@pytest.mark.parametrize(
    ("method", "path", "content", "status"),
    [
        ("GET", "/nothing", None, 404),
        ("GET", "/api/v1/documents/not-an-id", None, 404),
        ("PATCH", "/api/v1/workspaces", None, 405),
        ("POST", "/api/v1/workspaces", b"{", 400),
        ("POST", "/api/v1/workspaces", b"\xff", 400),
        ("POST", "/api/v1/workspaces", b"[]", 422),
        ("POST", "/api/v1/workspaces", b'{"name": "a\\u0000b"}', 422),
        ("POST", "/api/v1/workspaces", b'{"name": "\\ud800"}', 422),
        ("POST", "/api/v1/workspaces", b'{"name": "  "}', 422),
        ("POST", "/api/v1/workspaces", b'{"name": "a", "owner": "me"}', 422),
        ("POST", "/api/v1/auth/register", b'{"email": "no address", "password": "TellNobody1!"}', 422),
        ("GET", "/api/v1/documents?limit=9999", None, 422),
    ],
)
def test_every_error_has_the_documented_form(
    api: httpx.Client, ann: Someone, method: str, path: str, content: bytes | None, status: int
) -> None:
    """Errors are problems with type, title, status, detail and errors; what was sent is not repeated in them."""
    headers = ann.headers | {"Content-Type": "application/json"}
    answer = api.request(method, path, content=content, headers=headers)
    assert answer.status_code == status
    assert answer.headers["Content-Type"] == "application/problem+json"
    body = answer.json()
    assert set(body) == {"type", "title", "status", "detail", "errors"}
    assert body["status"] == status
    assert body["type"].startswith("urn:mdreader:problem:")
    assert "TellNobody1!" not in answer.text


def test_a_crash_is_an_answer_without_a_trace(api: httpx.Client, ann: Someone, monkeypatch: pytest.MonkeyPatch) -> None:
    """What nobody foresaw answers 500 in the same form and says nothing of our code."""
    from app.store import workspaces

    def crash(*_: object) -> None:
        raise RuntimeError("the secret is 42")

    monkeypatch.setattr(workspaces, "of", crash)
    answer = api.get("/api/v1/workspaces", headers=ann.headers)
    assert (answer.status_code, answer.json()["type"]) == (500, "urn:mdreader:problem:internal")
    assert "42" not in answer.text
    assert "Traceback" not in answer.text


def test_only_the_applications_origin_may_read_answers(api: httpx.Client) -> None:
    """Answers name the application's origin and no other, and a preflight says what may be sent."""
    ours = {"Origin": "https://app.example.com"}
    assert api.get("/health", headers=ours).headers["Access-Control-Allow-Origin"] == "https://app.example.com"
    other = api.get("/health", headers={"Origin": "https://evil.example"})
    assert "Access-Control-Allow-Origin" not in other.headers
    preflight = api.options("/api/v1/documents", headers=ours | {"Access-Control-Request-Method": "PUT"})
    assert preflight.status_code == 204
    assert "PUT" in preflight.headers["Access-Control-Allow-Methods"]
    assert preflight.headers["Access-Control-Allow-Headers"] == "Content-Type,Authorization"
