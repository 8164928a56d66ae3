"""Judge an inventory once, and after a change of one resource judge again only what the change can reach."""

from __future__ import annotations

import sys
from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final, TypeAlias
from unittest.mock import patch

from selftest.mdreader.changes import Change
from selftest.mdreader.watching import Notes, Part, Spot, inside, parent, watched
from stackproof.model import Claim, Control, Inventory, Resource, Unknown, Value
from stackproof.model import claims as claims_module
from stackproof.model.matching import holes, readable
from stackproof.model.pointers import Pointers, leaves, references

Unit: TypeAlias = tuple[str, str]  # a control and a resource's address; empty for a control that chooses its resources
Answers: TypeAlias = dict[str, Claim | None]  # by address, empty for their number; None for a control that crashed


@dataclass(frozen=True, slots=True)
class Noticed:
    """Who notices a change: ids of the controls that now fail, and of those that now cannot say."""

    fail: frozenset[str]
    unknown: frozenset[str]

    def __bool__(self) -> bool:
        return bool(self.fail or self.unknown)

    @property
    def controls(self) -> frozenset[str]:
        """All who notice."""
        return self.fail | self.unknown


NOBODY: Final = Noticed(frozenset(), frozenset())


class Baseline:
    """What every control says of an inventory, what it read to say so, and what decided it.

    `deciding` maps a part (address, property path) to the controls that pass because of it, `pointing` to those that
    pass and followed it, or found it pointing at something.
    """

    def __init__(self, inventory: Inventory, controls: Sequence[Control]) -> None:
        self.inventory = inventory
        self.controls = {control.id: control for control in controls}
        self.answers: dict[Unit, Answers] = {}
        self.deciding: defaultdict[Part, set[str]] = defaultdict(set)
        self.pointing: defaultdict[Part, set[str]] = defaultdict(set)
        self._readers: defaultdict[str, dict[Unit, frozenset[str]]] = defaultdict(dict)
        self._asked: defaultdict[tuple[str, str], set[Unit]] = defaultdict(set)
        self._named: defaultdict[str, set[str]] = defaultdict(set)
        for resource in inventory.resources:
            for name in resource.names:
                self._named[name].add(resource.address)
        with patch.object(claims_module, "MOST_EVIDENCE", sys.maxsize):  # every fact that decided, not the first ones
            self._judge()

    def _judge(self) -> None:
        watching = watched(self.inventory)
        for control in self.controls.values():
            addresses = [""] if control.selects else [r.address for r in self.inventory.of_type(*control.types)]
            for address in addresses:
                answers = answers_of(control, address, watching)
                passing = [claim for claim in answers.values() if claim is not None and claim.holds and claim.applies]
                self._decided(control.id, passing)
                if control.selects and passing:
                    chosen = filter(None, map(watching.get, answers))
                    self._decided(control.id, [control.selects(resource) for resource in chosen])
                self._remember((control.id, address), answers, watching.notes.taken(), passing=bool(passing))

    def _decided(self, control: str, claims: Iterable[Claim]) -> None:
        for evidence in (evidence for claim in claims for evidence in claim.because):
            if isinstance(evidence.where, Spot) and evidence.where.path:
                self.deciding[evidence.where.address, evidence.where.path].add(control)

    def _remember(self, unit: Unit, answers: Answers, notes: Notes, *, passing: bool) -> None:
        self.answers[unit] = answers
        paths: defaultdict[str, set[str]] = defaultdict(set)
        for address, path in notes.read:
            paths[address].add(path)
        for address, read in paths.items():
            self._readers[address][unit] = frozenset(read)
        for question in notes.asked:
            self._asked[question].add(unit)
        for part in notes.pointers if passing else ():
            self.pointing[part].add(unit[0])

    def noticed(self, change: Change, among: Collection[str] | None = None) -> Noticed:
        """Judge again what the change can reach, and say who now fails or cannot say, and did not before.

        `among` are the ids of the only controls to ask.
        """
        reached = {unit for unit in self._reached(change) if among is None or unit[0] in among}
        return self._compared(changed(self.inventory, change.resource), reached) if reached else NOBODY

    def noticed_by_all(self, change: Change) -> Noticed:
        """The same, with every control judged again: slow, and what `noticed` must agree with."""
        resources = [change.resource if r.address == change.address else r for r in self.inventory.resources]
        return self._compared(replace(self.inventory, resources=tuple(resources)), self.answers)

    def _compared(self, inventory: Inventory, units: Iterable[Unit]) -> Noticed:
        fail: set[str] = set()
        unknown: set[str] = set()
        for unit in units:
            control, address = unit
            before = self.answers[unit]
            for about, claim in answers_of(self.controls[control], address, inventory).items():
                was, now = _holds(before.get(about), about in before), _holds(claim, known=True)
                if now is not True and was is True:
                    (unknown if now is None else fail).add(control)
        return Noticed(frozenset(fail), frozenset(unknown))

    def _reached(self, change: Change) -> set[Unit]:
        readers = self._readers[change.address]
        reached = {unit for unit, paths in readers.items() if _touches(change.path, paths)}
        if change.path:
            for value in (change.before, change.after):
                reached |= self._askers(value, change.resource.type)
        return reached

    def _askers(self, value: Value, type_: str) -> set[Unit]:
        """The judgements that asked who points at something that this value points at, or may point at."""
        askers = set()
        targets = set(_targets(value, self._named))
        doubtful = next(holes(value), None) is not None
        for (target, kind), units in self._asked.items():
            if kind in ("", type_) and (doubtful or target in targets):
                askers |= units
        return askers


