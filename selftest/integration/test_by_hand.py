"""What somebody changed by hand after the deployment: the gate names drift, control, property, line and call."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

import pytest

from selftest.integration.conftest import Alone
from selftest.integration.folders import TEMPLATES, Folder, Judged, lay
from selftest.integration.hand import Hand
from selftest.plugin.projects import Ran
from stackproof import emulator

DRIFTED = "drifted"
REPORTS = ("changed", "undone")


@dataclass(frozen=True, slots=True)
class Seen:
    """The gate on an environment that nobody has touched, with the changes, and after they were undone."""

    folder: Folder
    untouched: Judged
    changed: tuple[Ran, Judged]
    undone: tuple[Ran, Judged]
    lines: dict[str, int]
    extra: str


def run(folder: Folder, reports: str) -> tuple[Ran, Judged]:
    """Run the gate with reports of its own, naming every check."""
    ran = folder.integration("-v", f"--reports={reports}")
    assert ran.code in (0, 1), ran.said
    return ran, folder.judged("embedded", reports)


@pytest.fixture(scope="module")
def hand(tmp_path_factory: pytest.TempPathFactory, shared_cache: Any) -> Iterator[Hand]:
    """MDReader, left running by `stackproof up`."""
    folder = lay(tmp_path_factory.mktemp("hand"), shared_cache)
    up = folder.stackproof("up", "--system", "mdreader")
    try:
        assert up.code == 0, up.said
        running = emulator.running(folder.root)
        assert running is not None
        yield Hand(folder, running)
    finally:
        down = folder.stackproof("down")
    assert (down.code, down.out) == (0, "embedded: ended\n")


@pytest.fixture(scope="module")
def seen(hand: Hand, alone: Alone) -> Seen:
    """All changes at once, since each run reads everything."""
    folder = hand.folder
    hand.switch_encryption_off("storage", "UploadsBucket")
    hand.open_to_the_world("network", "DatabaseSecurityGroup")
    hand.unprotect("data", "Database")
    hand.delete_alarm("monitoring", "ApiDurationAlert")
    hand.weaken_passwords("security", "UserPool", MinimumLength=6, RequireSymbols=False)
    hand.delete_stack("routing")
    hand.add_to_stack("storage", "Leftover: {Type: AWS::SNS::Topic}")
    hand.declare("keys.yml", "EnableKeyRotation: true", "EnableKeyRotation: false")
    lines = {
        "encryption": folder.line("storage.yml", "UploadsBucket:", "BucketEncryption:"),
        "group": folder.line("network.yml", "DatabaseSecurityGroup:", "SecurityGroupIngress:"),
        "protection": folder.line("data.yml", "Database:", "DeletionProtection: !FindInMap"),
        "alarm": folder.line("monitoring.yml", "ApiDurationAlert:"),
        "length": folder.line("security.yml", "UserPool:", "MinimumLength:"),
        "symbols": folder.line("security.yml", "UserPool:", "RequireSymbols:"),
        "rotation": folder.line("keys.yml", "EnableKeyRotation: false"),
    }
    extra = hand.id("storage", "Leftover")
    changed = run(folder, "changed")
    hand.undo()
    return Seen(folder, alone.one[1], changed, run(folder, "undone"), lines, extra)


# control, resource, template, line, property, the call that showed it
CHANGES = [
    ("resource-unchanged", "storage.UploadsBucket", "encryption", "BucketEncryption", "s3:GetBucketEncryption"),
    ("s3-default-encryption", "storage.UploadsBucket", "encryption", "BucketEncryption", "s3:GetBucketEncryption"),
    (
        "uploads-are-private-and-versioned",
        "storage.UploadsBucket",
        "encryption",
        "BucketEncryption",
        "s3:GetBucketEncryption",
    ),
    (
        "resource-unchanged",
        "network.DatabaseSecurityGroup",
        "group",
        "SecurityGroupIngress",
        "ec2:DescribeSecurityGroupRules",
    ),
    (
        "ec2-data-ports-closed-to-world",
        "network.DatabaseSecurityGroup",
        "group",
        "SecurityGroupIngress",
        "ec2:DescribeSecurityGroupRules",
    ),
    ("resource-unchanged", "data.Database", "protection", "DeletionProtection", "rds:DescribeDBInstances"),
    ("rds-deletion-protected", "data.Database", "protection", "DeletionProtection", "rds:DescribeDBInstances"),
    ("database-survives", "data.Database", "protection", "DeletionProtection", "rds:DescribeDBInstances"),
    (
        "resource-unchanged",
        "security.UserPool",
        "length",
        "Policies.PasswordPolicy.MinimumLength",
        "cognito-idp:DescribeUserPool",
    ),
    (
        "resource-unchanged",
        "security.UserPool",
        "symbols",
        "Policies.PasswordPolicy.RequireSymbols",
        "cognito-idp:DescribeUserPool",
    ),
    (
        "cognito-password-policy",
        "security.UserPool",
        "length",
        "Policies.PasswordPolicy.MinimumLength",
        "cognito-idp:DescribeUserPool",
    ),
    (
        "passwords-are-strong",
        "security.UserPool",
        "length",
        "Policies.PasswordPolicy.MinimumLength",
        "cognito-idp:DescribeUserPool",
    ),
]
FILES = {
    "encryption": "storage.yml",
    "group": "network.yml",
    "protection": "data.yml",
    "length": "security.yml",
    "symbols": "security.yml",
}


@pytest.mark.parametrize(("control", "resource", "line", "path", "call"), CHANGES)
def test_a_change_is_named(seen: Seen, control: str, resource: str, line: str, path: str, call: str) -> None:
    """The failing control has its standing, property, the author's line, and the recorded call that showed it."""
    ran, judged = seen.changed
    (found,) = [f for f in judged.findings[control, resource] if path in f["message"]]
    assert (found["outcome"], found["standing"]) == ("fail", DRIFTED)
    assert (found["file"], found["line"]) == (f"{TEMPLATES}/{FILES[line]}", seen.lines[line])
    assert call in judged.cited(found)
    assert f"embedded/{resource}/{control}" in ran.out
    told = [message for name, message in judged.junit() if f"/{resource}/{control}" in name]
    place = f"{found['file']}:{found['line']}: {control}: "
    assert any(message.startswith(place) and path in message for message in told)


