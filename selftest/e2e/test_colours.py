"""User flows on one colour of an environment, as a user asks for them."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from selftest.plugin.projects import SYSTEM, Project, new_project

ADDRESSES = """
    addresses: {app: "https://127.0.0.1", websocket: "wss://127.0.0.3"}
    colours: {green: {websocket: "wss://127.0.0.2"}, blue: {}}
"""
PROD = 'prod: {region: eu-west-1, account: "111122223333", parameters: prod.json}'
SPREAD = f'prod:\n    region: eu-west-1\n    account: "111122223333"\n    parameters: prod.json{ADDRESSES}'
FLOW = """\
import pytest


@pytest.mark.smoke
def test_addresses(site):
    \"\"\"The addresses.\"\"\"
    raise AssertionError(f"{site.url()} {site.websocket('/ws')}")
"""


@pytest.fixture
def project(tmp_path: Path) -> Project:
    made = new_project(tmp_path, tmp_path / ".stackproof")
    made.put("tests/smoke/test_addresses.py", FLOW)
    assert PROD in SYSTEM
    made.edit("systems/shop/system.yaml", PROD, SPREAD)
    return made


@pytest.mark.parametrize(
    ("colour", "expected"),
    [("", "wss://127.0.0.3/ws"), ("green", "wss://127.0.0.2/ws"), ("blue", "wss://127.0.0.3/ws")],
)
def test_a_colour_has_addresses_of_its_own(project: Project, colour: str, expected: str) -> None:
    """What a colour names differs, the rest stays, and terminal and gate file say which colour it was."""
    options = ["--colour", colour] if colour else []
    ran = project.pytest("-m", "smoke", "--environment", "prod", *options)
    content = json.loads((project.root / "reports/gates/smoke.json").read_text())["environments"]["prod"]
    assert content["findings"][0]["message"] == f"https://127.0.0.1/ {expected}", ran.said
    assert content.get("colour", "") == colour
    title = " · ".join(filter(None, ("shop", "smoke gate", colour, "prod")))
    assert title in ran.out


def test_a_colour_can_be_a_variable(project: Project) -> None:
    """A pipeline names the idle colour by STACKPROOF_COLOUR."""
    ran = project.pytest("-m", "smoke", "--environment", "prod", STACKPROOF_COLOUR="green")
    assert "wss://127.0.0.2/ws" in ran.out, ran.said


def test_an_unknown_colour_is_misuse(project: Project) -> None:
    """Exit code 4, and one line that names the known colours; nothing is run."""
    for environment, said in (("prod", "got 'gren', expected one of green, blue"), ("dev", "no `colours`")):
        ran = project.pytest("-m", "smoke", "--environment", environment, "--colour", "gren")
        assert ran.code == 4, ran.said
        assert said in ran.said
        assert "Traceback" not in ran.said


def test_a_colour_replaces_addresses_that_are_there(project: Project) -> None:
    """An address that the environment does not have is a slip of the pen, which would leave the usual one in use."""
    project.edit("systems/shop/system.yaml", "green: {websocket:", "green: {web-socket:")
    ran = project.pytest("-m", "smoke", "--environment", "prod", "--colour", "green")
    assert ran.code == 4, ran.said
    assert "got address 'web-socket', expected one that the environment has: app, websocket" in ran.said
