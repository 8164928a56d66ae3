"""From entries of system.yaml to findings: what is written wrong, what is selected, what is not asked."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stackproof.errors import MisuseError
from stackproof.model import Cause, Inventory, Outcome, Resource, Severity, Unknown, Where
from stackproof.probes import Answer, Probing, all_probes, expected_probes, run_probes, unasked_probes
from stackproof.probes.base import joined
from stackproof.sources.live import Aws, Credentials
from stackproof.system.loading import System, load_system

BEGIN = """name: shop
stacks: [{component: data, template: data.yml}]
environments:
  prod: {region: eu-west-1}
  embedded: {like: prod, emulated: true}
probes:
"""
GOOD = "  - {id: files-are-ours, probe: s3-refuses-anonymous, resource: {type: AWS::S3::Bucket, id: Files}}\n"
POOL = "  - {id: weak, probe: cognito-refuses-weak-password, resource: {type: AWS::Cognito::UserPool}}\n"
OPEN = "  - {id: s, probe: secret-read-by-right-role-only, resource: {type: AWS::SecretsManager::Secret}}\n"


def system(folder: Path, entries: str) -> System:
    (folder / "data.yml").write_text("Resources: {}\n", encoding="utf-8")
    (folder / "system.yaml").write_text(BEGIN + entries, encoding="utf-8")
    return load_system(folder / "system.yaml")


def probing(*resources: Resource, **changes: object) -> Probing:
    """A connection that reaches nothing."""
    aws = Aws("eu-west-1", endpoint="http://127.0.0.1:9", credentials=Credentials("a", "b"), attempts=1)
    physical = {resource.address: "there" for resource in resources}
    made = Probing(aws, Inventory(resources), Inventory(()), physical, "prod", timeout=1.0)
    return replace(made, **changes)  # type: ignore[arg-type]


def bucket(name: str = "Files") -> Resource:
    return Resource(f"data.{name}", "AWS::S3::Bucket", {}, {"": Where("data.yml", 7)})


@pytest.mark.parametrize(
    ("entry", "line", "words"),
    [
        (GOOD.replace("s3-refuses-anonymous", "s3-refuses-anonymos"), 7, "Did you mean 's3-refuses-anonymous'"),
        (GOOD.replace("id: Files}", "id: Files}, with: {kee: a}"), 7, "Did you mean 'key'"),
        (GOOD.replace("id: Files}", "id: Files}, with: {key: 7}"), 7, "key with str"),
        (GOOD.replace("AWS::S3::Bucket", "AWS::SQS::Queue"), 7, "AWS::S3::Bucket"),
        (GOOD.replace("id: Files}", "id: Files, where: {Name: {at_lest: 1}}}"), 7, "Did you mean 'at_least'"),
        (GOOD + GOOD, 8, "each id once"),
        (GOOD.replace("probe:", "prob:"), 7, "Did you mean 'probe'"),
        (GOOD.replace("id: Files}", "id: Files}, environments: prd"), 7, "Did you mean 'prod'"),
        (OPEN, 7, "reader, stranger"),
    ],
    ids=["probe", "option", "kind", "type", "matcher", "twice", "field", "environment", "required"],
)
def test_mistakes_are_misuse_with_their_line(tmp_path: Path, entry: str, line: int, words: str) -> None:
    """Whatever is written wrong is said at its line, with what was meant."""
    with pytest.raises(MisuseError) as caught:
        run_probes(system(tmp_path, entry), "prod", probing(bucket()))
    assert f"system.yaml:{line}" in caught.value.where
    assert words in str(caught.value)


def test_a_selector_that_meets_nothing_fails(tmp_path: Path) -> None:
    """What is not there has not been asked: a failure at the entry's line, counted as expected."""
    entries = system(tmp_path, GOOD)
    (finding,) = run_probes(entries, "prod", probing(bucket("Other")))
    assert (finding.outcome, finding.resource, finding.where.line) == (Outcome.FAIL, "", 7)
    assert expected_probes(entries, "prod", Inventory((bucket("Other"),))) == {("files-are-ours", "")}


