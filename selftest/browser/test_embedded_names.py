"""Names that only an embedded environment knows: led to its edge, and trusted by its certificate alone."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
import requests
from playwright.sync_api import Browser, Error, sync_playwright

from selftest.browser.pages import Shop, served
from stackproof.browser.api import Api
from stackproof.browser.launching import BrowserFound, find_browser, launch
from stackproof.browser.problems import PageProblems
from stackproof.browser.sites import Site
from stackproof.browser.visits import Visit, Visitor
from stackproof.emulator import Address, Edge
from stackproof.emulator.certificates import Certificate, fingerprint, issue, make_certificate

NAME = "app.example.test"


def certified(folder: Path) -> tuple[Certificate, Certificate]:
    """An authority, and a certificate of it for the name."""
    folder.mkdir()
    authority = make_certificate(folder, "127.0.0.1")
    return authority, issue(authority, folder, "server", [NAME])


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Site, Site, Shop]]:
    """The shop over TLS on a loopback port, under its name; as it is, and as one sees it who trusts another key."""
    folder = tmp_path_factory.mktemp("embedded")
    authority, certificate = certified(folder / "own")
    other_authority, other = certified(folder / "other")
    shop = Shop()
    with served(shop, certificate=(certificate.file, certificate.key)) as port:
        addresses = {"app": f"https://{NAME}", "api": f"https://{NAME}"}
        door = Address("127.0.0.1", port)
        right = Edge(door, door, (NAME,), fingerprint(certificate))
        wrong = Edge(door, door, (NAME,), fingerprint(other))
        yield (
            Site("embedded", addresses, right, authority.file),
            Site("embedded", addresses, wrong, other_authority.file),
            shop,
        )


@pytest.fixture(scope="module")
def browsers(site: tuple[Site, Site, Shop]) -> Iterator[tuple[Browser, Browser]]:
    """A browser that trusts the edge's key, and one that trusts another."""
    with sync_playwright() as playwright:
        found = find_browser(playwright)
        assert isinstance(found, BrowserFound), found
        right, wrong = launch(playwright, found, site[0]), launch(playwright, found, site[1])
        assert isinstance(right, Browser), right
        assert isinstance(wrong, Browser), wrong
        yield right, wrong
        right.close()
        wrong.close()


def test_the_browser_reaches_the_edge_by_the_sites_own_name(
    site: tuple[Site, Site, Shop], browsers: tuple[Browser, Browser], tmp_path: Path
) -> None:
    """Name, scheme and origin are those of production, the connection goes to a loopback port, and is a secure one."""
    visitor = Visitor(browsers[0], site[0], Visit("anna", tmp_path))
    visitor.goto("/sign-in")
    assert visitor.page.evaluate("[location.href, isSecureContext]") == [f"https://{NAME}/sign-in", True]
    assert visitor.finish(failed=False) == []
    visitor.close(failed=False)


def test_a_certificate_of_another_authority_is_refused_by_the_browser(
    site: tuple[Site, Site, Shop], browsers: tuple[Browser, Browser], tmp_path: Path
) -> None:
    """Only the one key is trusted; all other faults of certificates stay faults."""
    visitor = Visitor(browsers[1], site[1], Visit("anna", tmp_path))
    with pytest.raises(Error, match="ERR_CERT_AUTHORITY_INVALID"):
        visitor.goto("/")
    problems = [str(problem) for problem in visitor.finish(failed=True)]
    assert problems == [f"/: GET https://{NAME}/ failed: net::ERR_CERT_AUTHORITY_INVALID"]
    visitor.close(failed=True)


def test_the_client_of_the_api_reaches_the_edge_and_verifies_it(site: tuple[Site, Site, Shop], tmp_path: Path) -> None:
    """The server is asked by its name, and proves it by a certificate of the environment's own authority."""
    with Api(site[0], tmp_path / "calls.jsonl") as api:
        assert api.get("/api/health").json() == {"status": "healthy", "version": "1"}
        assert api.get(f"https://{NAME}/api/health").request.headers["Host"] == NAME
    with Api(site[1], tmp_path / "calls.jsonl") as stranger, pytest.raises(requests.exceptions.SSLError):
        stranger.get("/api/health")


def test_a_page_can_be_checked_again_as_the_same_person(
    site: tuple[Site, Site, Shop], browsers: tuple[Browser, Browser], tmp_path: Path
) -> None:
    """A page behind a sign-in that was left at once is opened again with what the browser kept for the person."""
    visitor = Visitor(browsers[0], site[0], Visit("anna", tmp_path))
    visitor.goto("/")
    visitor.page.evaluate("localStorage.token = 'anna'")
    visitor.goto("/notes")
    visitor.goto("/")
    visitor.page.goto("about:blank")
    with pytest.raises(PageProblems, match="not a page of this site"):
        visitor.check()
    visitor.goto("/")
    assert visitor.finish(failed=False) == []
    visitor.close(failed=False)
    assert "/notes" in (tmp_path / "checks.json").read_text()
