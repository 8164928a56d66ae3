"""A caller that lacks one permission: just the verdicts that need it are unknown, and it is named."""

from __future__ import annotations

import re
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from selftest.integration.callers import Staging
from selftest.integration.folders import Judged
from selftest.plugin.projects import Ran

# The permission, and resources of which at least these checks need it
LACKS: Mapping[str, frozenset[tuple[str, str]]] = {
    "s3:GetEncryptionConfiguration": frozenset(
        {
            ("s3-default-encryption", "storage.UploadsBucket"),
            ("resource-unchanged", "storage.UploadsBucket"),
            ("uploads-are-private-and-versioned", "storage.UploadsBucket"),
        }
    ),
    "rds:DescribeDBInstances": frozenset(
        {
            ("rds-storage-encrypted", "data.Database"),
            ("rds-not-marked-public", "data.Database"),
            ("database-engine-and-storage", "data.Database"),
            ("resource-deployed", "data.Database"),
        }
    ),
    "logs:DescribeLogGroups": frozenset(
        {("api-and-websocket-logs-kept", "backend.BackendLogs"), ("resource-unchanged", "backend.BackendLogs")}
    ),
    "cloudformation:ListStackResources": frozenset(
        {("resource-deployed", "data.Database"), ("kms-key-rotates", "keys.LogsKey")}
    ),
}
Runs = Mapping[str, tuple[Ran, Judged]]


@pytest.fixture(scope="module")
def runs(staging: Staging) -> Runs:
    """A run with all permissions (as ""), one for each that is missing, and one of these with evidence required."""
    denied = {"": staging.user("reader")} | {p: staging.user(f"no-{p.partition(':')[2]}", p) for p in LACKS}
    required = "rds:DescribeDBInstances"

    def run(permission: str, *arguments: str) -> tuple[Ran, Judged]:
        reports = f"without-{permission.partition(':')[2]}{len(arguments)}"
        ran = staging.folder.integration(
            "--environment=staging", f"--reports={reports}", *arguments, **denied[permission]
        )
        assert ran.code in (0, 6), ran.said
        return ran, staging.folder.judged("staging", reports)

    with staging.enforced(), ThreadPoolExecutor(max_workers=2) as pool:
        strict = pool.submit(run, required, "--evidence=required")
        made = dict(zip(denied, pool.map(run, denied), strict=True))
    return {**made, "required": strict.result()}


def verdicts(judged: Judged) -> dict[tuple[str, str], Any]:
    """Outcome and cause by control and resource."""
    return {key: [(f["outcome"], f["cause"]) for f in same] for key, same in judged.findings.items()}


def test_with_all_permissions_nothing_is_missing(runs: Runs) -> None:
    """The enforcement itself costs no verdict."""
    ran, judged = runs[""]
    assert ran.code == 0
    assert not [f for f in judged.content["findings"] if f["cause"] == "access-denied"]
    assert judged.content["preflight"]["missing"] == []


@pytest.mark.parametrize("permission", LACKS)
def test_just_what_needs_it_is_unknown(runs: Runs, permission: str) -> None:
    """Every other verdict is the one of a full run; each that changed is unknown and names the permission."""
    full, judged = verdicts(runs[""][1]), runs[permission][1]
    changed = {key for key, verdict in verdicts(judged).items() if verdict != full.get(key)}
    assert changed >= LACKS[permission]
    for key in changed:
        for finding in judged.findings[key]:
            assert (finding["outcome"], finding["cause"]) == ("unknown", "access-denied"), finding
            assert permission in finding["decided_by"], finding
    assert full.keys() == verdicts(judged).keys()


@pytest.mark.parametrize("permission", LACKS)
def test_the_permission_is_named(runs: Runs, permission: str) -> None:
    """In the terminal with what to allow, and in the preflight with each check that it leaves unknown."""
    ran, judged = runs[permission]
    assert ran.code == 0
    assert f"access-denied: {permission}" in ran.out
    assert "missing: 1 of " in ran.out
    assert f"    {permission} (access-denied): " in ran.out
    (lack,) = judged.content["preflight"]["missing"]
    assert (lack["action"], lack["cause"]) == (permission, "access-denied")
    unknown = {
        f"{f['control']}/{f['resource'] or f['file']}"
        for f in judged.content["findings"]
        if f["cause"] == "access-denied"
    }
    assert set(lack["unknown"]) == unknown
    (statement,) = judged.content["preflight"]["policy"]["Statement"]
    assert (statement["Effect"], statement["Action"]) == ("Allow", [permission])


@pytest.mark.parametrize("permission", LACKS)
def test_no_verdict_rests_on_a_refused_call(runs: Runs, permission: str) -> None:
    """What passed or failed cites calls of the evidence, and each of them was answered."""
    _, judged = runs[permission]
    calls = judged.calls()
    rested = 0
    for finding in judged.content["findings"]:
        for cited in finding["evidence"] if finding["outcome"] in ("pass", "fail") else ():
            service, operation, number = cited.split(":")
            entry = calls[int(number) - 1]
            assert (entry["service"], entry["operation"]) == (service, operation), finding
            assert not re.search("Denied|Unauthorized|Forbidden", entry["outcome"]), finding
            rested += 1
    assert rested > 50  # without the lists of resources little but the stacks is left


def test_inconclusive_where_evidence_is_required(runs: Runs) -> None:
    """With evidence required the same verdicts make exit 6."""
    ran, judged = runs["required"]
    assert (ran.code, judged.content["status"]) == (6, "inconclusive")
    assert verdicts(judged) == verdicts(runs["rds:DescribeDBInstances"][1])
