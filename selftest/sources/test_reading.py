"""Files are read with their lines, or refused with one clear message; nothing hangs or raises."""

from __future__ import annotations

import json
import time
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from selftest.sources.evaluating import PROD, evaluation, messages, prop, source
from stackproof.model import Cause, Outcome
from stackproof.sources import StackSource, TemplateFile, evaluate
from stackproof.sources.nodes import Map
from stackproof.sources.reader import read

BOMB = "a: &a [x, x, x, x, x, x, x, x, x, x]\n" + "".join(
    f"{name}: &{name} [{', '.join(['*' + before] * 10)}]\n" for before, name in zip("abcdefgh", "bcdefghi", strict=True)
)


@pytest.mark.parametrize(
    ("content", "line", "said"),
    [
        (b"", 1, "the file is empty"),
        (b"\xef\xbb\xbf  \n", 1, "the file is empty"),
        (b"- a\n- b\n", 1, "the template is a list, expected a mapping"),
        (b"just text", 1, "the template is a single value, expected a mapping"),
        (b"Resources:\n  A: {Type: T\n  B: 1\n", 3, "not valid YAML"),
        (b"Resources:\n\tA: 1\n", 2, "not valid YAML"),
        (b"a: 1\n---\nb: 2\n", 2, "a second YAML document starts here"),
        (b"a: *nowhere\n", 1, "alias *nowhere has no anchor"),
        (b"? [a, b]\n: 1\n", 1, "a mapping's key is a list or mapping"),
        (b"a: \x80\n", 1, "not text: byte 3 is not UTF-8"),
        (b"\x7fELF\x02\x01\x01\0\0", 1, "not text: it has a zero byte"),
        (b'{"Resources": {"A" }, \t', 1, "not valid JSON: got '}', expected a colon"),
        (b'{"a": [1, 2}', 1, "not valid JSON: got '}'"),
        (b'{"a": 1', 1, "not valid JSON: the text ends too early"),
        (b"[" * 5000, 1, "nested deeper than 100 levels"),
        (b'{"a":' * 5000, 1, "nested deeper than 100 levels"),
        (BOMB.encode(), 6, "values once its aliases are expanded"),
        (b"a: " + b"x" * 10_000_000, 1, "too large: 10,000,003 bytes, at most 5,000,000 are read"),
    ],
)
def test_unreadable_file_says_why_and_where(content: bytes, line: int, said: str) -> None:
    """Each kind of bad file gets one message with its line, quickly."""
    started = time.perf_counter()
    parsed = read(content, "app.yml")
    assert parsed.root is None
    assert parsed.error is not None
    assert said in parsed.error.message
    assert parsed.error.line == line
    assert time.perf_counter() - started < 5


