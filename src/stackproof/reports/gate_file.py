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
    write_atomically(path, json.dumps(content, indent=1, ensure_ascii=False) + "\n")
