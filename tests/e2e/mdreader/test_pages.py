"""Pages that things lead to when they go wrong, and people who come otherwise: by phone, by keyboard, in the dark."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest

from .conftest import Arrive, NewPerson
from .pages import SLOWEST, Editor, fill, heading, must, sign_in
from .people import PASSWORD, Person, new_email
from .tokens import expired

if TYPE_CHECKING:
    from playwright.sync_api import Locator, Page

    from stackproof.browser.sites import Site
    from stackproof.browser.visits import Visitor
    from stackproof.plugin.fixtures import NewVisitor

pytestmark = [pytest.mark.e2e, pytest.mark.system("mdreader")]

PHONE = {"viewport": {"width": 390, "height": 844}, "is_mobile": True, "has_touch": True, "device_scale_factor": 2}
HARMFUL = """\
# Harmless

<img src="/logo.svg" alt="" onload="window.harmed = true"> <script>window.harmed = true</script>
<a href="javascript:window.harmed = true">a trap</a>
"""
WEAK = "weak"  # a password that the user pool refuses
TABS = 40  # keys until a page has been walked through


# --- when things go wrong -------------------------------------------------------------------------------------


def test_an_address_that_leads_nowhere(anna: Person, arrive: Arrive) -> None:
    """An unknown address shows a page that says so and leads back."""
    visitor = arrive(anna)
    visitor.goto("/no/such/page")
    heading(visitor.page, "There is nothing here")
    visitor.check("nothing here")
    visitor.page.get_by_role("link", name="To your workspaces").click()
    heading(visitor.page, "Workspaces")


def test_somebody_elses_document_shows_nothing(anna: Person, ben: Person, arrive: Arrive) -> None:
    """The page of somebody else's document says that there is nothing, and shows nothing of it."""
    document = anna.document("Anna's own", "Only for Anna.")
    visitor = arrive(ben)
    visitor.expects(status=404, url=f"/api/v1/documents/{document}")
    visitor.goto(f"/documents/{document}")
    must(visitor.page.get_by_role("heading", level=1), "no page comes").to_be_visible(timeout=SLOWEST)
    for text in ("Anna's own", "Only for Anna."):
        assert visitor.page.get_by_text(text).count() == 0, "somebody else's document is shown"
    heading(visitor.page, "There is nothing here")


@pytest.mark.proves("MDR-FLOW-1")
def test_an_expired_session_leads_to_the_sign_in_page(anna: Person, site: Site, new_visitor: NewVisitor) -> None:
    """Who comes back with a token that has expired is asked to sign in again, and can."""
    visitor = new_visitor("anna", state=anna.signed_in(site, expired(site, anna.token)))
    visitor.expects(status=401, url="/api/v1/workspaces")
    visitor.goto("/workspaces")
    heading(visitor.page, "Sign in")
    said = visitor.page.get_by_text("Please sign in again.")
    must(said, "nothing says why one has to sign in again").to_be_visible()
    visitor.check("sign in again")
    sign_in(visitor.page, anna)
    heading(visitor.page, "Workspaces")


def test_a_link_leads_on_after_signing_in(anna: Person, visitor: Visitor) -> None:
    """Who follows a link to a document without being signed in gets there by signing in."""
    document = anna.document("Field notes", "The river is higher.")
    visitor.goto(f"/documents/{document}")
    sign_in(visitor.page, anna)
    editor = Editor(visitor).ready()
    editor.shows("The river is higher.", "signing in does not lead to the document")


def test_what_is_wrong_stands_beside_the_field(anna: Person, visitor: Visitor) -> None:
    """Signing up and in with mistakes says what is wrong, where it is, to those who listen, too."""
    page = visitor.page
    visitor.goto("/sign-up")
    fill(page, name="Anna Berg", e_mail="anna", password=WEAK)
    page.get_by_role("button", name="Create account").click()
    _complains(page, "E-mail", "Enter an e-mail address")
    visitor.expects(status=422, url="/api/v1/auth/register")
    fill(page, e_mail=new_email("Anna"))
    page.get_by_role("button", name="Create account").click()
    _complains(page, "Password", "8 characters or more")
    visitor.check("sign up, refused")

    visitor.goto("/sign-in")
    visitor.expects(status=401, url="/api/v1/auth/login")
    fill(page, e_mail=anna.email, password=f"{PASSWORD}!")
    page.get_by_role("button", name="Sign in").click()
    alert = page.get_by_role("alert").filter(has_text="wrong")
    must(alert, "nothing says that the password is wrong").to_have_text("E-mail address or password is wrong.")


