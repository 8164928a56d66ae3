"""Who points at what in an inventory, worked out once: controls ask thousands of times."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from stackproof.model.matching import holes, readable
from stackproof.model.values import Reference, Text, Unknown, Value

if TYPE_CHECKING:
    from stackproof.model.inventory import Resource


def leaves(value: Value, path: str = "") -> Iterator[tuple[str, Value]]:
    """Every value inside a value that is no mapping or list, with the path that holds it."""
    if isinstance(value, dict):
        for key, item in value.items():
            yield from leaves(item, f"{path}.{key}" if path else key)
    elif isinstance(value, list):
        for index, item in enumerate(value):
            yield from leaves(item, f"{path}[{index}]")
    else:
        yield path, value


def references(value: Value) -> Iterator[Reference]:
    """The references that a leaf is or has inside its text."""
    if isinstance(value, Reference):
        yield value
    elif isinstance(value, Text):
        yield from (part for part in value.parts if isinstance(part, Reference))


@dataclass(slots=True)
class Pointers:
    """An index of leaves: by the address or name that they give, and by type and path where that is not known.

    Resources are numbered in the inventory's order; paths are without indexes.
    """

    _targets: defaultdict[str, dict[tuple[int, str], None]] = field(default_factory=lambda: defaultdict(dict))
    _texts: defaultdict[str, dict[tuple[int, str], None]] = field(default_factory=lambda: defaultdict(dict))
    _holes: defaultdict[tuple[str, str], list[tuple[int, Unknown]]] = field(default_factory=lambda: defaultdict(list))

    @classmethod
    def of(cls, resources: Iterable[Resource]) -> Pointers:
        """Read every leaf once."""
        index = cls()
        for number, resource in enumerate(resources):
            for path, value in leaves(resource.properties):
                index._add(number, resource.type, re.sub(r"\[\d+\]", "", path), value)
        return index

    def to(self, resource: Resource, at: str) -> set[int]:
        """Numbers of the resources that point at this one, by reference or by a name, anywhere or at one path."""
        found = [self._targets.get(resource.address, {})]
        for name in resource.names:
            found += [self._targets.get(name, {}), self._texts.get(name, {})]
        return {number for leaves_ in found for number, path in leaves_ if not at or path == at}

    def doubts(self, type_: str, at: str, without: Collection[int]) -> Iterator[Unknown]:
        """What is unknown at this path of a type's resources, or around it, but for those numbered in `without`."""
        for path in _enclosing(at):
            yield from (hole for number, hole in self._holes.get((type_, path), ()) if number not in without)

    def _add(self, number: int, type_: str, path: str, value: Value) -> None:
        for reference in references(value):
            self._targets[reference.target][number, path] = None
        text = readable(value)
        if isinstance(text, str):
            self._texts[text][number, path] = None
        self._holes[type_, path].extend((number, hole) for hole in holes(value))


def _enclosing(path: str) -> Iterator[str]:
    """`A.B` lies in `A`, which lies in all properties (empty)."""
    while path:
        yield path
        path = path.rpartition(".")[0]
    yield ""
