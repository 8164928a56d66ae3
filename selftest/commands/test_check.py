"""`stackproof check` as a user meets it: parameters, environments, formats, changed files, exit codes."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path
from xml.etree import ElementTree as Xml

import pytest

from selftest.commands.checking import BUCKET, ENCRYPTED, SHOP, WORLD, found, outcomes
from selftest.plugin.projects import Project


def test_a_condition_is_decided_by_the_environment(place: Project) -> None:
    """`StorageEncrypted: !If [IsProd, true, false]` passes for prod and fails for dev, on the author's line."""
    place.put("shop.yml", SHOP)
    findings = found(place, "shop.yml", "--environment", "dev", "--environment", "prod")
    assert outcomes(findings, ENCRYPTED) == {"dev": "fail", "prod": "pass"}
    (failure,) = (f for f in findings if (f["control"], f["outcome"]) == (ENCRYPTED, "fail"))
    assert (failure["file"], failure["line"], failure["resource"]) == ("shop.yml", 13, "shop.Database")
    assert failure["message"].startswith("StorageEncrypted is false, expected true")


def test_a_parameter_without_a_value_leaves_the_answer_open_and_is_named(place: Project) -> None:
    """A CIDR that nobody gave may be the world: unknown, with the parameter; a given one settles it."""
    place.put("shop.yml", SHOP)
    (finding,) = (f for f in found(place, "shop.yml", "--environment", "dev") if f["control"] == WORLD)
    assert (finding["outcome"], finding["cause"]) == ("unknown", "unresolved-parameter")
    assert finding["decided_by"] == "shop.Office"
    assert "shop.Office" in finding["message"]
    for cidr, outcome in (("0.0.0.0/0", "fail"), ("10.1.0.0/16", "pass")):
        place.put("values.json", json.dumps({"Office": cidr}))
        findings = found(place, "shop.yml", "--parameters", "values.json", "--environment", "dev")
        assert outcomes(findings, WORLD) == {"dev": outcome}


FORMS = {
    "cli.json": '[{"ParameterKey": "Environment", "ParameterValue": "prod"}]',
    "pairs.json": '["Environment=prod"]',
    "pipeline.json": '{"Parameters": {"Environment": "prod"}, "Tags": {"a": "b"}}',
    "plain.yaml": "Environment: prod\n",
    "samconfig.toml": 'version = 0.1\n[default.deploy.parameters]\nparameter_overrides = "Environment=prod"\n',
}


@pytest.mark.parametrize("name", FORMS)
def test_every_form_of_parameter_file_is_read(place: Project, name: str) -> None:
    """AWS CLI, its short form, CodePipeline, a plain mapping and samconfig all say prod."""
    place.put("shop.yml", SHOP)
    place.put(name, FORMS[name])
    assert outcomes(found(place, "shop.yml", "--parameters", name), ENCRYPTED) == {"": "pass"}


def test_parameter_files_may_be_named_by_environment_and_later_ones_win(place: Project) -> None:
    """`{environment}` stands for each environment in turn."""
    place.put("shop.yml", SHOP)
    place.put("all.json", '{"Environment": "prod", "Office": "10.0.0.0/8"}')
    place.put("values/qa.json", '{"Environment": "qa"}')
    place.put("values/live.json", '{"Environment": "prod"}')
    arguments = ["--parameters", "all.json", "--parameters", "values/{environment}.json"]
    findings = found(place, "shop.yml", *arguments, "--environment", "qa,live", "--environment", "qa")
    assert outcomes(findings, ENCRYPTED) == {"qa": "fail", "live": "pass"}
    assert outcomes(findings, WORLD) == {"qa": "pass", "live": "pass"}
    assert len({(f["control"], f["resource"], f["line"], f["environment"]) for f in findings}) == len(findings)


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        (["--environment", "dev"], 1),
        (["--environment", "prod", "--blocks", "critical"], 0),
        (["--environment", "prod", "--blocks", "critical", "--evidence", "required"], 6),
        (["--environment", "dev", "--evidence", "required"], 1),
    ],
)
def test_exit_codes(place: Project, arguments: list[str], code: int) -> None:
    """A failure that counts is 1, also where evidence is missing; only then is missing evidence 6."""
    place.put("shop.yml", SHOP.replace("StorageEncrypted:", "PubliclyAccessible: false\n      StorageEncrypted:"))
    ran = place.check("--no-scanners", "shop.yml", *arguments)
    assert ran.code == code, ran.said


