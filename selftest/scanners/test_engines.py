"""Finding the tools, starting nothing that is not needed, and living through what happens to them."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from stackproof.cache import Cache
from stackproof.model import Cause, Document, Outcome
from stackproof.scanners import findings, scan, versions
from stackproof.scanners.engines import CHECKOV, CHECKOV_VARIABLE, Tool, tools

Write = Callable[..., Document]
BUCKET = {"Bucket": {"Type": "AWS::S3::Bucket"}}


def environment(folder: Path, tool: Tool, script: str = "") -> Path:
    """An environment with the packages of the real one, whose python is a script, or not there."""
    real = tool.python.absolute().parent.parent
    (folder / "bin").mkdir(parents=True)
    (folder / "lib").symlink_to(real / "lib")
    python = folder / "bin" / "python"
    if script:
        python.write_text(f"#!/bin/sh\n{script}\n")
        python.chmod(0o755)
    return python


def test_what_is_known_starts_nothing(
    checkov: Tool, write_document: Write, cache: Cache, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A second run answers the same from the cache, with a python that is not there any more."""
    started = tmp_path / "started"
    python = environment(tmp_path / "env", checkov, f'touch {started}; exec {checkov.python} "$@"')
    monkeypatch.setenv(CHECKOV_VARIABLE, str(python))
    first = scan([write_document(BUCKET)], cache)
    assert started.exists()
    python.unlink()
    assert scan([write_document(BUCKET)], cache) == first
    assert not any(answer.unknown for answer in first.values())


WARM = """
import json, sys
from pathlib import Path
from stackproof.cache import Cache
from stackproof.model import Document, Where
from stackproof.scanners import scan

content = json.loads(sys.argv[2])
document = Document("odd", "odd.yml", {"Resources": content}, {}, {"": Where("odd.yml", 1)}, "us-east-1")
scans = scan([document], Cache(Path(sys.argv[1])))
heavy = {"cfnlint", "checkov", "subprocess", "selectors", "multiprocessing", "asyncio", "yaml"} & sys.modules.keys()
print(json.dumps([sorted(str(answer) for answer in scans.values()), sorted(heavy)]))
"""


def test_what_is_known_imports_nothing_heavy(checkov: Tool, write_document: Write, cache: Cache) -> None:
    """With everything in the cache neither a tool nor what starts processes is imported."""
    assert checkov
    scans = scan([write_document(BUCKET)], cache)
    command = [sys.executable, "-c", WARM, str(cache.root), json.dumps(BUCKET)]
    answer = json.loads(subprocess.run(command, capture_output=True, check=True).stdout)
    assert answer == [sorted(str(known) for known in scans.values()), []]


