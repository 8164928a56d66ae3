"""Bad input: one clear finding with file and line each, no traceback, no hang, and the rest of the run goes on."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import pytest

from selftest.plugin.projects import Project

HEAD = 'AWSTemplateFormatVersion: "2010-09-09"\n'
BUCKET = "  Uploads:\n    Type: AWS::S3::Bucket\n"
GOOD = f"{HEAD}Resources:\n{BUCKET}"

READABLE, FORMED, CYCLE = "template-readable", "template-well-formed", "template-no-cycles"
RESOLVE, PARAMETERS, FUNCTIONS = "template-references-resolve", "template-parameters-valid", "template-functions-known"
UNIQUE, TRANSFORMS = "template-keys-unique", "template-transforms"
UNREAD, UNSUPPORTED, FAIL = "unknown parse-error", "unknown unsupported-function", "fail"


def bucket(properties: str) -> str:
    """A template whose fifth line has these properties."""
    return f"{GOOD}    Properties: {{{properties}}}\n"


def two(rest: str) -> str:
    """A template with two buckets, A and B, that depend on each other: `rest` is A's, with B's name in it."""
    lines = [f"  {name}: {{Type: AWS::S3::Bucket, {rest.format(other)}}}\n" for name, other in ("AB", "BA")]
    return f"{HEAD}Resources:\n{''.join(lines)}"


def nested(url: str) -> str:
    """A template with a nested stack, whose sixth line says where its template is."""
    child = "  Child:\n    Type: AWS::CloudFormation::Stack\n"
    return f"{HEAD}Resources:\n{child}    Properties:\n      TemplateURL: {url}\n"


def bomb() -> str:
    """Ten levels of ten aliases each: 10^10 values once expanded."""
    levels = ["a0: &a0 [x, x, x, x, x, x, x, x, x, x]"]
    levels += [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 10)}]" for n in range(1, 10)]
    return f"{HEAD}Metadata:\n{''.join(f'  {level}{chr(10)}' for level in levels)}Resources:\n{BUCKET}"


def large(count: int, size: int) -> str:
    """So many queues with a tag of so many characters each."""
    queue = "  Q{n}:\n    Type: AWS::SQS::Queue\n    Properties: {{Tags: [{{Key: note, Value: {text}}}]}}\n"
    return HEAD + "Resources:\n" + "".join(queue.format(n=n, text="x" * size) for n in range(count))


# content, the finding's control, outcome with cause, line, words of its message
TABLE: dict[str, tuple[str | bytes, str, str, int, str]] = {
    "broken.yml": (
        f"{HEAD}Resources:\n  B:\n    Type: [AWS::S3::Bucket\n    X: 1\n",
        READABLE,
        UNREAD,
        5,
        "not valid YAML",
    ),
    "broken.json": (
        '{"Resources": {\n"B": {"Type": "AWS::S3::Bucket"\n"X": 1}}}',
        READABLE,
        UNREAD,
        3,
        "not valid JSON",
    ),
    "cut.json": ('{"Resources": {"B": {"Type": "AWS::S3::Bucket"', READABLE, UNREAD, 1, "ends too early"),
    "half.json": ('{"Resources": {"B":\n{"Type": "\\ud800"}}}', READABLE, UNREAD, 2, "half a character"),
    "twice.yml": (f"{GOOD}{BUCKET}", UNIQUE, FAIL, 5, "already set on line 3"),
    "twice.json": (
        '{"Resources": {"B": {"Type": "A"},\n"B": {"Type": "B"}}}',
        UNIQUE,
        FAIL,
        2,
        "already set on line 1",
    ),
    "bomb.yml": (bomb(), READABLE, UNREAD, 8, "values once its aliases are expanded"),
    "tabs.yml": (f"{HEAD}Resources:\n\tB:\n\t\tType: AWS::S3::Bucket\n", READABLE, UNREAD, 3, "not valid YAML"),
    "binary.yml": (bytes(range(256)) * 40, READABLE, UNREAD, 2, "not text"),
    "latin.yml": (HEAD.encode() + b"Description: caf\xe9\n", READABLE, UNREAD, 2, "is not UTF-8"),
    "zero.yml": (b"Resources: {}\n\0", READABLE, UNREAD, 2, "zero byte"),
    "empty.yml": ("", READABLE, UNREAD, 1, "the file is empty"),
    "comment.yml": ("# nothing yet\n", READABLE, UNREAD, 1, "the template is empty"),
    "large.yml": (large(20_000, 400), READABLE, UNREAD, 1, "too large"),
    "deep.yml": (f"{GOOD}    X: {'[' * 5000}{']' * 5000}\n", READABLE, UNREAD, 5, "nested deeper than"),
    "list.yml": ("- AWS::S3::Bucket\n", READABLE, UNREAD, 1, "the template is a list"),
    "text.yml": ("AWS::S3::Bucket\n", READABLE, UNREAD, 1, "the template is a single value"),
    "two.yml": (f"{GOOD}---\n{GOOD}", READABLE, UNREAD, 5, "a second YAML document"),
    "nothing.yml": (HEAD, FORMED, FAIL, 1, "declares no resources"),
    "resources.yml": (f"{HEAD}Resources:\n  - Type: AWS::S3::Bucket\n", FORMED, FAIL, 2, "Resources is a list"),
    "parameters.yml": (f"Parameters: [a]\nResources:\n{BUCKET}", FORMED, FAIL, 1, "Parameters is a list"),
    "untyped.yml": (f"{HEAD}Resources:\n  B: {{Properties: {{}}}}\n", FORMED, FAIL, 3, "B has no Type"),
    "null.yml": (f"{HEAD}Resources:\n  B:\n", FORMED, FAIL, 3, "B is not a mapping"),
    "circle.yml": (two("Properties: {{BucketName: !Ref {}}}"), CYCLE, FAIL, 3, "A -> B -> A"),
    "depends.yml": (two("DependsOn: {}"), CYCLE, FAIL, 3, "A -> B -> A"),
    "conditions.yml": (
        f"Conditions:\n  X: !Not [!Condition Y]\n  Y: !Not [!Condition X]\nResources:\n{BUCKET}    Condition: X\n",
        CYCLE,
        FAIL,
        3,  # which closes it
        "X -> Y -> X",
    ),
    "itself.yml": (nested("itself.yml"), CYCLE, FAIL, 6, "itself.yml -> itself.yml"),
    "lost.yml": (nested("nowhere.yml"), READABLE, UNREAD, 6, "nowhere.yml cannot be read"),
    "device.yml": (nested(f"{'../' * 20}dev/zero"), READABLE, UNREAD, 6, "cannot be read: Not a regular file"),
    "function.yml": (bucket("BucketName: !Frobnicate x"), FUNCTIONS, UNSUPPORTED, 5, "Fn::Frobnicate"),
    "type.yml": (GOOD.replace("S3::Bucket", "S3::Buckett"), "E3006", FAIL, 3, "AWS::S3::Buckett"),
    "number.yml": (
        f"Parameters:\n  Size: {{Type: Number, Default: many}}\nResources:\n{BUCKET}",
        PARAMETERS,
        FAIL,
        2,
        "Size is 'many', expected numbers",
    ),
    "reference.yml": (bucket("BucketName: !Ref Nobody"), RESOLVE, FAIL, 5, "refers to Nobody"),
    "mapping.yml": (bucket("BucketName: !FindInMap [M, a, b]"), RESOLVE, FAIL, 5, "'M'"),
    "loop.yml": (
        "Transform: AWS::LanguageExtensions\nResources:\n  Fn::ForEach::X: [a]\n",
        FORMED,
        FAIL,
        3,
        "Fn::ForEach::X",
    ),
    "serverless.yml": (
        "Transform: AWS::Serverless-2016-10-31\nResources:\n  F: {Type: AWS::Serverless::Function, Properties: 5}\n",
        TRANSFORMS,
        FAIL,
        3,
        "[F] is invalid",
    ),
}

Findings = list[dict[str, Any]]


def trading(gives: str, takes: str) -> str:
    """A template that exports one name and imports another."""
    topic = f"{{Type: AWS::SNS::Topic, Properties: {{TopicName: !ImportValue {takes}}}}}"
    return f'Resources: {{A: {topic}}}\nOutputs: {{O: {{Value: "1", Export: {{Name: {gives}}}}}}}\n'


@pytest.fixture(scope="module")
def checked(tmp_path_factory: pytest.TempPathFactory, shared_cache: Path) -> Findings:
    """All the bad files in one run, with a good one at the end."""
    project = Project(tmp_path_factory.mktemp("bad"), shared_cache)
    for name, (content, *_) in TABLE.items():
        project.put(name, content)
    project.put("first.yml", nested("./second.yml"))
    project.put("second.yml", nested("./first.yml"))
    project.put("weighty.yml", large(500, 8_500))  # 4.3 MB, which is read
    project.put("zz-good.yml", GOOD)
    os.mkfifo(project.root / "pipe.yml")
    ran = project.check(*TABLE, "first.yml", "pipe.yml", "weighty.yml", "zz-good.yml", "--format", "json")
    assert (ran.code, ran.err) == (1, "")
    found: Findings = json.loads(ran.out)
    return found


@pytest.mark.parametrize(
    ("name", "control", "outcome", "line", "words"),
    [pytest.param(name, *rest, id=name) for name, (_, *rest) in TABLE.items()],
)
def test_a_bad_template_is_a_finding(
    checked: Findings, name: str, control: str, outcome: str, line: int, words: str
) -> None:
    """The finding names file and line and says what is wrong; nothing of the file passes as sound."""
    about = [f for f in checked if f["control"] == control and (f["file"], f["line"]) == (name, line)]
    assert [f"{f['outcome']} {f['cause'] or ''}".strip() for f in about] == [outcome], [
        (f["control"], f["line"], f["message"]) for f in checked if f["file"] == name
    ]
    assert words in about[0]["message"]
    assert "\n" not in about[0]["message"]
    sound = [f for f in checked if (f["control"], f["file"]) == ("template-evaluates", name)]
    assert sound == [] or name == "type.yml"


def test_stacks_nested_in_each_other_are_told_where_the_circle_closes(checked: Findings) -> None:
    """The circle is found on the line that leads back, in whichever file it stands."""
    circles = {(f["file"], f["line"], f["message"]) for f in checked if f["control"] == CYCLE}
    assert ("second.yml", 6, "nested stacks contain each other: first.yml -> second.yml -> first.yml") in circles


def test_what_is_no_file_is_not_waited_for(checked: Findings) -> None:
    """A pipe that nobody writes to does not hang the run."""
    (finding,) = (f for f in checked if f["file"] == "pipe.yml")
    assert (finding["outcome"], finding["cause"]) == ("unknown", "parse-error")
    assert finding["message"] == "pipe.yml cannot be read: Not a regular file"


def test_the_rest_of_the_run_goes_on(checked: Findings) -> None:
    """The good template at the end is judged like any other, and so is a heavy one that is within the limits."""
    good = {f["control"]: f["outcome"] for f in checked if f["file"] == "zz-good.yml"}
    assert good["template-evaluates"] == "pass"
    assert good["s3-versioned"] == "fail"
    weighty = [f for f in checked if f["file"] == "weighty.yml" and f["control"] == "sqs-queue-has-dead-letters"]
    assert len(weighty) == 500


def test_no_control_crashes_on_any_of_it(checked: Findings) -> None:
    """Bad input is never our defect; cfn-lint's own crashes are told, and only where we refuse the file too."""
    assert [f["message"] for f in checked if f["cause"] == "control-error"] == []
    crashed = {f["file"] for f in checked if f["cause"] == "tool-error" and "too large for a" not in f["message"]}
    assert crashed <= {f["file"] for f in checked if f["control"] == FORMED and f["outcome"] == "fail"}


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ([], ["no path", "stackproof check ."]),
        (["nowhere.yml"], ["nowhere.yml", "no such file or folder"]),
        (["dangling.yml"], ["dangling.yml", "no such file or folder"]),
        (["loop.yml"], ["loop.yml", "no such file or folder"]),
        (["folder.yml"], ["folder.yml", "no template (1 other YAML and JSON file", "at least one"]),
        (["good.yml", "--parameters", "nowhere.json"], ["nowhere.json", "No such file"]),
        (["good.yml", "--parameters", "{environment}.json", "--environment", "qa"], ["qa.json", "No such file"]),
        (["good.yml", "--parameters", "broken.json"], ["broken.json:2", "broken YAML"]),
        (["good.yml", "--parameters", "twice.json"], ["twice.json:1", "'Size' again"]),
        (["good.yml", "--parameters", "nested.json"], ["nested.json:1", "text, a number, or a list of texts"]),
        (["good.yml", "--parameters", "text.json"], ["text.json", "ParameterKey"]),
        (["good.yml", "--parameters", "empty.json"], ["empty.json", "an empty file"]),
        (["good.yml", "--parameters", "folder.yml"], ["folder.yml", "Is a directory"]),
        (["good.yml", "--parameters", "samconfig.toml", "--environment", "qa"], ["samconfig.toml", "[qa]", "prod"]),
        (["good.yml", "--parameters", "broken.toml"], ["broken.toml", "TOML"]),
        (["good.yml", "--format", "yaml"], ["--format", "'yaml'", "sarif"]),
        (["good.yml", "--blocks", "severe"], ["--blocks", "'severe'", "critical"]),
        (["good.yml", "--output", "good.yml/report.json", "--format", "json"], ["good.yml/report.json", "written"]),
        (["--changed"], ["--changed", "not a git repository"]),
        (["good.yml", "--chanegd"], ["--chanegd"]),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else "",
)
def test_misuse_is_one_clear_line(project: Project, arguments: list[str], words: list[str]) -> None:
    """Exit 4 and one line with what was got and expected."""
    for name, text in {
        "good.yml": GOOD,
        "folder.yml/other.yml": "a: 1",
        "broken.json": '[{"ParameterKey": "A",\n]',
        "twice.json": '["Size=1", "Size=2"]',
        "nested.json": '{"Parameters": {"Size": {"a": 1}}}',
        "text.json": '"Size"',
        "empty.json": "",
        "samconfig.toml": 'version = 0.1\n[prod.deploy.parameters]\nparameter_overrides = "Size=1"\n',
        "broken.toml": "[prod",
    }.items():
        project.put(name, text)
    (project.root / "dangling.yml").symlink_to("gone.yml")
    (project.root / "loop.yml").symlink_to("loop.yml")
    ran = project.check(*arguments, GIT_CEILING_DIRECTORIES=str(project.root.parent))
    assert ran.code == 4, ran.said
    told = [line for line in ran.err.splitlines() if line.startswith("stackproof: ")]
    assert len(told) == 1, ran.said
    for word in words:
        assert word in told[0]
    assert ran.out == ""
    assert "Traceback" not in ran.err