# --- formats ------------------------------------------------------------------------------------------------

STABLE = ["control", "engine", "severity", "outcome", "cause", "file", "line", "resource", "type", "environment"]
KEYS = [*STABLE, "message", "remediation", "also", "decided_by", "proves", "waiver", "evidence", "standing"]


def test_json_has_an_object_for_each_finding_with_the_stable_keys(place: Project) -> None:
    """Every finding has exactly the keys that other programs may rely on; only an unknown has a cause."""
    place.put("shop.yml", SHOP)
    findings = found(place, "shop.yml", "--environment", "dev")
    assert {tuple(sorted(finding)) for finding in findings} == {tuple(sorted(KEYS))}
    assert {f["outcome"] for f in findings} == {"pass", "fail", "unknown", "not-applicable"}
    assert {bool(f["cause"]) for f in findings if f["outcome"] == "unknown"} == {True}
    assert {f["cause"] for f in findings if f["outcome"] != "unknown"} == {None}
    assert [f["outcome"] for f in findings] == sorted(
        (f["outcome"] for f in findings), key=["fail", "unknown", "waived", "not-applicable", "pass"].index
    )


def test_sarif_is_whole(place: Project) -> None:
    """Each failure is a result with rule, place and a fingerprint of its own; unknowns make the run unsuccessful."""
    place.put("shop.yml", SHOP)
    findings = found(place, "shop.yml", "--environment", "dev")
    ran = place.check("--no-scanners", "--format", "sarif", "shop.yml", "--environment", "dev")
    content = json.loads(ran.out)
    assert (content["version"], len(content["runs"])) == ("2.1.0", 1)
    (run,) = content["runs"]
    rules = [rule["id"] for rule in run["tool"]["driver"]["rules"]]
    failures = [f for f in findings if f["outcome"] == "fail"]
    assert len(run["results"]) == len(failures)
    assert sorted(set(rules)) == rules == sorted({f["control"] for f in failures})
    for result, failure in zip(run["results"], failures, strict=True):
        (location,) = result["locations"]
        place_ = location["physicalLocation"]
        assert (result["ruleId"], place_["artifactLocation"]["uri"]) == (failure["control"], "shop.yml")
        assert place_["region"]["startLine"] == failure["line"]
        assert result["level"] in ("error", "warning", "note")
        assert result["message"]["text"]
    prints = [result["partialFingerprints"]["check/v1"] for result in run["results"]]
    assert len(set(prints)) == len(prints)
    (invocation,) = run["invocations"]
    assert invocation["executionSuccessful"] is False
    unknown = [f for f in findings if f["outcome"] == "unknown"]
    assert len(invocation["toolExecutionNotifications"]) == len(unknown) > 0


def test_junit_counts_what_it_holds(place: Project) -> None:
    """Every finding is a case: failures, errors for unknowns, skipped ones, and the counts agree."""
    place.put("shop.yml", SHOP)
    findings = found(place, "shop.yml", "--environment", "dev")
    ran = place.check("--no-scanners", "--format", "junit", "shop.yml", "--environment", "dev")
    (suite,) = Xml.fromstring(ran.out)  # noqa: S314 - written by the command itself
    told = {"fail": "failure", "unknown": "error", "not-applicable": "skipped", "pass": ""}
    cases = ["".join(child.tag for child in case) for case in suite]
    assert sorted(cases) == sorted(told[f["outcome"]] for f in findings)
    counts = [int(suite.attrib[name]) for name in ("tests", "failures", "errors", "skipped")]
    assert counts == [len(cases), *(cases.count(tag) for tag in ("failure", "error", "skipped"))]