def test_the_page_waits_for_an_api_that_is_away(anna: Person, arrive: Arrive) -> None:
    """While the API cannot be reached the page says so; it goes on by itself when the API is back."""
    visitor = arrive(anna)
    visitor.allows(url="*/api/v1/*")
    visitor.allows(url="*/health")
    away = re.compile(r"/api/v1/|/health$")
    visitor.page.route(away, lambda route: route.abort("connectionrefused"))
    visitor.goto("/workspaces")
    heading(visitor.page, "This did not work")
    banner = visitor.page.get_by_text("MDReader cannot be reached right now. Trying again")
    must(banner, "nothing says that MDReader cannot be reached").to_be_visible()
    visitor.check("the API is away")
    visitor.page.unroute(away)
    back = visitor.page.get_by_role("heading", name="Workspaces", level=1)
    must(back, "the page does not go on when the API is back").to_be_visible(timeout=10_000)
    must(banner, "the banner stays").to_have_count(0)


def test_what_others_write_runs_nothing(anna: Person, arrive: Arrive) -> None:
    """Markdown with HTML is shown without what could run in it."""
    visitor = arrive(anna)
    visitor.allows(console="inline event handler")  # newer browsers tell of what is left out, too
    editor = Editor(visitor).open(anna.document("A trap"))
    editor.source.fill(HARMFUL)  # the way that no web ACL looks at
    editor.saved()
    editor.page.reload()
    editor.ready()
    must(editor.preview.get_by_role("heading", name="Harmless"), "nothing is rendered").to_be_visible()
    editor.preview.get_by_text("a trap").click()
    assert editor.page.evaluate("window.harmed") is None, "a script of the document has run"
    assert editor.preview.locator("script, [onload], [href^=javascript]").count() == 0, "a script was let in"


# --- people who come otherwise ---------------------------------------------------------------------------------


def test_on_a_phone(anna: Person, arrive: Arrive) -> None:
    """On a screen of 390 by 844 one finds a document, writes, and reads it; nothing is cut off at the side."""
    workspace = anna.workspace()
    document = anna.document("Notes of the river", "# Field notes\n\n", workspace)
    visitor = arrive(anna, **PHONE)
    page, editor = visitor.page, Editor(visitor)
    visitor.goto("/workspaces")
    heading(page, "Workspaces")
    _fits(page)
    visitor.check("workspaces on a phone")
    page.get_by_role("link", name="Field station").tap()
    heading(page, "Field station")
    _fits(page)
    visitor.check("a workspace on a phone")
    page.get_by_role("link", name="Notes of the river").tap()
    editor.ready()
    must(editor.preview, "text and preview share the small screen").to_be_hidden()
    editor.write("The river is *higher*.")
    editor.saved()
    _fits(page)
    page.get_by_text("Preview", exact=True).tap()
    must(editor.preview.locator("em"), "the preview does not come").to_have_text("higher")
    must(editor.source, "text and preview share the small screen").to_be_hidden()
    _fits(page)
    assert anna.read(document).endswith("The river is *higher*.")


def test_the_entrance_on_a_phone(new_visitor: NewVisitor) -> None:
    """Signing in and up fit a screen of 390 by 844."""
    visitor = new_visitor("anna", **PHONE)
    for path, name in (("/sign-in", "Sign in"), ("/sign-up", "Create an account")):
        visitor.goto(path)
        heading(visitor.page, name)
        _fits(visitor.page)
        visitor.check(f"{name} on a phone")


