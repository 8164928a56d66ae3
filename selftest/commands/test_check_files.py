"""Which files `stackproof check` judges, what it remembers of them, and the marks in them."""

from __future__ import annotations

import json
import os
from pathlib import Path

from selftest.commands.checking import BUCKET, ENCRYPTED, HEAD, SHOP, Findings, found, outcomes
from selftest.plugin.projects import Project


def test_a_folder_is_searched_for_templates_and_the_rest_is_counted(place: Project) -> None:
    """Templates in all depths and encodings are found; other YAML and JSON is not judged, and its number is told."""
    place.put("a/shop.yml", SHOP)
    place.put("a/b/bare.json", '{"Resources": {"B": {"Type": "AWS::S3::Bucket"}}}')
    place.put("a/wide.template", BUCKET.encode("utf-16"))
    place.put("a/broken.yaml", "Resources:\n\tB:\n\t\tType: AWS::S3::Bucket\n")
    place.put("system.yaml", "expectations:\n  - {resource: {type: AWS::RDS::DBInstance}}\n")
    place.put("values.json", '{"Office": "10.0.0.0/8"}')
    place.put("notes.txt", SHOP)
    place.put("node_modules/x.yml", SHOP)
    (place.root / "a/gone.yml").symlink_to("nowhere.yml")
    findings = found(place, ".")
    judged = {"a/shop.yml", "a/b/bare.json", "a/wide.template", "a/broken.yaml", "a/gone.yml"}
    assert {f["file"] for f in findings} == judged
    unread = {f["file"] for f in findings if f["control"] == "template-readable"}
    assert unread == {"a/broken.yaml", "a/gone.yml"}
    text = place.check("--no-scanners", ".").out
    assert "stackproof check · 5 templates" in text
    assert "2 other YAML or JSON files in the folders: no templates" in text


def git(project: Project, *arguments: str) -> None:
    """Run git as nobody in particular, whatever the machine's own settings are."""
    settings = ["-c", "user.name=a", "-c", "user.email=a@example.com", "-c", "commit.gpgsign=false"]
    ran = project.run("git", *settings, *arguments, GIT_CONFIG_GLOBAL=os.devnull, GIT_CONFIG_SYSTEM=os.devnull)
    assert ran.code == 0, ran.said


def test_only_changed_templates_are_judged(place: Project) -> None:
    """Staged, unstaged, untracked and renamed ones are; deleted, ignored and unchanged ones are not."""
    for name in ("same", "staged", "unstaged", "deleted", "renamed", "dropped"):
        place.put(f"in/{name}.yml", BUCKET.replace("Uploads", name.title()))
    place.put(".gitignore", "ignored.yml\n")
    git(place, "init", "--quiet")
    git(place, "add", ".")
    git(place, "commit", "--quiet", "-m", "all")
    assert found(place, "--changed") == []
    assert place.check("--changed").err == "stackproof check: no template changed\n"
    place.put("in/staged.yml", BUCKET.replace("Uploads", "Staged2"))
    git(place, "add", "in/staged.yml")
    place.put("in/unstaged.yml", BUCKET.replace("Uploads", "Unstaged2"))
    place.put("in/new caf\u00e9.yml", BUCKET)
    place.put("in/ignored.yml", BUCKET)
    place.put("other/far.yml", BUCKET)
    place.put("other/values.json", "{}")
    git(place, "mv", "in/renamed.yml", "other/moved.yml")
    git(place, "rm", "--quiet", "in/dropped.yml")
    (place.root / "in/deleted.yml").unlink()
    near = {"in/staged.yml", "in/unstaged.yml", "in/new caf\u00e9.yml"}
    far = {"other/far.yml", "other/moved.yml"}
    assert {f["file"] for f in found(place, "--changed")} == near | far
    assert {f["file"] for f in found(place, "--changed", "in")} == near
    inside = {f["file"] for f in found(place, "--changed", folder="other")}
    assert inside == {f"../{name}" for name in near} | {"far.yml", "moved.yml"}
    assert {f["file"] for f in found(place, "--changed", ".", folder="other")} == {"far.yml", "moved.yml"}


