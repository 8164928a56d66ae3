"""Chooses among the records of a name as Route 53 does."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Mapping, Sequence

from stackproof.emulator.edge.rules import Record, Rules, Way


def find(names: Mapping[str, tuple[Record, ...]], host: str) -> tuple[Record, ...]:
    """The records of a name: its own, else those of the nearest wildcard."""
    if host in names:
        return names[host]
    labels = host.split(".")
    for cut in range(1, len(labels)):
        wildcard = names.get(".".join(["*", *labels[cut:]]))
        if wildcard:
            return wildcard
    return ()


def covered(rules: Rules, name: str) -> bool:
    """Whether wherever a name leads a deployed certificate covers it. AWS's own names have AWS's certificates."""
    return all(_covered(rules, name, record.way) for record in find(rules.names, name))


def _covered(rules: Rules, name: str, way: Way) -> bool:
    if way.kind == "balancer":
        listeners = [listener for listener in rules.balancers[way.id].listeners if listener.port == 443]
        arns = [arn for listener in listeners for arn in listener.certificates]
    elif way.kind == "api":
        arns = [rules.domains[way.id].certificate]
    else:
        return True
    wildcard = ".".join(["*", *name.split(".")[1:]])
    return any(one in (name, wildcard) for arn in arns for one in rules.certificates.get(arn, ()))


def choose(
    records: Sequence[Record],
    healthy: Callable[[Way], bool],
    random: Callable[[int], int] = secrets.randbelow,
) -> Record:
    """Pick by weight among healthy records; those of weight 0 only when no other is healthy; all when none is.

    `random(n)` gives a number from 0 to n - 1.
    """
    good = [record for record in records if not record.needs_health or healthy(record.way)]
    weighted = [record for record in good if record.weight is None or record.weight > 0]
    asked = weighted or good or [record for record in records if record.weight] or list(records)
    weights = [1 if record.weight is None else record.weight for record in asked]
    total = sum(weights)
    if total == 0:
        return asked[random(len(asked))]
    left = random(total)
    for record, weight in zip(asked, weights, strict=True):
        if left < weight:
            return record
        left -= weight
    raise AssertionError("weights add up to their sum")
