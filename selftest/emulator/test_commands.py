"""`stackproof up` and `stackproof down`, as a person calls them."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

from stackproof.emulator.running import load, state_file

SYSTEM = """
name: small
naming: "small-{component}"
stacks:
  - {component: files, template: files.yml}
environments:
  prod: {region: eu-west-1}
  embedded: {like: prod, emulated: true}
"""
FILES = """
Resources:
  Files: {Type: AWS::S3::Bucket}
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder with a small system."""
    (tmp_path / "system.yaml").write_text(SYSTEM, encoding="utf-8")
    (tmp_path / "files.yml").write_text(FILES, encoding="utf-8")
    return tmp_path


def call(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "stackproof.cli", *arguments]
    return subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=120, check=False)


def test_up_again_and_down(folder: Path) -> None:
    """Up starts, deploys and prints where; up again deploys what changed; down ends every process and file."""
    first = call(folder, "up", "--system", "system.yaml")
    try:
        assert first.returncode == 0, first.stderr
        assert re.search(r"AWS +http://127\.0\.0\.1:\d+ +region eu-west-1", first.stdout)
        made = load(state_file(folder, "embedded"))
        assert made is not None
        assert made.alive
        (folder / "files.yml").write_text(FILES.replace("Bucket}", "Bucket, DeletionPolicy: Retain}"), encoding="utf-8")
        again = call(folder, "up", "--system", "system.yaml")
        assert again.returncode == 0, again.stderr
        stack = made.client("cloudformation").describe_stacks(StackName="small-files")["Stacks"][0]
        assert stack["StackStatus"] == "UPDATE_COMPLETE"
    finally:
        ended = call(folder, "down")
    assert "ended" in ended.stdout
    assert not any(process.alive for process in made.processes)
    assert not made.scratch.exists()
    assert "was not running" in call(folder, "down").stdout


def test_up_is_for_emulated_environments(folder: Path) -> None:
    """A real environment is never touched: that is misuse, and says which one would do."""
    refused = call(folder, "up", "--system", "system.yaml", "--environment", "prod")
    assert refused.returncode == 4
    assert "got 'prod', which is a real one" in refused.stderr
    assert "embedded" in refused.stderr


def test_a_failed_stack_leaves_nothing(folder: Path) -> None:
    """When a stack fails, its reason is printed, the exit code is 1, and nothing runs on."""
    (folder / "files.yml").write_text("Resources: {Odd: {Type: AWS::Nonsense::Thing}}", encoding="utf-8")
    failed = call(folder, "up", "--system", "system.yaml")
    assert failed.returncode == 1
    assert "Odd (AWS::Nonsense::Thing): the embedded AWS has no handler" in failed.stderr
    assert not state_file(folder, "embedded").exists()