def test_bad_templates_of_a_system_are_findings_of_its_gate(project: Project) -> None:
    """The gate goes on beside templates that cannot be read: what depends on them is unknown, never a pass."""
    system = (project.root / "systems/shop/system.yaml").read_text()
    stacks = {
        "tabs": HEAD + "Resources:\n\tB:\n\t\tType: AWS::S3::Bucket\n",
        "bomb": bomb(),
        "ping": trading("ping", "pong"),
        "pong": trading("pong", "ping"),
        "missing": f"Parameters: {{Size: {{Type: Number}}}}\n{GOOD}",
    }
    lines = [f"  - {{component: {name}, template: {name}.yml}}\n" for name in stacks]
    project.put("systems/shop/system.yaml", system.replace("environments:\n", "".join(lines) + "environments:\n", 1))
    for name, text in stacks.items():
        project.put(f"systems/shop/{name}.yml", text)
    project.edit("systems/shop/prod.json", "}]", '}, {"ParameterKey": "Nothing", "ParameterValue": "1"}]')
    ran = project.gate("--environment", "prod", "-v")
    assert ran.code in (0, 1), ran.said
    assert "Traceback" not in ran.said
    told = {
        (f["control"], f["outcome"], f["cause"], f"{f['file'].rpartition('/')[2]}:{f['line']}")
        for f in project.result("prod")["findings"]
        if f["control"].startswith("template-") and f["outcome"] != "pass"
    }
    assert told == {
        (READABLE, "unknown", "parse-error", "tabs.yml:3"),
        (READABLE, "unknown", "parse-error", "bomb.yml:8"),
        (CYCLE, "fail", None, "ping.yml:1"),
        (PARAMETERS, "unknown", "unresolved-parameter", "missing.yml:1"),
    }
    database = {f["control"]: f for f in project.result("prod")["findings"] if f["resource"] == "data.Database"}
    assert database["database-encrypted"]["outcome"] == "pass"
    assert database["backup-takes-databases"]["outcome"] == "unknown"  # the plan may be in what was not read