def test_the_command_says_no(seen: Seen) -> None:
    """Exit code 1, and the worst of it on one screen with line, call and property."""
    ran, judged = seen.changed
    assert (ran.code, judged.content["status"]) == (1, "failed")
    place = f"{TEMPLATES}/network.yml:{seen.lines['group']} seen by ec2:DescribeSecurityGroupRules:"
    said = ran.out[ran.out.index("integration gate") :]
    assert "FAIL    critical ec2-data-ports-closed-to-world on network.DatabaseSecurityGroup" in said
    assert place in said
    assert "drifted: SecurityGroupIngress" in said
    assert "Traceback" not in ran.said


def test_what_is_gone_is_a_failure_and_not_a_skip(seen: Seen) -> None:
    """The deleted alarm, and the deleted stack while others are there."""
    _, judged = seen.changed
    (alarm,) = judged.findings["resource-deployed", "monitoring.ApiDurationAlert"]
    assert (alarm["outcome"], alarm["line"]) == ("fail", seen.lines["alarm"])
    assert judged.cited(alarm) == ["cloudwatch:DescribeAlarms"]
    (stack,) = judged.findings["resource-deployed", "routing"]
    assert (stack["outcome"], stack["file"]) == ("fail", f"{TEMPLATES}/routing.yml")
    (call,) = stack["evidence"]
    entry = judged.calls()[int(call.rpartition(":")[2]) - 1]
    assert (entry["operation"], entry["outcome"]) == ("DescribeStacks", "ValidationError")


