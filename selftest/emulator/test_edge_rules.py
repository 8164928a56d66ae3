"""The edge's decisions without sockets: any records, any paths, any requests."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stackproof.emulator.edge.attacks import is_script, is_sql
from stackproof.emulator.edge.firewall import Firewall
from stackproof.emulator.edge.gateway import find_method
from stackproof.emulator.edge.health import fits
from stackproof.emulator.edge.names import choose, find
from stackproof.emulator.edge.reading import Clients, Settings, read
from stackproof.emulator.edge.rules import Method, Record, UnjudgedError, Way
from stackproof.emulator.edge.sites import headers_of
from stackproof.emulator.edge.statements import Seen

WEIGHTS = st.lists(st.tuples(st.integers(0, 255), st.booleans(), st.booleans()), min_size=1, max_size=6)


def records(drawn: list[tuple[int, bool, bool]]) -> tuple[list[Record], set[str]]:
    """Weighted records, and the ids of healthy targets."""
    made = [Record(Way("balancer", str(n)), str(n), weight, asks) for n, (weight, asks, _) in enumerate(drawn)]
    return made, {str(n) for n, (_, _, well) in enumerate(drawn) if well}


@given(WEIGHTS, st.data())
def test_an_unhealthy_record_is_chosen_only_when_all_are(
    drawn: list[tuple[int, bool, bool]], data: st.DataObject
) -> None:
    """Health comes before weight, and weight 0 comes last."""
    made, well = records(drawn)
    chosen = choose(made, lambda way: way.id in well, lambda n: data.draw(st.integers(0, n - 1)))
    good = [record for record in made if not record.needs_health or record.way.id in well]
    if good:
        assert chosen in good
    if any(record.weight for record in good):
        assert chosen.weight


@given(st.lists(st.integers(0, 20), min_size=1, max_size=5))
def test_each_record_is_chosen_as_often_as_its_weight(weights: list[int]) -> None:
    """Over every number that chance may give, each record is chosen just its weight of times; all 0 is all alike."""
    made = [Record(Way("balancer", str(n)), str(n), weight) for n, weight in enumerate(weights)]
    total = sum(weights) or len(weights)
    counts = dict.fromkeys(range(len(weights)), 0)
    for number in range(total):
        counts[int(choose(made, lambda _: True, lambda _, number=number: number).way.id)] += 1  # type: ignore[misc]
    assert list(counts.values()) == (weights if any(weights) else [1] * len(weights))


def test_a_name_of_its_own_comes_before_a_wildcard() -> None:
    """Wildcards answer for names at any depth below them, the nearest first."""
    names = {name: (Record(Way("api", name)),) for name in ("*.a.com", "x.a.com", "*.b.a.com")}
    found = {name: find(names, name) for name in ("x.a.com", "y.a.com", "y.b.a.com", "y.z.a.com", "a.com", "b.com")}
    ids = {name: [record.way.id for record in found_] for name, found_ in found.items()}
    assert ids == {
        "x.a.com": ["x.a.com"],
        "y.a.com": ["*.a.com"],
        "y.b.a.com": ["*.b.a.com"],
        "y.z.a.com": ["*.a.com"],
        "a.com": [],
        "b.com": [],
    }


def test_what_could_not_be_read_is_never_judged_by(tmp_path: Path) -> None:
    """An embedded AWS that does not answer leaves every part unread, and whoever needs one is refused."""
    settings = Settings("http://127.0.0.1:9", ("us-east-1",), "127.0.0.1", tmp_path, ())
    rules = read(Clients(settings.endpoint), settings)
    parts = {"load balancers", "APIs", "web applications", "web ACLs", "certificates", "names"}
    assert rules.unread.keys() == parts
    for part in parts:
        with pytest.raises(UnjudgedError, match=f"{part} could not be read"):
            rules.need(part)
    assert {gap.where for gap in rules.gaps if gap.refused} == parts


# --- methods of an API --------------------------------------------------------------------------------------

METHODS = [
    Method(path, verb, {})
    for path, verb in [
        ("/", "GET"),
        ("/health", "GET"),
        ("/notes", "GET"),
        ("/notes/{id}", "GET"),
        ("/notes/{id}", "ANY"),
        ("/notes/new", "GET"),
        ("/notes/{id}/{rest+}", "GET"),
        ("/{proxy+}", "ANY"),
    ]
]


@pytest.mark.parametrize(
    ("verb", "path", "found"),
    [
        ("GET", "/", "GET /"),
        ("GET", "/health", "GET /health"),
        ("GET", "/health/", "GET /health"),
        ("POST", "/health", None),
        ("GET", "/notes/new", "GET /notes/new"),
        ("GET", "/notes/7", "GET /notes/{id}"),
        ("PUT", "/notes/7", "ANY /notes/{id}"),
        ("GET", "/notes/7/a/b", "GET /notes/{id}/{rest+}"),
        ("GET", "/a/b/c", "ANY /{proxy+}"),
        ("GET", "/Health", "ANY /{proxy+}"),
    ],
)
def test_the_most_exact_resource_answers(verb: str, path: str, found: str | None) -> None:
    """Text before a parameter before all the rest; a resource without the verb is not passed over."""
    method = find_method(METHODS, path, verb)
    assert (f"{method.verb} {method.path}" if method else None) == found


@given(st.text(alphabet="/.%2FfhHealt", max_size=14))
def test_only_health_itself_is_the_open_method(path: str) -> None:
    """Whatever else a path looks like, it is not the method without an authorizer."""
    method = find_method(METHODS[1:2] + METHODS[-1:], f"/{path}", "GET")
    if method is not None and method.path == "/health":
        from urllib.parse import unquote

        assert "/" not in path.removesuffix("/")
        assert unquote(path.removesuffix("/")) == "health"


# --- web ACLs -----------------------------------------------------------------------------------------------


def seen(**more: Any) -> Seen:
    usual: dict[str, Any] = {
        "method": "GET",
        "path": "/",
        "query": "",
        "headers": {},
        "body": b"",
        "client": "127.0.0.1",
        "inspected": 8192,
    }
    return Seen(**{**usual, **more})


def acl(*rules: Mapping[str, Any], block: bool = False) -> dict[str, Any]:
    return {"ARN": "acl", "Name": "acl", "Rules": rules, "DefaultAction": {"Block": {}} if block else {"Allow": {}}}


def rule(statement: Mapping[str, Any], action: str = "Block", priority: int = 1) -> dict[str, Any]:
    return {"Name": f"{action}{priority}", "Priority": priority, "Statement": statement, "Action": {action: {}}}


def path_is(text: str, how: str = "EXACTLY", *steps: str) -> dict[str, Any]:
    done = [{"Priority": n, "Type": step} for n, step in enumerate(steps or ("NONE",))]
    match = {"FieldToMatch": {"UriPath": {}}, "PositionalConstraint": how, "SearchString": text.encode()}
    return {"ByteMatchStatement": {**match, "TextTransformations": done}}


def test_rules_decide_in_the_order_of_their_priority() -> None:
    """The first rule that fits and ends decides, and the default action where none does."""
    rules = (rule(path_is("/a"), "Block", 2), rule(path_is("/a"), "Allow", 1), rule(path_is("/b"), "Count", 0))
    wall = Firewall()
    assert wall.judge(acl(*rules), seen(path="/a")) is None
    blocked = wall.judge(acl(*rules, block=True), seen(path="/b"))
    assert blocked is not None
    assert (blocked.rule, blocked.status) == ("the default action", 403)


@given(st.lists(st.floats(0, 50), min_size=1, max_size=60))
def test_a_rate_is_counted_over_its_window(steps: list[float]) -> None:
    """A request is refused just when more than the limit, itself included, came within the last 60 seconds."""
    times = [sum(steps[: n + 1]) for n in range(len(steps))]
    now = iter(times)
    wall = Firewall(lambda: next(now))
    limited = acl(rule({"RateBasedStatement": {"Limit": 10, "EvaluationWindowSec": 60, "AggregateKeyType": "IP"}}))
    refused = [wall.judge(limited, seen()) is not None for _ in times]
    assert refused == [sum(time - 60 < other <= time for other in times[: n + 1]) > 10 for n, time in enumerate(times)]


def test_transformations_come_before_the_comparison() -> None:
    """An encoded or upper-case spelling of a path is the path."""
    api = acl(rule(path_is("/api/", "STARTS_WITH", "URL_DECODE", "LOWERCASE")))
    paths = ("/api/x", "/%61pi/x", "/API/x", "/apix", "/x/api/")
    assert [Firewall().judge(api, seen(path=path)) is not None for path in paths] == [True, True, True, False, False]


@pytest.mark.parametrize(
    "statement",
    [
        {"GeoMatchStatement": {"CountryCodes": ["XX"]}},
        {"NotStatement": {"Statement": {"LabelMatchStatement": {"Scope": "LABEL", "Key": "x"}}}},
        {"OrStatement": {"Statements": [path_is("/"), {"GeoMatchStatement": {"CountryCodes": ["XX"]}}]}},
        {"RateBasedStatement": {"Limit": 10, "AggregateKeyType": "CUSTOM_KEYS"}},
        {"ByteMatchStatement": {**path_is("/")["ByteMatchStatement"], "FieldToMatch": {"JA3Fingerprint": {}}}},
        path_is("/", "EXACTLY", "BASE64_DECODE"),
    ],
)
def test_what_is_not_evaluated_is_never_an_answer(statement: dict[str, Any]) -> None:
    """Neither refused nor let through: it is said that it cannot be judged. A rule that only counts needs no judge."""
    with pytest.raises(UnjudgedError):
        Firewall().judge(acl(rule(statement)), seen())
    with pytest.raises(UnjudgedError):
        Firewall().judge(acl(rule(statement, "Allow")), seen())
    assert Firewall().judge(acl(rule(statement, "Count")), seen()) is None


def test_only_the_beginning_of_a_long_body_is_looked_at() -> None:
    """WAF sees so many bytes; what it does with a longer body is the rule's choice."""

    def judged(handling: str) -> bool:
        field = {"FieldToMatch": {"Body": {"OversizeHandling": handling}}, "TextTransformations": []}
        body = b"a" * 8192 + b"<script>"
        return Firewall().judge(acl(rule({"XssMatchStatement": field})), seen(body=body)) is not None

    assert [judged(how) for how in ("CONTINUE", "MATCH", "NO_MATCH")] == [False, True, False]


