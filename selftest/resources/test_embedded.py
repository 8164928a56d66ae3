"""JSON inside a text keeps its structure, and its references and unknowns, whatever stands around them."""

from __future__ import annotations

import json

from hypothesis import given
from hypothesis import strategies as st

from stackproof.model import Cause, Fact, Reference, Text, Unknown, Value, Where
from stackproof.resources.embedded import is_json, json_of, parse

REFERENCE = Reference("stack.Function")
HOLE = Unknown(Cause.UNRESOLVED_PARAMETER, "stack.Name")

plain = st.none() | st.booleans() | st.integers() | st.text(st.characters(codec="utf-8", exclude_categories=["Co"]))
trees = st.recursive(
    plain | st.sampled_from([REFERENCE, HOLE]),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text("abc", max_size=3), inner, max_size=4),
    max_leaves=12,
)


def written(tree: Value) -> list[str | Reference | Unknown]:
    """Write a tree as JSON with its references and unknowns in quotes, as templates do with Fn::Sub."""
    if isinstance(tree, Reference | Unknown):
        return ['"', tree, '"']
    if isinstance(tree, list):
        return ["[", *(part for i, item in enumerate(tree) for part in ((", " if i else ""), *written(item))), "]"]
    if isinstance(tree, dict):
        items = enumerate(tree.items())
        inner = [p for i, (key, item) in items for p in ((", " if i else ""), json.dumps(key), ": ", *written(item))]
        return ["{", *inner, "}"]
    return [json.dumps(tree)]


@given(trees)
def test_a_tree_that_is_written_is_read_back_equal(tree: Value) -> None:
    """Quotes, escapes and nesting around a reference do not move it."""
    assert parse(Text(tuple(written(tree)))) == tree


def test_parts_inside_a_longer_string_become_a_text() -> None:
    """An ARN in a policy is literal text around a reference."""
    found = parse(Text(('{"Resource": "arn:aws:s3:::', REFERENCE, '/*"}')))
    assert found == {"Resource": Text(("arn:aws:s3:::", REFERENCE, "/*"))}


def test_a_part_outside_quotes_is_a_value_of_its_own() -> None:
    """A period from a parameter stands without quotes in a dashboard body."""
    assert parse(Text(('{"period": ', HOLE, ', "stat": "Sum"}'))) == {"period": HOLE, "stat": "Sum"}


def test_an_escaped_quote_does_not_end_the_string() -> None:
    """SEARCH expressions in dashboards quote their metric names with a backslash."""
    assert parse(Text(('{"e": "MetricName=\\"', REFERENCE, '\\""}'))) == {"e": Text(('MetricName="', REFERENCE, '"'))}


def test_text_that_is_not_json_is_said_to_be_so() -> None:
    """It is a failure where JSON is demanded, and unknown where something inside it is asked for."""
    fact = Fact("DashboardBody", '{"widgets": [}', Where("t.yml", 3))
    assert is_json(fact.value) is False
    assert json_of(fact)["widgets"].present().holds is None


def test_a_body_that_is_one_unknown_may_be_json() -> None:
    """Only a parameter's value tells."""
    assert is_json(Text((HOLE,))) == HOLE
    assert is_json(REFERENCE) == Unknown(Cause.NEEDS_LIVE, "stack.Function")
