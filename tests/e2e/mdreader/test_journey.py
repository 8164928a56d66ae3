"""The critical journey: from signing up to a saved document, and out again."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from .pages import Editor, fill, heading, must, sign_out
from .people import PASSWORD, answered, new_email

if TYPE_CHECKING:
    from stackproof.browser.api import Api
    from stackproof.browser.visits import Visitor

pytestmark = [pytest.mark.e2e, pytest.mark.system("mdreader")]

WRITTEN = "# Field notes\n\nThe river is *higher* than in **March**.\n\n- heron, twice\n- no otters yet"


@pytest.mark.proves("MDR-FLOW-4")
def test_from_sign_up_to_a_saved_document(visitor: Visitor, api: Api) -> None:
    """Sign up, sign in, create a workspace, write Markdown, reload and find it saved, sign out, be refused."""
    page, email = visitor.page, new_email("Anna")
    visitor.goto("/")
    page.get_by_role("link", name="Create an account").click()
    fill(page, name="Anna Berg", e_mail=email, password=PASSWORD)
    with page.expect_response("**/api/v1/auth/register") as registered:
        page.get_by_role("button", name="Create account").click()
    assert registered.value.status == 201, f"register answered {registered.value.status}, expected 201"
    heading(page, "Workspaces")
    visitor.check("the first workspaces")
    sign_out(page)
    fill(page, e_mail=email, password=PASSWORD)
    page.get_by_role("button", name="Sign in").click()
    heading(page, "Workspaces")

    page.get_by_role("button", name="New workspace").click()
    fill(page, name="Field station")
    page.get_by_role("button", name="Create workspace").click()
    heading(page, "Field station")
    page.get_by_role("button", name="New document").click()
    editor = Editor(visitor).ready()
    editor.title.fill("Notes of the river")
    editor.title.press("Enter")
    page.keyboard.type(WRITTEN)
    _reads_as_written(editor)
    editor.saved()

    page.reload()
    editor.ready()
    must(editor.title, "the title is not saved").to_have_value("Notes of the river")
    assert editor.text() == WRITTEN, f"what was written last is not saved: it is {editor.text()!r}"
    _reads_as_written(editor)
    visitor.check("the document")

    document, token = page.url, _token(visitor)
    sign_out(page)
    page.goto(document)
    heading(page, "Sign in")
    must(editor.source, "who signed out still reads the document").to_have_count(0)
    answered(api.as_("anna-signed-out", token).get("/api/v1/auth/me"), 401)


def _reads_as_written(editor: Editor) -> None:
    preview = editor.preview
    must(preview.get_by_role("heading", name="Field notes"), "the heading is not rendered").to_be_visible()
    must(preview.locator("em"), "the emphasis is not rendered").to_have_text("higher")
    must(preview.locator("strong"), "the strong words are not rendered").to_have_text("March")
    must(preview.get_by_role("listitem"), "the list is not rendered").to_have_text(["heron, twice", "no otters yet"])


def _token(visitor: Visitor) -> str:
    kept = visitor.page.evaluate("localStorage.getItem('mdreader.session')")
    return str(json.loads(kept)["token"])
