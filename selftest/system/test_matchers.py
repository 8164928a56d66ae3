"""The words of expectations."""

from __future__ import annotations

from typing import Any

import pytest

from stackproof.errors import MisuseError
from stackproof.model import ABSENT, Cause, Fact, Inventory, Reference, Resource, Text, Unknown, Where
from stackproof.system.matchers import demand, matcher

HOLE = Unknown(Cause.UNRESOLVED_PARAMETER, "p")
KEY = Resource("keys.Main", "AWS::KMS::Key", {"EnableKeyRotation": True}, {"": Where("keys.yml", 1)})
INVENTORY = Inventory((KEY,))


@pytest.mark.parametrize(
    ("expected", "value", "answer"),
    [
        (True, "true", True),
        ("absent", ABSENT, True),
        ("absent", "x", False),
        ("present", HOLE, None),
        ({"equals": "absent"}, "absent", True),
        ({"at_least": 7, "at_most": 9}, 8, True),
        ({"at_least": 7, "at_most": 9}, 10, False),
        ({"one_of": ["a", "b"]}, "b", True),
        ({"not": "a"}, "b", True),
        ({"not": "a"}, HOLE, None),
        ({"matches": "db\\.t3\\..*"}, "db.t3.micro", True),
        ({"matches": "db"}, "db.t3.micro", False),
        ({"items": ["a", "b"]}, ["b", "a"], True),
        ({"items": ["a"]}, ["a", "b"], False),
        ({"contains": "a"}, ["b", "a"], True),
        ({"each": {"Port": 443}}, [{"Port": 443}, {"Port": 80}], False),
        ({"each": {"Port": 443}}, ABSENT, False),
        ({"some": {"Port": 443}}, [{"Port": 443}, {"Port": 80}], True),
        ({"length": 2}, ["a", "b"], True),
        ({"any": ["absent", "x"]}, "x", True),
        ({"all": ["present", {"not": "y"}]}, "y", False),
        ({"Policies.Length": {"at_least": 8}}, {"Policies": {"Length": 6}}, False),
        ({"Policies": {"Length": 8}}, {"Policies": {"Length": 8}}, True),
        ({"json": {"user": "app"}}, '{"user": "app"}', True),
        ({"keys": {"items": ["/a", "/b"]}}, {"/b": {}, "/a": {}}, True),
        ({"keys": {"items": ["/a"]}}, {"/b": {}, "/a": {}}, False),
        ({"keys": {"contains": "/a"}}, Unknown(Cause.NEEDS_LIVE, "Body"), None),
        ({"json": {"user": "app"}}, "not json", None),
        ({"json": {"host": "present"}}, Text(('{"host": "', Reference("d.Db", "Endpoint"), '"}')), True),
        ({"refers_to": {"type": "AWS::KMS::Key"}}, Reference("keys.Main", "Arn"), True),
        ({"refers_to": {"type": "AWS::KMS::Alias"}}, Reference("keys.Main", "Arn"), False),
        ({"refers_to": {"id": "Main", "expect": {"EnableKeyRotation": False}}}, Reference("keys.Main"), False),
        ({"refers_to": {"type": "AWS::KMS::Key"}}, "alias/aws/rds", None),
    ],
)
def test_matchers(expected: Any, value: Any, answer: bool | None) -> None:
    """Each word answers yes, no or unknown."""
    claim = matcher(expected, "system.yaml:1")(Fact("P", value, Where("a.yml", 1)), INVENTORY)
    assert claim.holds is answer


@pytest.mark.parametrize(
    "wrong",
    [
        {"at_least": "many"},
        {"one_of": "a"},
        {"matches": "("},
        {"at_least": 1, "Port": 2},
        {"all": {}},
        {"refers_to": "x"},
        {"refers_to": {"tpye": "x"}},
        {"length": True},
    ],
)
def test_a_wrong_word_is_misuse_with_its_line(wrong: Any) -> None:
    """What an expectation cannot mean is refused when it is read, not ignored when it is judged."""
    with pytest.raises(MisuseError, match=r"system\.yaml:7"):
        matcher(wrong, "system.yaml:7")


@pytest.mark.parametrize(
    ("count", "number", "holds"),
    [(None, 0, False), (None, 1, True), (2, 1, False), (0, 0, True), ({"at_least": 1, "at_most": 2}, 3, False)],
)
def test_demands(count: Any, number: int, holds: bool) -> None:
    """Without a count there must be at least one: an expectation that meets nothing has not been met."""
    assert demand(count, "x").holds(number) is holds


@pytest.mark.parametrize("count", ["two", {"least": 1}, True, {}])
def test_a_wrong_count_is_misuse(count: Any) -> None:
    """Anything but a number or bounds is refused."""
    with pytest.raises(MisuseError):
        demand(count, "x")