@given(st.text(alphabet=st.characters(codec="utf-8"), max_size=200))
def test_any_body_is_judged(text: str) -> None:
    """No text makes the judgement fail, and plain words are never an attack."""
    field = {"FieldToMatch": {"Body": {}}, "TextTransformations": [{"Priority": 0, "Type": "URL_DECODE"}]}
    rules = [rule({kind: field}) for kind in ("SqliMatchStatement", "XssMatchStatement")]
    Firewall().judge(acl(*rules), seen(body=text.encode()))
    words = " ".join(part for part in text.split() if part.isalnum())
    assert not is_sql(words) or "select" in words.lower()
    assert not is_script(words)


@pytest.mark.parametrize(
    "text",
    ["1 or 1=1", "' or ''='", "x'; DROP TABLE users; --", "1 UNION ALL SELECT null, null from t", "a' AND SLEEP(5)#"],
)
def test_known_injections_are_seen(text: str) -> None:
    """The usual first tries of an attacker."""
    assert is_sql(text)


# --- health and headers -------------------------------------------------------------------------------------


@given(st.integers(100, 599), st.lists(st.integers(200, 499), min_size=1, max_size=6))
def test_a_matcher_names_statuses_and_ranges(status: int, drawn: list[int]) -> None:
    """`200,301-302` fits each single status and all between two."""
    ranges = [sorted(pair) for pair in pairwise([*drawn, drawn[0]])]
    text = ",".join(f"{low}-{high}" if low != high else str(low) for low, high in ranges)
    assert fits(text, status) == any(low <= status <= high for low, high in ranges)


@pytest.mark.parametrize(
    ("pattern", "path", "fit"),
    [
        ("**/*", "/", True),
        ("**/*", "/a/b.js", True),
        ("*.js", "/a.js", True),
        ("*.js", "/b/a.js", False),
        ("**/*.js", "/b/c/a.js", True),
        ("**/*.js", "/a.js", True),
        ("/assets/**", "/assets/x/y.png", True),
        ("/assets/*", "/assets/x/y.png", False),
        ("a.c", "/abc", False),
    ],
)
def test_header_patterns_are_globs(pattern: str, path: str, fit: bool) -> None:
    """Two stars go through folders, one does not, and a point is a point."""
    assert (headers_of(((pattern, {"X": "1"}),), path) == {"X": "1"}) is fit
