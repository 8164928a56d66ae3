"""Reads templates with one outside tool: `python worker cfn-lint|checkov TASKS WORKERS SECONDS`.

A program of its own, because checkov lives in an environment that knows nothing of us: this folder imports
nothing of ours and keeps to Python 3.9. The tool is imported once; children forked from there take one task
each at a time, so that a document which kills or stalls the tool costs only its own answer.

TASKS is a file with one JSON object per line: `id`, `kind` (resolved or source), `text`, `region`. For each a
line is written to standard output: `id`, `hits`, `rules` and `resources` (how many were used and read),
`unknown` (cause and detail, or null), `lasting` (the same task would be answered the same way again).
"""

from __future__ import annotations

import gc
import importlib
import json
import multiprocessing
import os
import signal
import socket
import sys
import tempfile
import time
from collections.abc import Callable
from multiprocessing.connection import Connection, wait
from pathlib import Path
from typing import BinaryIO, NoReturn

Judge = Callable[[dict], dict]  # type: ignore[type-arg] # JSON objects: a task to what was found in it
_MODULES = {"cfn-lint": "read_cfn_lint", "checkov": "read_checkov"}


def main(engine: str, tasks: str, workers: str, seconds: str) -> None:
    """Answer every task of the file on standard output."""
    answers, path = os.fdopen(os.dup(1), "wb"), Path(tasks).resolve()
    os.dup2(2, 1)  # what the tool prints must not stand between the answers
    socket.socket.connect = _no_network  # type: ignore[method-assign]
    with tempfile.TemporaryDirectory() as home:
        os.environ["HOME"] = home  # settings of the user or the project must not change a result
        os.chdir(home)
        judge = importlib.import_module(_MODULES[engine]).judge()
        gc.collect()
        gc.freeze()  # the collector would touch, and so copy, every page that the children share
        serve(judge, path, int(workers), float(seconds), answers)


def serve(judge: Judge, tasks: Path, workers: int, seconds: float, answers: BinaryIO) -> None:
    """Give the tasks to children, the largest first, and write what they answer or what became of them."""
    with tasks.open("rb") as file:
        spans = _spans(file)
        pool = [_Child(judge, seconds) for _ in range(min(workers, len(spans)))]
        while spans or any(child.task is not None for child in pool):
            for child in pool:
                if child.task is None and spans:
                    start, length = spans.pop()
                    file.seek(start)
                    child.give(file.read(length))
            busy = [child for child in pool if child.task is not None]
            left = max(0.0, min(child.deadline for child in busy) - time.monotonic())
            ready = wait([child.pipe for child in busy], left)
            for child in busy:
                if child.pipe in ready or time.monotonic() > child.deadline:
                    answers.write(child.take() + b"\n")
                    answers.flush()
    for child in pool:
        child.end()


def _spans(file: BinaryIO) -> list[tuple[int, int]]:
    spans, start = [], 0
    for line in file:
        spans.append((start, len(line)))
        start += len(line)
    return sorted(spans, key=lambda span: span[1])


class _Child:
    """One forked process, and the task that it works on."""

    def __init__(self, judge: Judge, seconds: float) -> None:
        self.task: int | None = None
        self.deadline = 0.0
        self._judge = judge
        self._seconds = seconds
        self._start()

    def _start(self) -> None:
        fork = multiprocessing.get_context("fork")
        self.pipe, theirs = fork.Pipe()
        self.process = fork.Process(target=_work, args=(self._judge, theirs, os.getpid()), daemon=True)
        self.process.start()
        theirs.close()

    def give(self, line: bytes) -> None:
        self.task = json.loads(line)["id"]
        self.deadline = time.monotonic() + self._seconds
        try:
            self.pipe.send_bytes(line)
        except OSError:
            self.deadline = 0.0  # it is dead already; take() says so

    def take(self) -> bytes:
        """Return the answer, or what became of the child; then there is a new one."""
        task, self.task = self.task, None
        try:
            if self.pipe.poll():
                return self.pipe.recv_bytes()
            unknown = ["timeout", f"no answer within {self._seconds:g} seconds"]
        except (EOFError, OSError):
            self.process.join(5)
            unknown = ["tool-error", f"its process ended with code {self.process.exitcode}"]
        self.end()
        self._start()
        return _line(task, {"unknown": unknown})

    def end(self) -> None:
        self.process.kill()
        self.process.join()
        self.pipe.close()


def _work(judge: Judge, pipe: Connection, parent: int) -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    while os.getppid() == parent:
        if pipe.poll(5):
            task = json.loads(pipe.recv_bytes())
            pipe.send_bytes(_line(task["id"], _judged(judge, task)))


def _judged(judge: Judge, task: dict[str, object]) -> dict[str, object]:
    try:
        return {"lasting": True, **judge(task)}
    except Exception as error:  # noqa: BLE001 - whatever a document does to the tool costs that document only
        text = " ".join(str(error).split())[:200]
        lasting = not isinstance(error, (OSError, MemoryError))
        return {"unknown": ["tool-error", f"{type(error).__name__}: {text}"], "lasting": lasting}


def _line(task: int | None, found: dict[str, object]) -> bytes:
    empty = {"hits": [], "rules": 0, "resources": 0, "unknown": None, "lasting": False}
    return json.dumps({"id": task, **empty, **found}).encode()


def _no_network(*_: object) -> NoReturn:
    raise OSError("the scanners work without network")


if __name__ == "__main__":
    main(*sys.argv[1:])
