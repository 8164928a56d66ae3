"""What an outside scanner said of one document, and its form in the cache."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TypeAlias

from stackproof.model import Cause, Unknown

Path: TypeAlias = tuple[str | int, ...]


@dataclass(frozen=True, slots=True)
class Hit:
    """One thing that a rule found, or a rule that crashed.

    `path` leads to it from the root of the document. `line` counts from 1 in the author's own text, and is 0 for a
    resolved document, whose lines mean nothing to anybody.
    """

    rule: str
    path: Path
    message: str
    url: str = ""
    line: int = 0
    crashed: bool = False


@dataclass(frozen=True, slots=True)
class Scan:
    """One engine's answer on one document: what it found, how many rules it used on how many resources.

    With `unknown` set the document was not or not wholly judged; what was found until then still counts.
    """

    hits: tuple[Hit, ...] = ()
    rules: int = 0
    resources: int = 0
    unknown: Unknown | None = None


# By engine and digest of the document (of the text, for the engine that reads the author's own)
Scans: TypeAlias = Mapping[tuple[str, str], Scan]


def from_answer(answer: Mapping[str, object]) -> Scan:
    """Read an answer of the worker.

    Raises:
        ValueError: it is not one.

    """
    try:
        hits, unknown = answer["hits"], answer["unknown"]
        return Scan(
            tuple(Hit(**{**hit, "path": tuple(hit["path"])}) for hit in hits),  # type: ignore[attr-defined]
            int(str(answer["rules"])),
            int(str(answer["resources"])),
            Unknown(Cause(unknown[0]), str(unknown[1])) if unknown else None,  # type: ignore[index]
        )
    except (KeyError, TypeError, IndexError) as error:
        raise ValueError(f"not an answer: {error}") from error


def from_bytes(line: bytes) -> Scan:
    """Read an answer from the cache.

    Raises:
        ValueError: it is not one.

    """
    answer = json.loads(line)
    if not isinstance(answer, dict):
        raise ValueError("not an answer")
    return from_answer(answer)