def test_unreadable_template_leaves_the_rest_and_a_gap(tmp_path: Path) -> None:
    """One broken, missing or unreadable template is an unknown problem and a gap; other stacks are evaluated."""
    (tmp_path / "bad.yml").write_text("a: }")
    (tmp_path / "folder.yml").mkdir()
    stacks = [
        StackSource(name, TemplateFile.read(tmp_path / f"{name}.yml", tmp_path)) for name in ("bad", "gone", "folder")
    ]
    found = evaluate([*stacks, source("app", "Resources: {R: {Type: T}}")], PROD)
    assert [(p.id, p.outcome, p.cause, str(p.where)) for p in found.problems] == [
        ("template-readable", Outcome.UNKNOWN, Cause.PARSE_ERROR, "bad.yml:1"),
        ("template-readable", Outcome.UNKNOWN, Cause.PARSE_ERROR, "gone.yml"),
        ("template-readable", Outcome.UNKNOWN, Cause.PARSE_ERROR, "folder.yml"),
    ]
    inventory = found.worlds[0].inventory
    assert inventory.get("app.R")
    assert inventory.of_type("X").exists().holds is None


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (
            "Resources:\n  A: {Type: T}\n  A: {Type: U}\n",
            "template-keys-unique fail app.yml:3 'A' is already set on line 2",
        ),
        (
            '{"Resources":\n\t{"A": {"Type": "T",\n\t"Type": "U"}}}',
            "template-keys-unique fail app.yml:3 'Type' is already",
        ),
        ("Resources:\n  A:\n    Type: T\n    Properties:\n", "template-no-nulls fail app.yml:4 'Properties' is null"),
        (
            '{\n"Resources": {"A": {"Type": "T",}}}',
            "template-readable fail app.yml:2 it starts like JSON, but is not valid",
        ),
        ("Resources:\n", "template-no-nulls fail app.yml:1"),
        ("Resources:\n  A: text\n", "template-well-formed fail app.yml:2 resource A is not a mapping"),
        ("Resources:\n  A: {Properties: {}}\n", "template-well-formed fail app.yml:2 resource A has no Type"),
        ("Resources:\n  A: {Type: !Rain::Module x}\n", "template-functions-known unknown app.yml:2 the type of A is"),
        ("Services: {}\n", "template-well-formed fail app.yml:1 the template declares no resources"),
        ("Resources: [a]\n", "template-well-formed fail app.yml:1"),
        ("Resources:\n  A: {Type: T, DependsOn: B}\n", "template-references-resolve fail app.yml:2 A depends on B"),
        (
            "Resources:\n  A: {Type: T, Properties: [1]}\n",
            "template-well-formed fail app.yml:2 A: Properties is no mapping",
        ),
        (
            "Parameters: {P: text}\nResources: {A: {Type: T}}\n",
            "template-well-formed fail app.yml:1 parameter P has no",
        ),
        (
            "Conditions: {C: !Condition C}\nResources: {A: {Type: T, Condition: C}}\n",
            "template-no-cycles fail app.yml:1",
        ),
    ],
)
def test_odd_template_is_a_problem_with_its_line(text: str, said: str) -> None:
    """A template that can be read but is not well formed gets its problem, and the rest is evaluated."""
    assert any(message.startswith(said) for message in messages(evaluation(source("app", text))))


def test_aliases_and_merges_share_what_they_repeat() -> None:
    """Anchors, aliases and merge keys are expanded; own keys win over merged ones."""
    text = "Resources:\n  A: &a {Type: T, Properties: &p {X: 1, Y: 2}}\n  B: {Type: T, Properties: {<<: *p, Y: 3}}\n"
    found = evaluation(source("app", text))
    assert prop(found.worlds[0], "app.B", "X") == 1
    assert prop(found.worlds[0], "app.B", "Y") == 3


def test_json_has_lines_tabs_and_escapes() -> None:
    """JSON keeps its lines with tabs, escapes and surrogate pairs."""
    parsed = read(b'{\n\t"a": "\\ud83d\\ude00 \\/",\n\t"b": [1.5e3, -2, true, null]\n}', "a.json")
    assert parsed.root == {"a": "\U0001f600 /", "b": [1500.0, -2, True, None]}
    assert parsed.root.lines == {"a": 2, "b": 3}


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda children: st.lists(children, max_size=4) | st.dictionaries(st.text(), children, max_size=4),
    max_leaves=20,
)


@given(st.dictionaries(st.text(), JSON, max_size=4), st.sampled_from([None, 1, "\t"]))
def test_json_is_read_as_json(content: dict[str, object], indent: int | str | None) -> None:
    """What Python's json module writes is read back as it was."""
    written = json.dumps(content, indent=indent).encode()
    assert read(written, "a.json").root == content


@given(st.binary(max_size=300) | st.text(alphabet="{}[]:,-&*!<>|#'\" \n\tab1", max_size=80).map(str.encode))
@settings(max_examples=300)
def test_any_bytes_are_read_or_refused(content: bytes) -> None:
    """No bytes raise: there is a root mapping, or an error with a line in the file."""
    parsed = read(content, "a.yml")
    if parsed.root is None:
        assert parsed.error is not None
        assert 1 <= parsed.error.line <= content.count(b"\n") + content.count(b"\r") + 2
    else:
        assert isinstance(parsed.root, Map)
