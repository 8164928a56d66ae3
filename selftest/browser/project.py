"""A project with user flows, run the way a user does: `pytest -m e2e` in a process of its own."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from selftest.plugin.projects import INI, Project, new_project

ROOT = Path(__file__).parents[2]

SYSTEM = """\
name: shop
stacks: [{component: web, template: web.yml}]
environments:
  dev: {region: eu-west-1, account: "111122223333", addresses: {app: "${SHOP_URL}", api: "${SHOP_URL}"},
        test_user: {email: anna@example.com, password: "${SHOP_PASSWORD}"}}
  prod: {like: dev}
  bare: {region: eu-west-1, account: "111122223333"}
gates:
  e2e: {retries: 0, pages: {lcp: 1500ms, cls: 0.1, load: 1.5s}}
"""
TEMPLATE = "Resources: {Bucket: {Type: AWS::S3::Bucket}}\n"

FLOWS = '''\
"""Flows of the shop."""

from pathlib import Path

import pytest

pytestmark = pytest.mark.e2e


@pytest.mark.parametrize("page", PAGES)
def test_page(visitor, page):
    """A page is opened."""
    visitor.goto(page)


def test_left_too_soon(visitor):
    """A page that leads on at once is checked all the same."""
    visitor.goto("/image")
    visitor.goto("/")


def test_route_of_one_document(visitor):
    """A page that is reached without a load is checked."""
    visitor.goto("/route")
    visitor.page.get_by_role("button").click()
    visitor.page.get_by_text("inner").wait_for()
    visitor.page.wait_for_timeout(400)
    visitor.page.go_back()


def test_route_that_is_left_at_once_for_good(visitor):
    """A page that does not open again is checked before the test's next action."""
    visitor.goto("/gone")
    visitor.page.get_by_role("button", name="deeper").click()
    visitor.page.get_by_role("button", name="away").click()
    visitor.page.wait_for_url("**/")


def test_expected_errors(visitor):
    """Announced errors are none."""
    visitor.expects(status=404, url="/missing")
    visitor.expects(console="cart is broken")
    visitor.goto("/request")
    visitor.goto("/console")


def test_expected_but_did_not_come(visitor):
    """An announced error that does not come is one."""
    visitor.expects(status=503, url="/api/*")
    visitor.goto("/")


def test_check_names_the_page(visitor):
    """A check in the middle of a test."""
    visitor.goto("/image")
    visitor.check("picture book")


def sign_in(visitor):
    visitor.goto("/sign-in")
    visitor.page.get_by_label("E-mail").fill("anna@example.com")
    visitor.page.get_by_label("Password").fill("correct horse battery staple")
    visitor.page.get_by_role("button").click()
    visitor.page.wait_for_url("**/notes")


@pytest.mark.parametrize("number", [1, 2])
def test_signed_in_once(new_visitor, stored_state, number):
    """Two tests share a sign-in; two people share nothing."""
    anna = new_visitor("anna", state=stored_state("anna of the shop", sign_in))
    anna.goto("/notes")
    anna.page.get_by_label("New note").fill(f"note {number}")
    anna.page.get_by_role("button").click()
    anna.page.get_by_text(f"note {number}").wait_for()
    ben = new_visitor("ben", device="iPhone 13")
    ben.goto("/notes")
    ben.page.wait_for_url("**/sign-in")
    assert ben.page.viewport_size["width"] == 390


def test_api(api, test_user):
    """The API alone, with the test user's password from a variable."""
    answer = api.post("/api/sign-in", json={"email": test_user.email, "password": test_user.password})
    assert api.get("/api/notes", params={"q": test_user.password}).status_code == 401
    assert api.as_("anna", answer.json()["access_token"]).get("/api/notes").status_code == 200


def test_fails_by_itself(visitor):
    """A failure of the test's own."""
    visitor.goto("/console")
    assert visitor.page.title() == "something else"


TRIES = Path("tries")


@pytest.mark.smoke
def test_second_try(visitor):
    """Fails once."""
    visitor.goto("/")
    TRIES.write_text(TRIES.read_text() + "x" if TRIES.exists() else "x")
    assert TRIES.read_text() != "x"
'''

# What each page that goes wrong must be told of: figures and names are those of pages.py
WRONG: Mapping[str, str] = {
    "/console": r"/console: console error: the cart is broken \(/console:1\)",
    "/uncaught": r"/uncaught: console error: uncaught .*no such cart",
    "/request": r"/request: GET http://127.0.0.1:\d+/missing\?token=\[hidden\] answered 404",
    "/refused": r"/refused: GET http://127.0.0.1:9/none.png failed: net::ERR_",
    "/image": r"/image: accessibility \(critical\): Images must have alternative text: img \[image-alt\]",
    "/contrast": r"/contrast: accessibility \(serious\): .*contrast.*: p \[color-contrast\]",
    "/late-paint": r"/late-paint: largest contentful paint of p took (19|[2-9]\d)\d\d ms, the budget is 1500 ms "
    r"\(median of 3 loads\) /late-paint: load took (19|[2-9]\d)\d\d ms, the budget is 1500 ms \(median of 3 loads\)",
    "/shift": r"/shift: layout shift by .* is 0\.\d+, the budget is 0\.1",
    "/blank": r"/blank: largest contentful paint was not measured: the browser did not report it",
}
RIGHT = ("/", "/sign-in")


def flow_project(root: Path, cache: Path, *tests: str) -> Project:
    """Lay the project into a folder; `tests` are further test modules."""
    pages = [*WRONG, *RIGHT]
    files = {
        "pytest.ini": INI,
        "systems/shop/system.yaml": SYSTEM,
        "systems/shop/web.yml": TEMPLATE,
        "tests/e2e/test_shop.py": FLOWS.replace("PAGES", repr(pages), 1),
        **{f"tests/e2e/test_more_{number}.py": text for number, text in enumerate(tests)},
    }
    return new_project(root, cache, files)


def python_blocks(page: str) -> list[str]:
    """The Python examples of a page under docs/."""
    return re.findall(r"```python\n(.*?)```", (ROOT / "docs" / page).read_text(encoding="utf-8"), re.DOTALL)


def findings(project: Project, environment: str = "dev", gate: str = "e2e") -> dict[str, dict[str, Any]]:
    """What the gate's file says of each flow."""
    content = json.loads((project.root / f"reports/gates/{gate}.json").read_text())
    return {finding["control"]: finding for finding in content["environments"][environment]["findings"]}
