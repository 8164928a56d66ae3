"""Several processes: xdist's workers judge once, and nothing is left running when a run is interrupted."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from selftest.plugin.projects import Project

WATCH = """\
import pathlib, sys

def watch(event, details):
    if event == "subprocess.Popen":
        with pathlib.Path({log!r}).open("a") as log:
            print(details[1], file=log)

sys.addaudithook(watch)
"""

# A run in the background inherits that Ctrl-C is ignored; one on a terminal does not
LISTENING = "import os, signal, sys; signal.signal(signal.SIGINT, signal.SIG_DFL); os.execv(sys.argv[1], sys.argv[1:])"


def scanner(project: Project, script: str) -> str:
    """Lay an environment whose checkov is a script of ours, and return its python."""
    home = project.root / "odd-checkov"
    (home / "lib/python3.11/site-packages/checkov-3.3.30.dist-info").mkdir(parents=True)
    python = project.put("odd-checkov/bin/python", f"#!/bin/sh\n{script}\n")
    python.chmod(0o755)
    return str(python)


def comparable(result: dict[str, Any]) -> dict[str, Any]:
    """A gate's result without what differs from run to run."""
    return {key: value for key, value in result.items() if key not in ("seconds", "started")}


def test_two_workers_come_to_the_same_verdict(project: Project, tmp_path: Path) -> None:
    """Under `-n 2` findings, counts and exit code are those of one process; a warm cache changes nothing either."""
    results = []
    for arguments, cache in (([], "one"), (["-n", "2"], "two"), (["-n", "2"], "two")):
        ran = project.gate("--environment", "all", *arguments, STACKPROOF_CACHE=str(tmp_path / cache))
        assert ran.code == 1, ran.said
        results.append([comparable(project.result(name)) for name in ("dev", "prod")])
    assert results[0] == results[1] == results[2]


@pytest.mark.parametrize("workers", [[], ["-n", "2"]], ids=["alone", "two-workers"])
def test_work_is_done_once_even_where_it_fails(project: Project, workers: list[str]) -> None:
    """A scanner that crashes is started twice (it gets a second chance) by one process, not by every one.

    The next run tries again, since a crash is no lasting answer.
    """
    log = project.root / "starts"
    python = scanner(project, f"echo started >> {log}; exit 3")
    for runs in (1, 2):
        ran = project.gate("--environment", "prod", *workers, STACKPROOF_CHECKOV_PYTHON=python)
        assert ran.code == 0, ran.said
        assert log.read_text().count("started") == 2 * runs
        causes = [f["cause"] for f in project.result("prod")["findings"] if f["control"] == "checkov"]
        assert causes == ["tool-error", "tool-error"]


def test_unchanged_templates_start_no_scanner_at_all(project: Project) -> None:
    """What was judged with the same content is not judged again: a scanner that would log its start does not."""
    assert project.gate("--environment", "prod").code == 0
    log = project.root / "starts"
    hook = WATCH.format(log=str(log))
    project.put("conftest.py", hook)
    assert project.gate("--environment", "prod").code == 0
    assert "worker" not in log.read_text()
    project.edit("systems/shop/data.yml", "db.t4g.medium", "db.t4g.large")
    assert project.gate("--environment", "prod").code == 0
    assert "worker" in log.read_text()


@pytest.mark.parametrize(
    ("command", "code"),
    [
        ([sys.executable, "-m", "pytest", "-m", "unit", "--environment", "prod"], 2),
        ([sys.executable, "-m", "pytest", "-m", "unit", "--environment", "prod", "-n", "2"], 2),
        ([sys.executable, "-m", "stackproof.cli", "check", "systems/shop"], 130),
    ],
    ids=["gate", "gate-two-workers", "check"],
)
def test_an_interrupt_leaves_nothing_running(project: Project, command: list[str], code: int) -> None:
    """Ctrl-C while a scanner works ends it too; there is no traceback, and no result that looks like one."""
    log = project.root / "pids"
    python = scanner(project, f"echo $$ >> {log}; exec sleep 600")
    stale = project.put("reports/gates/unit.json", "{}")
    variables = project.environment(STACKPROOF_CHECKOV_PYTHON=python)
    with subprocess.Popen(
        [sys.executable, "-c", LISTENING, *command],
        cwd=project.root,
        env=variables,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,
    ) as run:
        try:
            until(lambda: log.exists() and log.read_text().endswith("\n"))
            pids = [int(pid) for pid in log.read_text().split()]
            os.killpg(run.pid, signal.SIGINT)  # as a terminal does
            out, _ = run.communicate(timeout=60)
        finally:
            run.kill()
    assert run.returncode == code, out
    until(lambda: not any(alive(pid) for pid in pids))
    assert "Traceback" not in out
    assert "INTERNALERROR" not in out
    assert stale.exists() is (code == 130)  # `check` writes no gate's result, so it removes none


@pytest.mark.parametrize("arguments", [["systems/shop", "--all"], ["systems/shop", "--format", "json"]])
def test_a_reader_that_leaves_is_no_error(project: Project, arguments: list[str]) -> None:
    """`stackproof check ... | head -0` says nothing of broken pipes, and its code is not that of a verdict."""
    read, write = os.pipe()
    os.close(read)
    with subprocess.Popen(
        [sys.executable, "-m", "stackproof.cli", "check", "--no-scanners", *arguments],
        cwd=project.root,
        env=project.environment(),
        stdout=write,
        stderr=subprocess.PIPE,
        text=True,
    ) as run:
        os.close(write)
        _, err = run.communicate(timeout=60)
    assert (run.returncode, err) == (141, "")


def until(holds: Callable[[], bool], seconds: float = 60.0) -> None:
    end = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < end, "it did not come"
        time.sleep(0.05)


def alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return "zombie" not in Path(f"/proc/{pid}/status").read_text() if Path(f"/proc/{pid}").exists() else False