def test_before_the_first_commit_everything_is_new(place: Project) -> None:
    """A commit hook works for the first commit too."""
    place.put("one.yml", BUCKET)
    place.put("two.yml", BUCKET)
    git(place, "init", "--quiet")
    git(place, "add", "one.yml")
    assert {f["file"] for f in found(place, "--changed")} == {"one.yml", "two.yml"}


def test_a_changed_parameter_file_changes_all_that_are_judged_with_it(place: Project) -> None:
    """No template differs, and still none may be skipped."""
    place.put("shop.yml", SHOP)
    place.put("dev.json", '{"Environment": "prod"}')
    git(place, "init", "--quiet")
    git(place, "add", ".")
    git(place, "commit", "--quiet", "-m", "all")
    place.put("dev.json", '{"Environment": "dev"}')
    assert found(place, "--changed") == []
    arguments = ["--changed", "--parameters", "{environment}.json", "--environment", "dev"]
    assert outcomes(found(place, *arguments), ENCRYPTED) == {"dev": "fail"}


def test_an_unchanged_second_run_says_the_same(place: Project, tmp_path: Path) -> None:
    """The answer comes from the cache, and is the same to the letter; without a place for a cache too."""
    place.put("shop.yml", SHOP)
    cache = str(tmp_path / "cache")
    first, second = (place.check("--format", "json", "shop.yml", STACKPROOF_CACHE=cache) for _ in range(2))
    assert (first.out, first.code) == (second.out, second.code)
    place.put("no-folder", "")
    third = place.check("--format", "json", "shop.yml", STACKPROOF_CACHE=str(tmp_path / "no-folder"))
    assert (third.out, third.code) == (first.out, first.code)
    assert third.err.count("\n") == 1
    assert "works without a cache" in third.err


NESTED = f"""\
{HEAD}Resources:
  Child:
    Type: AWS::CloudFormation::Stack
    Properties: {{TemplateURL: ./child.yml}}
"""


def test_a_changed_nested_template_is_judged_anew(place: Project) -> None:
    """The parent's remembered answer rests on its child's content too, and on whether there is a child."""
    place.put("parent.yml", NESTED)
    asked = ("parent.yml", "s3-versioned")
    assert [f["control"] for f in found(place, asked[0]) if f["cause"] == "parse-error"] == ["template-readable"]
    place.put("child.yml", BUCKET)
    assert outcomes(found(place, asked[0]), asked[1]) == {"": "fail"}
    place.put("child.yml", f"{BUCKET}    Properties: {{VersioningConfiguration: {{Status: Enabled}}}}\n")
    assert outcomes(found(place, asked[0]), asked[1]) == {"": "pass"}


MARKED = f"""\
{BUCKET}    Metadata:
      cfn-lint: {{config: {{ignore_checks: [W3045, W3999]}}}}
    Properties:
      # checkov:skip=CKV_AWS_999:nobody knows without checkov
      AccessControl: Private
"""


def test_marks_in_a_template_waive_and_are_listed(place: Project) -> None:
    """Without a system.yaml to name an owner a scanner's own mark is honoured; it is listed, and so is an idle one.

    An idle mark of a scanner that did not run is not called that.
    """
    place.put("marked.yml", MARKED)
    findings: Findings = json.loads(place.check("marked.yml", "--format", "json").out)
    (waived,) = (f for f in findings if f["outcome"] == "waived")
    assert (waived["control"], waived["waiver"]) == ("W3045", "nobody, without end: no reason given")
    told = {(f["control"], f["severity"], f["resource"]) for f in findings if f["type"] == "waiver"}
    assert told == {
        ("waiver-ungoverned", "info", "W3045/marked.Uploads"),
        ("waiver-unmatched", "info", "W3999/marked.Uploads"),
    }