class _Pointers(Pointers):
    """The pointers of an inventory of which one resource is another."""

    def __init__(self, base: Pointers, number: int, resource: Resource) -> None:
        self.base, self.number, self.own = base, number, Pointers.of([resource])

    def to(self, resource: Resource, at: str) -> set[int]:
        """Numbers of the resources that point at this one."""
        mine = {self.number} if self.own.to(resource, at) else set()
        return self.base.to(resource, at) - {self.number} | mine

    def doubts(self, type_: str, at: str, without: Collection[int]) -> Iterator[Unknown]:
        """What is unknown at this path, but for the resources numbered in `without`."""
        yield from self.base.doubts(type_, at, {*without, self.number})
        if self.number not in without:
            yield from self.own.doubts(type_, at, ())


def changed(inventory: Inventory, resource: Resource) -> Inventory:
    """Copy an inventory with another resource at one address, and index only that one again."""
    number = next(n for n, known in enumerate(inventory.resources) if known.address == resource.address)
    resources = (*inventory.resources[:number], resource, *inventory.resources[number + 1 :])
    copy = replace(inventory, resources=resources)
    vars(copy)["_pointers"] = _Pointers(inventory._pointers, number, resource)
    return copy


def answers_of(control: Control, address: str, inventory: Inventory) -> Answers:
    """What a control says of one resource, or of all that it chooses, and of their number."""
    try:
        if not control.selects:
            resource = inventory.get(address)
            return {address: control.judge(resource, inventory)} if resource else {}
        chosen = inventory.of_type(*control.types).that(control.selects)
        answers: Answers = {resource.address: control.judge(resource, inventory) for resource in chosen}
        if control.demands:
            answers[""] = chosen.count(control.demands.holds, control.demands.words)
    except Exception:  # noqa: BLE001 - the engine reports a control that crashes as unknown, so here it is one too
        return {address: None}
    return answers


def _holds(claim: Claim | None, known: bool) -> bool | None:
    """Whether a claim holds; a resource that was not judged before broke nothing then."""
    if claim is None:
        return None if known else True
    return claim.holds


def _touches(path: str, read: frozenset[str]) -> bool:
    """Say whether a change at the path can be seen by who read these paths."""
    for other in read:
        if other in ("", path) or inside(other, path):
            return True
        if inside(path, other) and (parent(path) == other or not any(inside(deeper, other) for deeper in read)):
            return True
    return False


def _targets(value: Value, named: Mapping[str, set[str]]) -> Iterator[str]:
    for _, leaf in leaves(value):
        texts = [reference.target for reference in references(leaf)]
        yield from texts
        plain = readable(leaf)
        for text in [*texts, plain] if isinstance(plain, str) else texts:
            yield from named.get(text, ())
