"""The design documents' own mistakes, each put into our templates, with who must catch it and where.

The wrong text is the document's. Names in it are ours, because the rest of our templates refers to them.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeAlias

from selftest.mdreader.copies import Edit
from stackproof.model import Finding

Findings: TypeAlias = dict[tuple[str, str], Finding]  # by control and resource


@dataclass(frozen=True, slots=True)
class Caught:
    """A finding that a flaw must give: who fails, on which resource, in which file, and marks that lead to the line."""

    control: str
    resource: str
    file: str
    marks: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Flaw:
    """One wrong version of one statement."""

    requirement: str
    name: str
    edits: tuple[Edit, ...]
    caught: tuple[Caught, ...]


def file_of(stack: str) -> str:
    """The template of a stack."""
    return f"infrastructure/{stack}.yml"


def caught(stack: str, resource: str, controls: dict[str, tuple[str, ...]]) -> tuple[Caught, ...]:
    """Findings on one resource: control -> marks below the resource's own line (none: that line)."""
    return tuple(
        Caught(control, f"{stack}.{resource}", file_of(stack), (f"  {resource}:", *marks))
        for control, marks in controls.items()
    )
