"""SARIF 2.1.0, for code-scanning dashboards. Only failures are results; what is unknown is a notification."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any
from urllib.parse import quote

from stackproof import __version__
from stackproof.model import Finding, Outcome, Severity

_LEVELS = {Severity.CRITICAL: "error", Severity.HIGH: "error", Severity.MEDIUM: "warning"}


def as_sarif(findings: Sequence[Finding]) -> str:
    """Write findings as one SARIF run. `executionSuccessful` is false while anything is unknown."""
    failed = [f for f in findings if f.outcome in (Outcome.FAIL, Outcome.WAIVED)]
    unknown = [f for f in findings if f.outcome is Outcome.UNKNOWN]
    rules = {f.control: f for f in failed}
    run = {
        "tool": {
            "driver": {
                "name": "stackproof",
                "version": __version__,
                "rules": [_rule(rules[control]) for control in sorted(rules)],
            }
        },
        "results": [_result(finding) for finding in failed],
        "invocations": [
            {
                "executionSuccessful": not unknown,
                "toolExecutionNotifications": [
                    {"level": "warning", "message": {"text": _said(f)}, "locations": [_location(f)]} for f in unknown
                ],
            }
        ],
    }
    schema = "https://json.schemastore.org/sarif-2.1.0.json"
    return json.dumps({"$schema": schema, "version": "2.1.0", "runs": [run]}, indent=1) + "\n"


def _rule(finding: Finding) -> dict[str, Any]:
    return {
        "id": finding.control,
        "shortDescription": {"text": finding.control},
        "help": {"text": finding.remediation or finding.control},
        "properties": {"severity": finding.severity.label},
    }


def _result(finding: Finding) -> dict[str, Any]:
    result: dict[str, Any] = {
        "ruleId": finding.control,
        "level": _LEVELS.get(finding.severity, "note"),
        "message": {"text": _said(finding)},
        "locations": [_location(finding)],
        "partialFingerprints": {"check/v1": f"{finding.environment}/{finding.key}"},
    }
    if finding.outcome is Outcome.WAIVED:
        result["suppressions"] = [{"kind": "external", "justification": finding.waiver}]
    return result


def _said(finding: Finding) -> str:
    environment = f" [{finding.environment}]" if finding.environment else ""
    return f"{finding.resource or finding.where.source}{environment}: {finding.message}"


def _uri(source: str) -> str:
    """Write a path as a URI, whatever bytes its name has."""
    return quote(source.encode("utf-8", "surrogateescape"))


def _location(finding: Finding) -> dict[str, Any]:
    place: dict[str, Any] = {"artifactLocation": {"uri": _uri(finding.where.source)}}
    if finding.where.line:
        place["region"] = {"startLine": finding.where.line}
    return {"physicalLocation": place}
