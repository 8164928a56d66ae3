"""The index of pointers answers as a search through every leaf would."""

from __future__ import annotations

from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from stackproof.model import Cause, Inventory, Reference, Resource, Text, Unknown, Where

HOLE = Unknown(Cause.UNRESOLVED_PARAMETER, "app.Name")
LEAVES = st.sampled_from(
    [
        "uploads",
        "other",
        "a.R0",
        7,
        True,
        HOLE,
        Reference("a.R0"),
        Reference("uploads"),
        Reference("a.R1", "Arn"),
        Text(("arn:", Reference("a.R0"), "/*")),
        Text(("x-", HOLE)),
    ]
)
TREES = st.dictionaries(
    st.sampled_from(["Bucket", "Rules", "Deep"]),
    st.one_of(LEAVES, st.lists(LEAVES, max_size=2), st.dictionaries(st.just("Bucket"), LEAVES, max_size=1)),
    max_size=3,
)


def leaves(value: Any, path: str = "") -> list[tuple[str, Any]]:
    if isinstance(value, dict):
        return [leaf for key, item in value.items() for leaf in leaves(item, f"{path}.{key}".strip("."))]
    if isinstance(value, list):
        return [leaf for item in value for leaf in leaves(item, path)]
    return [(path, value)]


def points(value: Any, address: str, name: str) -> bool:
    parts = value.parts if isinstance(value, Text) else (value,)
    return value == name or any(isinstance(part, Reference) and part.target in (address, name) for part in parts)


@given(st.lists(TREES, min_size=1, max_size=4), st.sampled_from(["", "Bucket", "Rules", "Deep.Bucket"]))
def test_the_index_finds_what_a_search_finds(trees: list[dict[str, Any]], at: str) -> None:
    """Whoever holds a reference to the first resource, or its name, at the path is found, in order."""
    made = [
        Resource(f"a.R{n}", "T", tree, {"": Where("a.yml", n + 1)}, names=frozenset({"uploads"} if n == 0 else ()))
        for n, tree in enumerate(trees)
    ]
    wanted = [
        resource.address
        for resource in made
        if any(points(v, "a.R0", "uploads") for path, v in leaves(resource.properties) if at in ("", path))
    ]
    assert [r.address for r in Inventory(tuple(made)).pointing_to(made[0], "T", at=at)] == wanted


def test_what_is_unknown_around_the_path_is_a_doubt() -> None:
    """A whole block that is not known may hold the pointer, so `nobody points here` stays open."""
    bucket = Resource("a.Uploads", "AWS::S3::Bucket", {}, {"": Where("a.yml", 1)})
    around: list[Any] = [{"Deep": HOLE}, HOLE]
    for properties in around:
        other = Resource("a.Other", "T", properties, {"": Where("a.yml", 2)})
        found = Inventory((bucket, other)).pointing_to(bucket, "T", at="Deep.Bucket")
        assert found.exists().holds is None
    beside = Resource("a.Other", "T", {"Shallow": HOLE}, {"": Where("a.yml", 2)})
    assert Inventory((bucket, beside)).pointing_to(bucket, "T", at="Deep.Bucket").exists().holds is False


def test_types_are_kept_apart() -> None:
    """Only resources of the asked types are found."""
    bucket = Resource("a.Uploads", "AWS::S3::Bucket", {}, {"": Where("a.yml", 1)})
    pointers = [
        Resource(f"a.P{n}", kind, {"Bucket": Reference("a.Uploads")}, {"": Where("a.yml", n)})
        for n, kind in enumerate(["T", "U", "T"])
    ]
    inventory = Inventory((bucket, *pointers))
    assert [r.address for r in inventory.pointing_to(bucket, "T")] == ["a.P0", "a.P2"]
    assert [r.address for r in inventory.pointing_to(bucket)] == ["a.P0", "a.P1", "a.P2"]
