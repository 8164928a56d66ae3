"""IAM policies that allow what a reading needs, as small as AWS's limits ask for."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final

from stackproof.sources.live.needs import Need

VERSION: Final = "2012-10-17"
LONGEST: Final = 6_144  # characters of a managed policy, white space not counted ("IAM and AWS STS quotas")

Statement = Mapping[str, Any]
Document = Mapping[str, Any]


def statements(needs: Iterable[Need], *, by_service: bool = True) -> list[Statement]:
    """One statement for each set of resources, and each service where they are to be told apart; actions sorted."""
    groups: dict[tuple[str, tuple[str, ...]], set[str]] = {}
    for need in needs:
        service = need.action.partition(":")[0] if by_service else ""
        groups.setdefault((service, need.resources), set()).add(need.action)
    made: list[Statement] = []
    for (service, resources), actions in sorted(groups.items()):
        named = {"Sid": _sid(service, resources)} if by_service else {}
        resource = resources[0] if len(resources) == 1 else list(resources)
        made.append({**named, "Effect": "Allow", "Action": sorted(actions), "Resource": resource})
    return made


def documents(given: Sequence[Statement]) -> list[Document]:
    """Policy documents with these statements in their order: one, or as many as AWS's limit on their length makes."""
    made: list[list[Statement]] = [[]]
    for statement in given:
        if made[-1] and length({"Version": VERSION, "Statement": [*made[-1], statement]}) > LONGEST:
            made.append([])
        made[-1].append(statement)
    return [{"Version": VERSION, "Statement": part} for part in made if part]


def length(document: Document) -> int:
    """Characters of a document as AWS counts them: without white space."""
    return len(json.dumps(document, separators=(",", ":")))


def _sid(service: str, resources: Sequence[str]) -> str:
    """A statement's name; AWS allows letters and digits."""
    words = "".join(word.capitalize() for word in service.split("-"))
    return f"Read{words}" if resources == ("*",) else f"Read{words}OfSystem"
