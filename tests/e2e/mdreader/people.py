"""People who use MDReader, each with a name of their own, so that tests may run side by side and again and again."""

from __future__ import annotations

import json
import re
import time
import uuid
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import requests

    from stackproof.browser.api import Api
    from stackproof.browser.sites import Site

PASSWORD = "Heron-on-the-river-7"  # noqa: S105 - of people who are made for one test
ABSENT = "00000000-0000-4000-8000-000000000000"  # the id of nothing
TRACE = re.compile(r'Traceback|File "[^"]+", line \d+|\.py\b')  # what a Python stack trace shows


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody who has signed up; `api` speaks for them."""

    name: str
    email: str
    password: str = field(repr=False)
    token: str = field(repr=False)
    user: dict[str, Any]
    api: Api = field(repr=False)

    def workspace(self, name: str = "Field station") -> str:
        """Make a workspace and return its id."""
        answer = self.api.post("/api/v1/workspaces", json={"name": name})
        return str(answered(answer, 201)["id"])

    def document(self, title: str = "Field notes", content: str = "", workspace: str = "") -> str:
        """Make a document, in a workspace of its own unless one is named, and return its id."""
        asked = {"title": title, "content": content, "workspace_id": workspace or self.workspace()}
        return str(answered(self.api.post("/api/v1/documents", json=asked), 201)["id"])

    def share(self, workspace: str, other: Person) -> None:
        """Let somebody into a workspace."""
        answered(self.api.post(f"/api/v1/workspaces/{workspace}/members", json={"email": other.email}), 201)

    def read(self, document: str) -> str:
        """Return a document's text, as the API has it."""
        return str(answered(self.api.get(f"/api/v1/documents/{document}"), 200)["content"])

    def signed_in(self, site: Site, token: str = "") -> dict[str, Any]:
        """Return the browser's storage of this person after signing in."""
        session = {"token": token or self.token, "until": (time.time() + 3600) * 1000, "user": self.user}
        kept = [{"name": "mdreader.session", "value": json.dumps(session)}]
        return {"cookies": [], "origins": [{"origin": site.url().rstrip("/"), "localStorage": kept}]}


def first_name(name: str) -> str:
    """Return `anna` of `Anna Berg`."""
    return name.partition(" ")[0].lower()


def new_email(name: str) -> str:
    """Return an address that nobody has, of a domain that never gets mail (RFC 2606)."""
    return f"e2e-{first_name(name)}-{uuid.uuid4().hex[:12]}@example.com"


def sign_up(api: Api, name: str) -> Person:
    """Register somebody by the API."""
    asked = {"email": new_email(name), "password": PASSWORD, "full_name": name}
    answer = answered(api.post("/api/v1/auth/register", json=asked), 201)
    token = answer["access_token"]
    return Person(name, asked["email"], PASSWORD, token, answer["user"], api.as_(name, token))


def log_in(api: Api, email: str, password: str) -> Person:
    """Sign somebody in who has an account."""
    answer = answered(api.post("/api/v1/auth/login", json={"email": email, "password": password}), 200)
    name, token = answer["user"]["full_name"], answer["access_token"]
    return Person(name, email, password, token, answer["user"], api.as_(first_name(name), token))


def answered(answer: requests.Response, status: int) -> Any:
    """Return the JSON of an answer that has this status; None where it has no body."""
    what = f"{answer.request.method} {answer.request.path_url}"
    said = f" ({answer.text[:120]})" if answer.status_code >= 400 else ""  # what succeeded may hold a token
    assert answer.status_code == status, f"{what} answered {answer.status_code}{said}, expected {status}"
    return answer.json() if answer.content else None


def refused(answer: requests.Response, status: int) -> dict[str, Any]:
    """Return the problem (RFC 9457) by which the application refuses a request, in its one form and without a trace."""
    what = f"{answer.request.method} {answer.request.path_url}"
    assert answer.status_code == status, f"{what} answered {answer.status_code}, expected {status}"
    kind = answer.headers.get("Content-Type", "")
    assert kind == "application/problem+json", f"{what} answered its error as {kind!r}"
    problem: dict[str, Any] = answer.json()
    assert problem.keys() == {"type", "title", "status", "detail", "errors"}, f"{what}: other fields: {problem}"
    assert problem["status"] == status, f"{what}: the problem says {problem['status']}, the answer {status}"
    no_trace(answer)
    return problem


def no_trace(answer: requests.Response) -> None:
    """Hold an error to tell nothing of the code behind it."""
    assert not TRACE.search(answer.text), f"{answer.request.path_url} shows a stack trace: {answer.text[:200]}"
