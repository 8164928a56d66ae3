"""MDReader's pages, as far as several flows use them in the same way. Playwright is imported when one does."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from playwright.sync_api import Locator, Page, WebSocketRoute

    from stackproof.browser.visits import Visitor

    from .people import Person


SLOWEST = 10_000  # ms until a page is given up; whether it was quick enough, its budget decides


def must(what: Locator | Page, otherwise: str) -> Any:
    """Expect something of the page, waiting for it; `otherwise` is what a report says where it does not come."""
    from playwright.sync_api import expect

    return expect(what, otherwise)


def heading(page: Page, name: str) -> None:
    """Wait until a page with this heading is shown."""
    shown = page.get_by_role("heading", name=name, exact=True, level=1)
    must(shown, f"the page {name!r} is not shown").to_be_visible(timeout=SLOWEST)


def fill(page: Page, **fields: str) -> None:
    """Fill fields by their labels; `e_mail` is the field E-mail."""
    for label, value in fields.items():
        page.get_by_label(label.replace("_", "-").capitalize(), exact=True).fill(value)


def sign_in(page: Page, person: Person) -> None:
    """Fill the sign-in page and send it."""
    heading(page, "Sign in")
    fill(page, e_mail=person.email, password=person.password)
    page.get_by_role("button", name="Sign in").click()


def sign_out(page: Page) -> None:
    """Sign out, and wait until that is said."""
    page.get_by_role("button", name="Sign out").click()
    heading(page, "Sign in")
    must(page.get_by_text("You are signed out."), "nothing says that one is signed out").to_be_visible()


class Editor:
    """The page of one document."""

    def __init__(self, visitor: Visitor) -> None:
        self.visitor = visitor
        self.page = visitor.page
        self.source = self.page.get_by_label("Markdown", exact=True)
        self.preview = self.page.get_by_role("region", name="Preview")
        self.title = self.page.get_by_label("Title", exact=True)
        self.state = self.page.locator(".state")
        self.here = self.page.get_by_role("list", name="People here now").get_by_role("listitem")

    def open(self, document: str) -> Editor:
        """Go to a document and wait until one can write."""
        self.visitor.goto(f"/documents/{document}")
        return self.ready()

    def ready(self) -> Editor:
        """Wait until one can write."""
        must(self.source, "the editor does not open for writing").to_be_editable(timeout=SLOWEST)
        return self

    def write(self, text: str) -> None:
        """Type at the end of the text."""
        self.source.focus()
        self.page.keyboard.press("Control+End")
        self.page.keyboard.type(text)

    def shows(self, text: str, otherwise: str, within: float = 5.0) -> None:
        """Wait, at most `within` seconds, until the Markdown holds a text."""
        must(self.source, otherwise).to_have_value(re.compile(re.escape(text)), timeout=within * 1000)

    def sees(self, *people: str, otherwise: str) -> None:
        """Wait until these people, and no others, are shown to be here."""
        must(self.here, otherwise).to_have_text([re.compile(f"{re.escape(name)}( is writing)?$") for name in people])

    def saved(self) -> None:
        """Wait until the page says that all is stored."""
        must(self.state, "the page does not say that the text is saved").to_have_attribute("data-state", "saved")

    def offline(self) -> None:
        """Wait until the page says that it has no connection."""
        must(self.state, "the page does not say that it is offline").to_have_attribute("data-state", "offline")

    def text(self) -> str:
        """Return the Markdown."""
        return self.source.input_value()


@contextmanager
def connections_told(*editors: Editor) -> Iterator[None]:
    """Let a failure inside begin with who has lost the connection, if somebody has."""
    try:
        yield
    except AssertionError as error:
        lost = [e.visitor.name for e in editors if e.page.locator(".state[data-state=offline]").count()]
        if lost:
            error.args = (f"{' and '.join(lost)} lost the connection: {error}",)
        raise


class Line:
    """A person's line to the collaboration server, which can be cut. Made before the page opens its connection."""

    def __init__(self, visitor: Visitor) -> None:
        self._up = True
        self._connections: list[WebSocketRoute] = []
        visitor.page.route_web_socket(re.compile("^wss?://"), self._connect)

    def cut(self) -> None:
        """End every connection, and let none come back."""
        self._up = False
        for connection in self._connections:
            connection.close(code=3000)  # browsers let nobody send 1006, the code of a lost connection
        self._connections.clear()

    def mend(self) -> None:
        """Let connections come back."""
        self._up = True

    def _connect(self, connection: WebSocketRoute) -> None:
        if self._up:
            connection.connect_to_server()
            self._connections.append(connection)
        else:
            connection.close(code=3000)
