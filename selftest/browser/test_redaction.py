"""What is secret does not stand in evidence, in whichever form it was sent."""

from __future__ import annotations

import json
import zipfile
from pathlib import Path
from typing import Any
from urllib.parse import quote, quote_plus

from hypothesis import given
from hypothesis import strategies as st

from stackproof.browser.redaction import hidden_text, hidden_url, scrub_zip, secrets_in_zip

SECRETS = st.text(st.characters(codec="utf-8", exclude_categories=("Cs", "Cc")), min_size=8, max_size=40).filter(
    lambda text: len(set(text)) > 5
)
FIELDS = st.sampled_from(["password", "newPassword", "access_token", "idToken", "client_secret", "api_key"])


def entry(**parts: Any) -> dict[str, Any]:
    """A HAR entry with one request, and no body unless one is given."""
    request = {"url": "https://a.test/", "headers": [], "cookies": [], "queryString": [], **parts.pop("request", {})}
    response = {"headers": [], "cookies": [], "content": {}, **parts.pop("response", {})}
    return {"request": request, "response": response}


@given(secret=SECRETS, field=FIELDS)
def test_a_secret_of_a_body_is_in_no_form_left_in_the_archive(secret: str, field: str, tmp_path_factory: Any) -> None:
    """Wherever the same value turns up again, as text, in JSON, in a URL or a form, it is hidden."""
    path: Path = tmp_path_factory.mktemp("har") / "har.zip"
    body = json.dumps({"email": "anna@example.com", field: secret})
    forms = {secret, json.dumps(secret), quote(secret), quote(secret, safe=""), quote_plus(secret)}
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("har.har", json.dumps({"log": {"entries": [entry(request={"postData": {"text": body}})]}}))
        archive.writestr("trace.trace", "")
        for number, form in enumerate(sorted(forms)):
            archive.writestr(f"resources/{number}.txt", f"before {form} after")
    scrub_zip(path, secrets_in_zip(path))
    with zipfile.ZipFile(path) as archive:
        for number in range(len(forms)):
            text = archive.read(f"resources/{number}.txt").decode()
            assert text.startswith("before ")
            assert text.endswith(" after")
            assert secret not in text
            assert "[hidden]" in text
        assert "anna@example.com" in archive.read("har.har").decode()


def test_what_is_typed_into_a_password_field_is_a_secret_though_it_is_never_sent(tmp_path: Path) -> None:
    """A trace has each action's text."""
    typed = {"type": "before", "params": {"selector": 'internal:label="Password"i', "value": "hunter2 hunter2"}}
    other = {"type": "before", "params": {"selector": 'internal:label="Name"i', "value": "Anna Berg"}}
    with zipfile.ZipFile(tmp_path / "trace.zip", "w") as archive:
        archive.writestr("trace.trace", f"{json.dumps(typed)}\n{json.dumps(other)}\n")
    assert secrets_in_zip(tmp_path / "trace.zip") == {"hunter2 hunter2"}


def test_headers_cookies_and_queries_give_their_secrets_away(tmp_path: Path) -> None:
    """Scheme names and cookie attributes are no secrets; values are."""
    request = {
        "url": "wss://a.test/ws?document=7&token=of-the-socket",
        "headers": [
            {"name": "authorization", "value": "Bearer of-the-header"},
            {"name": "accept", "value": "text/html"},
        ],
        "cookies": [{"name": "session", "value": "of-the-session"}],
    }
    response = {"headers": [{"name": "Set-Cookie", "value": "fresh=of-the-answer; Path=/everywhere; HttpOnly"}]}
    with zipfile.ZipFile(tmp_path / "har.zip", "w") as archive:
        archive.writestr("har.har", json.dumps({"log": {"entries": [entry(request=request, response=response)]}}))
    expected = {"of-the-socket", "of-the-header", "of-the-session", "of-the-answer"}
    assert secrets_in_zip(tmp_path / "har.zip") == expected


def test_bodies_and_urls_are_shown_without_their_secrets() -> None:
    """Nested JSON, forms and queries; what is no secret stays."""
    assert json.loads(hidden_text('{"user": {"name": "Anna", "passwordHash": "x", "tokens": [{"idToken": "y"}]}}')) == {
        "user": {"name": "Anna", "passwordHash": "x", "tokens": [{"idToken": "[hidden]"}]}
    }
    assert hidden_text("name=Anna&password=hunter2") == "name=Anna&password=[hidden]"
    assert hidden_text("a token is a word") == "a token is a word"
    assert hidden_url("https://a.test/x?page=2&access_token=abc#id_token=def") == (
        "https://a.test/x?page=2&access_token=[hidden]#id_token=[hidden]"
    )
