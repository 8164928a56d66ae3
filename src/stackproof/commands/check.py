"""`stackproof check`: the static engine on any template."""

from __future__ import annotations

import argparse
import datetime
import json
import os
import shutil
import sys
import time
from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path

from stackproof.cache import Cache
from stackproof.engine.judgement import Judgement
from stackproof.engine.paths import Found, Variant, changed, find_templates, judge_paths
from stackproof.errors import MisuseError
from stackproof.gates.gate import Decision, Policy, Status, decide
from stackproof.gates.waivers import apply_waivers
from stackproof.model import Finding, Outcome, Severity
from stackproof.reports.files import write_atomically
from stackproof.reports.records import ranked, record
from stackproof.reports.terminal import Screen, counted, cut, summary
from stackproof.system.parameter_files import ParameterFile, read_parameters

_LOG = 100  # lines of a summary that no terminal shows
_BELOW = 4  # lines below a summary: what was not judged, and the prompt


def check(options: argparse.Namespace) -> int:
    """Judge templates and print what was found; return the exit code.

    Raises:
        MisuseError: a path or parameter file is wrong, or there is no template at all.

    """
    found = _templates(options)
    if not found.templates:
        return _nothing(options, found)
    started = time.monotonic()
    findings: list[Finding] = []
    uncovered: Counter[str] = Counter()
    judged = judge_paths(
        found.templates,
        _variants(options),
        Cache(),
        scanners=not options.no_scanners,
        progress=_progress if sys.stderr.isatty() else None,
    )
    quiet: Counter[Outcome] = Counter()
    unsaid = (Outcome.PASS, Outcome.NOT_APPLICABLE) if options.format == "text" else ()
    for _, judgements in judged:
        for finding in _waived(judgements):
            if finding.outcome in unsaid:
                quiet[finding.outcome] += 1
            else:
                findings.append(finding)
        for name in {name for judgement in judgements for name in judgement.uncovered}:
            uncovered[name] += max(judgement.uncovered.get(name, 0) for judgement in judgements)
    if sys.stderr.isatty():
        sys.stderr.write("\r\x1b[K")
    policy = Policy(blocks=Severity[options.blocks.upper()])
    decision = decide(findings, policy, time.monotonic() - started, quiet=quiet)
    _print(options, findings, decision, found, uncovered)
    return _exit_code(decision, evidence_required=options.evidence == "required")


def _templates(options: argparse.Namespace) -> Found:
    if options.changed:
        return Found(tuple(changed(options.paths, _given_files(options))), 0)
    if not options.paths:
        raise MisuseError("stackproof check", "no path", "a template or a folder", "Try `stackproof check .`")
    return find_templates(options.paths)


def _nothing(options: argparse.Namespace, found: Found) -> int:
    """A run that judged nothing must not look like one that found nothing; only an empty change is fine."""
    if options.changed:
        print("stackproof check: no template changed", file=sys.stderr)
        if options.format != "text":
            _write(options, _report(options.format, ()))
        return 0
    paths = ", ".join(str(path) for path in options.paths)
    raise MisuseError(paths, f"no template ({found.others} other YAML and JSON files)", "at least one")


def _variants(options: argparse.Namespace) -> list[Variant]:
    names = options.environment or [""]
    return [Variant(name, _parameter_files(options.parameters, name), options.region) for name in names]


def _parameter_files(paths: Sequence[Path], environment: str) -> tuple[ParameterFile, ...]:
    return tuple(read_parameters(_filled(path, environment), environment) for path in paths)


def _given_files(options: argparse.Namespace) -> list[Path]:
    return [_filled(path, name) for path in options.parameters for name in options.environment or [""]]


def _filled(path: Path, environment: str) -> Path:
    return Path(str(path).replace("{environment}", environment))


def _waived(judgements: Sequence[Judgement]) -> list[Finding]:
    findings = [finding for judgement in judgements for finding in judgement.findings]
    marks = list(dict.fromkeys(mark for judgement in judgements for mark in judgement.marks))
    environments = [judgement.environment for judgement in judgements]
    if not marks:
        return findings
    return apply_waivers(findings, marks, datetime.date.today(), environments, honour_marks=True)


def _print(
    options: argparse.Namespace,
    findings: Sequence[Finding],
    decision: Decision,
    found: Found,
    uncovered: Mapping[str, int],
) -> None:
    if options.format == "text":
        text = "\n".join(_lines(options, findings, decision, found, uncovered)) + "\n"
    else:
        text = _report(options.format, findings)
    _write(options, text)


def _report(form: str, findings: Sequence[Finding]) -> str:
    if form == "json":
        return json.dumps([record(finding) for finding in ranked(findings)], indent=1, ensure_ascii=False) + "\n"
    if form == "sarif":
        from stackproof.reports.sarif import as_sarif

        return as_sarif(ranked(findings))
    from stackproof.reports.junit import as_junit

    return as_junit(ranked(findings))


def _write(options: argparse.Namespace, text: str) -> None:
    if options.output:
        write_atomically(options.output, text)
    else:
        sys.stdout.write(text)


def _lines(
    options: argparse.Namespace,
    findings: Sequence[Finding],
    decision: Decision,
    found: Found,
    uncovered: Mapping[str, int],
) -> list[str]:
    terminal = sys.stdout.isatty() and not options.output
    width, height = shutil.get_terminal_size((120, _LOG))
    colour = terminal and not os.environ.get("NO_COLOR")
    height = 0 if options.all else (height if terminal else _LOG) - _BELOW
    number = len(found.templates)
    title = f"stackproof check · {counted(number, 'template')}"
    if options.environment:
        title += f" · {', '.join(options.environment)}"
    written = summary(
        title,
        {"": decision},
        findings,
        Screen(colour, width, height),
        blocks=Severity[options.blocks.upper()],
        environments=options.environment,
    )
    if found.others:
        written.append(cut(f"  {counted(found.others, 'other YAML or JSON file')} in the folders: no templates", width))
    if uncovered:
        names = ", ".join(sorted(uncovered))
        number = sum(uncovered.values())
        written.append(
            cut(f"  {counted(number, 'resource')} of types that no control of ours looks at: {names}", width)
        )
    return written


def _exit_code(decision: Decision, *, evidence_required: bool) -> int:
    if decision.status is Status.FAILED:
        return 1
    return 6 if evidence_required and decision.status is not Status.PASSED else 0


def _progress(what: str, done: int, total: int) -> None:
    sys.stderr.write(f"\r\x1b[Kstackproof: {what} {done}/{total}")
    sys.stderr.flush()
