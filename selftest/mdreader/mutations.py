"""Which mechanical changes of an inventory somebody notices, and which should have been noticed.

A control speaks of a property when it passes because of it. It rests on the property when, besides, it could not pass
if nothing were known of it: then the value matters, and some other value must make that very control fail. A property
that is spoken of but that nothing rests on is guarded twice, so it is enough that anyone notices.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Final, TypeAlias

import yaml

from selftest.mdreader.changes import Change, Changes, undecided
from selftest.mdreader.rejudging import Baseline
from selftest.mdreader.watching import Part, inside
from selftest.mdreader.worse import plain
from stackproof.controls import all_controls
from stackproof.engine.systems import target_of
from stackproof.model import Resource
from stackproof.sources import evaluate
from stackproof.system.loading import load_system

Speakers: TypeAlias = Mapping[Part, frozenset[str]]  # a property -> ids of the controls that pass because of it

EVERY_TEXT: Final = frozenset({"no-credentials-in-templates"})  # speaks of every text, so of none in particular
ANYONE: Final = "anyone"
ACCOUNT: Final = "111122223333"
ALLOWED: Final = Path(__file__).with_name("unnoticed.yaml")


@dataclass(frozen=True, slots=True, order=True)
class Unnoticed:
    """A property of which no change is noticed by a control that rests on it, or by `ANYONE` at all."""

    control: str
    type: str
    address: str
    path: str

    def __str__(self) -> str:
        return f"{self.address} ({self.type}) {self.path}: no change is noticed by {self.control}"


@dataclass(frozen=True, slots=True)
class Allowed:
    """A reviewed reason why no change of a property is noticed. `path` has no indexes and may have `*`."""

    control: str
    type: str
    path: str
    because: str

    def covers(self, found: Unnoticed) -> bool:
        """Say whether this reason is about a finding."""
        return (found.control, found.type) == (self.control, self.type) and fnmatchcase(plain(found.path), self.path)


def allowed() -> list[Allowed]:
    """Read the reviewed reasons."""
    entries = yaml.safe_load(ALLOWED.read_text(encoding="utf-8"))
    return [Allowed(**entry) for entry in entries]


def spoken_of(baseline: Baseline) -> Speakers:
    """Every property that a control speaks of."""
    parts = sorted({*baseline.deciding, *baseline.pointing})
    found = {
        part: frozenset(baseline.deciding.get(part, set()) | baseline.pointing.get(part, set())) - EVERY_TEXT
        for part in parts
    }
    return {part: controls for part, controls in found.items() if controls}


def resting_on(baseline: Baseline, part: Part, controls: frozenset[str]) -> frozenset[str]:
    """Of the controls that speak of a property, those that rest on it."""
    resource = baseline.inventory.get(part[0])
    assert resource is not None
    passing = controls & baseline.deciding.get(part, set())
    return passing & baseline.noticed(undecided(resource, part[1]), among=passing).controls


def changes_of(baseline: Baseline, spoken: Speakers) -> Iterator[tuple[Resource, list[Change]]]:
    """Every change of the resources that are spoken of, each alone, with additions where a property is absent.

    An empty path speaks of a resource as a whole.
    """
    changes = Changes(baseline.inventory)
    paths: defaultdict[str, set[str]] = defaultdict(set)
    for address, path in spoken:
        paths[address].add(path)
    for resource in baseline.inventory.resources:
        if resource.address in paths:
            made = list(changes.of(resource))
            absent = sorted(paths[resource.address] - {"", *(change.path for change in made)})
            yield resource, [*made, *(change for path in absent for change in changes.additions(resource, path))]


def unnoticed(baseline: Baseline, spoken: Speakers) -> list[Unnoticed]:
    """List the properties that are spoken of, and of which no change is noticed, nor one of anything inside them.

    Changes are made until they are noticed, and only those are asked who have to.
    """
    found = []
    for resource, made in changes_of(baseline, spoken):
        for address, path in spoken:
            if address != resource.address:
                continue
            mine = [change for change in made if change.path == path or inside(change.path, path)]
            resting = resting_on(baseline, (address, path), spoken[address, path])
            silent = _silent(baseline, mine, resting) if resting else _nobody(baseline, mine)
            found += [Unnoticed(control, resource.type, address, path) for control in silent]
    return sorted(found)


def _silent(baseline: Baseline, made: Iterable[Change], controls: frozenset[str]) -> frozenset[str]:
    """Those of the controls that notice none of the changes."""
    for change in made:
        if not controls:
            break
        controls -= baseline.noticed(change, among=controls).controls
    return controls


def _nobody(baseline: Baseline, made: Iterable[Change]) -> frozenset[str]:
    """`ANYONE` when none of the changes is noticed at all."""
    heard = any(baseline.noticed(change).controls - EVERY_TEXT for change in made)
    return frozenset() if heard else frozenset({ANYONE})


def judged(path: Path, environment: str) -> Baseline:
    """Judge one environment of a system, with an account number so that everything is known that can be."""
    target = target_of(load_system(path), environment, path.parent)
    evaluation = evaluate(target.stacks, replace(target.deployment, account=ACCOUNT))
    (world,) = evaluation.worlds
    return Baseline(world.inventory, (*all_controls(), *target.expectations))
