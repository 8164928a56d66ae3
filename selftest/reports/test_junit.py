"""JUnit XML of `stackproof check` is well formed whatever a template has in it."""

from __future__ import annotations

from dataclasses import replace
from xml.etree import ElementTree as Xml

from hypothesis import given
from hypothesis import strategies as st

from selftest.reports.test_terminal import FINDINGS
from stackproof.model import Finding
from stackproof.reports.junit import as_junit


@given(st.lists(FINDINGS, max_size=10), st.text(max_size=20))
def test_it_can_be_read_back(findings: list[Finding], odd: str) -> None:
    """Control characters, half characters and markup in names and messages do not break the file."""
    root = Xml.fromstring(as_junit([replace(f, resource=odd, waiver=odd) for f in findings]))  # noqa: S314 - our own
    assert len(list(root.iter("testcase"))) == len(findings)
