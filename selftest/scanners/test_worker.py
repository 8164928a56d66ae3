"""Handing out documents to the processes that read them: whatever becomes of one, the others are answered."""

from __future__ import annotations

import importlib.util
import io
import json
import os
import time
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from stackproof.scanners.engines import WORKER


@pytest.fixture(scope="module")
def worker() -> ModuleType:
    """The program, loaded without running it."""
    spec = importlib.util.spec_from_file_location("worker", WORKER / "__main__.py")
    assert spec
    assert spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def misbehaving(task: dict[str, Any]) -> dict[str, Any]:
    """Do what the document says."""
    if task["text"] == "hang":
        time.sleep(60)
    if task["text"] == "die":
        os._exit(9)
    if task["text"] == "raise":
        raise ValueError("an odd document")
    if task["text"] == "no memory":
        raise MemoryError
    return {"hits": [], "rules": 1, "resources": len(task["text"])}


def served(worker: ModuleType, folder: Path, texts: list[str], workers: int = 2) -> dict[int, dict[str, Any]]:
    """The answers by id."""
    tasks = folder / "tasks.jsonl"
    lines = [json.dumps({"id": n, "kind": "resolved", "text": text, "region": ""}) for n, text in enumerate(texts)]
    tasks.write_text("".join(f"{line}\n" for line in lines))
    output = io.BytesIO()
    worker.serve(misbehaving, tasks, workers, 0.5, output)
    answers = [json.loads(line) for line in output.getvalue().splitlines()]
    assert sorted(answer["id"] for answer in answers) == list(range(len(texts)))
    return {answer["id"]: answer for answer in answers}


@pytest.mark.parametrize(
    ("text", "unknown", "lasting"),
    [
        ("hang", ["timeout", "no answer within 0.5 seconds"], False),
        ("die", ["tool-error", "its process ended with code 9"], False),
        ("raise", ["tool-error", "ValueError: an odd document"], True),
        ("no memory", ["tool-error", "MemoryError: "], False),
    ],
)
def test_a_bad_document_costs_only_itself(
    worker: ModuleType, tmp_path: Path, text: str, unknown: list[str], lasting: bool
) -> None:
    """Between good documents a bad one is unknown with its cause; only a repeatable answer may be remembered."""
    answers = served(worker, tmp_path, ["a good one", text, "another", text, "and the last"])
    for number in (1, 3):
        assert answers[number]["unknown"] == unknown
        assert answers[number]["lasting"] is lasting
    assert [answers[n]["resources"] for n in (0, 2, 4)] == [10, 7, 12]
    assert [answers[n]["unknown"] for n in (0, 2, 4)] == [None, None, None]


@pytest.mark.parametrize("workers", [1, 7])
def test_every_document_is_answered_once(worker: ModuleType, tmp_path: Path, workers: int) -> None:
    """More workers than documents, or fewer: each document has one answer, and large ones arrive whole."""
    texts = ["x" * size for size in (0, 1, 300_000, 70_000, 5)]
    assert [answer["resources"] for _, answer in sorted(served(worker, tmp_path, texts, workers).items())] == [
        0,
        1,
        300_000,
        70_000,
        5,
    ]


def test_no_documents_are_no_work(worker: ModuleType, tmp_path: Path) -> None:
    """An empty list of tasks ends at once."""
    assert served(worker, tmp_path, []) == {}
