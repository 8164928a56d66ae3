"""The record of every call: what was asked, by whom, when, and what was answered, so that it can be judged again.

Two files in a folder. `calls.jsonl` has one line for each call: id (its line number), service, operation, SHA-256 of
the parameters, region, assumed role, account and caller, start in UTC, duration in seconds, attempts, request id,
outcome (`ok`, or AWS's error code), SHA-256 of the answer. `answers.jsonl` has the answers by their digests.
No secret is in either.
"""

from __future__ import annotations

import datetime
import hashlib
import json
import threading
from collections import defaultdict, deque
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Final, TextIO

from stackproof.errors import MisuseError

CALLS: Final = "calls.jsonl"
ANSWERS: Final = "answers.jsonl"
OK: Final = "ok"


@dataclass(frozen=True, slots=True)
class Entry:
    """One call. `id` counts from 1 and is the line in `calls.jsonl`."""

    id: int
    service: str
    operation: str
    parameters: str
    region: str
    role: str
    account: str
    caller: str
    started: str
    seconds: float
    attempts: int
    request_id: str
    outcome: str
    answer: str

    @property
    def key(self) -> tuple[str, str, str, str, str]:
        """What makes two calls the same question."""
        return (self.service, self.operation, self.parameters, self.region, self.role)


def digest(value: object) -> str:
    """SHA-256 of a value's canonical JSON, in hexadecimal."""
    text = json.dumps(value, sort_keys=True, separators=(",", ":"), default=str)
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()


def now() -> str:
    """The time in UTC, to the millisecond."""
    return datetime.datetime.now(datetime.UTC).isoformat(timespec="milliseconds")


class Ledger:
    """Entries as they come, kept in memory and, when a folder is given, written at once. Safe with threads."""

    def __init__(self, folder: Path | None = None) -> None:
        self.folder = folder
        self.entries: list[Entry] = []
        self._answers: dict[str, Any] = {}
        self._lock = threading.Lock()
        self._files: tuple[TextIO, TextIO] | None = None

    def record(self, entry: Mapping[str, Any], answer: Any) -> Entry:
        """Add a call (all fields of `Entry` but `id` and `answer`) and its redacted answer."""
        mark = digest(answer)
        with self._lock:
            made = Entry(id=len(self.entries) + 1, answer=mark, **entry)
            self.entries.append(made)
            new = mark not in self._answers
            self._answers[mark] = answer
            self._write(made, answer if new else None)
        return made

    def answer(self, entry: Entry) -> Any:
        """The redacted answer of a call."""
        return self._answers[entry.answer]

    def close(self) -> None:
        """Close the files."""
        with self._lock:
            for file in self._files or ():
                file.close()
            self._files = None

    @classmethod
    def load(cls, folder: Path) -> Ledger:
        """Read a stored ledger.

        Raises:
            MisuseError: the folder holds none, or it is damaged.

        """
        ledger = cls()
        try:
            for line in _lines(folder / ANSWERS):
                ledger._answers[line["digest"]] = line["answer"]
            ledger.entries = [Entry(**line) for line in _lines(folder / CALLS)]
        except (OSError, ValueError, TypeError, KeyError) as error:
            got = f"{type(error).__name__}: {error}"
            raise MisuseError(str(folder), got, f"a stored run with {CALLS} and {ANSWERS}") from error
        for number, entry in enumerate(ledger.entries, start=1):
            if entry.id != number:
                raise MisuseError(str(folder / CALLS), f"call {entry.id} in line {number}", "every call as stored")
            if digest(ledger._answers.get(entry.answer)) != entry.answer:
                raise MisuseError(str(folder / ANSWERS), f"no true answer of call {entry.id}", "the answers as stored")
        return ledger

    def _write(self, entry: Entry, answer: Any) -> None:
        if self.folder is None:
            return
        if self._files is None:
            self.folder.mkdir(parents=True, exist_ok=True)
            try:
                opened = [(self.folder / name).open("x", encoding="utf-8") for name in (CALLS, ANSWERS)]
            except FileExistsError as error:
                raise MisuseError(str(self.folder), "the evidence of another run", "a folder of its own") from error
            self._files = (opened[0], opened[1])
        calls, answers = self._files
        if answer is not None:
            answers.write(json.dumps({"digest": entry.answer, "answer": answer}) + "\n")
            answers.flush()  # before the line that cites it
        calls.write(json.dumps(asdict(entry)) + "\n")
        calls.flush()


class Stored:
    """Answers of a stored ledger, given again in the order in which they came."""

    def __init__(self, ledger: Ledger) -> None:
        self.ledger = ledger
        self._queues: defaultdict[tuple[str, ...], deque[Entry]] = defaultdict(deque)
        self._lock = threading.Lock()
        for entry in ledger.entries:
            self._queues[entry.key].append(entry)

    def take(self, key: tuple[str, str, str, str, str]) -> Entry | None:
        """The next answer to this question (`Entry.key`); the last one stays. None when it was never asked."""
        with self._lock:
            queue = self._queues.get(key)
            if not queue:
                return None
            return queue.popleft() if len(queue) > 1 else queue[0]


def _lines(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines() if line]
