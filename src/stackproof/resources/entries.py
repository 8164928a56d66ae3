"""Reading lists of key and value pairs, and whole property trees, without losing what is unknown."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from stackproof.model import ABSENT, Claim, Fact, Inventory, Reference, Resource, Unknown, Value, any_of
from stackproof.model.matching import Answer, equal


def entry(pairs: Fact, key: str, *, name: str = "Key", value: str = "Value", default: Value = ABSENT) -> Fact:
    """Read one entry of a list of pairs, such as load balancer attributes, as a fact.

    Absent (or the default that AWS documents) when no pair has this key. Unknown when the list, or the key of
    one of its pairs, is: the entry may be there.
    """
    path = f"{pairs.path}[{key}]"
    doubt: Unknown | None = None
    for pair in pairs.items():
        same = equal(pair[name].value, key)
        if same is True:
            return pair[value]
        if isinstance(same, Unknown):
            doubt = doubt or same
    return Fact(path, doubt or default, pairs.where, pairs.origin)


def pointed_at_from(resource: Resource, inventory: Inventory, places: Iterable[tuple[str, str]]) -> Claim:
    """Hold when one of these places (type and property path) points at the resource; unknown while one may."""
    return any_of(inventory.pointing_to(resource, kind, at=path).exists() for kind, path in places)


def same_pointer(value: Value, other: Value) -> Answer:
    """Say whether two values point at the same resource; the attribute by which they do is not compared."""
    if isinstance(value, Reference) and isinstance(other, Reference):
        return value.target == other.target
    return equal(value, other)


def leaves(fact: Fact) -> Iterator[Fact]:
    """Every leaf of a property tree as a fact. An unknown in place of a subtree is a leaf too."""
    if isinstance(fact.value, dict):
        for key in fact.value:
            yield from leaves(fact[key])
    elif isinstance(fact.value, list):
        for item in fact.items():
            yield from leaves(item)
    elif fact.value is not ABSENT:
        yield fact


def last_key(fact: Fact) -> str:
    """The last key of a leaf's path, without indexes. Keys with dots in them are cut at their last dot."""
    return fact.path.rpartition(".")[2].partition("[")[0]
