"""Scanning: the cache first, then the tools for what it does not know."""

from __future__ import annotations

import hashlib
import json
import os
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Final

from stackproof.cache import Cache, key_of
from stackproof.model import Cause, Document, Unknown
from stackproof.scanners.engines import CFN_LINT, CHECKOV, SOURCE, Tool, tools
from stackproof.scanners.results import Scan, Scans, from_answer, from_bytes

# CloudFormation takes 1 MB and 500 resources; above these, a scanner would take minutes and half a gigabyte
_MOST_TEXT: Final = 1_000_000  # characters
_MOST_RESOURCES: Final = 1_000

if TYPE_CHECKING:
    from stackproof.scanners.processes import Answer, Task
_TOOL_OF: Final = {CFN_LINT: CFN_LINT, CHECKOV: CHECKOV, SOURCE: CFN_LINT}


@dataclass(frozen=True, slots=True)
class _Job:
    engine: str
    digest: str
    text: str
    region: str
    key: str


def scan(
    documents: Iterable[Document],
    cache: Cache,
    *,
    sources: Mapping[str, str] | None = None,
    workers: int = 0,
    seconds: float = 60.0,
    progress: Callable[[str, int, int], None] | None = None,
    halted: Callable[[], bool] = lambda: False,
) -> Scans:
    """Let cfn-lint and checkov read the documents, and cfn-lint the authors' own texts too.

    Equal documents are read once, and what the cache knows is not read at all: if it knows everything, no process
    is started. `sources` are texts by file name. `workers` is the number of processes per tool (0: one per core),
    `seconds` what one document may take. `progress` gets engine, done and total as it goes. A scan that is `halted`
    is not whole: its result is of no use.
    """
    installed = tools()
    found: dict[tuple[str, str], Scan] = {}
    missing: list[_Job] = []
    asked: set[tuple[str, str]] = set()
    for engine, digest, text, region, too_large in _wanted(documents, sources or {}):
        if (engine, digest) in asked:
            continue
        asked.add((engine, digest))
        tool = installed[_TOOL_OF[engine]]
        if too_large or isinstance(tool, Unknown):
            found[engine, digest] = Scan(unknown=too_large or tool)  # type: ignore[arg-type] # one of them is
            continue
        key = key_of("scan", engine, tool.fingerprint, digest)
        known = _recall(cache, key)
        if known is None:
            missing.append(_Job(engine, digest, text, region, key))
        else:
            found[engine, digest] = known
    if missing:
        from stackproof.scanners.processes import answers

        ask = partial(answers, workers=workers or os.cpu_count() or 1, seconds=seconds, halted=halted)
        _read(missing, installed, cache, found, ask, progress)
    return found


def source_digest(text: str) -> str:
    """The digest under which the scan of an author's own text is found."""
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()


def _wanted(
    documents: Iterable[Document], sources: Mapping[str, str]
) -> Iterable[tuple[str, str, str, str, Unknown | None]]:
    for document in documents:
        digest, text = document.digest(), document.text()
        resources = document.content.get("Resources")
        too_large = _too_large(text, len(resources) if isinstance(resources, Mapping) else 0)
        yield CFN_LINT, digest, text, document.region, too_large
        yield CHECKOV, digest, text, "", too_large
    for text in sources.values():
        yield SOURCE, source_digest(text), text, "", _too_large(text, 0)


def _too_large(text: str, resources: int) -> Unknown | None:
    if len(text) <= _MOST_TEXT and resources <= _MOST_RESOURCES:
        return None
    size = f"{len(text):,} characters and {resources:,} resources"
    return Unknown(Cause.TOOL_ERROR, f"too large for a scanner: {size}; CloudFormation takes 1,000,000 and 500")


def _recall(cache: Cache, key: str) -> Scan | None:
    entry = cache.get(key)
    if entry is None:
        return None
    try:
        return from_bytes(entry)
    except ValueError:
        return None  # of another time: read the document again


def _read(
    jobs: Sequence[_Job],
    installed: Mapping[str, Tool | Unknown],
    cache: Cache,
    found: dict[tuple[str, str], Scan],
    ask: Callable[[Mapping[str, tuple[Tool, Sequence[Task]]]], Iterable[Answer]],
    progress: Callable[[str, int, int], None] | None,
) -> None:
    from stackproof.scanners.processes import Task

    by_tool: dict[str, list[_Job]] = {}
    for job in jobs:
        by_tool.setdefault(_TOOL_OF[job.engine], []).append(job)
    work = {}
    for name, theirs in by_tool.items():
        tool = installed[name]
        if isinstance(tool, Tool):
            kinds = ("source" if job.engine == SOURCE else "resolved" for job in theirs)
            tasks = [Task(kind, job.text, job.region) for kind, job in zip(kinds, theirs, strict=True)]
            work[name] = (tool, tasks)
    done: Counter[str] = Counter()
    for reply in ask(work):
        job = by_tool[reply.tool][reply.task]
        found[job.engine, job.digest] = _kept(reply.answer, job, cache) if reply.answer else Scan(unknown=reply.unknown)
        done[reply.tool] += 1
        if progress:
            progress(reply.tool, done[reply.tool], len(by_tool[reply.tool]))


def _kept(answer: Mapping[str, object], job: _Job, cache: Cache) -> Scan:
    try:
        scanned = from_answer(answer)
    except ValueError as error:
        return Scan(unknown=Unknown(Cause.TOOL_ERROR, str(error)))
    if answer["lasting"]:
        cache.put(job.key, json.dumps(answer).encode())
    return scanned
