"""The edge: what the deployed web ACL blocks."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager

import pytest

from selftest.emulator.edge_asking import API, EDITING, ORIGIN, Json
from selftest.emulator.edge_client import Client
from stackproof import emulator


@contextmanager
def rules_of_acl(edged: emulator.Running, change: Callable[[list[Json]], list[Json]]) -> Iterator[None]:
    """The regional web ACL with other rules."""
    waf = edged.client("wafv2")
    found = next(acl for acl in waf.list_web_acls(Scope="REGIONAL")["WebACLs"])
    which = {"Name": found["Name"], "Id": found["Id"], "Scope": "REGIONAL"}

    def put(rules: Sequence[Json]) -> None:
        got = waf.get_web_acl(**which)
        kept = {key: got["WebACL"][key] for key in ("DefaultAction", "VisibilityConfig", "Description")}
        waf.update_web_acl(**which, **kept, Rules=list(rules), LockToken=got["LockToken"])

    before = waf.get_web_acl(**which)["WebACL"]["Rules"]
    put(change(json.loads(json.dumps(before, default=bytes.decode))))
    try:
        yield
    finally:
        put(before)


def rule(name: str, statement: Json) -> Json:
    seen = {"SampledRequestsEnabled": False, "CloudWatchMetricsEnabled": False, "MetricName": name}
    return {"Name": name, "Priority": 0, "Statement": statement, "Action": {"Block": {}}, "VisibilityConfig": seen}


@pytest.mark.parametrize(
    ("body", "status"),
    [
        ('{"name": "x\' OR 1=1 --"}', 403),
        ("q=%27%20UNION%20SELECT%20password%20FROM%20users", 403),
        ('{"text": "<script>steal()</script>"}', 403),
        ("<img src=x onerror=alert(1)>", 403),
        ('{"text": "# Union of two sets\\n\\nSelect a or b, and 1 < 2. It\'s -- well -- fine; drop me a line."}', 200),
        ('{"text": "Use `select` and `on` with care: foo(); delete bar.x"}', 200),
    ],
)
def test_bodies_with_attacks_are_blocked(client: Client, body: str, status: int) -> None:
    """What looks like SQL injection or a script gets a 403 from the web ACL; prose about it passes."""
    assert client.ask(EDITING, "/x", "POST", body=body.encode()).status == status


def test_blocked_answers_carry_the_apis_headers(client: Client) -> None:
    """Before the API, the refusal is the gateway response that is deployed."""
    answer = client.ask(API, "/health", "POST", body=b"x' or 'a'='a")
    assert (answer.status, answer.headers["Access-Control-Allow-Origin"]) == (403, ORIGIN)
    assert json.loads(answer.data) == {"message": "Forbidden"}


def test_too_many_requests_of_one_client_are_blocked(client: Client, edged: emulator.Running) -> None:
    """With a limit of 10 the eleventh request is refused, for this client, and on the counted paths only."""

    def lower(rules: list[Json]) -> list[Json]:
        rules[0]["Statement"]["RateBasedStatement"]["Limit"] = 10
        return rules

    with rules_of_acl(edged, lower):
        path = "/%61PI/x"  # counted as /api/, by the rule's transformations
        answers = [client.ask(EDITING, path, source="127.0.0.41").status for _ in range(12)]
        assert answers == [200] * 10 + [403] * 2
        assert client.ask(EDITING, path, source="127.0.0.42").status == 200
        assert client.ask(EDITING, "/other", source="127.0.0.41").status == 200


def test_requests_over_a_size_are_blocked(client: Client, edged: emulator.Running) -> None:
    """A size constraint of the web ACL refuses a longer body and lets the longest allowed pass."""
    statement = {
        "SizeConstraintStatement": {
            "FieldToMatch": {"Body": {"OversizeHandling": "MATCH"}},
            "ComparisonOperator": "GT",
            "Size": 1000,
            "TextTransformations": [{"Priority": 0, "Type": "NONE"}],
        }
    }
    with rules_of_acl(edged, lambda rules: [rule("Size", statement), *rules]):
        assert client.ask(EDITING, "/x", "POST", body=b"a" * 1000).status == 200
        assert client.ask(EDITING, "/x", "POST", body=b"a" * 1001).status == 403
        assert client.ask(EDITING, "/x", "POST", body=b"a" * 100_000).status == 403


def test_a_rule_that_cannot_be_judged_lets_nothing_through(client: Client, edged: emulator.Running) -> None:
    """A rule by country is not evaluated, so whoever would need it is refused."""
    statement = {"GeoMatchStatement": {"CountryCodes": ["XX"]}}
    with rules_of_acl(edged, lambda rules: [rule("Country", statement), *rules]):
        answer = client.ask(EDITING, "/x")
        assert (answer.status, "GeoMatchStatement" in answer.headers["X-Edge-Reason"]) == (502, True)
    assert client.ask(EDITING, "/x").status == 200
