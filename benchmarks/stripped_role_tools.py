"""The tools that are compared: how each is installed, run with a role, and how its answers are read."""

from __future__ import annotations

import csv
import hashlib
import json
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from time import perf_counter
from typing import Any, Final, Protocol

from measure import ROOT
from stripped_role_aws import SYSTEM, Lab, Role
from stripped_role_questions import Question

ENVIRONMENTS: Final = ROOT / ".stackproof" / "benchmarks"
INSTALLING: Final = 900  # seconds at most
RUNNING: Final = 600  # seconds at most, for one run of one tool


class Answer(StrEnum):
    """What a tool says of one resource."""

    PASS = "pass"  # noqa: S105 - no password
    FAIL = "fail"
    UNKNOWN = "unknown"  # it says that it could not tell
    STOPPED = "error"  # it says that this check ended with an error
    NOTHING = "nothing"  # it does not mention the resource
    UNASKED = "-"  # it cannot be asked


Answers = Mapping[tuple[Question, str], Answer]


@dataclass(frozen=True, slots=True)
class Ran:
    """One run: answers by question and logical id, exit code, seconds. `broken` says why it is no result."""

    answers: Answers
    code: int | None
    seconds: float
    broken: str = ""


class Tool(Protocol):
    """A tool under comparison."""

    name: str

    def install(self) -> str:
        """Make it ready and return its version.

        Raises:
            subprocess.SubprocessError, OSError: it cannot be installed.

        """

    def run(self, lab: Lab, role: Role, questions: Sequence[Question], scratch: Path) -> Ran:
        """Ask all questions at once, as its users would."""


class Stackproof:
    """Ours: the integration gate, as a pipeline runs it."""

    name = "stackproof"

    def install(self) -> str:
        """It is what runs this script."""
        from importlib.metadata import version

        return version("stackproof")

    def run(self, lab: Lab, role: Role, questions: Sequence[Question], scratch: Path) -> Ran:
        """Run `pytest -m integration` and read the gate's file."""
        command = [sys.executable, "-m", "pytest", str(ROOT / "tests" / "integration"), "-m", "integration", "-q"]
        command += [f"--system={SYSTEM.parent}", "--environment=target", "--evidence=required", f"--reports={scratch}"]
        done = _run(command, lab.variables(role, scratch), ROOT)
        file = scratch / "gates" / "integration.json"
        if done.broken or not file.exists():
            return Ran({}, done.code, done.seconds, done.broken or f"no report: {done.end}")
        found = json.loads(file.read_text(encoding="utf-8"))["environments"]["target"]["findings"]
        outcomes = {(one["control"], one["resource"]): one["outcome"] for one in found}
        says = {"pass": Answer.PASS, "fail": Answer.FAIL, "unknown": Answer.UNKNOWN}
        answers = {
            (question, logical): says.get(
                outcomes.get((question.control, question.address(logical)), ""), Answer.NOTHING
            )
            for question in questions
            for logical in question.pair()
        }
        return Ran(answers, done.code, done.seconds)


class Prowler:
    """Prowler: a finding is a row of its CSV."""

    name = "Prowler"

    def install(self) -> str:
        """Install it into an environment of its own."""
        return _installed("prowler", "prowler")

    def run(self, lab: Lab, role: Role, questions: Sequence[Question], scratch: Path) -> Ran:
        """Run the checks. Exit code 3 says that something fails; without findings it writes no file and ends with 0."""
        command = [str(ENVIRONMENTS / "prowler" / "bin" / "prowler"), "aws", "--region", lab.region, "--no-banner"]
        command += ["--output-formats", "csv", "--output-directory", str(scratch), "--output-filename", "found"]
        command += ["--scan-unused-services", "--no-color", "--check", *sorted({one.check for one in questions})]
        done = _run(command, lab.variables(role, scratch), scratch)
        if done.broken or done.code not in (0, 3):
            return Ran({}, done.code, done.seconds, done.broken or f"exit code {done.code}: {done.end}")
        file = scratch / "found.csv"
        rows: list[dict[str, str]] = []
        if file.exists():
            with file.open(encoding="utf-8", newline="") as opened:
                rows = list(csv.DictReader(opened, delimiter=";"))
        says = {"FAIL": Answer.FAIL, "MANUAL": Answer.UNKNOWN, "PASS": Answer.PASS}  # the first that it says
        answers = {}
        for question in questions:
            for logical in question.pair():
                label = _label(lab.physical[logical])
                mine = {r["STATUS"] for r in rows if r["CHECK_ID"] == question.check and label in r["RESOURCE_UID"]}
                answers[question, logical] = next((says[one] for one in says if one in mine), Answer.NOTHING)
        return Ran(answers, done.code, done.seconds)


