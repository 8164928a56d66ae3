"""Tests as checks of a gate: each pytest test with a gate's mark is one check, and what came of it one finding."""

from __future__ import annotations

import inspect
import re
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn, cast

import pytest
from _pytest.outcomes import Skipped

from stackproof.gates.gate import FLAKY
from stackproof.model import Cause, Finding, Outcome, Severity, Where

if TYPE_CHECKING:
    from stackproof.plugin.session import Session

EVIDENCE = pytest.StashKey[list[str]]()  # folders and files that a test left, for its finding
CAUSE = "stackproof_cause"
FLOW = "stackproof_flow"
RETRIED = ("e2e", "smoke")  # a flow in a browser may fail for reasons of the moment; it is then shown as flaky
_LONGEST = 300  # characters of a message


class UnansweredError(Skipped):
    """A test that ends without a verdict, for a cause of ours."""

    def __init__(self, cause: Cause, detail: str) -> None:
        super().__init__(f"{cause}: {detail}")
        self.cause = cause
        self.detail = detail


def unknown(cause: Cause, detail: str) -> NoReturn:
    """End the running test without a verdict: its outcome is unknown, with this cause."""
    raise UnansweredError(cause, detail)


def gates_of(item: pytest.Item, session: Session) -> list[str]:
    """Name the gates that a test is a check of: those whose mark it has, and that this session runs."""
    from stackproof.plugin.options import GATES

    if not isinstance(item, pytest.Function) or not session.has_system:
        return []
    return [gate for gate in GATES if item.get_closest_marker(gate) and session.wants(gate)]


def of_another_system(item: pytest.Item, session: Session) -> bool:
    """Say whether a test speaks of systems (`@pytest.mark.system("shop")`) that are not the one being judged."""
    marker = item.get_closest_marker("system")
    return marker is not None and session.has_system and session.system.file.name not in marker.args


def run_flow(item: pytest.Item, nextitem: pytest.Item | None, gates: Sequence[str], session: Session) -> None:
    """Run a test, again if it fails and its gate allows that, and report the last try with its finding."""
    from _pytest.runner import runtestprotocol  # pytest has no public way to run a test without reporting it

    retried = [session.gate(gate).retries for gate in gates if gate in RETRIED]
    most = 1 + (max(retried) if retried else 0)
    item.ihook.pytest_runtest_logstart(nodeid=item.nodeid, location=item.location)
    reports: list[pytest.TestReport] = []
    for number in range(1, most + 1):
        reports = runtestprotocol(item, log=False, nextitem=nextitem)
        if number == most or not any(report.failed for report in reports):
            break
        _made_new(item)
    for environment in environments_of(item, session):
        finding = finding_of(item, reports, number, environment)
        for gate in gates:
            _attach(reports, gate, finding, required=session.options.evidence_required)
    for report in reports:
        item.ihook.pytest_runtest_logreport(report=report)
    item.ihook.pytest_runtest_logfinish(nodeid=item.nodeid, location=item.location)


def expected_findings(item: pytest.Item, session: Session) -> list[Finding]:
    """What is said of a test that did not run, in each of its environments."""
    left_out = "this run left the check out"
    return [
        _finding(item, environment, Outcome.UNKNOWN, left_out, cause=Cause.NOT_RUN)
        for environment in environments_of(item, session)
    ]


def finding_of(item: pytest.Item, reports: Sequence[pytest.TestReport], tries: int, environment: str) -> Finding:
    """Say what came of a test: only one that ran to its end without a failure passes."""
    failed = next((report for report in reports if report.failed), None)
    skipped = next((report for report in reports if report.skipped), None)
    if failed is not None:
        return _finding(item, environment, Outcome.FAIL, _why(failed))
    if skipped is not None:
        said = cast("tuple[str, str] | None", dict(skipped.user_properties).get(CAUSE))
        cause, detail = said or (Cause.NOT_RUN.value, _why(skipped))
        return _finding(item, environment, Outcome.UNKNOWN, detail, cause=Cause(cause))
    says = inspect.getdoc(item.function) or item.name  # type: ignore[attr-defined]
    first = says.splitlines()[0]
    if tries > 1:
        return _finding(item, environment, Outcome.PASS, f"passed on try {tries}: {first}", standing=FLAKY)
    return _finding(item, environment, Outcome.PASS, first)


