"""Marks of checkov, cfn-lint and cfn_nag inside templates, read as waivers so that they are listed, not lost."""

from __future__ import annotations

import datetime
import re
from bisect import bisect_right
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from stackproof.gates.waivers import Waiver
from stackproof.model import Resource, Value

_COMMENT = re.compile(r"#\s*checkov:skip=([A-Z0-9_]+)(?::(.*))?", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Adoption:
    """Who answers for the marks, until when, where a system says so."""

    owner: str
    until: datetime.date


def read_marks(
    resources: Sequence[Resource], texts: Mapping[str, str], adoption: Adoption | None
) -> tuple[Waiver, ...]:
    """Read the marks of these resources and of their templates' comments.

    `texts` maps the templates' paths, as they stand in the resources' positions, to their text.
    """
    found = [*_comments(resources, texts)]
    for resource in resources:
        metadata = resource.attributes.get("Metadata")
        found += [(tool, rule, reason, resource) for tool, rule, reason in _metadata(metadata)]
    owner, until = (adoption.owner, adoption.until) if adoption else ("", None)
    return tuple(
        dict.fromkeys(
            Waiver(rule, resource.address, owner, reason, until, resource.where(""), inline=tool)
            for tool, rule, reason, resource in found
        )
    )


def _comments(resources: Sequence[Resource], texts: Mapping[str, str]) -> Iterator[tuple[str, str, str, Resource]]:
    """Give each `#checkov:skip=ID:reason` to the resource in whose lines it stands."""
    starts: dict[str, list[tuple[int, Resource]]] = {}
    for resource in resources:
        where = resource.where("")
        starts.setdefault(where.source, []).append((where.line, resource))
    for source, text in texts.items():
        begun = sorted(starts.get(source, ()), key=lambda start: start[0])
        lines = [start for start, _ in begun]
        for number, line in enumerate(text.splitlines(), start=1):
            mark = _COMMENT.search(line)
            above = bisect_right(lines, number) if mark else 0
            if mark and above:
                yield "checkov", mark[1], (mark[2] or "").strip(), begun[above - 1][1]


def _metadata(metadata: Value) -> Iterator[tuple[str, str, str]]:
    """Find the marks in a resource's Metadata: (tool, rule, reason)."""
    for entry in _list_at(metadata, "checkov", "skip"):
        if isinstance(entry, dict) and isinstance(entry.get("id"), str):
            yield "checkov", entry["id"], str(entry.get("comment", ""))
    for entry in _list_at(metadata, "cfn-lint", "config", "ignore_checks"):
        if isinstance(entry, str):
            yield "cfn-lint", entry, ""
    for entry in _list_at(metadata, "cfn_nag", "rules_to_suppress"):
        if isinstance(entry, dict) and isinstance(entry.get("id"), str):
            yield "cfn_nag", entry["id"], str(entry.get("reason", ""))


def _list_at(value: Any, *path: str) -> Iterable[Any]:
    for key in path:
        value = value.get(key) if isinstance(value, dict) else None
    return value if isinstance(value, list) else ()
