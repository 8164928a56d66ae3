"""Signing up and in on the API, and being refused."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from .people import ABSENT, PASSWORD, Person, answered, new_email, no_trace, refused
from .tokens import expired, prolonged

if TYPE_CHECKING:
    from stackproof.browser.api import Api
    from stackproof.browser.sites import Site

    from .conftest import NewPerson

pytestmark = [pytest.mark.e2e, pytest.mark.system("mdreader")]

ME = "/api/v1/auth/me"
SIGNED_IN_ONLY = [ME, "/api/v1/workspaces", "/api/v1/documents"]


@pytest.mark.proves("MDR-FLOW-1")
def test_register_login_and_me(api: Api) -> None:
    """Register answers 201 with the user and a token, login 200 with a token, and both open /me."""
    asked = {"email": new_email("Anna"), "password": PASSWORD, "full_name": "Anna Berg"}
    registered = api.post("/api/v1/auth/register", json=asked)
    assert registered.status_code == 201, f"register answered {registered.status_code}, expected 201"
    first = registered.json()
    assert first.get("access_token"), "register answered without an access token"
    assert first["user"]["email"] == asked["email"], f"register answered with the user {first['user']}"

    login = {"email": asked["email"], "password": PASSWORD}
    second = answered(api.post("/api/v1/auth/login", json=login), 200)
    assert second.get("access_token"), "login answered without an access token"
    for token in (first["access_token"], second["access_token"]):
        assert answered(api.as_("anna", token).get(ME), 200) == first["user"]


@pytest.mark.proves("MDR-FLOW-1")
@pytest.mark.parametrize("path", SIGNED_IN_ONLY)
def test_nothing_without_a_token(api: Api, path: str) -> None:
    """Without a token, and with one that is none, /me, workspaces and documents answer 401."""
    for client in (api, api.as_("stranger", "not-a-token")):
        answer = client.get(path)
        answered(answer, 401)
        no_trace(answer)


@pytest.mark.proves("MDR-FLOW-1")
def test_an_expired_token_is_refused(site: Site, anna: Person, api: Api) -> None:
    """A token that the user pool signed, and that expired an hour ago, answers 401 for that reason."""
    answer = api.as_("anna-late", expired(site, anna.token)).get(ME)
    said = answered(answer, 401)
    assert "expired" in str(said), f"it is refused, but not for its time: {said}"


@pytest.mark.proves("MDR-FLOW-1")
def test_a_forged_token_is_refused(anna: Person, api: Api) -> None:
    """A token that was changed to be good for a day more, and so has a bad signature, answers 401."""
    answered(anna.api.get(ME), 200)
    answered(api.as_("forger", prolonged(anna.token)).get(ME), 401)


@pytest.mark.proves("MDR-FLOW-1")
def test_signing_out_ends_the_token(anna: Person) -> None:
    """After signing out the same token answers 401."""
    answered(anna.api.get(ME), 200)
    answered(anna.api.post("/api/v1/auth/logout"), 204)
    refused(anna.api.get(ME), 401)


def test_a_wrong_password_and_an_unknown_name_look_the_same(anna: Person, api: Api) -> None:
    """Login answers 401 in the same words, so that nobody learns who has an account."""
    wrong = {"email": anna.email, "password": f"{PASSWORD}!"}
    nobody = {"email": new_email("Nobody"), "password": PASSWORD}
    problems = [refused(api.post("/api/v1/auth/login", json=asked), 401) for asked in (wrong, nobody)]
    assert problems[0] == problems[1], "the answers tell whether the account is there"


@pytest.mark.parametrize(
    "password", ["Short-7", "no-upper-case-7", "NO-LOWER-CASE-7", "No-number-here", "NoSymbolHere7"]
)
def test_a_weak_password_is_refused(api: Api, password: str) -> None:
    """The user pool refuses a password that is short, or lacks a kind of character, and the answer says so."""
    asked = {"email": new_email("Anna"), "password": password}
    problem = refused(api.post("/api/v1/auth/register", json=asked), 422)
    assert [error["field"] for error in problem["errors"]] == ["body.password"]
    assert password not in str(problem), "the answer repeats the password"


def test_an_address_is_taken_once(anna: Person, api: Api) -> None:
    """Signing up again with the same address is 409, and the first password stays the good one."""
    again = {"email": anna.email, "password": f"{PASSWORD}!"}
    refused(api.post("/api/v1/auth/register", json=again), 409)
    answered(api.post("/api/v1/auth/login", json={"email": anna.email, "password": PASSWORD}), 200)
    refused(api.post("/api/v1/auth/login", json=again), 401)


@pytest.mark.parametrize(
    ("path", "sent", "status"),
    [
        ("/api/v1/auth/register", {"data": b"{", "headers": {"Content-Type": "application/json"}}, 400),
        ("/api/v1/auth/register", {"json": {"email": "nobody", "password": PASSWORD}}, 422),
        ("/api/v1/auth/login", {"json": {"email": "a@example.com"}}, 422),
        ("/api/v1/auth/login", {"json": ["a@example.com", PASSWORD]}, 422),
        ("/api/v1/auth/login", {"json": {"email": "a@example.com", "password": PASSWORD, "role": "admin"}}, 422),
    ],
    ids=["no JSON", "no address", "no password", "no object", "a field too many"],
)
def test_bad_input_has_one_form(api: Api, path: str, sent: dict[str, object], status: int) -> None:
    """What cannot be understood is refused as application/problem+json, without a stack trace."""
    problem = refused(api.post(path, **sent), status)  # type: ignore[arg-type]
    assert PASSWORD not in str(problem), "the answer repeats the password"


def test_what_is_not_there_has_the_same_form(anna: Person) -> None:
    """An unknown address, an unknown document and an id that is none are 404 in the one form."""
    for path in ("/api/v1/nothing", f"/api/v1/documents/{ABSENT}", "/api/v1/documents/none"):
        refused(anna.api.get(path), 404)
    refused(anna.api.patch("/api/v1/documents", json={}), 405)


@pytest.mark.proves("MDR-API-3")
def test_only_the_application_may_read_answers(site: Site, api: Api, new_person: NewPerson) -> None:
    """CORS names the application's origin, for preflights, answers and refusals, and never another one or *."""
    ours, client = site.url().rstrip("/"), new_person("Anna Berg").api
    for origin in (ours, "https://evil.example"):
        preflight = {"Origin": origin, "Access-Control-Request-Method": "POST"}
        answers = [
            api.options("/api/v1/workspaces", headers=preflight),
            client.get("/api/v1/workspaces", headers={"Origin": origin}),
            api.get("/api/v1/workspaces", headers={"Origin": origin}),
            api.get("/health", headers={"Origin": origin}),
        ]
        named = {answer.headers.get("Access-Control-Allow-Origin") for answer in answers}
        assert named <= {ours, None}, f"asked from {origin}, it allows {named}"
        assert origin != ours or named == {ours}, "the application's own origin is not named everywhere"