def name_of(item: pytest.Item) -> str:
    """The check's id: the test's name without `test_`, in hyphens."""
    return re.sub(r"_+", "-", item.name.removeprefix("test_"))


def environments_of(item: pytest.Item, session: Session) -> Sequence[str]:
    """The environments that a test speaks of: the one that it was given, or all where it asks for none."""
    given = getattr(getattr(item, "callspec", None), "params", {}).get("environment")
    if given:
        return (str(given),)
    names = session.environments()
    return names[:1] if "environment" in getattr(item, "fixturenames", ()) else names


# --- inside ----------------------------------------------------------------------------------------------------


def _finding(
    item: pytest.Item,
    environment: str,
    outcome: Outcome,
    message: str,
    *,
    cause: Cause | None = None,
    standing: str = "",
) -> Finding:
    path, line, _ = item.reportinfo()
    where = Path(path)
    shown = where.relative_to(Path.cwd()) if where.is_relative_to(Path.cwd()) else where
    proves = [str(arg) for marker in item.iter_markers("proves") for arg in marker.args]
    left = item.stash.get(EVIDENCE, [])
    return Finding(
        control=name_of(item),
        engine="pytest",
        severity=Severity.CRITICAL,  # whoever writes a test means it: none is mere advice
        outcome=outcome,
        where=Where(shown.as_posix(), (line or 0) + 1),
        resource="",
        type="flow",
        environment=environment,
        message=message,
        remediation=f"Look at {left[0]}." if left and outcome is Outcome.FAIL else "",
        cause=cause,
        decided_by=message if cause else "",
        proves=tuple(dict.fromkeys(proves)),
        evidence=tuple(Where(place) for place in left),
        standing=standing,
    )


def _attach(reports: Sequence[pytest.TestReport], gate: str, finding: Finding, *, required: bool) -> None:
    """Put the finding on the last report, and our word for the outcome on the one that pytest counts."""
    from stackproof.engine.judgement import plain_finding

    reports[-1].user_properties.append((FLOW, [gate, plain_finding(finding)]))
    counted = next((r for r in reports if r.failed or r.skipped), None) or next(r for r in reports if r.when == "call")
    if finding.standing == FLAKY:
        counted.user_properties.append(("status", ["flaky", "R", "FLAKY"]))
    elif finding.outcome is Outcome.UNKNOWN:
        counted.user_properties.append(("status", ["unknown", "?", f"UNKNOWN ({finding.cause})"]))
        if required:
            counted.outcome = "failed"
            counted.longrepr = f"{finding.where}: {finding.control}: {finding.message}"


def _why(report: pytest.TestReport) -> str:
    """The reason in a sentence or two: what the assertion says, without its surroundings."""
    crash = getattr(report.longrepr, "reprcrash", None)
    if crash is not None:
        text = str(crash.message)
    elif isinstance(report.longrepr, tuple):
        text = str(report.longrepr[2]).removeprefix("Skipped: ")
    else:
        text = str(report.longrepr)
    text = re.sub(r"^([\w.]+\.)?(AssertionError|Failed|PageProblems): ", "", text)
    said = re.split(r"\n(?:assert |Call log:)", text, maxsplit=1)[0]  # pytest and Playwright add to the test's words
    text = " ".join(said.split())
    where = "" if report.when == "call" else f"in the test's {report.when}: "
    return where + (text if len(text) <= _LONGEST else f"{text[: _LONGEST - 3]}...")


def _made_new(item: pytest.Item) -> None:
    """Let a test's fixtures be made again. What failed while it was made must not be taken from before."""
    info: Any = getattr(item, "_fixtureinfo", None)
    for definitions in (info.name2fixturedefs if info else {}).values():
        for definition in definitions:
            cached = getattr(definition, "cached_result", None)
            if cached is not None and cached[2] is not None:
                definition.cached_result = None
    item._initrequest()  # type: ignore[attr-defined]