def test_what_no_template_has_is_a_failure(seen: Seen) -> None:
    """A resource that somebody added to a stack is named with its physical id, in the stack's template."""
    _, judged = seen.changed
    (found,) = judged.findings["resource-declared", "storage.Leftover"]
    assert (found["outcome"], found["file"]) == ("fail", f"{TEMPLATES}/storage.yml")
    assert seen.extra in found["message"]
    assert judged.cited(found) == ["cloudformation:ListStackResources"]


def test_what_was_mended_by_hand_will_be_undone(seen: Seen) -> None:
    """Deployed right and declared wrong: the control passes, says what the next deployment does, and it is drift."""
    _, judged = seen.changed
    (key,) = [f["resource"] for f in judged.content["findings"] if f["standing"].startswith("fixed by hand")]
    (found,) = judged.findings["kms-key-rotates", key]
    assert (found["outcome"], found["standing"]) == ("pass", "fixed by hand, about to be reverted")
    assert (found["file"], found["line"]) == (f"{TEMPLATES}/keys.yml", seen.lines["rotation"])
    assert judged.cited(found) == ["kms:GetKeyRotationStatus"]
    (drift,) = judged.findings["resource-unchanged", key]
    assert (drift["outcome"], drift["line"]) == ("fail", seen.lines["rotation"])
    assert "EnableKeyRotation" in drift["message"]


def test_nothing_else_fails(seen: Seen) -> None:
    """Every failure is of something that was changed."""
    touched = {resource for _, resource, *_ in CHANGES} | {"monitoring.ApiDurationAlert", "routing", "storage.Leftover"}
    touched |= {"data.DatabaseReplica", "keys.LogsKey"}  # the one is behind the same group, the other declared wrong
    new = seen.changed[1].failures() - seen.untouched.failures()
    assert {resource for _, resource in new} == touched


def test_undone_it_is_as_it_was(seen: Seen) -> None:
    """Afterwards every check answers as where nobody has touched anything, and the exit code is 0."""
    ran, after = seen.undone
    assert ran.code == 0, ran.said
    assert after.outcomes == seen.untouched.outcomes


def test_what_up_left_running_is_used_and_goes_on(hand: Hand, seen: Seen) -> None:
    """Both runs read that environment, and none of them started or ended one."""
    states = sorted(path.name for path in (seen.folder.root / ".stackproof/embedded").iterdir())
    assert states == ["embedded.json", "embedded.lock"]
    assert hand.running.alive
    assert {stack["id"] for stack in seen.changed[1].content["stacks"]} >= {
        stack["StackId"]
        for stack in hand.running.client("cloudformation").describe_stacks()["Stacks"]
        if "routing" not in stack["StackName"]
    }


def test_no_secret_is_written(hand: Hand, seen: Seen) -> None:
    """Neither reports nor evidence have a password or token that the deployment generated, or that was put in."""
    client = hand.running.client("secretsmanager")
    texts = []
    for secret in client.list_secrets()["SecretList"]:
        with suppress(client.exceptions.ResourceNotFoundException):  # nothing was put in yet
            texts.append(client.get_secret_value(SecretId=secret["ARN"])["SecretString"])
    parts = [json.loads(text) if text.startswith("{") else {"": text} for text in texts]
    secrets = {value for part in parts for key, value in part.items() if key in ("", "password", "token", "auth_token")}
    assert len([secret for secret in secrets if len(secret) >= 32]) >= 2  # the database's and the cache's
    files = [file for name in REPORTS for file in (seen.folder.root / name).rglob("*") if file.is_file()]
    assert {file.name for file in files} >= {"calls.jsonl", "answers.jsonl", "integration.json", "traceability.md"}
    for file in files:
        text = file.read_text()
        assert not [secret for secret in secrets if secret in text], file
