"""Amazon Route 53: documented defaults, and the records of a name wherever they are declared."""

from __future__ import annotations

from typing import Final

from stackproof.model import Claim, Fact, Inventory, Resource, Value, all_of, any_of

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


def all_records(inventory: Inventory) -> tuple[Fact, ...]:
    """Every record of the system."""
    return tuple(record for holder in inventory.of_type(RECORD, RECORD_GROUP) for record in records(holder))


def same_name(left: Fact, right: Fact) -> Claim:
    """Hold when two records are of one name, with or without the final dot."""
    name = right["Name"].value
    dotted = f"{name}." if isinstance(name, str) else name
    bare = name.removesuffix(".") if isinstance(name, str) else name
    return any_of((left["Name"].equals(name), left["Name"].equals(dotted), left["Name"].equals(bare)))


def siblings(record: Fact, inventory: Inventory) -> tuple[Fact, ...]:
    """The records of the same name and type, this one included; where the name is not known, those that may be."""
    return tuple(
        other
        for other in all_records(inventory)
        if all_of((same_name(other, record), other["Type"].equals(record["Type"].value))).holds is not False
    )


def is_routed(record: Fact) -> Claim:
    """Hold when the record is one of several under its name: weighted, failover, latency and so on."""
    return any_of(record[word].claim(f"{word} routing", _is_written) for word in ROUTED)


def _is_written(value: Value) -> bool:
    """Weight 0 and an empty mapping are values too."""
    return isinstance(value, str | int | float | dict)
