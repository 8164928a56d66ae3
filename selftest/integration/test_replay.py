"""The stored evidence is judged again, with nothing to ask: it agrees, or says what is not as it was."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from typing import Any

import pytest

from selftest.integration.conftest import Alone
from selftest.integration.folders import TEMPLATES, Folder
from selftest.plugin.projects import Ran
from stackproof.sources.live.ledger import digest

NOWHERE = {"AWS_ENDPOINT_URL": "http://127.0.0.1:9"}


@pytest.fixture
def stored(alone: Alone, folder: Folder) -> Folder:
    """Another copy of the system, with the reports of a run whose environment has ended since."""
    shutil.copytree(alone.folder.root / "one", folder.root / "reports")
    return folder


def replay(folder: Folder) -> Ran:
    """Replay without credentials, and where nothing answers."""
    return folder.stackproof("replay", "--system", "mdreader", **NOWHERE)


def change(folder: Folder, name: str, edit: Callable[[dict[str, Any]], object]) -> None:
    """Change lines of the evidence."""
    file = folder.root / "reports/evidence/integration/embedded" / name
    lines = [json.loads(line) for line in file.read_text().splitlines()]
    for line in lines:
        edit(line)
    file.write_text("".join(f"{json.dumps(line)}\n" for line in lines))


def unprotected(answer: dict[str, Any]) -> bool:
    """Make an answer say that databases may be deleted; tell whether it was one about databases."""
    databases = answer["answer"].get("body", {}).get("DBInstances", []) if isinstance(answer["answer"], dict) else []
    for database in databases:
        database["DeletionProtection"] = False
    return bool(databases)


def test_it_agrees(alone: Alone, stored: Folder) -> None:
    """Every verdict that does not take the thing itself is the same, from as many calls as were made."""
    ran = replay(stored)
    assert ran.code == 0, ran.said
    calls = alone.one[1].content["calls"]
    assert f" verdicts judged again from {calls} stored calls, every one the same" in ran.out
    assert "answers of probes are not among them" in ran.out


def test_a_changed_answer_is_no_evidence(stored: Folder) -> None:
    """An answer that is not the one whose digest was recorded ends the command as misuse, without a traceback."""
    change(stored, "answers.jsonl", unprotected)
    ran = replay(stored)
    assert ran.code == 4, ran.said
    assert "answers.jsonl" in ran.said
    assert "no true answer of call" in ran.said
    assert "Traceback" not in ran.said


def test_forged_evidence_does_not_agree(stored: Folder) -> None:
    """An answer that was changed together with its digest shows in the verdicts, which are then not the gate's."""
    marks: dict[str, str] = {}

    def forge(line: dict[str, Any]) -> None:
        if unprotected(line):
            marks[line["digest"]] = digest(line["answer"])
            line["digest"] = marks[line["digest"]]

    def follow(line: dict[str, Any]) -> None:
        line["answer"] = marks.get(line["answer"], line["answer"])

    change(stored, "answers.jsonl", forge)
    change(stored, "calls.jsonl", follow)
    assert marks
    ran = replay(stored)
    assert ran.code == 1, ran.said
    assert "+ fail  rds-deletion-protected on data.Database" in ran.out
    assert "- pass  rds-deletion-protected on data.Database" in ran.out


def test_a_call_that_is_not_on_record_is_unknown(stored: Folder) -> None:
    """Without its call a verdict cannot be had again: unknown, never the pass that it was."""
    file = stored.root / "reports/evidence/integration/embedded/calls.jsonl"
    lines = file.read_text().splitlines()
    file.write_text("\n".join(lines[: len(lines) // 2]) + "\n")
    ran = replay(stored)
    assert ran.code == 1, ran.said
    assert "+ unknown (" in ran.out
    assert "+ pass" not in ran.out


def test_a_call_that_was_taken_out_is_no_evidence(stored: Folder) -> None:
    """The lines are numbered, so one that is missing between others is misuse."""
    file = stored.root / "reports/evidence/integration/embedded/calls.jsonl"
    lines = file.read_text().splitlines()
    file.write_text("\n".join([*lines[:9], *lines[10:]]) + "\n")
    ran = replay(stored)
    assert ran.code == 4, ran.said
    assert "call 11 in line 10" in ran.said


def test_a_changed_template_is_told(stored: Folder) -> None:
    """Other templates than those of the run: it says so, and which verdicts are not the same."""
    stored.edit(f"{TEMPLATES}/keys.yml", "EnableKeyRotation: true", "EnableKeyRotation: false")
    ran = replay(stored)
    assert ran.code == 1, ran.said
    assert "the templates or parameters are not those of the run" in ran.out
    assert "+ fail  resource-unchanged on keys." in ran.out
