"""`stackproof replay`: judge a deployed environment again from the answers that an earlier run stored."""

from __future__ import annotations

import argparse
import json
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any, Final

from stackproof.engine.connections import connect_stored
from stackproof.engine.integration import evidence_folder, judge_environment
from stackproof.engine.judgement import Judgement
from stackproof.errors import MisuseError
from stackproof.gates.waivers import NAMES
from stackproof.model import Cause
from stackproof.reports.records import record
from stackproof.system.loading import find_system, load_system

DIFFERS: Final = 1
TESTS: Final = "pytest"  # the engine of findings that are tests
_SHOWN: Final = 20  # differences that are printed
Verdict = tuple[str, str, str, str | None]


def replay(options: argparse.Namespace) -> int:
    """Judge again, without credentials, and compare with what the gate said; 0 where every verdict is the same.

    Raises:
        MisuseError: there is no result or no evidence to replay, the evidence was changed, or the system is wrong.

    """
    reports: Path = options.reports
    result = _result(reports / "gates" / "integration.json")
    system = load_system(find_system(options.system or result["system"], Path()))
    probes = {probe.id for probe in system.file.probes}
    agree = True
    for environment, content in result["environments"].items():
        folder = evidence_folder(reports, environment)
        reach = connect_stored(system, environment, folder, content)
        again = judge_environment(system, environment, reach, _silent, again=True)
        judged = [f for f in content["findings"] if f["engine"] != TESTS and f["control"] not in probes | NAMES]
        agree &= _compared(environment, judged, again, content)
        _leave_out(content["findings"], probes)
    return 0 if agree else DIFFERS


def _compared(
    environment: str, said: Sequence[Mapping[str, Any]], again: Judgement, content: Mapping[str, Any]
) -> bool:
    unsaid = {(f["control"], f["resource"]) for f in said if f["cause"] == Cause.NOT_RUN}
    before = Counter(_verdict(f) for f in said if (f["control"], f["resource"]) not in unsaid)
    now = Counter(_verdict(record(f)) for f in again.findings if (f.control, f.resource) not in unsaid)
    calls = again.facts["calls"]
    if before == now:
        print(f"{environment}: {now.total()} verdicts judged again from {calls} stored calls, every one the same")
        return True
    gone, new = sorted((before - now).elements(), key=str), sorted((now - before).elements(), key=str)
    print(f"{environment}: {len(gone)} of {before.total()} verdicts differ, judged again from {calls} stored calls")
    if again.facts["inputs"] != content["inputs"]:
        print("  the templates or parameters are not those of the run")
    for sign, verdicts in (("-", gone), ("+", new)):
        for control, resource, outcome, cause in verdicts[:_SHOWN]:
            print(f"  {sign} {outcome}{f' ({cause})' if cause else ''}  {control} on {resource or 'the system'}")
    return False


def _leave_out(findings: Iterable[Mapping[str, Any]], probes: set[str]) -> None:
    """Say what cannot be judged again: probes and tests ask the thing itself, and what did not run said nothing."""
    kinds = Counter(_kind(f, probes) for f in findings)
    for kind, number in kinds.items():
        if kind:
            print(f"  {number} {kind} are not among them")


def _kind(finding: Mapping[str, Any], probes: set[str]) -> str:
    if finding["control"] in probes:
        return "answers of probes"
    if finding["engine"] == TESTS:
        return "tests"
    return "checks that the run left out" if finding["cause"] == Cause.NOT_RUN else ""


def _verdict(finding: Mapping[str, Any]) -> Verdict:
    """What must be the same. A waiver is no part of the evidence: what it waives failed."""
    outcome = "fail" if finding["outcome"] == "waived" else finding["outcome"]
    return finding["control"], finding["resource"], outcome, finding["cause"]


def _result(path: Path) -> dict[str, Any]:
    try:
        content: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
        for environment in content["environments"].values():
            environment["account_read"], environment["embedded"], environment["unsupported"]
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        got = f"{type(error).__name__}: {error}"
        advice = "Run `pytest -m integration` first, or name the folder with --reports."
        raise MisuseError(str(path), got, "the result of an integration gate", advice) from error
    return content


def _silent(what: str, done: int, total: int) -> None:
    """Show nothing: it takes a second."""
