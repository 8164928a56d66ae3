"""How much of a system's own code its tests run, as the report of the last run says: evidence for the unit gate."""

from __future__ import annotations

import datetime
import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from xml.etree import ElementTree as Xml

from stackproof.model import Cause, Finding, Outcome, Severity
from stackproof.system.loading import System
from stackproof.system.schema import Coverage

CHECK = "application-covered"
_CODE = (".py", ".js", ".ts", ".tsx", ".jsx", ".go", ".java", ".rs", ".cs", ".rb")
_NOT_OURS = ("node_modules", ".venv", "dist", "tests", "__pycache__")


@dataclass(frozen=True, slots=True)
class Report:
    """What a coverage report says: percent of lines, and when it was made (UTC)."""

    percent: float
    made: datetime.datetime


def coverage_findings(system: System) -> list[Finding]:
    """Judge the coverage that system.yaml asks for; nothing where it asks for none.

    A report that is missing, unreadable, or older than the code is unknown: it does not speak of this code.
    """
    gate = system.file.gates.get("unit")
    if gate is None or gate.coverage is None:
        return []
    wanted = gate.coverage
    path, source = system.folder / wanted.report, system.folder / wanted.source
    if not path.is_file():
        return [_unknown(system, wanted, Cause.NOT_RUN, f"there is no {wanted.report}")]
    try:
        report = _read(path)
    except (OSError, ValueError, KeyError, TypeError, Xml.ParseError) as error:
        return [_unknown(system, wanted, Cause.PARSE_ERROR, f"{wanted.report}: {type(error).__name__}: {error}")]
    code = list(_files(source))
    if not code:
        return [_unknown(system, wanted, Cause.NOT_RUN, f"{wanted.source} holds no code")]
    newest = max(code, key=lambda file: file.stat().st_mtime)
    changed = datetime.datetime.fromtimestamp(newest.stat().st_mtime, datetime.UTC)
    if changed > report.made:
        older = f"{wanted.report} is older than {newest.relative_to(system.folder).as_posix()}"
        return [_unknown(system, wanted, Cause.NOT_RUN, older)]
    outcome = Outcome.PASS if report.percent >= wanted.at_least else Outcome.FAIL
    told = f"{report.percent:.1f} % of the lines are run by tests, expected at least {wanted.at_least:g} %"
    return [_finding(system, wanted, outcome, told)]


def _read(path: Path) -> Report:
    """Read coverage.py's JSON, or Cobertura's XML, which most other tools write."""
    if path.suffix == ".json":
        content = json.loads(path.read_text(encoding="utf-8"))
        made = datetime.datetime.fromisoformat(content["meta"]["timestamp"]).astimezone(datetime.UTC)
        return Report(float(content["totals"]["percent_covered"]), made)
    root = Xml.fromstring(path.read_text(encoding="utf-8"))  # noqa: S314 - a report of the project's own tests
    stamp = int(root.attrib["timestamp"])
    made = datetime.datetime.fromtimestamp(stamp / 1000 if stamp > 10**11 else stamp, datetime.UTC)
    return Report(100 * float(root.attrib["line-rate"]), made)


def _files(folder: Path) -> Iterator[Path]:
    for path in folder.rglob("*"):
        if path.suffix in _CODE and not set(path.relative_to(folder).parts) & set(_NOT_OURS):
            yield path


def _unknown(system: System, wanted: Coverage, cause: Cause, why: str) -> Finding:
    return _finding(system, wanted, Outcome.UNKNOWN, f"not known: {why}", cause, why)


def _finding(
    system: System, wanted: Coverage, outcome: Outcome, message: str, cause: Cause | None = None, decided_by: str = ""
) -> Finding:
    return Finding(
        control=CHECK,
        engine="stackproof",
        severity=Severity.HIGH,
        outcome=outcome,
        where=system.place("gates", "unit", "coverage"),
        resource="",
        type="code",
        environment="",
        message=message,
        remediation=f"Run the tests of {wanted.source} with coverage into {wanted.report}.",
        cause=cause,
        decided_by=decided_by,
    )
