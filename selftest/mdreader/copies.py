"""Copies of MDReader's description that tests may spoil."""

from __future__ import annotations

import shutil
from dataclasses import dataclass
from pathlib import Path
from textwrap import dedent, indent

from stackproof.cache import Cache
from stackproof.engine.static import judge_targets
from stackproof.engine.systems import target_of
from stackproof.model import Finding
from stackproof.system.loading import load_system

SYSTEM = Path(__file__).parents[2] / "systems" / "mdreader"


@dataclass(frozen=True, slots=True)
class Edit:
    """Lines of one file and what is put in their place.

    `at` leads to the first line (see `line_of`), `until` is in the first line after it that stays. `text` is written
    from the margin and gets the indentation of the first line.
    """

    file: str
    at: tuple[str, ...]
    until: str
    text: str = ""


@dataclass(frozen=True, slots=True)
class Copy:
    """A copy of the system in a folder of its own. Findings name its files relative to `folder`'s parent."""

    folder: Path

    @classmethod
    def below(cls, parent: Path) -> Copy:
        """Make a copy below a folder."""
        return cls(Path(shutil.copytree(SYSTEM, parent / "mdreader", ignore=shutil.ignore_patterns("node_modules"))))

    def edit(self, edit: Edit) -> None:
        """Replace lines. What cannot be found, or is the same afterwards, is a mistake of the test."""
        lines = self._lines(edit.file)
        first = line_of(lines, edit.at) - 1
        last = line_of(lines[first + 1 :], (edit.until,)) + first
        margin = lines[first][: len(lines[first]) - len(lines[first].lstrip())]
        new = indent(dedent(edit.text), margin).splitlines()
        assert new != lines[first:last], f"{edit.at} in {edit.file} is changed to what it was"
        changed = [*lines[:first], *new, *lines[last:]]
        (self.folder / edit.file).write_text("\n".join(changed) + "\n", encoding="utf-8")

    def place(self, file: str, *marks: str) -> str:
        """Say `file:line`, as a finding does, of the line that the marks lead to."""
        return f"{self.folder.name}/{file}:{line_of(self._lines(file), marks)}"

    def judge(self, environment: str, cache: Path) -> dict[tuple[str, str], Finding]:
        """Judge it with our own controls: the finding by control and resource."""
        target = target_of(load_system(self.folder / "system.yaml"), environment, self.folder.parent)
        (judgement,) = judge_targets([target], Cache(cache), scanners=False)
        return {(finding.control, finding.resource): finding for finding in judgement.findings}

    def _lines(self, file: str) -> list[str]:
        return (self.folder / file).read_text(encoding="utf-8").splitlines()


def line_of(lines: list[str], marks: tuple[str, ...]) -> int:
    """Return the number, from 1, of the line with the last mark; each is searched for from the one before it on."""
    at = 0
    for mark in marks:
        at = next((i for i in range(at, len(lines)) if mark in lines[i]), -1)
        assert at >= 0, f"no line with {mark!r} (after {marks})"
    return at + 1
