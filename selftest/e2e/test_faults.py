"""MDReader's flows pass on MDReader, and each fault that it can be started with makes the right ones fail."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from stackproof import emulator
from stackproof.system.loading import System, load_system

PROJECT = Path(__file__).parents[2]
SYSTEM = PROJECT / "systems/mdreader/system.yaml"
LONGEST = 210.0  # seconds that all flows and the smoke gate may take on two cores, with all that they start
_FOREIGN = ("STACKPROOF_", "PYTEST_", "MDREADER_", "NO_COLOR", "FORCE_COLOR", "COLUMNS", "CI", "GITHUB_")

# By fault: the flows that notice it, and the reason that they give. Flows in the browser show a picture of it.
API = {
    "register-without-token": {"register-login-and-me": "register answered 200, expected 201"},
    "lose-last-edit": {"the-life-of-a-document": "the last change of the content is lost"},
    "foreign-document-readable": {"somebody-elses-document-is-not-there": "somebody else's document is readable"},
}
BROWSER = {
    "register-without-token": {"from-sign-up-to-a-saved-document": "register answered 200, expected 201"},
    "lose-last-edit": {"from-sign-up-to-a-saved-document": "what was written last is not saved"},
    "foreign-document-readable": {"somebody-elses-document-shows-nothing": "somebody else's document is shown"},
    "websocket-drops": {"both-see-each-others-edits": "of their connections, .*says 'Offline"},
    "console-error": {"an-address-that-leads-nowhere": "console error: MDREADER_FAULT"},
    "image-without-alt": {"an-address-that-leads-nowhere": "accessibility .*Images must have alternative text: img"},
    "slow-page": {
        "an-address-that-leads-nowhere": r"largest contentful paint .*took [5-9]\d{3} ms, the budget is 2500"
    },
}
RUNS = [
    ("register-without-token",),
    ("lose-last-edit", "foreign-document-readable"),
    *((f,) for f in list(BROWSER)[3:]),
]


@dataclass(frozen=True, slots=True)
class Ran:
    """What came of a run: exit code, all that was printed, and the findings of each gate by their check."""

    code: int
    said: str
    gates: Mapping[str, Mapping[str, dict[str, Any]]]


class Embedded:
    """An embedded MDReader in a folder of its own, and the flows that are run on it as a user runs them."""

    def __init__(self, folder: Path, system: System) -> None:
        self.folder, self.system = folder, system
        self.running = emulator.start(system, folder)

    def restart(self, faults: str, monkeypatch: pytest.MonkeyPatch) -> None:
        """Let the application start again, with these faults; what is deployed stays."""
        monkeypatch.setenv("MDREADER_FAULT", faults)
        self.running = emulator.serve(self.running, self.system)

    def run(self, *arguments: str) -> Ran:
        """Run pytest in the folder."""
        return run(self.folder, *arguments)


def run(folder: Path, *arguments: str) -> Ran:
    kept = {name: value for name, value in os.environ.items() if not name.startswith(_FOREIGN)}
    where = ("-c", str(PROJECT / "pytest.ini"), "--rootdir", str(PROJECT), str(PROJECT / "tests"))
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", *where, f"--system={SYSTEM}", *arguments],
        cwd=folder,
        env=kept,
        capture_output=True,
        text=True,
        check=False,
        timeout=600,
    )
    gates = {}
    for file in (folder / "reports/gates").glob("*.json"):
        findings = json.loads(file.read_text())["environments"]["embedded"]["findings"]
        gates[file.stem] = {finding["control"]: finding for finding in findings}
    return Ran(done.returncode, done.stdout + done.stderr, gates)


@pytest.fixture(scope="module")
def embedded(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Embedded]:
    made = Embedded(tmp_path_factory.mktemp("mdreader"), load_system(SYSTEM))
    yield made
    made.running.stop()


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


@pytest.mark.parametrize("faults", RUNS, ids=",".join)
def test_a_fault_fails_its_flow(embedded: Embedded, faults: tuple[str, ...], monkeypatch: pytest.MonkeyPatch) -> None:
    """The gate fails, each flow that must notice gives the reason, and one in the browser has a picture of it."""
    embedded.restart(",".join(faults), monkeypatch)
    expected = {flow: why for fault in faults for table in (API, BROWSER) for flow, why in table.get(fault, {}).items()}
    ran = embedded.run("-m", "e2e", "-k", " or ".join(flow.replace("-", "_") for flow in expected))
    assert ran.code == 1, ran.said
    for flow, why in expected.items():
        finding = ran.gates["e2e"][flow]
        assert finding["outcome"] == "fail", f"{flow} did not notice: {ran.said}"
        assert re.search(why, finding["message"]), finding["message"]
        if any(flow in BROWSER.get(fault, {}) for fault in faults):
            for folder in finding["evidence"]:
                assert _pictures(embedded.folder / folder), f"no picture in {folder}"


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


def _pictures(folder: Path) -> list[Path]:
    """Pictures of pages with something on them: an empty one of their size compresses to less."""
    return [p for p in folder.glob("*/page.png") if p.read_bytes()[:4] == b"\x89PNG" and p.stat().st_size > 8000]
