"""Checks as pytest items. They are judged together when they are collected; an item only reports its outcome."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from stackproof.errors import MisuseError
from stackproof.gates.gate import OWED
from stackproof.model import Finding, Outcome
from stackproof.plugin.session import SESSION


@dataclass(frozen=True, slots=True)
class Checks:
    """What a test module declares: all checks of one gate."""

    gate: str


class ChecksCollector(pytest.Collector):
    """Judges the system and yields an item per check."""

    def __init__(self, *, checks: Checks, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.checks = checks

    def collect(self) -> Iterator[pytest.Item]:
        """Yield the items; a mistake in system.yaml is kept for the end of the collection, where it ends the run."""
        session, gate = self.config.stash[SESSION], self.checks.gate
        if not session.wants(gate):
            return
        try:
            named = session.gate(gate).checks(_reporter(self.config))
        except MisuseError as error:
            session.misuse = str(error)
            return
        for name, finding in named:
            item: pytest.Item = CheckItem.from_parent(self, name=name, finding=finding, gate=gate)
            yield item


class CheckItem(pytest.Item):
    """One control on one resource in one environment, judged for one gate."""

    def __init__(self, *, finding: Finding, gate: str, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.finding = finding
        self.gate = gate

    def runtest(self) -> None:
        """Nothing is left to run: see `run_item`."""

    def reportinfo(self) -> tuple[Path, int, str]:
        """Point at the author's line. Without a name of its own: pytest would write `::` for the dots in ours."""
        where = self.finding.where
        return Path(where.source), max(0, where.line - 1), ""


def run_item(item: CheckItem) -> None:
    """Report one check the way pytest reports a test."""
    item.ihook.pytest_runtest_logstart(nodeid=item.nodeid, location=item.location)
    session = item.config.stash[SESSION]
    advice = item.finding.outcome is Outcome.FAIL and item.finding.severity < session.gate(item.gate).policy.blocks
    report = _report(item, evidence_required=session.options.evidence_required, advice=advice)
    item.ihook.pytest_runtest_logreport(report=report)
    item.ihook.pytest_runtest_logfinish(nodeid=item.nodeid, location=item.location)


def _report(item: CheckItem, *, evidence_required: bool, advice: bool) -> pytest.TestReport:
    """Report a failure below the severity that counts as skipped advice, so that no dashboard turns red over it."""
    finding = item.finding
    outcome, longrepr = _verdict(finding, evidence_required=evidence_required)
    status = _status(finding)
    if advice:
        outcome, status = "skipped", ("advice", "", "ADVICE")
        longrepr = (finding.where.source, finding.where.line, f"advice: {finding.control}: {finding.message}")
    report = pytest.TestReport(
        nodeid=item.nodeid,
        location=item.location,
        keywords={item.name: 1},
        outcome=outcome,  # type: ignore[arg-type]
        longrepr=longrepr,
        when="call",
        user_properties=[("status", status), ("gate", item.gate), ("check", item.name), *_properties(finding)],
    )
    if finding.outcome is Outcome.WAIVED:
        report.wasxfail = finding.waiver
    return report


def _verdict(finding: Finding, *, evidence_required: bool) -> tuple[str, Any]:
    """Say passed, failed or skipped: an unanswered check fails where evidence is required, and is never passed."""
    said = f"{finding.where}: {finding.control}: {finding.message}"
    if finding.outcome is Outcome.PASS:
        return "passed", None
    unanswered = finding.outcome is Outcome.UNKNOWN and finding.cause not in OWED
    if finding.outcome is Outcome.FAIL or (unanswered and evidence_required):
        return "failed", f"{said}\nfix: {finding.remediation}"
    return "skipped", (finding.where.source, finding.where.line, f"{finding.outcome.value}: {said}")


def _status(finding: Finding) -> tuple[str, str, str]:
    if finding.cause in OWED:
        return "owed", "", f"OWED ({finding.cause})"
    return {
        Outcome.PASS: ("passed", "", "PASS"),  # thousands of letters would push the summary off the screen
        Outcome.FAIL: ("fail", "F", "FAIL"),
        Outcome.UNKNOWN: ("unknown", "", f"UNKNOWN ({finding.cause})"),
        Outcome.WAIVED: ("waived", "", "WAIVED"),
        Outcome.NOT_APPLICABLE: ("not applicable", "", "NOT APPLICABLE"),
    }[finding.outcome]


def _properties(finding: Finding) -> list[tuple[str, object]]:
    said = {
        "outcome": finding.outcome.value,
        "cause": finding.cause.value if finding.cause else "",
        "severity": finding.severity.label,
        "file": finding.where.source,
        "line": finding.where.line,
        "waiver": finding.waiver,
        "standing": finding.standing,
        "evidence": ", ".join(str(call) for call in finding.evidence),
    }
    return [(name, value) for name, value in said.items() if value]


def _reporter(config: pytest.Config) -> Any:
    return config.pluginmanager.get_plugin("terminalreporter")