def test_what_is_not_deployed_is_unknown(tmp_path: Path) -> None:
    """A declared resource without a physical id cannot be asked."""
    (finding,) = run_probes(system(tmp_path, GOOD), "prod", probing(bucket(), physical={}))
    assert (finding.outcome, finding.cause, finding.where) == (
        Outcome.UNKNOWN,
        Cause.NOT_DEPLOYED,
        Where("data.yml", 7),
    )


def test_a_probe_that_writes_is_not_run_outside(tmp_path: Path) -> None:
    """Outside the embedded environment it is unknown that it was not run, and the entry may differ in severity."""
    pool = Resource("data.Pool", "AWS::Cognito::UserPool", {}, {})
    (finding,) = run_probes(system(tmp_path, POOL.replace("probe:", "severity: low, probe:")), "prod", probing(pool))
    assert (finding.outcome, finding.cause, finding.severity) == (Outcome.UNKNOWN, Cause.NOT_RUN, Severity.LOW)
    assert "would write" in finding.message


def test_a_probe_that_crashes_is_unknown(tmp_path: Path) -> None:
    """Something that no probe expects is an answer, too."""
    broken = probing(bucket(), resolve={"127.0.0.1": None})
    (finding,) = run_probes(system(tmp_path, GOOD.replace("id: Files}", "id: Files}, with: {key: a}")), "prod", broken)
    assert (finding.outcome, finding.cause) == (Outcome.UNKNOWN, Cause.CONTROL_ERROR)


def test_other_environments_are_not_asked(tmp_path: Path) -> None:
    """An entry for one environment holds for those that are like it, and for no other."""
    entries = system(tmp_path, GOOD.replace("id: Files}", "id: Files}, environments: embedded"))
    assert run_probes(entries, "prod", probing(bucket())) == []
    assert expected_probes(entries, "embedded", Inventory((bucket(),))) == {("files-are-ours", "data.Files")}


def test_what_could_not_be_asked_at_all_has_its_cause(tmp_path: Path) -> None:
    """Without a connection each expected check is answered with the reason."""
    why, entries = Unknown(Cause.NO_CREDENTIALS, "sts:GetCallerIdentity"), system(tmp_path, GOOD + POOL)
    declared = Inventory((bucket(),))
    findings = unasked_probes(entries, "prod", declared, why)
    assert {(f.control, f.resource) for f in findings} == expected_probes(entries, "prod", declared)
    assert [f.cause for f in findings if f.resource] == [Cause.NO_CREDENTIALS]
    assert not any(f.outcome is Outcome.PASS for f in findings)


def test_the_page_names_every_probe_and_option() -> None:
    """docs/system.md has each probe with the options that it takes, and says which of them write."""
    page = (Path(__file__).parents[2] / "docs/system.md").read_text(encoding="utf-8")
    rows = {row.split("`")[1]: row for row in page.splitlines() if row.startswith("| `")}
    for probe in all_probes():
        assert all(f"`{option}`" in rows[probe.id] or f"`{option}: " in rows[probe.id] for option in probe.options)
        assert ("(writes)" in rows[probe.id]) == probe.writes


@given(st.lists(st.sampled_from([Outcome.PASS, Outcome.FAIL, Outcome.UNKNOWN]), min_size=1, max_size=6))
def test_several_questions_pass_only_together(outcomes: Sequence[Outcome]) -> None:
    """A failure decides, then an unknown; the evidence of all is kept."""
    answers = [
        Answer(outcome, str(n), (Where("asked", n),), Cause.TIMEOUT if outcome is Outcome.UNKNOWN else None)
        for n, outcome in enumerate(outcomes)
    ]
    found = joined(answers)
    worst = next(o for o in (Outcome.FAIL, Outcome.UNKNOWN, Outcome.PASS) if o in outcomes)
    assert found.outcome is worst
    assert (found.cause is Cause.TIMEOUT) == (worst is Outcome.UNKNOWN)
    assert len(found.evidence) == len(outcomes)
