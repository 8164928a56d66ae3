"""Which check proves which statement of the design, and what came of it."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass

from stackproof.model import Finding, Outcome
from stackproof.reports.records import kleene

OWING = {
    "template": "unit",
    "deployed": "integration",
    "probe": "integration",
    "flow": "e2e",
    "load": "performance",
    "scan": "security",
    "pipeline": "verdict",
}


ELSEWHERE = "elsewhere"


@dataclass(frozen=True, slots=True)
class Traced:
    """One statement: its verdict from the template, the checks behind it, and the gates that owe the rest.

    `verdict` is an outcome, `owed` where no template can prove it, `elsewhere` where it is expected of other
    environments only, or `unproven` where a template could prove it and no check does.
    """

    id: str
    says: str
    verdict: str
    checks: tuple[str, ...]
    owed_by: tuple[str, ...]


def trace(
    requirements: Iterable[tuple[str, str, Sequence[str]]], findings: Sequence[Finding], elsewhere: Collection[str] = ()
) -> list[Traced]:
    """Join statements (id, text, kinds of proof) with the findings that prove them.

    `elsewhere` holds the ids that expectations of other environments prove.
    """
    proofs: dict[str, list[Finding]] = {}
    for finding in findings:
        for requirement in finding.proves:
            proofs.setdefault(requirement, []).append(finding)
    return [_traced(*requirement, proofs, elsewhere) for requirement in requirements]


def as_markdown(title: str, traced: Mapping[str, Sequence[Traced]]) -> str:
    """Write the table: a row a statement, a column for each environment."""
    environments = list(traced)
    rows = [
        f"# {title}",
        "",
        "What each statement of the design rests on.",
        "`owed` waits for a later gate, `elsewhere` is expected of other environments.",
        "",
    ]
    rows.append(f"| statement | says | {' | '.join(environments)} | checks | owed by |")
    rows.append(f"|---|---|{'---|' * len(environments)}---|---|")
    for index, first in enumerate(next(iter(traced.values()), ())):
        verdicts = " | ".join(_marked(traced[name][index].verdict) for name in environments)
        checks = sorted({check for name in environments for check in traced[name][index].checks})
        owed = ", ".join(first.owed_by) or "-"
        listed = "<br>".join(f"`{check}`" for check in checks) or "-"
        rows.append(f"| {first.id} | {_escaped(first.says)} | {verdicts} | {listed} | {owed} |")
    return "\n".join([*rows, ""])


def _traced(
    identity: str,
    says: str,
    proof: Sequence[str],
    proofs: Mapping[str, Sequence[Finding]],
    elsewhere: Collection[str],
) -> Traced:
    findings = proofs.get(identity, ())
    owed = tuple(dict.fromkeys(OWING[kind] for kind in proof if kind != "template"))
    if findings:
        verdict = kleene(f.outcome for f in findings).value
    elif "template" in proof:
        verdict = ELSEWHERE if identity in elsewhere else "unproven"
    else:
        verdict = "owed"
    return Traced(identity, says, verdict, tuple(sorted({f.control for f in findings})), owed)


def _marked(verdict: str) -> str:
    return verdict if verdict in (Outcome.PASS, "owed", ELSEWHERE) else f"**{verdict}**"


def _escaped(text: str) -> str:
    return text.replace("|", "\\|")
