"""Each fault that MDReader can be started with makes the right flows fail."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from selftest.e2e.running import Embedded

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
    "websocket-drops": {"both-see-each-others-edits": "(anna|ben) lost the connection: "},
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


def _pictures(folder: Path) -> list[Path]:
    """Pictures of pages with something on them: an empty one of their size compresses to less."""
    return [p for p in folder.glob("*/page.png") if p.read_bytes()[:4] == b"\x89PNG" and p.stat().st_size > 8000]
