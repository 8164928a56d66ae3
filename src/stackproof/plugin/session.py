"""One run of a gate: what is judged, what was reported, what is decided."""

from __future__ import annotations

import datetime
import subprocess
import time
from functools import cached_property
from pathlib import Path
from typing import Any

import pytest

from stackproof.errors import MisuseError
from stackproof.gates.gate import Decision, Policy, Status, decide
from stackproof.model import Finding
from stackproof.plugin.judging import Judged, judge, left_out, policy_of
from stackproof.plugin.options import GATES, Options

INCOMPLETE = 6  # exit code: evidence is required, and some is missing
GATE = "unit"
MISUSE = "stackproof_misuse"  # under which a worker of xdist tells it to its controller
_SCREEN = 40  # lines that the summary may take where no terminal says how many it has


class GateRun:
    """The state of one pytest session. Registered as a plugin to hear the reports, also those of xdist's workers.

    `session` is the same in all processes of one run; `selection` is what `-m` says.
    """

    def __init__(self, options: Options, session: str, selection: str) -> None:
        self.options = options
        self.misuse = ""
        self._session = session
        self._selection = selection
        self._started = datetime.datetime.now(datetime.UTC)
        self._clock = time.monotonic()
        self._judged: Judged | None = None
        self._reported: set[str] = set()
        self._failed = 0
        self._results: dict[str, tuple[Decision, list[Finding]]] = {}
        self._notes: list[str] = []

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Remember which checks were reported, and how many of pytest's failures are ours."""
        properties = dict(report.user_properties)
        if "check" in properties:
            self._reported.add(str(properties["check"]))
            self._failed += report.failed

    @pytest.hookimpl(optionalhook=True)
    def pytest_testnodedown(self, node: Any) -> None:
        """Hear what a worker found to be misused while it collected."""
        self.misuse = self.misuse or getattr(node, "workeroutput", {}).get(MISUSE, "")

    def wants(self, gate: str) -> bool:
        """Say whether `-m` may select this gate. What it cannot select is not judged for nothing."""
        from _pytest.mark.expression import Expression  # pytest has no public way to ask this

        if not self._selection:
            return True
        try:
            return Expression.compile(self._selection).evaluate(lambda name, /, **_: name == gate)
        except SyntaxError:
            return True

    @property
    def asked(self) -> bool:
        """Say whether `-m` asks for one of the gates, of a system that is named or lies here."""
        from stackproof.system.loading import known_systems

        named = bool(self._selection) and any(self.wants(gate) for gate in GATES)
        return named and bool(self.options.system or known_systems(Path()))

    def check_options(self) -> None:
        """Find mistakes in the options before anything is collected.

        Raises:
            MisuseError: no such system or environment, or a wrong system.yaml.

        """
        self._environments(self._system())

    def begin(self) -> None:
        """Remove the result of an earlier run, so that one that does not come to its end leaves none.

        Raises:
            MisuseError: the folder of the reports cannot be written.

        """
        path = self._gate_file
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            for result in (path, self._traceability) if self.wants(GATE) else ():
                result.unlink(missing_ok=True)
        except OSError as error:
            raise MisuseError(
                "--reports", f"{path.parent}: {error.strerror}", "a folder that can be written"
            ) from error

    @cached_property
    def policy(self) -> Policy:
        """When the gate passes."""
        return policy_of(self._system(), GATE)

    def checks(self, reporter: Any) -> list[tuple[str, Finding]]:
        """Judge the system, or take what was judged before; return each check with its unique name.

        Raises:
            MisuseError: system.yaml or a parameter file is wrong.

        """
        return [check for named in self._judge(reporter).checks.values() for check in named.items()]

    def finish(self, failures: int, exitstatus: int) -> int:
        """Decide each environment, write the gate's files, and return the exit code.

        Raises:
            MisuseError: the reports cannot be written.
            pytest.UsageError: collecting the checks brought a mistake in system.yaml or its files to light.

        """
        if self.misuse:
            raise pytest.UsageError(self.misuse)
        if not self._reported:
            return exitstatus
        policy = self.policy
        seconds = time.monotonic() - self._clock
        for environment, checks in self._judge(None).checks.items():
            ran = {name: finding for name, finding in checks.items() if name in self._reported}
            missing = [name for name in checks if name not in self._reported]
            decision = decide(list(ran.values()), policy, seconds, missing=missing)
            found = [finding if name in ran else left_out(finding) for name, finding in checks.items()]
            self._results[environment] = (decision, found)
        self._write(seconds)
        if failures > self._failed or exitstatus not in (pytest.ExitCode.OK, pytest.ExitCode.TESTS_FAILED):
            return exitstatus
        return self._exit_code()

    def lines(self, *, colour: bool, width: int, height: int = 0) -> list[str]:
        """Write the verdicts for the terminal, on one screen of it."""
        from stackproof.reports.terminal import Screen, summary

        if not self._results:
            return []
        below = len(self._notes) + 4  # pytest's own last lines, and the prompt
        screen = Screen(colour, width, (height or _SCREEN) - below)
        system = self._system()
        decisions = {name: decision for name, (decision, _) in self._results.items()}
        findings = [finding for _, found in self._results.values() for finding in found]
        written = summary(
            f"{system.file.name} · {GATE} gate",
            decisions,
            findings,
            screen,
            blocks=policy_of(system, GATE).blocks,
        )
        return ["", *written, *(screen.paint(f"  {note}", "dim") for note in self._notes)]

    # --- inside -------------------------------------------------------------------------------------------

    @property
    def _gate_file(self) -> Path:
        return Path(self.options.reports) / "gates" / f"{GATE}.json"

    @property
    def _traceability(self) -> Path:
        return Path(self.options.reports) / "traceability.md"

    def _system(self) -> Any:
        from stackproof.system.loading import find_system, load_system

        if not hasattr(self, "_loaded"):
            self._loaded = load_system(find_system(self.options.system, Path()))
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

    def _judge(self, reporter: Any) -> Judged:
        if self._judged is None:
            system = self._system()
            self._judged = judge(system, self._environments(system), reporter, self._session)
        return self._judged

    def _write(self, seconds: float) -> None:
        from stackproof.reports.files import write_atomically
        from stackproof.reports.gate_file import write_gate
        from stackproof.reports.traceability import as_markdown, trace

        system, facts = self._system(), self._judge(None).facts
        results = {name: (decision, found, facts[name]) for name, (decision, found) in self._results.items()}
        run = {
            "started": self._started.isoformat(timespec="seconds"),
            "seconds": round(seconds, 3),
            "commit": _commit(),
            "evidence": "required" if self.options.evidence_required else "optional",
        }
        write_gate(self._gate_file, GATE, system.file.name, results, run)
        self._notes.append(f"report: {self._gate_file}")
        if system.requirements:
            stated = [(r.id, r.says, r.proof) for r in system.requirements]
            elsewhere = {requirement for e in system.file.expectations if e.environments for requirement in e.proves}
            traced = {name: trace(stated, found, elsewhere) for name, (_, found) in self._results.items()}
            write_atomically(self._traceability, as_markdown(f"{system.file.name}: traceability", traced))
            self._notes.append(f"traceability: {self._traceability}")

    def _exit_code(self) -> int:
        statuses = {decision.status for decision, _ in self._results.values()}
        if Status.FAILED in statuses:
            return int(pytest.ExitCode.TESTS_FAILED)
        if self.options.evidence_required and statuses - {Status.PASSED}:
            return INCOMPLETE
        return int(pytest.ExitCode.OK)


RUN = pytest.StashKey[GateRun]()


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
