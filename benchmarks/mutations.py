"""Change MDReader's evaluated resources mechanically, one thing at a time, and report what nobody notices.

`python -m benchmarks.mutations [--report FILE]` prints a table by resource type and writes the properties that nobody
speaks of to the file (else reports/mutations.md). The self-test in selftest/mdreader holds the rule; this shows the
figures. Takes about a minute.
"""

from __future__ import annotations

import argparse
import time
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from selftest.mdreader.changes import Change
from selftest.mdreader.copies import SYSTEM
from selftest.mdreader.mutations import Speakers, changes_of, judged, resting_on, spoken_of
from selftest.mdreader.rejudging import Baseline
from selftest.mdreader.watching import inside
from selftest.mdreader.worse import plain
from stackproof.model import Resource

COLUMNS = ("changes", "fail", "unknown", "no one", "props", "spoken", "rested", "silent")
ROW = "{:<44}" + "{:>9}" * len(COLUMNS)
LEGEND = """\
changes: made, each alone. fail, unknown, no one: a control now fails; none fails but one cannot say; nobody notices.
props: property paths changed. spoken: a control passes because of them, or of something in or around them. rested: a
control could not pass if nothing were known of them. silent: nobody speaks of them (`no-credentials-in-templates`
looks at every text and does not count)."""


@dataclass(slots=True)
class Figures:
    """What came of the changes of one resource type, and its properties (without indexes), with their numbers."""

    counts: Counter[str] = field(default_factory=Counter)
    properties: Counter[str] = field(default_factory=Counter)
    silent: Counter[str] = field(default_factory=Counter)

    def row(self, name: str) -> str:
        """One line of the table."""
        return ROW.format(name, *(self.counts[column] for column in COLUMNS))


def survey(baseline: Baseline) -> dict[str, Figures]:
    """Make every change of every resource and count, by type, who noticed."""
    spoken = spoken_of(baseline)
    everything = {(resource.address, ""): frozenset[str]() for resource in baseline.inventory.resources}
    figures: defaultdict[str, Figures] = defaultdict(Figures)
    for resource, made in changes_of(baseline, {**everything, **spoken}):
        mine = figures[resource.type]
        for change in made:
            mine.counts["changes"] += 1
            mine.counts[_who(baseline, change)] += 1
        _properties(baseline, spoken, resource, {change.path for change in made}, mine)
    return dict(sorted(figures.items()))


def _who(baseline: Baseline, change: Change) -> str:
    noticed = baseline.noticed(change)
    return "fail" if noticed.fail else "unknown" if noticed.unknown else "no one"


def _properties(baseline: Baseline, spoken: Speakers, resource: Resource, paths: Iterable[str], mine: Figures) -> None:
    known = {path: controls for (address, path), controls in spoken.items() if address == resource.address}
    for path in paths:
        mine.counts["props"] += 1
        mine.properties[plain(path)] += 1
        if any(path == other or inside(path, other) or inside(other, path) for other in known):
            mine.counts["spoken"] += 1
        else:
            mine.counts["silent"] += 1
            mine.silent[plain(path)] += 1
    for path, controls in known.items():
        mine.counts["rested"] += bool(resting_on(baseline, (resource.address, path), controls))


def _written(figures: Mapping[str, Figures]) -> str:
    lines = [
        "# Properties of MDReader's resources that nobody speaks of",
        "",
        "In brackets: in how many of how many.",
        "",
    ]
    for type_, mine in figures.items():
        names = [f"{path} ({number}/{mine.properties[path]})" for path, number in sorted(mine.silent.items())]
        lines += [f"- {type_}: {', '.join(names)}"] if names else []
    return "\n".join(lines) + "\n"


def main() -> None:
    """Measure, print and write."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--report", type=Path, default=Path("reports", "mutations.md"))
    report: Path = parser.parse_args().report
    began = time.perf_counter()
    baseline = judged(SYSTEM / "system.yaml", "prod")
    figures = survey(baseline)
    total = Figures()
    print(ROW.format("type", *COLUMNS))
    for type_, mine in figures.items():
        print(mine.row(type_))
        total.counts.update(mine.counts)
    print(total.row(f"{len(figures)} types, {len(baseline.controls)} controls"))
    print(f"\n{LEGEND}\n\n{time.perf_counter() - began:.0f} s; silent properties by name: {report}")
    report.parent.mkdir(parents=True, exist_ok=True)
    report.write_text(_written(figures), encoding="utf-8")


if __name__ == "__main__":
    main()