@pytest.mark.parametrize("form", ["text", "json", "sarif", "junit"])
def test_output_goes_to_a_file_whole(place: Project, form: str) -> None:
    """`--output` writes what would be printed, prints nothing, and keeps the exit code."""
    place.put("shop.yml", SHOP)
    printed = place.check("--no-scanners", "--format", form, "shop.yml")
    written = place.check("--no-scanners", "--format", form, "shop.yml", "--output", "out/report")
    assert (written.out, written.err, written.code) == ("", "", printed.code)
    assert (place.root / "out/report").read_text() == printed.out
    assert [path.name for path in (place.root / "out").iterdir()] == ["report"]


def test_text_fits_the_width_and_is_plain_where_nobody_looks(place: Project) -> None:
    """In a pipe there is no colour; no line is longer than the terminal; the worst failure comes first."""
    place.put("shop.yml", SHOP)
    ran = place.check("--no-scanners", "shop.yml", "--environment", "dev", "--environment", "prod", COLUMNS="72")
    assert "\x1b" not in ran.said
    lines = ran.out.splitlines()
    assert max(map(len, lines)) <= 72
    assert re.fullmatch(r"stackproof check · 1 template · dev, prod \.+ FAILED", lines[0])
    levels = [line.split()[1] for line in lines if line.startswith("  FAIL ")]
    assert levels == sorted(levels, key=["critical", "high", "medium", "low", "info"].index)
    (encrypted,) = (line for line in lines if f"{ENCRYPTED} on shop.Database" in line)
    assert encrypted.endswith(" in dev")


def test_colour_is_for_terminals_and_for_those_who_want_it(place: Project) -> None:
    """On a terminal the verdict is coloured, and NO_COLOR prevents it."""
    place.put("shop.yml", SHOP)
    command = [sys.executable, "-m", "stackproof.cli", "check", "--no-scanners", "shop.yml"]
    for variables, coloured in (({}, True), ({"NO_COLOR": "1"}, False), ({"NO_COLOR": ""}, True)):
        assert ("\x1b[31;1mFAILED" in on_terminal(command, place, **variables)) is coloured


def on_terminal(command: list[str], project: Project, **variables: str) -> str:
    """Run a command that believes to write to a terminal, and return what it wrote there."""
    pty = pytest.importorskip("pty")
    here, there = pty.openpty()
    environment = {**project.environment(), "TERM": "xterm-256color", **variables}
    with subprocess.Popen(command, cwd=project.root, env=environment, stdout=there, stderr=there) as run:
        os.close(there)
        said = b""
        while True:
            try:
                part = os.read(here, 65536)
            except OSError:  # the other side is closed
                break
            if not part:
                break
            said += part
        run.wait(timeout=60)
    os.close(here)
    return said.decode()


@pytest.mark.parametrize("encoding", ["ascii", "utf-8"])
def test_odd_names_and_texts_do_no_harm(place: Project, encoding: str) -> None:
    """File names that are no text, control characters, a terminal without our letters: no crash, nothing executed."""
    template = BUCKET.replace("Uploads", '"Up\\e[31mloads"').encode()
    (Path(os.fsencode(place.root).decode()) / os.fsdecode(b"caf\xe9 \x1b[2J.yml")).write_bytes(template)
    for form in ("text", "json", "sarif", "junit"):
        ran = place.check("--no-scanners", ".", "--format", form, PYTHONIOENCODING=encoding)
        assert ran.code == 1, ran.said
        assert "Traceback" not in ran.err
        assert "\x1b" not in ran.out
        if form == "sarif":
            uris = {
                u for r in json.loads(ran.out)["runs"][0]["results"] for u in re.findall(r"'uri': '([^']*)'", str(r))
            }
            assert uris == {"caf%E9%20%1B%5B2J.yml"}
