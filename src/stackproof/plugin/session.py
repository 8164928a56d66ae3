"""One pytest session: which gates it runs, what was reported of each, and the exit code that comes of it."""

from __future__ import annotations

import datetime
import os
import shutil
import subprocess
import time
from collections.abc import Callable
from functools import cached_property
from pathlib import Path
from typing import Any, cast

import pytest

from stackproof.errors import MisuseError
from stackproof.gates.gate import Status
from stackproof.plugin.embedded import Embedded
from stackproof.plugin.flows import FLOW
from stackproof.plugin.gates import GateRun
from stackproof.plugin.options import GATES, Options

INCOMPLETE = 6  # exit code: evidence is required, and some is missing
MISUSE = "stackproof_misuse"  # under which a worker of xdist tells it to its controller
EXPECTED = "stackproof_expected"  # the same, of what it collected
_SCREEN = 100  # lines that the summary may take where there is no terminal, as in a pipeline's log


class Session:
    """The state of one pytest session. Registered as a plugin to hear the reports, also those of xdist's workers.

    `name` is the same in all processes of one session (empty: there is one); `selection` is what `-m` says; `owner` is
    the number of the process that ends last. `aside` says of a gate what the run's paths leave aside of it.
    """

    def __init__(self, options: Options, name: str, selection: str, owner: int, aside: Callable[[str], str]) -> None:
        self.options = options
        self.aside = aside
        self.misuse = ""
        self.name = name
        self.embedded = Embedded(Path.cwd(), owner)
        self._selection = selection
        self._started = datetime.datetime.now(datetime.UTC)
        self._clock = time.monotonic()
        self._gates: dict[str, GateRun] = {}
        self._failing: set[str] = set()  # tests of which a report has failed
        self.uncollected: list[str] = []  # modules that could not be collected, with whatever they hold
        self._notes: list[str] = []

    def pytest_collectreport(self, report: pytest.CollectReport) -> None:
        """Remember what could not be collected: nobody knows which gate's checks are in it."""
        if report.failed:
            self.uncollected.append(report.nodeid)

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Remember which checks were reported, and how many of pytest's failures are ours."""
        from stackproof.engine.judgement import finding_from

        properties = dict(report.user_properties)
        if "check" in properties:
            self.gate(str(properties["gate"])).heard(str(properties["check"]), failed=report.failed)
        self._failing |= {report.nodeid} if report.failed else set()
        for name, value in report.user_properties:
            if name == FLOW:
                gate, finding = cast("tuple[str, list[Any]]", value)
                self.gate(gate).heard_flow(finding_from(finding), failed=report.nodeid in self._failing)

    @pytest.hookimpl(optionalhook=True)
    def pytest_configure_node(self, node: Any) -> None:
        """Tell a worker who ends last."""
        node.workerinput["stackproof_owner"] = os.getpid()

    @pytest.hookimpl(optionalhook=True)
    def pytest_testnodedown(self, node: Any) -> None:
        """Hear what a worker collected, and what it found to be misused."""
        from stackproof.engine.judgement import finding_from

        told = getattr(node, "workeroutput", {})
        self.misuse = self.misuse or told.get(MISUSE, "")
        for name, (declared, flows) in told.get(EXPECTED, {}).items():
            gate = self.gate(name)
            gate.declared |= declared
            for finding in flows:
                gate.expect(finding_from(finding))

    def expected(self) -> dict[str, tuple[bool, list[list[Any]]]]:
        """What a worker of xdist tells its controller: by gate, whether its checks were collected, and its tests."""
        from stackproof.engine.judgement import plain_finding

        return {
            name: (gate.declared, [plain_finding(finding) for finding in gate.flows.values()])
            for name, gate in self._gates.items()
        }

    def gate(self, name: str) -> GateRun:
        """The run of one gate."""
        if name not in self._gates:
            self._gates[name] = GateRun(name, self)
        return self._gates[name]

    def wants(self, gate: str) -> bool:
        """Say whether `-m` may select this gate. What it cannot select is not judged for nothing."""
        from _pytest.mark.expression import Expression  # pytest has no public way to ask this

        if not self._selection:
            return True
        try:
            return Expression.compile(self._selection).evaluate(lambda name, /, **_: name == gate)
        except SyntaxError:
            return True

    @cached_property
    def has_system(self) -> bool:
        """Say whether there is a system to judge: one that is named, or lies here."""
        from stackproof.system.loading import known_systems

        return bool(self.options.system or known_systems(Path()))

    @property
    def asked(self) -> bool:
        """Say whether `-m` asks for one of the gates, of a system that is named or lies here."""
        named = bool(self._selection) and any(self.wants(gate) for gate in GATES)
        return named and self.has_system

    def check_options(self) -> None:
        """Find mistakes in the options before anything is collected.

        Raises:
            MisuseError: no such system, environment or colour, or a wrong system.yaml.

        """
        from stackproof.system.colours import check_colour

        for name in self.environments():
            check_colour(self.options.colour, name, self.system.environment(name))

    def begin(self) -> None:
        """Remove the results of an earlier run, so that one that does not come to its end leaves none.

        Raises:
            MisuseError: the folder of the reports cannot be written.

        """
        folder = Path(self.options.reports) / "gates"
        try:
            folder.mkdir(parents=True, exist_ok=True)
            wanted = [gate for gate in GATES if self.wants(gate)]
            for result in [*(self.gate(gate).file for gate in wanted), self.traceability]:
                result.unlink(missing_ok=True)
        except OSError as error:
            raise MisuseError("--reports", f"{folder}: {error.strerror}", "a folder that can be written") from error

    @property
    def system(self) -> Any:
        """The system that is judged.

        Raises:
            MisuseError: there is none, or its system.yaml is wrong.

        """
        from stackproof.system.loading import find_system, load_system

        if not hasattr(self, "_loaded"):
            self._loaded = load_system(find_system(self.options.system, Path()))
        return self._loaded

    def environments(self) -> list[str]:
        """Names of the environments that are judged.

        Raises:
            MisuseError: one is not in system.yaml.

        """
        names, known = list(self.options.environments), self.system.file.environments
        if names == ["all"]:
            return [name for name, environment in known.items() if not environment.emulated]
        if not names:
            names = ["embedded"] if "embedded" in known else list(known)[:1]
        for name in names:
            self.system.environment(name)
        return names

    def finish(self, failures: int, exitstatus: int) -> int:
        """Decide each gate that reported something, write its file, and return the exit code.

        Raises:
            MisuseError: the reports cannot be written.
            pytest.UsageError: collecting the checks brought a mistake in system.yaml or its files to light.

        """
        try:
            return self._finished(failures, exitstatus)
        finally:
            if self.name:
                shutil.rmtree(self.shared, ignore_errors=True)

    def _finished(self, failures: int, exitstatus: int) -> int:
        if self.misuse:
            raise pytest.UsageError(self.misuse)
        ran = [gate for gate in self._in_order() if gate.ran]
        if not ran:
            return exitstatus
        seconds = time.monotonic() - self._clock
        for gate in ran:
            gate.decide(seconds)
        self._write(ran, seconds)
        ours = sum(gate.failed for gate in ran)
        if failures > ours or exitstatus not in (pytest.ExitCode.OK, pytest.ExitCode.TESTS_FAILED):
            return exitstatus
        statuses = {decision.status for gate in ran for decision, _ in gate.results.values()}
        if Status.FAILED in statuses:
            return int(pytest.ExitCode.TESTS_FAILED)
        if self.options.evidence_required and statuses - {Status.PASSED}:
            return INCOMPLETE
        return int(pytest.ExitCode.OK)

    def lines(self, *, colour: bool, width: int, height: int = 0) -> list[str]:
        """Write the verdicts for the terminal, on one screen of it."""
        from stackproof.reports.terminal import Screen

        decided = [gate for gate in self._in_order() if gate.results]
        if not decided:
            return []
        below = len(self._notes) + 4  # pytest's own last lines, and the prompt
        room = ((height or _SCREEN) - below) // len(decided)
        screen = Screen(colour, width, room)
        written = [line for gate in decided for line in ["", *gate.lines(screen)]]
        return [*written, *(screen.paint(f"  {note}", "dim") for note in self._notes)]

    @property
    def shared(self) -> Path:
        """Where the processes of this session keep what only one of them has to find out."""
        return Path(self.options.reports) / "evidence" / f".{self.name}"

    @property
    def junit(self) -> Path:
        """Where JUnit's form of the results is written: a file of its own for each gate, or set of gates."""
        wanted = "-".join(gate for gate in GATES if self.wants(gate))
        return Path(self.options.reports) / f"junit-{wanted}.xml"

    @property
    def traceability(self) -> Path:
        """Where it is written which check proves which statement."""
        return Path(self.options.reports) / "traceability.md"

    def _in_order(self) -> list[GateRun]:
        return sorted(self._gates.values(), key=lambda gate: GATES.index(gate.name))

    def _write(self, ran: list[GateRun], seconds: float) -> None:
        run = {
            "started": self._started.isoformat(timespec="seconds"),
            "seconds": round(seconds, 3),
            "commit": _commit(),
            "evidence": "required" if self.options.evidence_required else "optional",
        }
        for gate in ran:
            gate.write(run)
            self._notes.append(f"report: {gate.file}")
        if self.system.requirements:
            self._trace()
            self._notes.append(f"traceability: {self.traceability}")

    def _trace(self) -> None:
        from stackproof.reports.traceability import Design, write_traceability

        system = self.system
        narrow = [e.proves for e in (*system.file.expectations, *system.file.probes) if e.environments]
        design = Design(
            system.file.name,
            [(r.id, r.says, r.proof) for r in system.requirements],
            frozenset(probe.id for probe in system.file.probes),
            frozenset(statement for proves in narrow for statement in proves),
        )
        write_traceability(self.traceability, design, Path(self.options.reports) / "gates")


SESSION = pytest.StashKey[Session]()


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
