"""Small mechanical changes of what a resource declares, each of one thing."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Final, TypeAlias

from selftest.mdreader.watching import BESIDE
from selftest.mdreader.worse import (
    ANYTHING,
    CREDENTIAL,
    OTHER,
    Other,
    opposites,
    other_lists,
    other_numbers,
    other_texts,
    plain,
    worst,
)
from stackproof.model import ABSENT, Cause, Inventory, Reference, Resource, Text, Unknown, Value
from stackproof.model.matching import show

Steps: TypeAlias = tuple[str | int, ...]  # keys and indexes, from a tree's root down

STACK: Final = "AWS::CloudFormation::Stack"
UNDECIDED: Final = Unknown(Cause.UNRESOLVED_PARAMETER, "elsewhere.Parameter")


@dataclass(frozen=True, slots=True)
class Change:
    """One change: what kind it is, the path it is at, the values there, and the resource after it."""

    kind: str
    path: str
    before: Value
    after: Value
    resource: Resource

    @property
    def address(self) -> str:
        """The changed resource's address."""
        return self.resource.address

    def __str__(self) -> str:
        return f"{self.address} {self.path} {self.kind}: {show(self.before)} -> {show(self.after)}"


class Changes:
    """Changes of the resources of one inventory; it also lends the values that other resources have."""

    def __init__(self, inventory: Inventory) -> None:
        self._inventory = inventory
        self._addresses: defaultdict[str, list[str]] = defaultdict(list)
        self._values: defaultdict[tuple[str, str], list[Value]] = defaultdict(list)
        for resource in inventory.resources:
            self._addresses[resource.type].append(resource.address)
            for _, path, value in nodes(tree_of(resource)):
                known = self._values[resource.type, plain(path)]
                if not isinstance(value, dict | list) and value not in known:
                    known.append(value)

    def of(self, resource: Resource) -> Iterator[Change]:
        """Every change of what the resource declares, each alone: properties and the words beside them."""
        tree = tree_of(resource)
        for steps, path, value in nodes(tree):
            for kind, after in (*self._worse(value, resource, path), ("removed", ABSENT)):
                yield Change(kind, path, value, after, _rebuilt(resource, _put(tree, steps, after)))

    def additions(self, resource: Resource, path: str) -> Iterator[Change]:
        """Values put where the resource declares none: the opposite of AWS's default, or what opens and weakens."""
        usual = opposites(resource.default(path)) or (*ANYTHING, *self._borrowed(resource, path, ABSENT))
        for value in (*usual, *worst(path)):
            yield _set("added", resource, path, value)

    def _worse(self, value: Value, resource: Resource, path: str) -> Iterator[Other]:
        if isinstance(value, list):
            yield from other_lists(value, path)
            return
        if isinstance(value, dict):
            yield from ([("emptied", {})] if value else [])
            return
        if isinstance(value, bool | int | float):
            yield from other_numbers(value)
        else:
            yield from other_texts(value) if isinstance(value, str) else self._other_pointers(value, resource)
            yield from (("widened", "*"), ("replaced", OTHER), ("leaked", CREDENTIAL))
        yield from (("worst", other) for other in worst(path))
        yield from (("borrowed", other) for other in self._borrowed(resource, path, value))
        if path.startswith("Parameters.") and resource.type == STACK:
            unset = f"{resource.address}.{path.removeprefix('Parameters.')}"  # how the evaluator says: no value given
            yield "unset", Unknown(Cause.UNRESOLVED_PARAMETER, unset)

    def _other_pointers(self, value: Value, resource: Resource) -> Iterator[Other]:
        if isinstance(value, Reference):
            yield from (("redirected", other) for other in self._elsewhere(value, resource))
        parts = value.parts if isinstance(value, Text) else ()
        for index, part in enumerate(parts):
            others: list[tuple[str, str | Reference]] = []
            if isinstance(part, Reference):
                others = [("redirected", other) for other in self._elsewhere(part, resource)]
            elif isinstance(part, str):
                others = [("weakened", str(other)) for kind, other in other_texts(part) if kind == "weakened"]
                others.append(("widened", "*"))
            for kind, other in others:
                yield kind, Text((*parts[:index], other, *parts[index + 1 :]))

    def _elsewhere(self, pointer: Reference, resource: Resource) -> Iterator[Reference]:
        """The same pointer at the first and last other resource of its target's type, and at one of another type."""
        target = self._inventory.get(pointer.target)
        own = target.type if target else ""
        same = [a for a in self._addresses.get(own, ()) if a not in (pointer.target, resource.address)]
        foreign = next((r.address for r in self._inventory.resources if r.type not in (own, resource.type)), "")
        for address in dict.fromkeys([*same[:1], *same[-1:], foreign]):
            yield Reference(address, pointer.attribute)

    def _borrowed(self, resource: Resource, path: str, own: Value) -> list[Value]:
        """Up to three other values that resources of this type have at this place."""
        return [value for value in self._values.get((resource.type, plain(path)), ()) if value != own][:3]


