"""What a team sees of its user flows: pages that are judged by default, evidence, and no verdict without a browser."""

from __future__ import annotations

import json
import re
import zipfile
from pathlib import Path

import pytest

from selftest.browser.conftest import FlowRun
from selftest.browser.pages import PASSWORD, TOKEN
from selftest.browser.project import RIGHT, WRONG, findings, python_blocks
from stackproof.browser.launching import with_video


@pytest.mark.parametrize("page", RIGHT)
def test_a_good_page_passes(flows: FlowRun, page: str) -> None:
    """A page without a fault is no finding."""
    assert flows.found[f"page[{page}]"]["outcome"] == "pass", flows.ran.said


@pytest.mark.parametrize("page", WRONG)
def test_a_fault_of_a_page_fails_the_flow_with_its_reason(flows: FlowRun, page: str) -> None:
    """Opening the page is all that the test does; the default checks say what is wrong, and where."""
    found = flows.found[f"page[{page}]"]
    assert found["outcome"] == "fail"
    assert re.search(WRONG[page], found["message"]), found["message"]


def test_every_visited_page_is_checked_not_only_the_last(flows: FlowRun) -> None:
    """So is one that was left at once, one that is shown without a load, and one that cannot be opened again."""
    found = flows.found
    assert "/image: accessibility" in found["left-too-soon"]["message"]
    assert "/inner: accessibility" in found["route-of-one-document"]["message"]
    assert "/nowhere: accessibility" in found["route-that-is-left-at-once-for-good"]["message"]


def test_announced_errors_are_no_problems_unless_they_do_not_come(flows: FlowRun) -> None:
    """`expects` excuses just what it names, and has to be met."""
    found = flows.found
    assert found["expected-errors"]["outcome"] == "pass", found["expected-errors"]["message"]
    assert "expected status 503 of /api/*, which did not come" in found["expected-but-did-not-come"]["message"]


def test_a_check_within_a_test_names_the_page_as_the_test_does(flows: FlowRun) -> None:
    """`visitor.check(name)` fails at its own line, with the name."""
    message = flows.found["check-names-the-page"]["message"]
    assert message.startswith("visitor met: picture book (/image): accessibility (critical)")


def test_the_pages_errors_stand_beside_the_tests_own_failure(flows: FlowRun) -> None:
    """Whoever reads a failed assertion sees what the console said."""
    assert flows.found["fails-by-itself"]["message"].startswith("assert 'console' == 'something else'")
    section = flows.ran.out.partition("pages of visitor")[2]
    assert "/console: console error: the cart is broken" in section.partition("____")[0]


def test_people_share_a_sign_in_and_nothing_else(flows: FlowRun) -> None:
    """Two tests signed in by one form; the second person of each was a stranger, on a phone."""
    found = flows.found
    for number in (1, 2):
        assert found[f"signed-in-once[{number}]"]["outcome"] == "pass", found[f"signed-in-once[{number}]"]["message"]
    assert {"note 1", "note 2"} <= set(flows.shop.notes)
    assert len(list(flows.reports.glob("test_shop.test_signed_in_once*/*-signs-in"))) == 1


def test_each_person_leaves_evidence_and_a_failure_a_video(flows: FlowRun, tmp_path: Path) -> None:
    """Trace, HAR, picture and page are always there; the video only where something went wrong."""
    always = {"trace.zip", "har.zip", "page.png", "page.html", "checks.json"}
    passed = {path.name for path in (flows.reports / "test_shop.test_signed_in_once[2]/anna").iterdir()}
    failed = {path.name for path in (flows.reports / "test_shop.test_fails_by_itself/visitor").iterdir()}
    with with_video(tmp_path) as video:
        assert passed == always
        assert failed == always | ({"video.webm"} if video else set())
    assert flows.found["fails-by-itself"]["evidence"] == ["reports/e2e/dev/test_shop.test_fails_by_itself"]


def test_only_the_tests_own_folder_is_emptied(flows: FlowRun) -> None:
    """What an earlier run left of this test is gone; all else in reports/ stays."""
    root = flows.project.root / "reports"
    assert not (root / "e2e/dev/test_shop.test_fails_by_itself/visitor/of-an-earlier-run.txt").exists()
    assert (root / "e2e/dev/test_shop.test_that_is_gone/visitor/page.png").read_text() == "kept"
    assert (root / "unit/junit.xml").read_text() == "kept"


