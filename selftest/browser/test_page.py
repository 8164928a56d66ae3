"""docs/flows.md says what is so. Its flows are run by test_flows.py."""

from __future__ import annotations

import re
import subprocess
import sys

import yaml

from selftest.browser.project import ROOT, SYSTEM, python_blocks
from stackproof.plugin import fixtures
from stackproof.system.schema import PageBudget, SystemFile

PAGE = (ROOT / "docs/flows.md").read_text(encoding="utf-8")


def test_every_example_is_run() -> None:
    """Each Python block holds a test, which the package's `flows` fixture runs."""
    assert all("def test_" in block for block in python_blocks("flows.md"))


def test_the_pieces_of_system_yaml_are_read() -> None:
    """Each is a part of a system.yaml, and the budgets that it shows are the defaults."""
    whole = yaml.safe_load(SYSTEM)
    pieces = [yaml.safe_load(block) for block in re.findall(r"```yaml\n(.*?)```", PAGE, re.DOTALL)]
    read = [SystemFile.model_validate({**whole, **piece}) for piece in pieces]
    assert len(read) == 4
    assert read[1].gates["e2e"].pages == PageBudget()


def test_the_options_of_commands_exist() -> None:
    """Each long option in a command of the page is one of that command."""
    commands = re.findall(r"^\$ (?:[A-Z_]+=\S+ )?([^#\n]+)", PAGE, re.MULTILINE)
    helps = {
        "pytest": [sys.executable, "-m", "pytest", "--help"],
        "stackproof": [sys.executable, "-m", "stackproof.cli", "record", "--help"],
    }
    known = {
        name: subprocess.run(command, capture_output=True, text=True, check=True, cwd=ROOT).stdout
        for name, command in helps.items()
    }
    options = [(command.split()[0], option) for command in commands for option in re.findall(r"--\w+", command)]
    assert len(options) >= 5
    assert [(name, option) for name, option in options if option not in known[name]] == []


def test_the_table_of_fixtures_names_those_that_are_there() -> None:
    """A fixture that was renamed is renamed here too."""
    table = PAGE.partition("## Fixtures")[2].partition("\n\n`test_user`")[0]
    named = set(
        re.findall(r"`(\w+)", " ".join(row.split("|")[1] for row in table.splitlines() if row.startswith("| `")))
    )
    assert named
    assert {
        name for name in named if type(getattr(fixtures, name, None)).__name__ != "FixtureFunctionDefinition"
    } == set()
