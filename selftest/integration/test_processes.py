"""The gate starts what it needs and ends it, however the run ends; runs side by side do not meet."""

from __future__ import annotations

import os
import signal
import subprocess
import sys

import pytest

from selftest.integration.conftest import Alone
from selftest.integration.folders import Folder
from selftest.integration.traces import Traces, traced, until
from selftest.plugin.test_processes import LISTENING
from stackproof.emulator.running import load


def test_alone_it_starts_what_it_needs(alone: Alone) -> None:
    """`pytest -m integration` by itself: exit 0 and every stack deployed, read and judged."""
    for ran, judged in (alone.one, alone.other):
        assert ran.code == 0, ran.said
        assert len(judged.content["stacks"]) == 12
        assert judged.content["failed"] == 0
        assert judged.content["passed"] > 1500


def test_two_workers_come_to_the_same_verdicts(alone: Alone) -> None:
    """Under `-n 2` one process reads for all; checks and outcomes are those of a run without workers."""
    (_, one), (_, other) = alone.one, alone.other
    assert other.outcomes == one.outcomes
    assert [call["id"] for call in other.calls()] == list(range(1, other.content["calls"] + 1))


def test_side_by_side_they_do_not_meet(alone: Alone) -> None:
    """Two runs at once in one folder have an environment each."""
    (_, one), (_, other) = alone.one, alone.other
    ids = [{stack["id"] for stack in judged.content["stacks"]} for judged in (one, other)]
    assert not ids[0] & ids[1]


def test_nothing_is_left_behind(alone: Alone) -> None:
    """No process, no file of an environment and no state, after the last line of the runs."""
    assert alone.left == []


@pytest.mark.parametrize(
    ("how", "code", "seconds"), [(signal.SIGINT, 2, 1.0), (signal.SIGKILL, -9, 10.0)], ids=["interrupted", "killed"]
)
def test_a_run_that_is_broken_off_leaves_nothing(folder: Folder, how: int, code: int, seconds: float) -> None:
    """Ctrl-C while the stacks are deployed ends all of it; after a kill, the environment notices by itself."""
    command = [sys.executable, "-c", LISTENING, sys.executable, "-m", "pytest", "-m", "integration"]
    with traced(folder) as traces:
        run = subprocess.Popen(
            command,
            cwd=folder.root,
            env=folder.environment(TMPDIR=str(traces.scratch)),
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            start_new_session=True,
        )
        try:
            until(lambda: deploying(traces), 60)
            assert len(traces.processes()) > 1
            (os.killpg if how == signal.SIGINT else os.kill)(run.pid, how)
            out, _ = run.communicate(timeout=60)
        finally:
            run.kill()
        assert run.returncode == code, out
        assert "Traceback" not in out
        until(lambda: traces.left() == [], seconds)


def deploying(traces: Traces) -> bool:
    """Whether an environment has answered and its stacks are on their way."""
    states = [load(file) for file in traces.states() if file.suffix == ".json"]
    return any(state and state.endpoint and state.starter for state in states)