class Custodian:
    """Cloud Custodian: what a policy matches is flawed, what it leaves out is not; one that fails writes nothing."""

    name = "Custodian"

    def install(self) -> str:
        """Install it into an environment of its own."""
        return _installed("custodian", "c7n")

    def run(self, lab: Lab, role: Role, questions: Sequence[Question], scratch: Path) -> Ran:
        """Run a policy for each question, without its cache of an earlier run's answers."""
        asked = [question for question in questions if question.kind]
        policies = [{"name": q.name, "resource": q.kind, "filters": list(q.filters)} for q in asked]
        file = scratch / "policies.json"
        file.write_text(json.dumps({"policies": policies}), encoding="utf-8")
        command = [str(ENVIRONMENTS / "custodian" / "bin" / "custodian"), "run", "--cache-period", "0"]
        command += ["--region", lab.region, "--output-dir", str(scratch / "out"), str(file)]
        done = _run(command, lab.variables(role, scratch), scratch)
        if done.broken or done.code not in (0, 2):  # 2: a policy ended with an error
            return Ran({}, done.code, done.seconds, done.broken or f"exit code {done.code}: {done.end}")
        answers = {}
        for question in questions:
            matched = _matched(scratch / "out" / question.name / "resources.json")
            for logical in question.pair():
                answer = _by_match(matched, _label(lab.physical[logical])) if question.kind else Answer.UNASKED
                answers[question, logical] = answer
        return Ran(answers, done.code, done.seconds)


def _by_match(matched: list[Any] | None, label: str) -> Answer:
    if matched is None:
        return Answer.STOPPED
    return Answer.FAIL if any(label in json.dumps(one) for one in matched) else Answer.PASS


def _matched(file: Path) -> list[Any] | None:
    if not file.exists():
        return None
    found: list[Any] = json.loads(file.read_text(encoding="utf-8"))
    return found


def _label(physical: str) -> str:
    """The part of a physical id that is in every name of the resource: the last of a URL or an ARN."""
    if physical.startswith(("https://", "arn:")):
        return physical.replace(":", "/").rpartition("/")[2]
    return physical


# --- processes ------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Done:
    """A process that ended: exit code, seconds, its last lines; `broken` says why it has no exit code."""

    code: int | None
    seconds: float
    end: str
    broken: str = ""


def _run(command: Sequence[str], variables: Mapping[str, str], folder: Path) -> _Done:
    """Run a tool to its end, or until its time is over."""
    began = perf_counter()
    try:
        done = subprocess.run(
            command,
            env=dict(variables),
            cwd=folder,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            timeout=RUNNING,
            check=False,
        )
    except subprocess.TimeoutExpired:
        return _Done(None, perf_counter() - began, "", f"not done after {RUNNING} s")
    except OSError as error:
        return _Done(None, perf_counter() - began, "", str(error))
    lines = done.stdout.decode(errors="replace").strip().splitlines()
    return _Done(done.returncode, perf_counter() - began, " / ".join(lines[-3:]))


def _installed(name: str, package: str) -> str:
    """Make an environment with just what the requirements name, unless it is there; return the package's version."""
    wanted = ROOT / "benchmarks" / "requirements" / f"{name}.txt"
    place, digest = ENVIRONMENTS / name, hashlib.sha256(wanted.read_bytes()).hexdigest()
    python, ready = str(place / "bin" / "python"), place / ".ready"
    if not ready.exists() or ready.read_text(encoding="utf-8") != digest:
        print(f"installing {name} into {place.relative_to(ROOT)}, once", file=sys.stderr, flush=True)
        install = [python, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--require-hashes"]
        for command in ([sys.executable, "-m", "venv", str(place)], [*install, "-r", str(wanted)]):
            subprocess.run(command, check=True, timeout=INSTALLING, stdin=subprocess.DEVNULL, capture_output=True)
        ready.write_text(digest, encoding="utf-8")
    asked = [python, "-c", f"from importlib.metadata import version; print(version('{package}'))"]
    return subprocess.run(asked, check=True, timeout=60, capture_output=True, text=True).stdout.strip()
