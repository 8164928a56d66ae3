"""Resources that note what is read of them, and places that remember whose property they are.

While controls judge, two questions are answered: what a judgement depends on, so that only the judgements that a
change can reach are made again; and which properties decided it.
"""

from __future__ import annotations

from dataclasses import dataclass, field, fields, replace
from typing import Any, TypeAlias

from stackproof.model import ABSENT, Fact, Inventory, Resource, Selection, Unknown, Value, Where

BESIDE = "@"  # begins the path of a word beside the properties (`@DeletionPolicy`)

Part: TypeAlias = tuple[str, str]  # address of a resource, path inside it; an empty path is all of it


def parent(path: str) -> str:
    """The path around a path: `A.B` of `A.B[0]`; empty for the first step."""
    return path[: max(path.rfind("."), path.rfind("["), 0)]


def inside(path: str, outer: str) -> bool:
    """Say whether a path leads into what another one leads to."""
    return path.startswith(outer) and path[len(outer) : len(outer) + 1] in (".", "[")


@dataclass(frozen=True, slots=True)
class Spot(Where):
    """A place that also says whose property it is; evidence carries it out of a judgement."""

    address: str = ""
    path: str = ""


@dataclass(slots=True)
class Notes:
    """What judgements have read: parts of resources, and who points at whom.

    `asked` holds pairs of a resource's address and the type of those that may point at it; an empty type is any.
    `pointers` are the properties that were followed, or found to point at something.
    """

    read: set[Part] = field(default_factory=set)
    asked: set[tuple[str, str]] = field(default_factory=set)
    pointers: set[Part] = field(default_factory=set)

    def taken(self) -> Notes:
        """Return the notes so far, and begin anew."""
        before = Notes(self.read, self.asked, self.pointers)
        self.read, self.asked, self.pointers = set(), set(), set()
        return before


class Watched(Resource):
    """A resource that notes every path that is read of it.

    A fact asks its resource for the place of each property it goes down into, so that is where reading is seen. Code
    that takes the property tree past the facts is noted as a reader of all of it.
    """

    __slots__ = ("notes",)
    notes: Notes

    def __init__(self, resource: Resource, notes: Notes) -> None:
        object.__setattr__(self, "notes", notes)
        for name in (each.name for each in fields(Resource)):
            _SLOTS[name].__set__(self, getattr(resource, name))

    @property
    def properties(self) -> Value:
        """All properties, noted as read whole."""
        self.notes.read.add((self.address, ""))
        return self._tree

    @property
    def fact(self) -> Fact:
        """All properties as one fact, whose parts are noted when they are read."""
        return Fact("", self._tree, self.where(""), self.origin, self)

    def where(self, path: str) -> Where:
        """Say where the property was read, and note that it was."""
        if path:
            self.notes.read.add((self.address, path))
        place = super().where(path)
        return Spot(place.source, place.line, self.address, path)

    def attribute(self, name: str) -> Fact:
        """Read a word beside the properties, and note that it was read."""
        path = BESIDE + name
        self.notes.read.add((self.address, path))
        place = super().where(name)
        spot = Spot(place.source, place.line, self.address, path)
        return Fact(name, self.attributes.get(name, ABSENT), spot, self.origin)

    @property
    def _tree(self) -> Value:
        tree: Value = _SLOTS["properties"].__get__(self)
        return tree


_SLOTS: dict[str, Any] = {each.name: getattr(Resource, each.name) for each in fields(Resource)}


@dataclass(frozen=True, eq=False)
class WatchedInventory(Inventory):
    """An inventory of watched resources. A search for pointers is noted as the question that it is."""

    plain: Inventory = field(default_factory=lambda: Inventory(()))
    notes: Notes = field(default_factory=Notes)

    def target(self, fact: Fact) -> Resource | Unknown:
        """Find the resource that a fact points at, and note that it was followed."""
        if isinstance(fact.where, Spot) and fact.where.path:
            self.notes.pointers.add((fact.where.address, fact.where.path))
        return super().target(fact)

    def pointing_to(self, resource: Resource, *types: str, at: str = "") -> Selection:
        """Resources that point at this one, found without noting every property that was looked through."""
        self.notes.asked.update((resource.address, kind) for kind in types or ("",))
        known = self.plain.get(resource.address)
        found = self.plain.pointing_to(known or resource, *types, at=at)
        for one in found:
            paths = (path for path, reference in one.references() if reference.target == resource.address)
            self.notes.pointers.update((one.address, path) for path in paths)
        mine = (self.get(one.address) for one in found)
        return replace(found, resources=tuple(one for one in mine if one), where=resource.where(""))


def watched(inventory: Inventory) -> WatchedInventory:
    """Copy an inventory so that it notes what is read of it."""
    notes = Notes()
    return WatchedInventory(
        resources=tuple(Watched(resource, notes) for resource in inventory.resources),
        gaps=inventory.gaps,
        region=inventory.region,
        account=inventory.account,
        environment=inventory.environment,
        plain=inventory,
        notes=notes,
    )
