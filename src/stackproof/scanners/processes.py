"""Running the scanners: one process per tool, side by side, started again when it dies."""

from __future__ import annotations

import contextlib
import json
import os
import selectors
import signal
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Final

from stackproof.model import Cause, Unknown
from stackproof.scanners.engines import CHECKOV, WORKER, Tool

_START: Final = 120.0  # seconds that a tool may take to be imported on a slow machine
_LOOK: Final = 0.2  # seconds between two looks whether the run was interrupted
_FRUITLESS: Final = 2  # starts in a row without any answer, after which the rest is given up
# Settings of a user's shell that would change what the tools answer
_FOREIGN: Final = ("BC_", "CHECKOV_", "CKV_", "PRISMA_", "CFN_LINT_", "LOG_LEVEL", "PYTHONHOME")


@dataclass(frozen=True, slots=True)
class Task:
    """One document for one tool. `kind` is `resolved` or `source`."""

    kind: str
    text: str
    region: str = ""


@dataclass(frozen=True, slots=True)
class Answer:
    """What came of one task: the worker's answer as it stands, or why there is none."""

    tool: str
    task: int
    answer: Mapping[str, object] | None = None
    unknown: Unknown | None = None


def answers(
    work: Mapping[str, tuple[Tool, Sequence[Task]]],
    workers: int,
    seconds: float,
    halted: Callable[[], bool] = lambda: False,
) -> Iterator[Answer]:
    """Let every tool do its tasks, all at the same time, and yield each answer as it comes.

    Every task is answered once. `workers` processes read for each tool; a document may take `seconds`. Once `halted`
    says so, the tools are ended and what is left is not answered.
    """
    with tempfile.TemporaryDirectory(prefix="stackproof-") as folder, selectors.DefaultSelector() as selector:
        runs = [_Run(tool, tasks, Path(folder), workers, seconds) for tool, tasks in work.values() if tasks]
        try:
            for run in runs:
                yield from run.start(selector)
            while any(run.left for run in runs) and not halted():
                deadline = min(run.deadline for run in runs if run.left)
                for key, _ in selector.select(max(0.0, min(_LOOK, deadline - time.monotonic()))):
                    yield from key.data.read(selector)
                for run in runs:
                    if run.left and time.monotonic() > run.deadline:
                        yield from run.stalled(selector)
        finally:
            for run in runs:
                run.stop(selector)


@dataclass(slots=True)
class _Run:
    """One tool at work: its process, what it still has to do, and what it has said since its last whole line."""

    tool: Tool
    tasks: Sequence[Task]
    folder: Path
    workers: int
    seconds: float
    left: dict[int, None] = field(init=False)
    deadline: float = 0.0
    fruitless: int = 0
    rest: bytes = b""
    process: subprocess.Popen[bytes] | None = None

    def __post_init__(self) -> None:
        self.left = dict.fromkeys(range(len(self.tasks)))

    def start(self, selector: selectors.BaseSelector) -> Iterator[Answer]:
        self.fruitless += 1
        path = self.folder / f"{self.tool.name}.jsonl"
        with path.open("w", encoding="utf-8") as file:
            for number in self.left:
                task = self.tasks[number]
                line = {"id": number, "kind": task.kind, "text": task.text, "region": task.region}
                file.write(json.dumps(line) + "\n")
        # checkov reads a document in a third of the time, and every process of it loads AWS's actions anew
        workers = (self.workers + 1) // 2 if self.tool.name == CHECKOV else self.workers
        command = [str(self.tool.python), str(WORKER), self.tool.name, str(path), str(workers), str(self.seconds)]
        try:
            with self._errors().open("wb") as errors:
                self.process = subprocess.Popen(  # noqa: S603 - our own worker
                    command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=errors, env=self._environment(),
                    start_new_session=True,
                )  # fmt: skip
        except OSError as error:
            advice = f"{self.tool.python} could not be started: {error.strerror}"
            yield from self._give_up(Unknown(Cause.TOOL_MISSING, advice))
            return
        self.rest = b""
        self.deadline = time.monotonic() + self.seconds + _START
        selector.register(self._output(), selectors.EVENT_READ, self)

    def read(self, selector: selectors.BaseSelector) -> Iterator[Answer]:
        data = os.read(self._output().fileno(), 1 << 20)
        if not data:
            self.stop(selector)
            yield from self._again(selector, self._last_words())
            return
        *lines, self.rest = (self.rest + data).split(b"\n")
        for line in lines:
            answer = json.loads(line)
            if answer["id"] in self.left:
                del self.left[answer["id"]]
                self.fruitless = 0
                yield Answer(self.tool.name, answer["id"], answer)
        self.deadline = time.monotonic() + self.seconds + _START

    def stalled(self, selector: selectors.BaseSelector) -> Iterator[Answer]:
        self.stop(selector)
        words = f"{self.tool.name} said nothing for {self.seconds + _START:g} seconds"
        yield from self._again(selector, Unknown(Cause.TIMEOUT, words))

    def stop(self, selector: selectors.BaseSelector) -> None:
        if self.process is None:
            return
        selector.unregister(self._output())
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self.process.pid, signal.SIGKILL)  # with the children that read the documents
        self.process.wait()
        self._output().close()
        self.process = None

    def _again(self, selector: selectors.BaseSelector, why: Unknown) -> Iterator[Answer]:
        if not self.left:
            return
        if self.fruitless >= _FRUITLESS:
            yield from self._give_up(why)
        else:
            yield from self.start(selector)

    def _give_up(self, why: Unknown) -> Iterator[Answer]:
        numbers, self.left = tuple(self.left), {}
        for number in numbers:
            yield Answer(self.tool.name, number, unknown=why)

    def _last_words(self) -> Unknown:
        lines = self._errors().read_text(encoding="utf-8", errors="replace").strip().splitlines()
        said = f": {lines[-1][:200]}" if lines else ""
        return Unknown(Cause.TOOL_ERROR, f"{self.tool.name} ended before it had answered{said}")

    def _errors(self) -> Path:
        return self.folder / f"{self.tool.name}.err"

    def _output(self) -> IO[bytes]:
        assert self.process is not None and self.process.stdout is not None  # noqa: S101, PT018 - asked while it runs
        return self.process.stdout

    def _environment(self) -> dict[str, str]:
        kept = {name: value for name, value in os.environ.items() if not name.startswith(_FOREIGN)}
        if self.tool.name == CHECKOV:
            kept.pop("PYTHONPATH", None)  # made for our Python, not for that one
        # Hash seed: cfn-lint's solver takes seconds or minutes depending on it. Threads: they do not survive a fork
        return kept | {"PYTHONHASHSEED": "0", "OPENBLAS_NUM_THREADS": "1", "OMP_NUM_THREADS": "1"}
