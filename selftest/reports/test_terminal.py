"""The summary on a terminal: it fits, says the worst first, and says each thing once."""

from __future__ import annotations

import re
import unicodedata

from hypothesis import given
from hypothesis import strategies as st

from stackproof.gates.gate import Policy, decide
from stackproof.model import Cause, Finding, Outcome, Severity, Where
from stackproof.reports.terminal import Screen, cut, summary

ENVIRONMENTS = ("dev", "staging", "prod")
TEXTS = st.text(min_size=1, max_size=200)


def finding(
    outcome: Outcome = Outcome.FAIL,
    environment: str = "dev",
    severity: Severity = Severity.HIGH,
    control: str = "s3-versioned",
    message: str = "VersioningConfiguration.Status is not set, expected 'Enabled'",
    decided_by: str = "",
) -> Finding:
    cause = Cause.UNRESOLVED_PARAMETER if outcome is Outcome.UNKNOWN else None
    return Finding(
        control=control,
        engine="stackproof",
        severity=severity,
        outcome=outcome,
        where=Where("infrastructure/storage.yml", 7),
        resource="storage.Uploads",
        type="AWS::S3::Bucket",
        environment=environment,
        message=message,
        remediation="Set Status: Enabled.",
        cause=cause,
        decided_by=decided_by,
    )


FINDINGS = st.builds(
    finding,
    outcome=st.sampled_from(Outcome),
    environment=st.sampled_from(ENVIRONMENTS),
    severity=st.sampled_from(Severity),
    control=st.sampled_from(["s3-versioned", "CKV_AWS_18", "rds-multi-az"]) | TEXTS,
    message=TEXTS,
    decided_by=TEXTS,
)


def cells(line: str) -> int:
    plain = re.sub(r"\x1b\[[0-9;]*m", "", line)
    wide = sum(unicodedata.east_asian_width(c) in "WF" for c in plain)
    return len(plain) + wide - sum(unicodedata.combining(c) > 0 for c in plain)


def shown(findings: list[Finding], screen: Screen, blocks: Severity = Severity.LOW) -> list[str]:
    decisions = {
        name: decide([f for f in findings if f.environment == name], Policy(blocks), 1.0) for name in ENVIRONMENTS
    }
    return summary("shop · unit gate", decisions, findings, screen, blocks=blocks)


@given(st.lists(FINDINGS, max_size=40), st.integers(60, 200), st.integers(24, 60), st.booleans())
def test_whatever_was_found_fits_the_screen(findings: list[Finding], width: int, height: int, colour: bool) -> None:
    """No line is wider than the terminal, there are not more than fit, and no control character gets through."""
    lines = shown(findings, Screen(colour, width, height))
    assert max(map(cells, lines)) <= width
    assert len(lines) <= height
    plain = re.sub(r"\x1b\[[0-9;]*m", "", "".join(lines)) if colour else "".join(lines)
    assert all(c.isprintable() for c in plain)


@given(st.lists(FINDINGS, max_size=30))
def test_without_a_screen_everything_is_said(findings: list[Finding]) -> None:
    """With no height each different failure is written once; nothing is counted away."""
    lines = shown(findings, Screen(width=140, height=0))
    failures = {(f.control, f.where) for f in findings if f.outcome is Outcome.FAIL}
    assert len([line for line in lines if line.startswith(("  FAIL ", "  ADVICE "))]) == len(failures)
    assert not any("more in the report" in line for line in lines)


def test_the_same_failure_is_said_once_with_its_environments() -> None:
    """One line for what dev and prod share, another for what only staging has."""
    findings = [finding(environment=name) for name in ("dev", "prod")]
    findings.append(finding(environment="staging", control="rds-multi-az"))
    heads = [line for line in shown(findings, Screen()) if "FAIL " in line]
    assert heads == [
        "  FAIL    high     rds-multi-az on storage.Uploads in staging",
        "  FAIL    high     s3-versioned on storage.Uploads in dev, prod",
    ]


def test_the_worst_comes_first_and_advice_last() -> None:
    """Failures that do not count are advice, whatever their severity, and stand below those that do."""
    findings = [finding(severity=severity, control=severity.label) for severity in Severity]
    lines = shown(findings, Screen(), blocks=Severity.HIGH)
    told = [line.split()[:2] for line in lines if line.startswith(("  FAIL", "  ADVICE"))]
    counted = [["FAIL", "critical"], ["FAIL", "high"]]
    assert told == [*counted, ["ADVICE", "medium"], ["ADVICE", "low"], ["ADVICE", "info"]]


def test_what_does_not_fit_is_counted_by_severity() -> None:
    """The rest is never dropped in silence."""
    findings = [finding(control=f"c{n}", severity=Severity.HIGH if n < 9 else Severity.LOW) for n in range(20)]
    lines = shown(findings, Screen(height=24))
    left = 20 - len([line for line in lines if line.startswith("  FAIL")])
    (rest,) = (line for line in lines if "more in the report" in line)
    found = re.fullmatch(r"  \.\.\. and (\d+) more in the report: (\d+) high, (\d+) low", rest)
    assert found is not None
    assert int(found[1]) == int(found[2]) + int(found[3]) == left


def test_many_causes_are_put_together() -> None:
    """Fifty parameters without a value are one line that names one of them and counts the others."""
    findings = [finding(Outcome.UNKNOWN, control=f"c{n}", decided_by=f"shop.P{n:02}") for n in range(50)]
    (line,) = (line for line in shown(findings, Screen()) if "UNKNOWN" in line)
    assert line.startswith("  UNKNOWN unresolved-parameter: shop.P00 and 49 others · 50 checks in dev")


def test_few_causes_are_named_each() -> None:
    """Two parameters are two lines, the one that leaves more open first."""
    findings = [finding(Outcome.UNKNOWN, control=f"c{n}", decided_by=f"shop.P{n == 0}") for n in range(3)]
    told = [line.split()[2] for line in shown(findings, Screen()) if "UNKNOWN" in line]
    assert told == ["shop.PFalse", "shop.PTrue"]


@given(TEXTS, st.integers(4, 80))
def test_a_cut_text_is_one_line_within_the_width(text: str, width: int) -> None:
    """Whatever the letters, wide ones too."""
    line = cut(text, width)
    assert cells(line) <= width
    assert "\n" not in line
