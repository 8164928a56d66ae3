"""JUnit XML of `stackproof check`. (A pytest run writes pytest's own.)"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from xml.etree import ElementTree as Xml

from stackproof.model import Finding, Outcome


def as_junit(findings: Sequence[Finding]) -> str:
    """Write a test case a check: failures as `failure`, unknowns as `error`, waived and not applicable as `skipped`."""
    count = Counter(finding.outcome for finding in findings)
    suite = Xml.Element(
        "testsuite",
        name="stackproof",
        tests=str(len(findings)),
        failures=str(count[Outcome.FAIL]),
        errors=str(count[Outcome.UNKNOWN]),
        skipped=str(count[Outcome.WAIVED] + count[Outcome.NOT_APPLICABLE]),
    )
    for finding in findings:
        _case(suite, finding)
    root = Xml.Element("testsuites")
    root.append(suite)
    Xml.indent(root)
    return '<?xml version="1.0" encoding="utf-8"?>\n' + Xml.tostring(root, encoding="unicode") + "\n"


def _case(suite: Xml.Element, finding: Finding) -> None:
    place = finding.resource or finding.where.source
    name = f"{finding.control}[{place}]"
    environment = finding.environment or "default"
    case = Xml.SubElement(suite, "testcase", classname=_printable(f"{environment}.{place}"), name=_printable(name))
    said = _printable(f"{finding.where}: {finding.message}")
    if finding.outcome is Outcome.FAIL:
        Xml.SubElement(case, "failure", message=said, type=finding.severity.label).text = _printable(
            finding.remediation
        )
    elif finding.outcome is Outcome.UNKNOWN:
        Xml.SubElement(case, "error", message=said, type=str(finding.cause))
    elif finding.outcome is not Outcome.PASS:
        Xml.SubElement(case, "skipped", message=f"{finding.outcome}: {_printable(finding.waiver) or said}")


def _printable(text: str) -> str:
    """Drop the control characters that XML 1.0 cannot hold."""
    return re.sub(r"[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]", "?", text)
