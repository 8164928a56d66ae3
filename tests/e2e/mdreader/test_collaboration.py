"""The collaboration server without a browser: who may edit, and that it and the API keep one text."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from .collaborating import refusal, write
from .people import ABSENT, Person, answered
from .tokens import expired, prolonged

if TYPE_CHECKING:
    from stackproof.browser.sites import Site

pytestmark = [pytest.mark.e2e, pytest.mark.system("mdreader")]

SIGN_IN, NOTHING_THERE = 4401, 4404  # MDReader's own close codes


@pytest.mark.proves("MDR-FLOW-3")
def test_edits_of_both_ways_are_one_text(site: Site, anna: Person) -> None:
    """What is written over the WebSocket and by the API is the same document, and neither loses the other's."""
    document = anna.document(content="one\n")
    write(site, anna.token, document, "two\n")
    answered(anna.api.put(f"/api/v1/documents/{document}", json={"content": "one\ntwo\nthree\n"}), 200)
    write(site, anna.token, document, "vier 🦆\n")
    text = anna.read(document)
    assert text == "one\ntwo\nthree\nvier 🦆\n", f"the last edit is lost, or misplaced: {text!r}"


@pytest.mark.proves("MDR-FLOW-3")
def test_only_its_people_edit_a_document(site: Site, anna: Person, ben: Person) -> None:
    """Without a good token the connection is closed with 4401, at somebody else's document with 4404."""
    document = anna.document()
    assert refusal(site, anna.token, document) == 0, "its owner is not let in"
    for token in ("not-a-token", prolonged(anna.token)):
        assert refusal(site, token, document) == SIGN_IN, "somebody is let in without a good token"
    assert refusal(site, ben.token, document) == NOTHING_THERE, "somebody else's document can be edited"
    assert refusal(site, anna.token, ABSENT) == NOTHING_THERE, "a document that is not there can be edited"
    answered(anna.api.post("/api/v1/auth/logout"), 204)
    assert refusal(site, anna.token, document) == SIGN_IN, "who signed out is let in"


@pytest.mark.proves("MDR-FLOW-3")
def test_an_expired_token_edits_nothing(site: Site, anna: Person) -> None:
    """With a token that the user pool signed, and that has expired, the connection is closed with 4401."""
    assert refusal(site, expired(site, anna.token), anna.document()) == SIGN_IN, "an expired token is let in"
