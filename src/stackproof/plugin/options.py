"""Options of the gates. Each has a variable, so that a pipeline can set them once."""

from __future__ import annotations

import os
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

import pytest

GATES = ("unit", "integration", "e2e", "performance", "security", "smoke")

MARKERS = (
    "unit: the templates, before a deployment",
    "integration: the deployed resources",
    "e2e: user flows in a browser and on the API",
    "performance: response times under load",
    "security: code, dependencies and the running system",
    "smoke: basic functionality of one address",
    "proves(*ids): the statements of the design that a test proves",
    "system(*names): the systems that a test speaks of; it is left out when another one is judged",
)


@dataclass(frozen=True, slots=True)
class Options:
    """What the run was asked for. `environments` is empty for the default (`embedded`), `all` means each of them.

    `colour` is empty where user flows take the usual addresses.
    """

    system: str
    environments: tuple[str, ...]
    evidence_required: bool
    reports: str
    colour: str = ""


def add_options(parser: pytest.Parser) -> None:
    """Add the options to pytest's own."""
    group = parser.getgroup("stackproof", "stackproof: prove that a deployment is what its design says")
    group.addoption("--system", default=None, help="system.yaml, its folder, or a name under systems/")
    group.addoption(
        "--environment",
        action="append",
        default=None,
        help="an environment of system.yaml, several joined by commas, or all (default: embedded)",
    )
    group.addoption(
        "--evidence",
        choices=("optional", "required"),
        default=None,
        help="required: what could not be judged makes the gate inconclusive, exit 6 (default: optional)",
    )
    group.addoption(
        "--colour", default=None, help="user flows take this colour's own addresses, as system.yaml has them"
    )
    group.addoption("--reports", default=None, help="folder for the reports (default: reports)")


def refuse_misread_paths(config: pytest.Config) -> None:
    """Refuse `--reports DIR` where pytest took DIR, an option's value that it did not know yet, for a test folder.

    It then looked for its configuration there and not here.

    Raises:
        pytest.UsageError: that happened; the message says how to write it.

    """
    words = config.invocation_params.args
    for option, value in pairwise(words):
        if option in ("--system", "--environment", "--reports") and config.inipath is None and Path(value).exists():
            raise pytest.UsageError(f"pytest took {value!r} for a folder with tests: write {option}={value}")


def given_options(config: pytest.Config) -> Options:
    """Read the options, or the variables STACKPROOF_SYSTEM, _ENVIRONMENT, _EVIDENCE, _REPORTS and _COLOUR.

    Raises:
        pytest.UsageError: STACKPROOF_EVIDENCE is neither optional nor required.

    """
    environments = config.getoption("environment") or [os.environ.get("STACKPROOF_ENVIRONMENT", "")]
    evidence = config.getoption("evidence") or os.environ.get("STACKPROOF_EVIDENCE", "optional")
    if evidence not in ("optional", "required"):
        raise pytest.UsageError(f"STACKPROOF_EVIDENCE: got {evidence!r}, expected 'optional' or 'required'")
    names = [name.strip() for text in environments for name in text.split(",")]
    return Options(
        system=config.getoption("system") or os.environ.get("STACKPROOF_SYSTEM", ""),
        environments=tuple(dict.fromkeys(name for name in names if name)),
        evidence_required=evidence == "required",
        reports=config.getoption("reports") or os.environ.get("STACKPROOF_REPORTS", "reports"),
        colour=config.getoption("colour") or os.environ.get("STACKPROOF_COLOUR", ""),
    )
