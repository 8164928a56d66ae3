"""MDReader's flows, run as a user runs them on an embedded MDReader in a folder of its own."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from stackproof import emulator
from stackproof.system.loading import System

PROJECT = Path(__file__).parents[2]
SYSTEM = PROJECT / "systems/mdreader/system.yaml"
_FOREIGN = ("STACKPROOF_", "PYTEST_", "MDREADER_", "NO_COLOR", "FORCE_COLOR", "COLUMNS", "CI", "GITHUB_")


@dataclass(frozen=True, slots=True)
class Ran:
    """What came of a run: exit code, all that was printed, and the findings of each gate by their check."""

    code: int
    said: str
    gates: Mapping[str, Mapping[str, dict[str, Any]]]


class Embedded:
    """An embedded MDReader in a folder of its own, and the flows that are run on it as a user runs them."""

    def __init__(self, folder: Path, system: System) -> None:
        self.folder, self.system = folder, system
        self.running = emulator.start(system, folder)

    def restart(self, faults: str, monkeypatch: pytest.MonkeyPatch) -> None:
        """Let the application start again, with these faults; what is deployed stays."""
        monkeypatch.setenv("MDREADER_FAULT", faults)
        self.running = emulator.serve(self.running, self.system)

    def run(self, *arguments: str, **variables: str) -> Ran:
        """Run pytest in the folder."""
        return run(self.folder, *arguments, **variables)


def run(folder: Path, *arguments: str, **variables: str) -> Ran:
    """Run pytest on MDReader in a folder; what it finds there running is used."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(_FOREIGN)}
    where = ("-c", str(PROJECT / "pytest.ini"), "--rootdir", str(PROJECT), str(PROJECT / "tests"))
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", *where, f"--system={SYSTEM}", *arguments],
        cwd=folder,
        env=kept | variables,
        capture_output=True,
        text=True,
        check=False,
        timeout=600,
    )
    gates = {}
    for file in (folder / "reports/gates").glob("*.json"):
        findings = json.loads(file.read_text())["environments"]["embedded"]["findings"]
        gates[file.stem] = {finding["control"]: finding for finding in findings}
    return Ran(done.returncode, done.stdout + done.stderr, gates)
