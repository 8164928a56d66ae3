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
    """Exit 1, and the report names every control that catches it, the file and the line."""
    flaw = next(flaw for flaw in FLAWS if flaw.requirement == "MDR-WS-2")
    copy = Copy.below(tmp_path)
    for edit in flaw.edits:
        copy.edit(edit)
    gate = ["pytest", "-m", "unit", f"--system={copy.folder}", "--environment=prod", "-p", "no:cacheprovider"]
    environment = {**os.environ, "STACKPROOF_CACHE": str(tmp_path / "cache"), "COLUMNS": "240"}  # long paths stay whole
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
        assert f"{caught.control} on {caught.resource}" in run.stdout
        assert copy.place(caught.file, *caught.marks) in run.stdout
