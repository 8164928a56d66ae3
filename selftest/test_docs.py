"""What the documents say is so."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from stackproof.controls import all_controls
from stackproof.system.schema import SystemFile

ROOT = Path(__file__).parent.parent
PAGES = sorted([*ROOT.glob("*.md"), *(ROOT / "docs").glob("*.md")])


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_links_lead_somewhere(page: Path) -> None:
    """Every relative link and picture of a page is a file of the project."""
    targets = re.findall(r"\]\((?!https?:|#)([^)#]+)", page.read_text(encoding="utf-8"))
    assert [target for target in targets if not (page.parent / target).exists()] == []


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_named_files_exist(page: Path) -> None:
    """Every path of ours that a page names in code style is there."""
    named = re.findall(r"`((?:src|docs|systems|selftest|tests|benchmarks|schemas)/[\w./-]+)`", page.read_text("utf-8"))
    homes = (ROOT, ROOT / "src/stackproof")
    assert [name for name in named if not any((home / name).exists() for home in homes)] == []


def test_the_published_schema_is_the_code_s() -> None:
    """Editors complete and check system.yaml by the same fields that we read."""
    published = json.loads((ROOT / "schemas/system.schema.json").read_text())
    assert published["properties"].keys() == SystemFile.model_fields.keys()
    printed = subprocess.run([sys.executable, "-m", "stackproof.cli", "schema"], capture_output=True, check=True)
    assert json.loads(printed.stdout) == published


def test_the_example_of_the_system_page_is_one() -> None:
    """The first example of docs/system.md, with the others put in, is read without a complaint."""
    page = (ROOT / "docs/system.md").read_text(encoding="utf-8")
    blocks = [yaml.safe_load(block) for block in re.findall(r"```yaml\n(.*?)```", page, re.DOTALL)]
    joined = {key: value for block in blocks if isinstance(block, dict) for key, value in block.items()}
    joined.pop("related", None)
    joined.pop("control", None)
    assert SystemFile.model_validate(joined).name == "shop"


def test_the_controls_that_pages_name_exist() -> None:
    """No page speaks of a control that was renamed."""
    known = {control.id for control in all_controls()}
    services = {name.split("-")[0] for name in known}
    for page in PAGES:
        named = re.findall(r"\bcontrol: ([a-z0-9]+-[a-z0-9-]+)", page.read_text(encoding="utf-8"))
        assert {name for name in named if name.split("-")[0] in services} <= known, page