def test_by_keyboard_alone(anna: Person, visitor: Visitor) -> None:
    """Sign in, make a workspace and a document, write, delete it and sign out without a pointer, focus always seen."""
    page, editor = visitor.page, Editor(visitor)
    visitor.goto("/sign-in")
    heading(page, "Sign in")
    _type_into(page, page.get_by_label("E-mail", exact=True), anna.email)
    _type_into(page, page.get_by_label("Password", exact=True), anna.password)
    page.keyboard.press("Enter")
    heading(page, "Workspaces")
    visitor.check("workspaces")
    _press(page, page.get_by_role("button", name="New workspace"))
    _type_into(page, page.get_by_label("Name", exact=True), "Field station")
    page.keyboard.press("Enter")
    heading(page, "Field station")
    _press(page, page.get_by_role("button", name="New document"))
    editor.ready()
    _type_into(page, editor.title, "Notes of the river")
    page.keyboard.press("Enter")
    page.keyboard.type("# Field notes")
    must(editor.preview.get_by_role("heading", name="Field notes"), "the text is not rendered").to_be_visible()
    editor.saved()
    assert editor.text() == "# Field notes", f"the keys have written {editor.text()!r}"
    page.keyboard.press("Tab")
    must(editor.source, "the editor keeps the focus for ever").not_to_be_focused()
    _press(page, page.get_by_role("button", name="Delete document").first)
    must(page.get_by_role("dialog"), "nothing asks before the document is deleted").to_be_visible()
    visitor.check("delete?")
    page.keyboard.press("Escape")
    must(page.get_by_role("dialog"), "Escape does not close the dialog").to_have_count(0)
    _press(page, page.get_by_role("button", name="Sign out"))
    heading(page, "Sign in")


def test_in_the_dark(anna: Person, arrive: Arrive) -> None:
    """Who prefers a dark screen gets one on every page, as readable as the light one."""
    workspace = anna.workspace()
    document = anna.document(
        "Field notes", "# Field notes\n\n> quoted\n\n`code` and [a link](https://example.com)", workspace
    )
    visitor = arrive(anna, color_scheme="dark")
    for path, name in (("/workspaces", "Workspaces"), (f"/workspaces/{workspace}", "Field station")):
        visitor.goto(path)
        heading(visitor.page, name)
        _is_dark(visitor.page)
        visitor.check(f"{name} in the dark")
    Editor(visitor).open(document)
    _is_dark(visitor.page)


def test_sharing_by_address(anna: Person, new_person: NewPerson, arrive: Arrive) -> None:
    """A document's owner lets somebody in by their address, and is told of an address that nobody has."""
    clara = new_person("Clara Weiss")
    editor = Editor(arrive(anna)).open(anna.document())
    page = editor.page
    page.get_by_role("button", name="Share").click()
    editor.visitor.expects(status=422, url="/api/v1/workspaces/*/members")
    fill(page, e_mail=new_email("Nobody"))
    page.get_by_role("button", name="Add").click()
    _complains(page, "E-mail", "Nobody has signed up")
    fill(page, e_mail=clara.email)
    page.get_by_role("button", name="Add").click()
    must(page.get_by_text("Clara Weiss can read and write here now."), "nobody says that it worked").to_be_visible()
    editor.visitor.check("share")


# --- inside ----------------------------------------------------------------------------------------------------


def _complains(page: Page, label: str, text: str) -> None:
    """Hold a field to say what is wrong with it, beside it and to those who listen, and to have the focus."""
    field = page.get_by_label(label, exact=True)
    must(field, f"the field {label} does not say what is wrong").to_have_accessible_description(re.compile(text, re.I))
    must(field, f"the field {label} is not marked as wrong").to_have_attribute("aria-invalid", "true")
    must(field, f"the field {label} does not get the focus").to_be_focused()


def _fits(page: Page) -> None:
    """Hold a page to be no wider than its screen."""
    wide = page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
    assert wide <= 0, f"{page.url} is {wide} px wider than the screen"


def _is_dark(page: Page) -> None:
    colour = page.evaluate("getComputedStyle(document.body).backgroundColor")
    parts = [float(part) for part in re.findall(r"[\d.]+", colour)][:3]
    assert max(parts) < 64, f"{page.url} has the background {colour}, which is not dark"


def _press(page: Page, button: Locator) -> None:
    _walk_to(page, button)
    page.keyboard.press("Enter")


def _type_into(page: Page, field: Locator, text: str) -> None:
    _walk_to(page, field)
    page.keyboard.press("Control+A")
    page.keyboard.type(text)


def _walk_to(page: Page, target: Locator) -> None:
    """Reach an element by the Tab key alone, and hold each stop on the way to be seen."""
    for _ in range(TABS):
        if target.evaluate("element => element === document.activeElement"):
            return
        page.keyboard.press("Tab")
        hidden = page.evaluate(
            """() => {
              const element = document.activeElement;
              if (!element || element === document.body) return "";
              const style = getComputedStyle(element);
              const seen = style.outlineStyle !== "none" || style.boxShadow !== "none";
              return seen ? "" : element.outerHTML.slice(0, 120);
            }"""
        )
        assert not hidden, f"the focus cannot be seen on {hidden}"
    raise AssertionError(f"the Tab key does not lead to {target}")
