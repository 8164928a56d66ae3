"""How bad it is when an outside rule fails: a reviewed table, since open checkov has no severities."""

from __future__ import annotations

import csv
import re
from collections.abc import Mapping
from functools import cache
from pathlib import Path

from stackproof.model import Severity


def severity(rule: str) -> Severity:
    """The level of a rule (`CKV_AWS_24`, `E3012`); MEDIUM for one that the table does not know."""
    return rated(rule)[0]


def rated(rule: str) -> tuple[Severity, str]:
    """The level of a rule and where it comes from: `prisma`, `prowler`, `review` or `default`.

    A cfn-lint rule without a row of its own has the level of its class: E, W or I.
    """
    table = _table()
    known = table.get(rule)
    if known is None and re.fullmatch(r"[EWI]\d{4}", rule):
        known = table.get(rule[0])
    return known or (Severity.MEDIUM, "default")


@cache
def _table() -> Mapping[str, tuple[Severity, str]]:
    text = Path(__file__).with_name("severities.csv").read_text(encoding="utf-8")
    rows = csv.DictReader(text.splitlines())
    return {row["id"]: (Severity[row["level"].upper()], row["source"]) for row in rows}
