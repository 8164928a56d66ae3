"""All that was found out about one environment's templates, and its form in the cache."""

from __future__ import annotations

import datetime
import hashlib
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field, fields
from enum import Enum
from pathlib import Path
from typing import Any

from stackproof.files import content_of
from stackproof.gates.waivers import Waiver
from stackproof.model import Cause, Finding, Outcome, Severity, Where
from stackproof.scanners.engines import ENGINES


@dataclass(frozen=True, slots=True)
class Judgement:
    """The findings of one environment before waivers, and what they cover.

    `expected` counts the checks that had to be answered, known before any was judged. `uncovered` counts the
    resources of each type that no control looks at. `marks` are the waivers read inside the templates. `files`
    maps each file that was read to the SHA-256 of its content. `facts` is what else the gate's file shows of the run,
    as plain JSON.
    """

    environment: str
    findings: tuple[Finding, ...]
    expected: int
    resources: int
    uncovered: Mapping[str, int]
    marks: tuple[Waiver, ...]
    files: Mapping[str, str]
    facts: Mapping[str, Any] = field(default_factory=dict)


def to_bytes(judgements: Sequence[Judgement]) -> bytes:
    """Write judgements as JSON."""
    return json.dumps([_plain(judgement) for judgement in judgements], separators=(",", ":")).encode()


def from_bytes(content: bytes) -> list[Judgement]:
    """Read what `to_bytes` wrote."""
    return [
        Judgement(
            **{
                **entry,
                "findings": tuple(finding_from(values) for values in entry["findings"]),
                "marks": tuple(_mark(values) for values in entry["marks"]),
            }
        )
        for entry in json.loads(content)
    ]


def still_true(judgements: Sequence[Judgement]) -> bool:
    """Say whether every file that was read for them still has the same content."""
    return all(digest_of(Path(n)) == digest for j in judgements for n, digest in j.files.items())


def lasting(judgements: Iterable[Judgement]) -> bool:
    """Say whether the same input gives the same answer again: not so where a scanner crashed or took too long."""
    passing = (Cause.TIMEOUT, Cause.TOOL_ERROR)
    return not any(f.engine in ENGINES and f.cause in passing for j in judgements for f in j.findings)


def digest_of(path: Path) -> str:
    """SHA-256 of a file's content, or a word that says that it cannot be read."""
    try:
        return hashlib.sha256(content_of(path)).hexdigest()
    except OSError:
        return "unreadable"


_FIELDS = tuple(field.name for field in fields(Finding))


def plain_finding(finding: Finding) -> list[Any]:
    """A finding as plain JSON, its fields in their order."""
    return [_json(getattr(finding, name)) for name in _FIELDS]


def finding_from(values: Sequence[Any]) -> Finding:
    """Read what `plain_finding` made."""
    named = dict(zip(_FIELDS, values, strict=True))
    named["severity"] = Severity(named["severity"])
    named["outcome"] = Outcome(named["outcome"])
    named["where"] = Where(*named["where"])
    named["cause"] = Cause(named["cause"]) if named["cause"] else None
    named["also"] = tuple(named["also"])
    named["proves"] = tuple(named["proves"])
    named["evidence"] = tuple(Where(*place) for place in named["evidence"])
    return Finding(**named)


def _plain(judgement: Judgement) -> dict[str, Any]:
    findings = [plain_finding(finding) for finding in judgement.findings]
    marks = [{**asdict(mark), "until": mark.until and mark.until.isoformat()} for mark in judgement.marks]
    rest = {f.name: getattr(judgement, f.name) for f in fields(judgement)}
    return {**rest, "findings": findings, "marks": marks}


def _json(value: Any) -> Any:
    if isinstance(value, tuple):
        return [_json(item) for item in value]
    if isinstance(value, Enum):
        return value.value
    return [value.source, value.line] if isinstance(value, Where) else value


def _mark(values: Mapping[str, Any]) -> Waiver:
    return Waiver(
        **{
            **values,
            "until": datetime.date.fromisoformat(values["until"]) if values["until"] else None,
            "where": Where(**values["where"]),
            "environments": tuple(values["environments"]),
        }
    )
