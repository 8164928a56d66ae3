"""What the engine remembers, and what it makes of scanners that see several worlds."""

from __future__ import annotations

import datetime
import shutil
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from selftest.reports.test_terminal import FINDINGS, finding
from stackproof.cache import Cache
from stackproof.engine.judgement import Judgement, from_bytes, lasting, still_true, to_bytes
from stackproof.engine.paths import Variant, judge_paths
from stackproof.gates.waivers import Waiver
from stackproof.model import Cause, Outcome, Where

WAIVERS = st.builds(
    Waiver,
    control=st.text(),
    resource=st.text(),
    owner=st.text(),
    reason=st.text(),
    until=st.none() | st.dates(max_value=datetime.date(2999, 1, 1)),
    where=st.builds(Where, st.text(), st.integers(0, 10**6)),
    environments=st.lists(st.text()).map(tuple),
    inline=st.text(),
)
JUDGEMENTS = st.builds(
    Judgement,
    environment=st.text(),
    findings=st.lists(FINDINGS).map(tuple),
    expected=st.integers(0, 10**6),
    resources=st.integers(0, 10**6),
    uncovered=st.dictionaries(st.text(), st.integers(0, 100)),
    marks=st.lists(WAIVERS, max_size=3).map(tuple),
    files=st.dictionaries(st.text(), st.text()),
)


@given(st.lists(JUDGEMENTS, max_size=3))
def test_what_is_remembered_is_what_was_found(judgements: list[Judgement]) -> None:
    """A judgement survives the cache unchanged: outcomes, causes, dates and all."""
    assert from_bytes(to_bytes(judgements)) == judgements


BARE = Judgement("prod", (), 0, 0, {}, (), {})


@pytest.mark.parametrize(
    ("control", "cause", "answer"),
    [
        ("checkov", Cause.TIMEOUT, False),
        ("cfn-lint", Cause.TOOL_ERROR, False),
        ("checkov", Cause.TOOL_MISSING, True),
        ("checkov", Cause.UNRESOLVED_PARAMETER, True),
        ("stackproof", Cause.CONTROL_ERROR, True),
    ],
)
def test_a_scanner_that_failed_is_asked_again(control: str, cause: Cause, answer: bool) -> None:
    """Time-outs and crashes pass; what content, code and installed tools decide does not."""
    unknown = replace(finding(Outcome.UNKNOWN, control=control), engine=control, cause=cause)
    assert lasting([BARE, replace(BARE, findings=(finding(Outcome.PASS), unknown))]) is answer


def test_a_judgement_holds_while_every_file_is_the_same(tmp_path: Path) -> None:
    """A file that was not there counts too: once it appears, the judgement is void."""
    path = tmp_path / "child.yml"
    (judged,) = judged_in(
        tmp_path, "Resources: {Child: {Type: AWS::CloudFormation::Stack, Properties: {TemplateURL: child.yml}}}"
    )
    assert str(path) in judged.files
    assert still_true([judged])
    path.write_text("Resources: {}")
    assert not still_true([judged])


def judged_in(folder: Path, template: str, *, scanners: bool = False) -> list[Judgement]:
    path = folder / "shop.yml"
    path.write_text(template)
    ((_, judgements),) = judge_paths([path], [Variant("")], Cache(folder / "cache"), scanners=scanners)
    return judgements


NAMES = """\
Parameters:
  Stage: {Type: String, AllowedValues: [dev, prod]}
Conditions:
  IsProd: !Equals [!Ref Stage, prod]
Resources:
  Uploads:
    Type: AWS::S3::Bucket
    Properties:
      BucketName: !If [IsProd, Not_A_Bucket_Name, shop-uploads]
      NotificationConfiguraton: {}
"""


def test_what_a_scanner_finds_in_one_world_only_is_unknown(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """cfn-lint refuses the name that prod would have, so it depends on Stage; the misspelt property fails in both."""
    monkeypatch.setenv("STACKPROOF_CHECKOV_PYTHON", "/nonexistent/python")
    (judged,) = judged_in(tmp_path, NAMES, scanners=True)
    by_rule = {f.control: f for f in judged.findings if f.engine == "cfn-lint" and f.resource}
    name, property_ = by_rule["E3031"], by_rule["E3002"]
    assert (name.outcome, name.cause, name.decided_by) == (Outcome.UNKNOWN, Cause.UNRESOLVED_PARAMETER, "shop.Stage")
    assert (property_.outcome, property_.where.line) == (Outcome.FAIL, 10)


def test_a_remembered_answer_of_a_crash_is_not_kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """With a checkov that cannot run, the next run starts it again; without one, the answer is kept."""
    python = tmp_path / "odd/bin/python"
    (tmp_path / "odd/lib/python3.11/site-packages/checkov-3.3.30.dist-info").mkdir(parents=True)
    python.parent.mkdir()
    shutil.copy("/bin/false", python)
    monkeypatch.setenv("STACKPROOF_CHECKOV_PYTHON", str(python))
    template = "Resources: {B: {Type: AWS::S3::Bucket}}"
    for _ in range(2):
        (judged,) = judged_in(tmp_path, template, scanners=True)
        assert {f.cause for f in judged.findings if f.control == "checkov"} == {Cause.TOOL_ERROR}
        entries = [path.read_bytes() for path in (tmp_path / "cache").glob("??/*") if path.suffix != ".lock"]
        assert not any(b"shop.yml" in entry for entry in entries)
    monkeypatch.setenv("STACKPROOF_CHECKOV_PYTHON", "/nonexistent/python")
    judged_in(tmp_path, template, scanners=True)
    entries = [path.read_bytes() for path in (tmp_path / "cache").glob("??/*") if path.suffix != ".lock"]
    assert any(b"shop.yml" in entry for entry in entries)
