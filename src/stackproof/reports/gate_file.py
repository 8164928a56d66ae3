"""`reports/gates/<gate>.json`: the whole result of one gate run, for other programs."""

from __future__ import annotations

import json
import platform
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from stackproof import __version__
from stackproof.gates.gate import Decision
from stackproof.model import Finding
from stackproof.reports.files import write_atomically
from stackproof.reports.records import ranked, record


def write_gate(
    path: Path,
    gate: str,
    system: str,
    environments: Mapping[str, tuple[Decision, Sequence[Finding], Mapping[str, Any]]],
    run: Mapping[str, Any],
) -> None:
    """Write one gate's result.

    `environments` maps each environment to its decision, its findings, and further facts (coverage); `run` holds
    what the run itself knows: start, seconds, commit, evidence mode.

    Raises:
        MisuseError: the file cannot be written.

    """
    content = {
        "schema": 1,
        "gate": gate,
        "system": system,
        "stackproof": __version__,
        "python": platform.python_version(),
        **run,
        "environments": {
            name: {**asdict(decision), **facts, "findings": [record(f) for f in ranked(findings)]}
            for name, (decision, findings, facts) in environments.items()
        },
    }
    # A finding a line, so that two runs can be compared. (json's own indent is pure Python and takes ten times as long;
    # inside a string the quotes would be escaped, so only the border between two findings looks like this.)
    text = json.dumps(content, ensure_ascii=False).replace('}, {"control": ', '},\n {"control": ')
    write_atomically(path, text + "\n")
