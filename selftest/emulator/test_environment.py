"""Environments start, are found again, do not meet, and leave nothing behind, also after a crash."""

from __future__ import annotations

import os
import signal
import ssl
import subprocess
import sys
import time
from pathlib import Path

import pg8000.native
import pytest

from stackproof.emulator import EmulatorError, Running, environment, postgres, running
from stackproof.emulator.processes import Known, started_at
from stackproof.emulator.running import load, state_file


def begin(folder: Path) -> Running:
    return environment.wait(environment.begin(folder, "embedded", "none", "us-east-1")).with_(starter=None)


def gone(made: Running) -> bool:
    return not any(process.alive for process in made.processes) and not made.scratch.exists()


def test_two_side_by_side_do_not_meet(tmp_path: Path, deployed: Running) -> None:
    """Two environments have addresses, state and data of their own; ending one leaves the other."""
    other = begin(tmp_path)
    try:
        assert other.endpoint != deployed.endpoint
        assert (other.database, other.cache) != (deployed.database, deployed.cache)
        assert other.client("cloudformation").describe_stacks()["Stacks"] == []
        with pytest.raises(EmulatorError, match="runs already at"):
            environment.begin(tmp_path, "embedded", "none", "us-east-1")
        found = running(tmp_path)
        assert found is not None
        assert found.endpoint == other.endpoint
    finally:
        other.stop()
    assert gone(other)
    assert running(tmp_path) is None
    assert not state_file(tmp_path, "embedded").exists()
    assert deployed.alive


def test_what_a_crash_leaves_is_removed(tmp_path: Path) -> None:
    """When the AWS process was killed, the next look ends the database too and removes every file."""
    made = begin(tmp_path)
    aws = next(process for process in made.processes if process.role == "aws")
    os.kill(aws.pid, signal.SIGKILL)
    until = time.monotonic() + 10
    while aws.alive and time.monotonic() < until:
        time.sleep(0.05)
    assert running(tmp_path) is None
    assert gone(made)


def test_a_start_that_was_broken_off_is_removed(tmp_path: Path) -> None:
    """When whoever was starting it is gone before all was deployed, the next look removes the half of it."""
    half = environment.begin(tmp_path, "embedded", "none", "us-east-1")
    assert running(tmp_path) is None  # we ourselves are still at it
    assert half.alive
    half.with_(starter=Known("starter", os.getpid(), "1"))
    assert running(tmp_path) is None
    assert gone(half)


def test_a_number_that_was_given_again_is_left_alone(tmp_path: Path) -> None:
    """A process with the number of one of ours, but begun at another time, is never ended."""
    stranger = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)"], start_new_session=True)
    try:
        scratch = tmp_path / "scratch"
        scratch.mkdir()
        made = begin_state(tmp_path, scratch, Known("aws", stranger.pid, "1"))
        assert running(tmp_path) is None
        assert stranger.poll() is None
        assert not made.state.exists()
        assert not scratch.exists()
    finally:
        stranger.kill()
        stranger.wait()


def begin_state(folder: Path, scratch: Path, process: Known) -> Running:
    """The state file of an environment that had this process."""
    from stackproof.emulator import Address

    address = Address("127.0.0.1", 1)
    made = Running(
        name="embedded",
        system="none",
        endpoint="http://127.0.0.1:1",
        region="us-east-1",
        account="123456789012",
        database=address,
        cache=address,
        certificate=scratch / "certificate.pem",
        scratch=scratch,
        state=state_file(folder, "embedded"),
        processes=(process,),
        stacks={},
    )
    made.save()
    return made


def test_a_state_file_is_read_as_it_was_written(tmp_path: Path) -> None:
    """What is saved is what is loaded; a broken file is no environment."""
    made = begin_state(tmp_path, tmp_path / "scratch", Known("aws", os.getpid(), started_at(os.getpid())))
    assert load(made.state) == made
    made.state.write_text("{", encoding="utf-8")
    assert load(made.state) is None


def test_a_part_that_ends_at_once_is_explained(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """When the server cannot start, the message has the end of its log, and nothing is left."""
    monkeypatch.setattr(sys, "executable", "/bin/false")
    begun = environment.begin(tmp_path, "embedded", "none", "us-east-1")
    try:
        with pytest.raises(EmulatorError, match="the embedded aws ended before it answered"):
            environment.wait(begun)
    finally:
        begun.stop()
    assert gone(begun)


def test_the_wheels_postgresql_will_do(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where the system has no PostgreSQL, the one from the wheel serves, with TLS by our front."""
    pgserver = pytest.importorskip("pgserver", reason="the wheel with PostgreSQL is not installed")
    programs = Path(pgserver.__file__).parent / "pginstall" / "bin"
    monkeypatch.setattr(postgres, "binaries", lambda: programs)
    made = begin(tmp_path)
    try:
        right = {"password": "open sesame"}
        socket = made.scratch / "postgres" / f".s.PGSQL.{made.database.port}"
        postgres.admit(str(socket), user="probe", database="probes", **right)
        settings = {"host": made.database.host, "port": made.database.port, "database": "probes"}
        verified = ssl.create_default_context(cafile=str(made.certificate))
        connection = pg8000.native.Connection("probe", **settings, **right, ssl_context=verified)
        assert connection.run("SELECT current_user") == [["probe"]]
        connection.close()
        for wrong in ({**right, "ssl_context": False}, {"password": "guessed", "ssl_context": verified}):
            with pytest.raises(pg8000.native.DatabaseError, match=r"28000|28P01"):
                pg8000.native.Connection("probe", **settings, **wrong)
    finally:
        made.stop()
    assert gone(made)