def test_evidence_holds_neither_passwords_nor_tokens(flows: FlowRun) -> None:
    """They went through forms, bodies, headers and storage; no file of the reports has them in any form."""
    looked = 0
    for file in (flows.project.root / "reports").rglob("*"):
        contents = [file.read_bytes()] if file.is_file() else []
        if file.suffix == ".zip":
            with zipfile.ZipFile(file) as archive:
                contents = [archive.read(name) for name in archive.namelist()]
        for content in contents:
            looked += 1
            for secret in (PASSWORD, PASSWORD.replace(" ", "+"), PASSWORD.replace(" ", "%20"), TOKEN, "abcdefgh"):
                assert secret.encode() not in content, file
    assert looked > 100


def test_calls_of_the_api_are_written_down(flows: FlowRun) -> None:
    """Method, address, status and body of each call, with what is secret hidden."""
    lines = (flows.reports / "test_shop.test_api/calls.jsonl").read_text().splitlines()
    calls = [json.loads(line) for line in lines]
    assert [(call["person"], call["method"], call["status"]) for call in calls] == [
        ("", "POST", 200),
        ("", "GET", 401),
        ("anna", "GET", 200),
    ]
    sent = {"email": "anna@example.com", "password": "[hidden]"}
    assert json.loads(calls[0]["request"]["body"]) == sent
    assert json.loads(calls[0]["response"]["body"]) == {"access_token": "[hidden]"}
    assert calls[2]["request"]["headers"]["Authorization"] == "[hidden]"


def test_a_second_try_keeps_the_first_ones_evidence(flows: FlowRun) -> None:
    """A flow that passes only on a second try is shown as flaky, with both tries to look at."""
    (flows.project.root / "tries").unlink(missing_ok=True)
    flows.again("-m", "smoke", "--environment", "dev")
    folder = flows.project.root / "reports/smoke/dev/test_shop.test_second_try"
    folder = folder if folder.is_dir() else flows.reports / "test_shop.test_second_try"
    assert (folder / "visitor/trace.zip").is_file()
    assert (folder / "try-2/visitor/trace.zip").is_file()
    assert findings(flows.project, gate="smoke")["second-try"]["standing"] == "flaky"


def test_a_flow_runs_once_for_each_environment(flows: FlowRun) -> None:
    """Each has its own finding and its own folder."""
    flows.again("-m", "e2e", "-k", "test_api", "--environment", "dev,prod")
    for environment in ("dev", "prod"):
        outcomes = {f["outcome"] for name, f in findings(flows.project, environment).items() if name.startswith("api")}
        assert "pass" in outcomes
        assert list((flows.project.root / f"reports/e2e/{environment}").glob("test_shop.test_api*"))


@pytest.mark.parametrize(
    ("environment", "variables", "says"),
    [
        ("dev", {"STACKPROOF_BROWSER": "/no/such/browser"}, "tool-missing: STACKPROOF_BROWSER: /no/such/browser"),
        ("dev", {"STACKPROOF_BROWSER": "/bin/false"}, "tool-missing: /bin/false does not start"),
        ("dev", {"SHOP_URL": ""}, "not-run: address 'app' of environment 'dev': the variable SHOP_URL is not set"),
        ("bare", {}, "not-run: systems/shop/system.yaml:7: environment 'bare' has neither addresses nor base_url"),
    ],
)
def test_without_browser_or_address_there_is_no_verdict(
    flows: FlowRun, environment: str, variables: dict[str, str], says: str
) -> None:
    """It is unknown, with the cause and what to do; never a pass, and exit code 6 where evidence is required."""
    chosen = ("-m", "e2e", "-k", "second_try", "--environment", environment)
    assert flows.again(*chosen, "--evidence", "required", **variables).code == 6
    found = findings(flows.project, environment)["second-try"]
    assert found["outcome"] == "unknown"
    assert f"{found['cause']}: {found['message']}".startswith(says)


def test_the_flows_of_the_page_about_flows_pass(flows: FlowRun) -> None:
    """Whoever copies an example of docs/flows.md gets a flow that works."""
    names = re.findall(r"def test_(\w+)", "\n".join(python_blocks("flows.md")))
    found = flows.found
    assert len(names) >= 3
    for name in names:
        assert found[name.replace("_", "-")]["outcome"] == "pass", found[name.replace("_", "-")]["message"]
