"""`stackproof record`: Playwright's own recorder on our browser, and the test that comes of it."""

from __future__ import annotations

import ast
import sys
from pathlib import Path

from selftest.browser.pages import Shop, served
from selftest.browser.project import SYSTEM, TEMPLATE
from selftest.plugin.projects import Project, Ran, new_project
from stackproof.browser.recording import flow_from
from stackproof.browser.sites import Site

# As Playwright 1.65 writes it for --target python-pytest
RECORDED = """\
import re
from playwright.sync_api import Page, expect


def test_example(page: Page) -> None:
    page.goto("https://app.example.com/sign-in?next=%2Fnotes")
    page.get_by_role("textbox", name="E-mail").fill("anna@example.com")
    page.get_by_label("Password").fill("hunter2 \\"or so\\"")
    page.get_by_role("button", name="Sign in").click()
    expect(page.get_by_role("heading")).to_contain_text("Your notes")
    page.goto("https://elsewhere.example.com/")
"""


def project(tmp_path: Path, cache: Path) -> Project:
    return new_project(tmp_path, cache, {"systems/shop/system.yaml": SYSTEM, "systems/shop/web.yml": TEMPLATE})


def recorded(where: Project, *arguments: str, **variables: str) -> Ran:
    command = (sys.executable, "-m", "stackproof.cli", "record", "--environment", "dev", *arguments)
    return where.run(*command, **{"DISPLAY": "", "WAYLAND_DISPLAY": "", **variables})


def test_what_was_recorded_becomes_a_flow_without_the_password() -> None:
    """Addresses of the site are paths, others stay; no password is written into a file."""
    flow = flow_from(RECORDED, Site("dev", {"app": "https://app.example.com"}), "test_sign_in")
    tree = ast.parse(flow)
    (test,) = [node for node in tree.body if isinstance(node, ast.FunctionDef)]
    assert (test.name, [argument.arg for argument in test.args.args]) == ("test_sign_in", ["visitor", "test_user"])
    assert [ast.unparse(step) for step in test.body[1:]] == [
        "page = visitor.page",
        "visitor.goto('/sign-in?next=%2Fnotes')",
        "page.get_by_role('textbox', name='E-mail').fill('anna@example.com')",
        "page.get_by_label('Password').fill(test_user.password)",
        "page.get_by_role('button', name='Sign in').click()",
        "expect(page.get_by_role('heading')).to_contain_text('Your notes')",
        "page.goto('https://elsewhere.example.com/')",
    ]


def test_the_recorder_opens_the_site_in_the_browser_that_is_there(tmp_path: Path, shared_cache: Path) -> None:
    """The recorder, headless and closed after a moment, has gone to the start page; the flow does the same."""
    shop, where = Shop(), project(tmp_path, shared_cache)
    with served(shop) as port:
        ran = recorded(
            where,
            SHOP_URL=f"http://127.0.0.1:{port}",
            PWTEST_CLI_HEADLESS="1",
            PWTEST_CLI_IS_UNDER_TEST="1",
            PWTEST_CLI_EXIT_AFTER_TIMEOUT="1500",
        )
    assert ran.code == 0, ran.said
    assert shop.asked["GET /"] == 1
    assert 'visitor.goto("/")' in (where.root / "tests/e2e/test_new_flow.py").read_text()


def test_without_a_display_it_says_so_in_a_line(tmp_path: Path, shared_cache: Path) -> None:
    """Exit code 4, no traceback, and nothing written."""
    where = project(tmp_path, shared_cache)
    ran = recorded(where, SHOP_URL="http://127.0.0.1:9")
    assert (ran.code, ran.out) == (4, "")
    assert (
        ran.err
        == "stackproof: stackproof record: got no display, expected one to show a browser on. Run it on a desktop.\n"
    )
    assert not (where.root / "tests").exists()


def test_a_flow_that_is_there_is_not_written_over(tmp_path: Path, shared_cache: Path) -> None:
    """Exit code 4 before a browser is opened."""
    where = project(tmp_path, shared_cache)
    where.put("tests/e2e/test_new_flow.py", "mine")
    ran = recorded(where, SHOP_URL="http://127.0.0.1:9")
    assert ran.code == 4
    assert "which is there already" in ran.err
