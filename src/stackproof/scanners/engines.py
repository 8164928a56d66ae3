"""The outside scanners: where each is installed and in which version, without starting or importing it."""

from __future__ import annotations

import importlib.util
import os
import re
import shutil
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Final

from stackproof.cache import key_of
from stackproof.model import Cause, Unknown

WORKER: Final = Path(__file__).with_name("worker")  # a folder that Python runs
CFN_LINT: Final = "cfn-lint"
CHECKOV: Final = "checkov"
SOURCE: Final = "cfn-lint source"  # cfn-lint on the author's own text
ENGINES: Final = (CFN_LINT, CHECKOV)  # those that judge resolved documents
CHECKOV_VARIABLE: Final = "STACKPROOF_CHECKOV_PYTHON"
CHECKOV_FOLDER: Final = ".venv-checkov"

# What decides an answer of cfn-lint; checkov's environment counts as a whole
_LINT_PACKAGES: Final = ("cfn_lint", "aws_sam_translator", "networkx", "regex", "sympy", "pyyaml", "jsonpatch")


@dataclass(frozen=True, slots=True)
class Tool:
    """An installed scanner: the Python that runs it, and a hash of all versions that decide its answers."""

    name: str
    python: Path
    version: str
    fingerprint: str


def tools() -> Mapping[str, Tool | Unknown]:
    """Both tools by name, or why one cannot be used."""
    return {CFN_LINT: _cfn_lint(), CHECKOV: _checkov()}


def versions() -> str:
    """Everything about the scanners that decides their answers, as one short text for a cache key."""
    return key_of(*(t.fingerprint if isinstance(t, Tool) else str(t) for t in tools().values()))


def _cfn_lint() -> Tool | Unknown:
    found = importlib.util.find_spec("cfnlint")  # finds a top-level package without importing it
    if found is None or found.origin is None:
        return Unknown(Cause.TOOL_MISSING, f"cfn-lint is not installed for {sys.executable}")
    packages = _packages(Path(found.origin).parent.parent)
    version = packages.get("cfn_lint", "unknown")
    decisive = [f"{name} {packages.get(name, '')}" for name in _LINT_PACKAGES]
    return Tool(CFN_LINT, Path(sys.executable), version, key_of(_worker(), sys.version, *decisive))


def _checkov() -> Tool | Unknown:
    python = _checkov_python()
    if isinstance(python, Unknown):
        return python
    for folder in _site_packages(python):
        packages = _packages(folder)
        if "checkov" in packages:
            decisive = [f"{name} {version}" for name, version in sorted(packages.items())]
            return Tool(CHECKOV, python, packages["checkov"], key_of(_worker(), str(folder.parent.name), *decisive))
    return Unknown(Cause.TOOL_MISSING, f"there is no checkov in the environment of {python}. {_advice()}")


def _checkov_python() -> Path | Unknown:
    named = os.environ.get(CHECKOV_VARIABLE)
    if named:
        return Path(named)
    home = Path.cwd()
    places = (home, *home.parents, Path(sys.prefix).parent, Path(__file__).parents[3])
    for place in places:
        for python in (place / CHECKOV_FOLDER / "bin" / "python", place / CHECKOV_FOLDER / "Scripts" / "python.exe"):
            if python.exists():
                return python
    script = shutil.which("checkov")
    return (_interpreter(Path(script)) if script else None) or Unknown(
        Cause.TOOL_MISSING, f"checkov is not installed. {_advice()}"
    )


def _interpreter(script: Path) -> Path | None:
    with script.open("rb") as file:
        first = file.readline(512).decode("utf-8", "replace")
    found = re.fullmatch(r"#!\s*(/\S*python\S*)\s*", first)
    return Path(found[1]) if found else None


def _site_packages(python: Path) -> Iterator[Path]:
    prefix = python.absolute().parent.parent  # not resolved: an environment's python is a link to another one
    for pattern in ("lib*/python3*/site-packages", "lib*/python3*/dist-packages", "Lib/site-packages"):
        yield from sorted(prefix.glob(pattern))


def _packages(folder: Path) -> Mapping[str, str]:
    """Versions by normalized name, read from the names of the `.dist-info` folders."""
    found = {}
    for entry in os.scandir(folder):
        name, _, rest = entry.name.partition("-")
        if rest.endswith(".dist-info"):
            found[name.lower().replace(".", "_")] = rest.removesuffix(".dist-info")
    return found


@cache
def _worker() -> str:
    return key_of(*(path.read_bytes() for path in sorted(WORKER.glob("*.py"))))


def _advice() -> str:
    return (
        f"Install it in an environment of its own: python3 -m venv {CHECKOV_FOLDER} && "
        f"{CHECKOV_FOLDER}/bin/pip install checkov; or name another one's python in {CHECKOV_VARIABLE}"
    )
