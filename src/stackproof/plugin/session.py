"""One run of a gate: what is judged, what was reported, what is decided."""

from __future__ import annotations

import datetime
import subprocess
import time
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from stackproof.errors import MisuseError
from stackproof.gates.gate import Decision, Policy, Status, decide
from stackproof.gates.waivers import Waiver, apply_waivers
from stackproof.model import Finding, Severity, Where
from stackproof.plugin.options import Options

INCOMPLETE = 6  # exit code: evidence is required, and some is missing


class GateRun:
    """The state of one pytest session. Registered as a plugin to hear the reports, also those of xdist's workers."""

    def __init__(self, options: Options) -> None:
        self.options = options
        self.misuse: MisuseError | None = None
        self._started = datetime.datetime.now(datetime.UTC)
        self._clock = time.monotonic()
        self._judged: dict[str, list[Finding]] | None = None
        self._facts: dict[str, dict[str, Any]] = {}
        self._reported: set[str] = set()
        self._failed = 0
        self._decisions: dict[str, Decision] = {}
        self._notes: list[str] = []

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Remember which checks were reported, and how many of pytest's failures are ours."""
        properties = dict(report.user_properties)
        if "check" in properties:
            self._reported.add(str(properties["check"]))
            self._failed += report.failed

    def wants(self, gate: str, expression: str) -> bool:
        """Say whether `-m` may select this gate. What it cannot select is not judged for nothing."""
        from _pytest.mark.expression import Expression  # pytest has no public way to ask this

        if not expression:
            return True
        try:
            return Expression.compile(expression).evaluate(lambda name, /, **_: name == gate)
        except SyntaxError:
            return True

    def check_options(self) -> None:
        """Find mistakes in the options before anything is collected.

        Raises:
            MisuseError: no such system or environment, or a wrong system.yaml.

        """
        self._environments(self._system())

    def checks(self, reporter: Any) -> list[tuple[str, Finding]]:
        """Judge the system, or take what was judged before; return each check with its unique name.

        Raises:
            MisuseError: system.yaml or a parameter file is wrong.

        """
        judged = self._judge(reporter)
        return [check for environment in judged for check in _named(environment, judged[environment])]

    def finish(self, failures: int, exitstatus: int) -> int:
        """Decide each environment, write the gate's files, and return the exit code.

        Raises:
            MisuseError: the reports cannot be written.

        """
        if not self._reported or self.misuse:
            return exitstatus
        judged = self._judge(None)
        seconds = time.monotonic() - self._clock
        policy = self._policy()
        for environment, findings in judged.items():
            names = [name for name, _ in _named(environment, findings)]
            missing = [name for name in names if name not in self._reported]
            ran = [f for name, f in _named(environment, findings) if name in self._reported]
            self._decisions[environment] = decide(ran, policy, seconds, missing=missing)
        self._write(seconds)
        if failures > self._failed or exitstatus not in (pytest.ExitCode.OK, pytest.ExitCode.TESTS_FAILED):
            return exitstatus
        return self._exit_code()

    def lines(self, *, colour: bool, width: int) -> list[str]:
        """Write the verdicts for the terminal."""
        from stackproof.reports.terminal import Painter, summary

        if not self._decisions:
            return []
        paint = Painter(colour=colour)
        system = self._system().file.name
        shown = max(2, 8 // len(self._decisions))
        lines = [""]
        for environment, decision in self._decisions.items():
            findings = (self._judged or {})[environment]
            title = f"{system} · unit gate · {environment}"
            lines += summary(title, decision, findings, paint, width=min(width, 140), shown=shown)
        return [*lines, *(paint(f"  {note}", "dim") for note in self._notes)]

    # --- inside -------------------------------------------------------------------------------------------

    def _system(self) -> Any:
        from stackproof.system.loading import find_system, load_system

        if not hasattr(self, "_loaded"):
            self._loaded = load_system(find_system(self.options.system, Path.cwd()))
        return self._loaded

    def _environments(self, system: Any) -> list[str]:
        names = list(self.options.environments)
        if names == ["all"]:
            return [name for name, environment in system.file.environments.items() if not environment.emulated]
        if not names:
            names = ["embedded"] if "embedded" in system.file.environments else list(system.file.environments)[:1]
        for name in names:
            system.environment(name)
        return names

    def _judge(self, reporter: Any) -> dict[str, list[Finding]]:
        if self._judged is not None:
            return self._judged
        from stackproof.cache import Cache
        from stackproof.engine.systems import judge_system
        from stackproof.plugin.progress import progress_to

        system = self._system()
        environments = self._environments(system)
        with progress_to(reporter) as progress:
            judgements = judge_system(system, environments, Cache(), progress=progress)
        waivers = [*_waivers(system), *(mark for j in judgements for mark in j.marks)]
        found = [finding for judgement in judgements for finding in judgement.findings]
        waived = apply_waivers(found, list(dict.fromkeys(waivers)), datetime.date.today(), environments)
        self._judged = {
            name: [replace(f, environment=name) for f in waived if f.environment in ("", name)] for name in environments
        }
        for judgement in judgements:
            self._facts[judgement.environment] = {
                "resources": judgement.resources,
                "types_without_control": dict(judgement.uncovered),
                "marks": [str(mark) for mark in judgement.marks],
            }
        return self._judged

    def _policy(self) -> Policy:
        gate = self._system().file.gates.get("unit")
        if gate is None:
            return Policy()
        return Policy(Severity[gate.blocks.upper()], gate.allow.fail, gate.allow.unknown, gate.budget)

    def _write(self, seconds: float) -> None:
        from stackproof.reports.files import write_atomically
        from stackproof.reports.gate_file import write_gate
        from stackproof.reports.traceability import as_markdown, trace

        folder, system, judged = Path(self.options.reports), self._system(), self._judged or {}
        results = {name: (decision, judged[name], self._facts[name]) for name, decision in self._decisions.items()}
        run = {
            "started": self._started.isoformat(timespec="seconds"),
            "seconds": round(seconds, 3),
            "commit": _commit(),
            "evidence": "required" if self.options.evidence_required else "optional",
        }
        write_gate(folder / "gates" / "unit.json", "unit", system.file.name, results, run)
        self._notes.append(f"report: {folder / 'gates' / 'unit.json'}")
        if system.requirements:
            stated = [(r.id, r.says, r.proof) for r in system.requirements]
            elsewhere = {requirement for e in system.file.expectations if e.environments for requirement in e.proves}
            traced = {name: trace(stated, judged[name], elsewhere) for name in self._decisions}
            path = folder / "traceability.md"
            write_atomically(path, as_markdown(f"{system.file.name}: traceability", traced))
            self._notes.append(f"traceability: {path}")

    def _exit_code(self) -> int:
        statuses = {decision.status for decision in self._decisions.values()}
        if Status.FAILED in statuses:
            return int(pytest.ExitCode.TESTS_FAILED)
        if self.options.evidence_required and statuses - {Status.PASSED}:
            return INCOMPLETE
        return int(pytest.ExitCode.OK)


RUN = pytest.StashKey[GateRun]()


def _named(environment: str, findings: Sequence[Finding]) -> list[tuple[str, Finding]]:
    """Give each check a name that is unique and stays the same while the check does."""
    seen: dict[str, int] = {}
    named = []
    for finding in sorted(findings, key=lambda f: (f.resource, f.control, f.where.source, f.where.line, f.message)):
        name = f"{environment}/{finding.resource or finding.where.source}/{finding.control}"
        seen[name] = seen.get(name, 0) + 1
        named.append((name if seen[name] == 1 else f"{name}#{seen[name]}", finding))
    return named


def _waivers(system: Any) -> list[Waiver]:
    return [
        Waiver(
            control=waiver.control,
            resource=waiver.resource,
            owner=waiver.owner,
            reason=waiver.reason,
            until=waiver.until,
            where=_place(system.where("waivers", index)),
            environments=tuple(
                name for name in system.file.environments if set(waiver.environments) & set(system.lineage(name))
            ),
        )
        for index, waiver in enumerate(system.file.waivers)
    ]


def _place(text: str) -> Where:
    source, _, line = text.rpartition(":")
    path = Path(source)
    shown = path.relative_to(Path.cwd()) if path.is_relative_to(Path.cwd()) else path
    return Where(shown.as_posix(), int(line))


def _commit() -> str:
    try:
        asked = subprocess.run(
            ["git", "rev-parse", "HEAD"],  # noqa: S607
            capture_output=True,
            text=True,
            check=False,
            timeout=10,
        )
    except (OSError, subprocess.TimeoutExpired):
        return ""
    return asked.stdout.strip()
