"""Facts: what can be said of a known, absent, defaulted, referring or unknown value."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stackproof.model import ABSENT, Cause, Fact, Origin, Reference, Resource, Text, Unknown, Where

HOLE = Unknown(Cause.UNRESOLVED_PARAMETER, "Cidr")
ROLE = Reference("app.Role", "Arn")
NAMED = Reference("app.Role", "", "deployer")


def fact(value: Any) -> Fact:
    return Fact("Prop", value, Where("a.yml", 3))


@pytest.mark.parametrize(
    ("value", "expected", "answer"),
    [
        (True, True, True),
        ("true", True, True),
        ("false", True, False),
        (True, 1, False),
        ("30", 30, True),
        (30.0, 30, True),
        ("030", 30, False),
        (ABSENT, True, False),
        (HOLE, True, None),
        (ROLE, "arn:aws:iam::1:role/x", None),
        (NAMED, "deployer", True),
        (NAMED, "other", False),
        (ROLE, ROLE, True),
        (ROLE, Reference("app.Other", "Arn"), False),
        (Reference("net.A", "Zone"), Reference("net.B", "Zone"), None),
        (Text((ROLE, "/*")), "*", False),
        (Text((ROLE, "/*")), ROLE, None),
        (Text(("a", HOLE)), NAMED, False),
        (Text((ROLE, "/*")), "arn:x/*", None),
        (Text(("s3://", HOLE)), "https://x", False),
        ([1, HOLE], [1, 2], None),
        ([1, HOLE], [3, 2], False),
        ({"a": HOLE}, {"b": 1}, False),
    ],
)
def test_equals(value: Any, expected: Any, answer: bool | None) -> None:
    """Values compare as CloudFormation reads them, and parts of a text can rule a value out."""
    assert fact(value).equals(expected).holds is answer


@pytest.mark.parametrize(
    ("value", "answer"),
    [
        ("x", True),
        (0, True),
        (False, True),
        ("", False),
        ([], False),
        (None, False),
        (ABSENT, False),
        (ROLE, True),
        (Text((HOLE,)), None),
        (Text((HOLE, "x")), True),
        (HOLE, None),
    ],
)
def test_present(value: Any, answer: bool | None) -> None:
    """A reference is set whatever it will read; an empty value is not set; an unknown one is unknown."""
    assert fact(value).present().holds is answer


def test_looking_into_what_cannot_be_looked_into_is_unknown() -> None:
    """A property below an unknown, a reference or a plain text is unknown, not absent."""
    assert fact(HOLE)["Sub"].present().holds is None
    assert fact(ROLE)["Sub"].present().holds is None
    assert fact("text")["Sub"].present().holds is None
    assert fact({})["Sub"].present().holds is False


def test_each_and_some_over_a_list_with_a_hole() -> None:
    """One good element settles `some`, one bad one settles `each`; an unknown element leaves the other open."""
    ports = fact([443, HOLE])
    assert ports.some(lambda item: item.equals(443)).holds is True
    assert ports.some(lambda item: item.equals(80)).holds is None
    assert ports.each(lambda item: item.equals(443)).holds is None
    assert ports.each(lambda item: item.equals(80)).holds is False


def test_a_single_value_stands_for_a_list_of_one() -> None:
    """AWS takes a scalar where a list may stand, and so do `each`, `some` and `contains`."""
    assert fact("s3:*").some(lambda item: item.equals("s3:*")).holds is True
    assert fact("s3:*").contains("s3:*").holds is True
    assert fact(HOLE).contains("s3:*").holds is None


@pytest.mark.parametrize(
    ("value", "answer"),
    [
        ("arn:aws:ses:eu", True),
        ("arn:aws:s3", False),
        (Text(("arn:aws:ses:", HOLE)), True),
        (Text(("arn:", HOLE)), None),
        (Text(("arn:aws:s3:", HOLE)), False),
        (Text((NAMED, HOLE)), False),
        (ABSENT, False),
        (HOLE, None),
    ],
)
def test_starts_with(value: Any, answer: bool | None) -> None:
    """The known beginning of a text decides; an unknown one does not."""
    assert fact(value).starts_with("arn:aws:ses:").holds is answer


def test_written_even_if_empty() -> None:
    """An empty mapping is there and holds no value."""
    assert fact({}).written().holds is True
    assert fact({}).present().holds is False
    assert fact(ABSENT).written().holds is False
    assert fact(HOLE).written().holds is None


@pytest.mark.parametrize(("value", "answer"), [("30", True), (29, False), ("many", False), (True, False), (HOLE, None)])
def test_at_least(value: Any, answer: bool | None) -> None:
    """Numbers may be written as text; what is no number does not reach the bound."""
    assert fact(value).at_least(30).holds is answer


def test_a_default_of_aws_reads_as_a_fact() -> None:
    """An absent property with a documented default has that value, and the finding says so."""
    db = Resource("d.Db", "T", {}, {"": Where("a.yml", 1)}, defaults={"Versioning.Status": "Suspended"})
    status = db["Versioning"]["Status"]
    assert (status.value, status.origin) == ("Suspended", Origin.DEFAULTED)
    assert "default" in str(status.equals("Enabled").because[0])


def test_a_property_leads_to_its_line_or_the_nearest_above() -> None:
    """A property that is not written leads to the line of the part that should hold it."""
    positions = {"": Where("a.yml", 1), "Rules[1]": Where("a.yml", 9), "Rules[1].Name": Where("a.yml", 10)}
    group = Resource("n.Group", "T", {"Rules": [{}, {"Name": "x"}]}, positions)
    assert group.at("Rules[1].Name").where.line == 10
    assert group.at("Rules[1].Port").where.line == 9
    assert group.at("Rules[0].Port").where.line == 1


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=3) | st.just(HOLE) | st.just(ROLE),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from("ab"), inner, max_size=2),
    max_leaves=8,
)


@given(JSON, JSON)
def test_filling_a_hole_never_contradicts_a_known_answer(value: Any, filler: Any) -> None:
    """What is answered with a hole is answered the same for anything that may stand in the hole."""
    choices: list[Any] = [True, "a", {"a": 1}, None]
    for expected in choices:
        before = fact(value).equals(expected).holds
        after = fact(_filled(value, filler)).equals(expected).holds
        assert before is None or after is None or before == after


def _filled(value: Any, filler: Any) -> Any:
    if isinstance(value, Unknown):
        return filler
    if isinstance(value, list):
        return [_filled(item, filler) for item in value]
    if isinstance(value, dict):
        return {key: _filled(item, filler) for key, item in value.items()}
    return value