def undecided(resource: Resource, path: str) -> Change:
    """The change after which nothing is known of one property."""
    return _set("undecided", resource, path, UNDECIDED)


def tree_of(resource: Resource) -> dict[str, Value]:
    """Properties and the words beside them as one tree; the words are marked by `BESIDE`."""
    properties = resource.properties if isinstance(resource.properties, dict) else {}
    return {**properties, **{BESIDE + name: value for name, value in resource.attributes.items()}}


def nodes(tree: Value, steps: Steps = (), path: str = "") -> Iterator[tuple[Steps, str, Value]]:
    """Every value below the root of a tree, containers before what is in them, with the path that facts give it."""
    if path:
        yield steps, path, tree
    if isinstance(tree, dict):
        for key, item in tree.items():
            yield from nodes(item, (*steps, key), f"{path}.{key}" if path else key)
    elif isinstance(tree, list):
        for index, item in enumerate(tree):
            yield from nodes(item, (*steps, index), f"{path}[{index}]")


def _set(kind: str, resource: Resource, path: str, value: Value) -> Change:
    tree = tree_of(resource)
    places = {found: (steps, before) for steps, found, before in nodes(tree)}
    known = path
    while known and known not in places:
        known = re.sub(r"(\[\d+\]|(^|\.)[^.\[\]]+)$", "", known)
    steps, _ = places.get(known, ((), None))
    rest = re.findall(r"([^.\[\]]+)|\[(\d+)\]", path[len(known) :])
    steps = (*steps, *(int(index) if index else key for key, index in rest))
    before = places[path][1] if path in places else ABSENT
    return Change(kind, path, before, value, _rebuilt(resource, _put(tree, steps, value)))


def _rebuilt(resource: Resource, tree: Value) -> Resource:
    assert isinstance(tree, dict)
    properties = {key: value for key, value in tree.items() if not key.startswith(BESIDE)}
    beside = {key[len(BESIDE) :]: value for key, value in tree.items() if key.startswith(BESIDE)}
    return replace(resource, properties=properties, attributes=beside)


def _put(tree: Value, steps: Steps, value: Value) -> Value:
    """Copy a tree with another value at one place; ABSENT takes away what is there. Lists are never made longer."""
    step, rest = steps[0], steps[1:]
    if isinstance(tree, list) and isinstance(step, int):
        if value is ABSENT and not rest:
            return tree[:step] + tree[step + 1 :]
        return [item if i != step else _put(item, rest, value) if rest else value for i, item in enumerate(tree)]
    if isinstance(tree, dict) and isinstance(step, str):
        if value is ABSENT and not rest:
            return {key: item for key, item in tree.items() if key != step}
        return {**tree, step: _put(tree.get(step, {}), rest, value) if rest else value}
    return tree
