"""MDReader's flows and its smoke gate pass on MDReader, and leave nothing behind."""

from __future__ import annotations

import json
import time
from pathlib import Path

import pytest

from selftest.e2e.running import Embedded, run
from stackproof.browser.api import Api
from stackproof.browser.sites import Site

LONGEST = 210.0  # seconds that all flows and the smoke gate may take on two cores, with all that they start
PASSWORD = "Heron-on-the-river-7"  # noqa: S105 - of somebody in an embedded environment


def test_all_flows_pass_where_nothing_runs_yet(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """e2e and smoke gate start what they need, pass, end it again, and stay within their time."""
    begun = time.monotonic()
    ran = run(tmp_path, "-m", "e2e or smoke", "-n", "2")
    seconds = time.monotonic() - begun
    with capsys.disabled():
        print(f"\n{sum(map(len, ran.gates.values()))} flows in {seconds:.0f} s")  # noqa: T201 - a figure to read
    assert ran.code == 0, ran.said
    assert set(ran.gates) == {"e2e", "smoke"}
    assert {f["outcome"] for findings in ran.gates.values() for f in findings.values()} == {"pass"}, ran.said
    assert seconds <= LONGEST, f"{seconds:.0f} s"
    assert not list((tmp_path / ".stackproof/embedded").glob("*.json")), "its environment was left running"


def test_smoke_leaves_nothing_when_it_fails_half_way(embedded: Embedded, monkeypatch: pytest.MonkeyPatch) -> None:
    """An edit is lost, so the round trip breaks off; its document is deleted all the same."""
    embedded.restart("lose-last-edit", monkeypatch)
    ran = embedded.run("-m", "smoke", "-k", "comes_and_goes")
    finding = ran.gates["smoke"]["smoke-a-document-comes-and-goes"]
    assert (ran.code, finding["outcome"]) == (1, "fail"), ran.said
    for folder in finding["evidence"]:
        calls = [json.loads(line) for line in (embedded.folder / folder / "calls.jsonl").read_text().splitlines()]
        made = [call for call in calls if call["url"].endswith("/documents") and call["status"] == 201]
        gone = [call for call in calls if call["method"] == "DELETE" and call["status"] == 204]
        assert len(made) == len(gone) == 1


def test_smoke_by_a_known_user_keeps_one_workspace(
    embedded: Embedded, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The test user of system.yaml runs it twice, on either colour: one workspace is there, and no document."""
    embedded.restart("", monkeypatch)
    site = Site("embedded", {"api": "https://api.mdreader.com"}, embedded.running.edge, embedded.running.certificate)
    with Api(site, tmp_path / "calls.jsonl") as api:
        login = {"email": "smoke@example.com", "password": PASSWORD}
        token = api.post("/api/v1/auth/register", json=login).json()["access_token"]
        for colour in ("blue", "green"):
            known = {"MDREADER_TEST_EMAIL": login["email"], "MDREADER_TEST_PASSWORD": PASSWORD}
            ran = embedded.run("-m", "smoke", "--colour", colour, "--evidence", "required", **known)
            assert ran.code == 0, ran.said
        user = api.as_("smoke", token)
        assert [workspace["documents"] for workspace in user.get("/api/v1/workspaces").json()] == [0]
