"""Imports go one way through the package."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

import stackproof

HOME = Path(stackproof.__file__).parent
# What each part may import of ours, itself aside.
ALLOWED: dict[str, set[str]] = {
    "errors": set(),
    "model": set(),
    "cache": {"errors"},
    "files": set(),
    "resources": {"model"},
    "sources": {"model", "resources", "errors", "files"},
    "controls": {"model", "resources"},
    "scanners": {"model", "cache", "errors"},
    "gates": {"model"},
    "system": {"model", "errors"},
    "reports": {"model", "gates", "errors"},
    "emulator": {"model", "sources", "system", "errors"},
    "browser": {"model", "emulator", "system", "sources"},
    "probes": {"model", "resources", "sources", "system", "errors"},
    "engine": {
        *("model", "resources", "sources", "controls", "probes", "scanners", "gates", "system"),
        *("cache", "errors", "files"),
    },
}
TOP = {"plugin", "cli", "commands"}


def imports(path: Path) -> Iterator[str]:
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.ImportFrom) and node.module:
            yield node.module
        elif isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)


def parts() -> list[str]:
    return sorted({path.relative_to(HOME).parts[0].removesuffix(".py") for path in HOME.rglob("*.py")} - {"__init__"})


@pytest.mark.parametrize("part", parts())
def test_a_part_imports_only_what_lies_below_it(part: str) -> None:
    """Every arrow between parts is one of those written above; plugin and command line are imported by nobody."""
    files = [HOME / f"{part}.py"] if (HOME / f"{part}.py").is_file() else sorted((HOME / part).rglob("*.py"))
    found = {name.split(".")[1] for file in files for name in imports(file) if name.startswith("stackproof.")}
    allowed = ALLOWED.get(part, set(ALLOWED) | TOP)
    assert found - {part} - allowed == set()


def test_boto3_is_not_imported_by_the_static_gate() -> None:
    """The unit gate needs no AWS client, so none is loaded."""
    callers = (HOME / "emulator", HOME / "sources" / "live")
    static = [file for file in HOME.rglob("*.py") if not any(file.is_relative_to(folder) for folder in callers)]
    users = [file for file in static if {"boto3", "botocore"} & {n.split(".")[0] for n in imports(file)}]
    assert users == []