def test_another_version_is_another_question(checkov: Tool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What is remembered of one version of a tool, or of what it is built on, is not used for another."""
    packages = tmp_path / "env" / "lib" / "python3.11" / "site-packages"
    seen = set()
    for names in (("checkov-3.3.30", "networkx-2.6.3"), ("checkov-3.3.31", "networkx-2.6.3"), ("checkov-3.3.31",)):
        for name in names:
            (packages / f"{name}.dist-info").mkdir(parents=True, exist_ok=True)
        monkeypatch.setenv(CHECKOV_VARIABLE, str(tmp_path / "env" / "bin" / "python"))
        seen.add(versions())
        for path in packages.iterdir():
            path.rmdir()
    assert checkov.version.startswith("3.")
    assert len(seen) == 3


def test_a_missing_checkov_is_unknown(
    write_document: Write, cache: Cache, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Without checkov its answer is unknown, with advice; cfn-lint judges all the same."""
    monkeypatch.setenv(CHECKOV_VARIABLE, str(tmp_path / "nowhere" / "bin" / "python"))
    document = write_document(BUCKET)
    found = findings(document, scan([document], cache), "prod")
    missing = next(f for f in found if f.control == "checkov")
    assert (missing.outcome, missing.cause) == (Outcome.UNKNOWN, Cause.TOOL_MISSING)
    assert "pip install checkov" in missing.message
    assert next(f for f in found if f.control == "cfn-lint").outcome is Outcome.PASS


def test_a_tool_that_cannot_start_is_unknown(
    checkov: Tool, write_document: Write, cache: Cache, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An environment whose python ends at once leaves every document unknown, with its last words."""
    python = environment(tmp_path / "env", checkov, "echo the disk is full >&2; exit 3")
    monkeypatch.setenv(CHECKOV_VARIABLE, str(python))
    documents = [write_document(BUCKET), write_document({"Queue": {"Type": "AWS::SQS::Queue"}})]
    scans = scan(documents, cache)
    for document in documents:
        unknown = scans[CHECKOV, document.digest()].unknown
        assert unknown
        assert unknown.cause is Cause.TOOL_ERROR
        assert "the disk is full" in unknown.detail


def test_a_killed_tool_is_started_again(
    checkov: Tool, write_document: Write, cache: Cache, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """When checkov's process is killed half way, another one reads the rest."""
    pids = tmp_path / "pids"
    python = environment(tmp_path / "env", checkov, f'echo $$ >> {pids}; exec {checkov.python} "$@"')
    monkeypatch.setenv(CHECKOV_VARIABLE, str(python))

    def kill(engine: str, done: int, _: int) -> None:
        if engine == CHECKOV and done == 1:
            os.kill(int(pids.read_text()), signal.SIGKILL)

    documents = [write_document({f"Bucket{n}": {"Type": "AWS::S3::Bucket"}}) for n in range(60)]
    scans = scan(documents, cache, workers=1, progress=kill)
    assert len(pids.read_text().split()) == 2
    assert [scans[CHECKOV, document.digest()].unknown for document in documents] == [None] * 60


def test_an_answer_in_time_is_asked_for(checkov: Tool, write_document: Write, cache: Cache) -> None:
    """A document that takes too long is unknown with a timeout, and is tried again by the next run."""
    assert checkov
    document = write_document({f"Queue{n}": {"Type": "AWS::SQS::Queue"} for n in range(9)})
    late = scan([document], cache, seconds=0.001)
    assert {answer.unknown.cause for answer in late.values() if answer.unknown} == {Cause.TIMEOUT}
    assert not any(answer.unknown for answer in scan([document], cache).values())


def test_a_checkov_on_the_path_is_found(checkov: Tool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without variable and folder, the interpreter of the command `checkov` is used."""
    python = environment(tmp_path / "env", checkov, "exit 0")
    script = tmp_path / "tools" / "checkov"
    script.parent.mkdir()
    script.write_text(f"#!{python}\n")
    script.chmod(0o755)
    monkeypatch.delenv(CHECKOV_VARIABLE, raising=False)
    monkeypatch.setenv("PATH", str(script.parent))
    monkeypatch.chdir(tmp_path)
    found = tools()[CHECKOV]
    assert isinstance(found, Tool)
    assert found.python in {python, *Path(__file__).parents[2].glob(".venv-checkov/bin/python")}


def test_an_environment_beside_the_project_is_found(
    checkov: Tool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """`.venv-checkov` is found from any folder below the project."""
    python = environment(tmp_path / ".venv-checkov", checkov, "exit 0")
    (tmp_path / "deep" / "below").mkdir(parents=True)
    monkeypatch.delenv(CHECKOV_VARIABLE, raising=False)
    monkeypatch.chdir(tmp_path / "deep" / "below")
    found = tools()[CHECKOV]
    assert isinstance(found, Tool)
    assert found.python == python


def test_two_runs_at_once_agree(checkov: Tool, write_document: Write, cache: Cache) -> None:
    """Two processes with one cache and the same documents give the same answers."""
    assert checkov
    command = [sys.executable, "-c", WARM, str(cache.root), json.dumps(BUCKET)]
    runs = [subprocess.Popen(command, stdout=subprocess.PIPE, text=True) for _ in range(2)]
    answers = [json.loads(run.communicate()[0])[0] for run in runs]
    expected = sorted(str(answer) for answer in scan([write_document(BUCKET)], cache).values())
    assert answers == [expected, expected]
