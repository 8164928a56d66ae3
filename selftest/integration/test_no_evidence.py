"""Nothing can be looked at: the gate says why and what to do, skips where it may, and is never taken for a pass."""

from __future__ import annotations

import socket
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass

import pytest

from selftest.integration.answering import EXPIRED, SILENT, THROTTLED, answering
from selftest.integration.callers import Staging
from selftest.integration.folders import Folder, Judged
from selftest.plugin.projects import Ran

TOKEN = "of-yesterday"  # noqa: S105 - of nobody
KEY = {"AWS_ACCESS_KEY_ID": "AKIAIOSFODNN7EXAMPLE", "AWS_SECRET_ACCESS_KEY": "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY"}
OPTIONAL, REQUIRED = "optional", "required"


@dataclass(frozen=True, slots=True)
class Case:
    """What is wrong, and what the gate has to say about it."""

    name: str
    cause: str
    advice: str
    environment: str = "staging"


CASES = (
    Case("nobody", "no-credentials", "Give credentials: AWS_PROFILE, aws sso login"),
    Case("expired", "expired-credentials", "Renew the credentials: aws sso login"),
    Case("stranger", "wrong-account", "Use credentials of the environment's account"),
    Case("closed", "endpoint-off", "Nothing answers there: look at the endpoint"),
    Case("powerless", "access-denied", "Add the permission to the policies of the reading role"),
    Case("empty", "not-deployed", "Deploy the stack, or name the environment in which it is", "dev"),
    Case("throttled", "throttled", "Run again, or with fewer workers"),
    Case("silent", "timeout", "Run again; look at the network between here and AWS"),
)
KINDS = [case for case in CASES if case.name in ("nobody", "stranger", "powerless", "empty")]
Runs = Mapping[tuple[str, str], tuple[Ran, Judged]]


@pytest.fixture(scope="module")
def runs(staging: Staging) -> Runs:
    """Every case with evidence optional, one of each kind with evidence required; some wait, so several at a time."""
    able, powerless = staging.user("able"), staging.user("powerless", allowed=False)
    with ExitStack() as stack, staging.enforced(), socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))  # and nobody listens

        def served(answer: tuple[int, str], **more: str) -> dict[str, str]:
            return {**KEY, "AWS_ENDPOINT_URL": stack.enter_context(answering(*answer)), **more}

        variables = {
            "nobody": {},
            "expired": served(EXPIRED, AWS_SESSION_TOKEN=TOKEN),
            "stranger": {**able, "MDREADER_STAGING_ACCOUNT": "999988887777"},
            "closed": {**KEY, "AWS_ENDPOINT_URL": f"http://127.0.0.1:{unused.getsockname()[1]}"},
            "powerless": powerless,
            "empty": able,
            "throttled": served(THROTTLED, AWS_MAX_ATTEMPTS="2"),
            "silent": served(SILENT, AWS_MAX_ATTEMPTS="1"),
        }

        def run(case: Case, evidence: str) -> tuple[Ran, Judged]:
            reports = f"reports-{case.name}-{evidence}"
            ran = staging.folder.integration(
                f"--environment={case.environment}",
                f"--evidence={evidence}",
                f"--reports={reports}",
                **variables[case.name],
            )
            assert ran.code in (0, 6), ran.said
            return ran, staging.folder.judged(case.environment, reports)

        asked = [(case, OPTIONAL) for case in reversed(CASES)] + [(case, REQUIRED) for case in KINDS]
        with ThreadPoolExecutor(max_workers=3) as pool:
            made = list(pool.map(lambda pair: run(*pair), asked))
    return {(case.name, evidence): one for (case, evidence), one in zip(asked, made, strict=True)}


def paragraph(out: str) -> str:
    """The verdict of the terminal without its line breaks."""
    return " ".join(out[out.index("integration gate") :].split())


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_skipped_with_its_cause_and_advice(runs: Runs, case: Case) -> None:
    """Evidence optional: exit 0, the gate did not run, and the terminal says why and what to do."""
    ran, judged = runs[case.name, OPTIONAL]
    assert (ran.code, judged.content["status"]) == (0, "not-run")
    said = paragraph(ran.out)
    assert f"checks could be judged: {case.cause}: " in said
    assert case.advice in said
    assert "NOT-RUN" in said
    assert "Traceback" not in ran.said


@pytest.mark.parametrize("case", KINDS, ids=lambda case: case.name)
def test_inconclusive_where_evidence_is_required(runs: Runs, case: Case) -> None:
    """Evidence required: exit 6, and the same cause."""
    ran, judged = runs[case.name, REQUIRED]
    assert (ran.code, judged.content["status"]) == (6, "inconclusive")
    assert f"checks could be judged: {case.cause}: " in paragraph(ran.out)
    assert "Traceback" not in ran.said


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_nothing_is_passed_or_failed(runs: Runs, case: Case) -> None:
    """Every check that the templates ask for is there, and unknown for this cause; probes too."""
    _, judged = runs[case.name, OPTIONAL]
    assert {(f["outcome"], f["cause"]) for f in judged.content["findings"]} == {("unknown", case.cause)}
    assert judged.content["expected"] > 1500


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_what_was_tried_is_on_record(runs: Runs, case: Case) -> None:
    """The evidence has the calls that were made, and no secret of whoever made them."""
    _, judged = runs[case.name, OPTIONAL]
    calls = judged.calls()
    assert [calls[0]["service"], calls[0]["operation"]] == ["sts", "GetCallerIdentity"]
    assert (calls[0]["outcome"] == "ok") is (case.name in ("stranger", "powerless", "empty"))
    for file in (judged.folder.root / judged.reports).rglob("*"):
        text = file.read_text() if file.is_file() else ""
        assert KEY["AWS_SECRET_ACCESS_KEY"] not in text
        assert TOKEN not in text


@pytest.mark.parametrize(
    ("variables", "file", "said"),
    [
        ({"AWS_MAX_ATTEMPTS": "many"}, "", "AWS_MAX_ATTEMPTS: got 'many', expected a number"),
        ({"READER": "reader"}, "", "role of staging: got 'reader', expected the ARN of a role"),
        ({}, "reports/evidence", "reports/evidence/integration/staging: Not a directory, expected a folder"),
    ],
    ids=["attempts", "role", "reports"],
)
def test_misuse_is_told_as_such(folder: Folder, variables: dict[str, str], file: str, said: str) -> None:
    """What the run itself was given wrong is exit 4 with one message, and no result of the gate."""
    folder.edit("systems/mdreader/system.yaml", "staging: {", 'staging: {role: "${READER}", ')
    if file:
        folder.put(file, "")
    ran = folder.integration("--environment=staging", **variables)
    assert ran.code == 4, ran.said
    assert said in ran.said
    assert "Traceback" not in ran.said
    assert not (folder.root / "reports/gates/integration.json").exists()
