"""Amazon Route 53: documented defaults, and the records of a name wherever they are declared."""

from __future__ import annotations

from collections import defaultdict
from functools import lru_cache
from typing import Final

from stackproof.model import Claim, Fact, Inventory, Reference, Resource, Unknown, Value, Where, all_of, any_of
from stackproof.model.matching import Answer, readable

RECORD: Final = "AWS::Route53::RecordSet"
RECORD_GROUP: Final = "AWS::Route53::RecordSetGroup"

DEFAULTS: Final[dict[str, dict[str, Value]]] = {
    # Route 53 API reference, AliasTarget (EvaluateTargetHealth is required there; CloudFormation takes it as false)
    RECORD: {"AliasTarget.EvaluateTargetHealth": False},
    RECORD_GROUP: {"RecordSets.AliasTarget.EvaluateTargetHealth": False},
}

ROUTED: Final = (
    "Weight",
    "Failover",
    "Region",
    "GeoLocation",
    "GeoProximityLocation",
    "CidrRoutingConfig",
    "MultiValueAnswer",
)


def records(resource: Resource) -> tuple[Fact, ...]:
    """The records that a RecordSet or RecordSetGroup declares, each as a fact with Name, Type and so on."""
    return resource["RecordSets"].items() if resource.type == RECORD_GROUP else (resource.fact,)


def namesakes(record: Fact, inventory: Inventory) -> tuple[Fact, ...]:
    """The records of the system that have this record's name, or may have it; this one included."""
    known, open_ = _by_name(inventory)
    name = _name(record["Name"])
    if name is None:
        return tuple(other for others in known.values() for other in others) + open_
    return known.get(name, ()) + open_


def same_name(left: Fact, right: Fact) -> Claim:
    """Hold when two records are of one name, with or without the final dot."""
    return left["Name"].claim(f"the name {right['Name'].value}", lambda name: _same(name, right["Name"].value))


def siblings(record: Fact, inventory: Inventory) -> tuple[Fact, ...]:
    """The records of the same name and type, this one included; where the name is not known, those that may be."""
    return tuple(
        other
        for other in namesakes(record, inventory)
        if all_of((same_name(other, record), other["Type"].equals(record["Type"].value))).holds is not False
    )


@lru_cache(maxsize=1)
def _by_name(inventory: Inventory) -> tuple[dict[str, tuple[Fact, ...]], tuple[Fact, ...]]:
    """All records by their name, and those whose name is not known. Kept for the inventory that is being judged."""
    known: defaultdict[str, list[Fact]] = defaultdict(list)
    open_: list[Fact] = []
    for holder in inventory.of_type(RECORD, RECORD_GROUP):
        for record in records(holder):
            name = _name(record["Name"])
            (open_ if name is None else known[name]).append(record)
    return {name: tuple(found) for name, found in known.items()}, tuple(open_)


def _name(name: Fact) -> str | None:
    """A name in one form, or None when it is not known.

    SES makes the names of its DKIM records unique, so the pointer at one stands for it.
    """
    if isinstance(name.value, Reference) and name.value.attribute.startswith("DkimDNSTokenName"):
        return f"{name.value}._domainkey"
    plain = readable(name.value)
    return None if isinstance(plain, Unknown) else str(plain).rstrip(".").lower()


def _same(left: Value, right: Value) -> Answer:
    names = [_name(Fact("Name", value, Where(""))) for value in (left, right)]
    if None not in names:
        return names[0] == names[1]
    return next(plain for value in (left, right) if isinstance(plain := readable(value), Unknown))


def is_routed(record: Fact) -> Claim:
    """Hold when the record is one of several under its name: weighted, failover, latency and so on."""
    return any_of(record[word].claim(f"{word} routing", _is_written) for word in ROUTED)


def _is_written(value: Value) -> bool:
    """Weight 0 and an empty mapping are values too."""
    return isinstance(value, str | int | float | dict)
