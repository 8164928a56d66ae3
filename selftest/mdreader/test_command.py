"""The gate as people run it, on a system with a flaw."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

from selftest.mdreader.copies import Copy
from selftest.mdreader.flaws_of_services import FLAWS

ROOT = Path(__file__).parents[2]


def test_gate_fails_on_a_flaw_and_says_where(tmp_path: Path) -> None:
    """Exit 1, and the report names requirement, control, file and line."""
    flaw = next(flaw for flaw in FLAWS if flaw.requirement == "MDR-WS-2")
    copy = Copy.below(tmp_path)
    for edit in flaw.edits:
        copy.edit(edit)
    gate = ["pytest", "-m", "unit", f"--system={copy.folder}", "--environment=prod", "-p", "no:cacheprovider"]
    environment = {**os.environ, "STACKPROOF_CACHE": str(tmp_path / "cache")}
    run = subprocess.run(
        [sys.executable, "-m", *gate, f"--reports={tmp_path / 'reports'}"],
        cwd=ROOT,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
        timeout=300,
    )
    assert run.returncode == 1, run.stdout + run.stderr
    for caught in flaw.caught:
        assert caught.control in run.stdout
    assert copy.place(flaw.caught[0].file, *flaw.caught[0].marks) in run.stdout
