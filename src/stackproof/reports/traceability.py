"""Which check proves which statement of the design, and what came of it: one table over the gates' results."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from stackproof.gates.gate import FLAKY
from stackproof.model import Outcome
from stackproof.reports.files import write_atomically
from stackproof.reports.records import kleene

GATES = {
    "template": "unit",
    "deployed": "integration",
    "probe": "integration",
    "flow": "e2e",
    "load": "performance",
    "scan": "security",
    "pipeline": "verdict",
}  # kinds of proof, and the gate that gives each
OWED = "owed"
ELSEWHERE = "elsewhere"
UNPROVEN = "unproven"
_LONGEST = 90  # characters of a reason


@dataclass(frozen=True, slots=True)
class Design:
    """What a system's design states: `statements` are id, text and kinds of proof.

    `probes` holds the ids of its probes, `elsewhere` the statements that some environments only are expected to keep.
    """

    system: str
    statements: Sequence[tuple[str, str, Sequence[str]]]
    probes: frozenset[str] = frozenset()
    elsewhere: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Proof:
    """One kind of proof of one statement in one environment.

    `verdict` is an outcome; `owed` where the gate has not run, `elsewhere` where the statement is expected of other
    environments only, `unproven` where the gate ran and no check of it proves the statement. `why` says what an
    unknown is waiting for, or what failed. `checks` are the ids of the checks behind it.
    """

    statement: str
    kind: str
    environment: str
    verdict: str
    why: str
    checks: tuple[str, ...]


def write_traceability(path: Path, design: Design, gates: Path) -> None:
    """Write the table from the results in the folder `gates`, those of earlier runs included.

    Raises:
        MisuseError: the file cannot be written.

    """
    results = list(_results(gates, design.system))
    write_atomically(path, as_markdown(design, trace(design, results), results))


def trace(design: Design, results: Sequence[Mapping[str, Any]]) -> list[Proof]:
    """Join the statements with the findings that prove them. `results` are the contents of gate files."""
    found: dict[str, list[tuple[str, dict[str, list[Any]]]]] = {}
    for result in results:
        for environment, content in result["environments"].items():
            by_kind = _by_kind(result["gate"], content["findings"], design.probes)
            for kind in (k for k, gate in GATES.items() if gate == result["gate"]):
                found.setdefault(kind, []).append((environment, by_kind.get(kind, {})))
    return [
        proof
        for statement, _, kinds in design.statements
        for kind in kinds
        for proof in _proofs(statement, kind, found.get(kind, ()), design.elsewhere)
    ]


def as_markdown(design: Design, proofs: Iterable[Proof], results: Sequence[Mapping[str, Any]]) -> str:
    """Write the table: a row for each statement and kind of proof."""
    says = {statement: text for statement, text, _ in design.statements}
    rows = [
        f"# {design.system}: traceability",
        "",
        "What each statement of the design rests on. `owed`: the gate has not run. `elsewhere`: expected of other",
        "environments only. `unproven`: the gate ran, and no check of it proves the statement.",
        "",
        *(_ran(result) for result in results),
        "",
        "| statement | says | proof | gate | verdict | checks |",
        "|---|---|---|---|---|---|",
    ]
    grouped: dict[tuple[str, str], list[Proof]] = {}
    for proof in proofs:
        grouped.setdefault((proof.statement, proof.kind), []).append(proof)
    for (statement, kind), same in grouped.items():
        checks = "<br>".join(f"`{c}`" for c in sorted({c for p in same for c in p.checks})) or "-"
        verdict = "<br>".join(_verdicts(same))
        rows.append(f"| {statement} | {_escaped(says[statement])} | {kind} | {GATES[kind]} | {verdict} | {checks} |")
    return "\n".join([*rows, ""])


# --- inside ----------------------------------------------------------------------------------------------------


def _results(folder: Path, system: str) -> Iterable[Mapping[str, Any]]:
    for gate in dict.fromkeys(GATES.values()):
        path = folder / f"{gate}.json"
        if path.is_file():
            content = json.loads(path.read_text(encoding="utf-8"))
            if content["system"] == system:
                yield content


def _by_kind(
    gate: str, findings: Iterable[Mapping[str, Any]], probes: frozenset[str]
) -> dict[str, dict[str, list[Any]]]:
    """Sort a gate's findings by kind of proof, then by the statements that they prove."""
    (first, *others) = [kind for kind, of in GATES.items() if of == gate]
    sorted_: dict[str, dict[str, list[Any]]] = {}
    for finding in findings:
        kind = "probe" if "probe" in others and finding["control"] in probes else first
        for statement in finding["proves"]:
            sorted_.setdefault(kind, {}).setdefault(statement, []).append(finding)
    return sorted_


def _proofs(
    statement: str,
    kind: str,
    environments: Sequence[tuple[str, Mapping[str, list[Any]]]],
    elsewhere: frozenset[str],
) -> Iterable[Proof]:
    if not environments:
        yield Proof(statement, kind, "", OWED, "", ())
    for environment, by_statement in environments:
        findings = by_statement.get(statement, ())
        if not findings:
            verdict = ELSEWHERE if statement in elsewhere else UNPROVEN
            yield Proof(statement, kind, environment, verdict, "", ())
            continue
        outcome = kleene(Outcome(f["outcome"]) for f in findings)
        checks = tuple(sorted({f["control"] for f in findings}))
        flaky = outcome is Outcome.PASS and any(f["standing"] == FLAKY for f in findings)
        yield Proof(statement, kind, environment, FLAKY if flaky else outcome.value, _why(outcome, findings), checks)


def _why(outcome: Outcome, findings: Iterable[Mapping[str, Any]]) -> str:
    """Say what decides a verdict that is not good: of all findings with this outcome, each reason once."""
    if outcome in (Outcome.PASS, Outcome.NOT_APPLICABLE):
        return ""
    deciding = [f for f in findings if f["outcome"] == outcome]
    said = [f"{f['cause']}: {f['decided_by']}" if f["cause"] else f["message"] for f in deciding]
    text = "; ".join(dict.fromkeys(said))
    return text if len(text) <= _LONGEST else f"{text[: _LONGEST - 3]}..."


def _verdicts(proofs: Sequence[Proof]) -> list[str]:
    """Name the environments of each verdict, what is not good first."""
    groups: dict[tuple[str, str], list[str]] = {}
    for proof in sorted(proofs, key=lambda p: p.verdict == Outcome.PASS):
        groups.setdefault((proof.verdict, proof.why), []).append(proof.environment)
    shown = []
    for (verdict, why), names in groups.items():
        marked = verdict if verdict in (Outcome.PASS, OWED, ELSEWHERE) else f"**{verdict}**"
        where = f" {', '.join(names)}" if any(names) else ""
        shown.append(f"{marked}{where}{f' ({_escaped(why)})' if why else ''}")
    return shown


def _ran(result: Mapping[str, Any]) -> str:
    names = ", ".join(f"{name} {content['status']}" for name, content in result["environments"].items())
    return f"- {result['gate']} gate, {result['started']}: {names}"


def _escaped(text: str) -> str:
    return text.replace("|", "\\|").replace("\n", " ")
