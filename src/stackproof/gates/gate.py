"""The decision of one gate over its findings."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

from stackproof.model import Cause, Finding, Outcome, Severity


class Status(StrEnum):
    """What came of a gate. Only `passed` promotes."""

    PASSED = "passed"
    FAILED = "failed"
    INCONCLUSIVE = "inconclusive"
    NOT_RUN = "not-run"


@dataclass(frozen=True, slots=True)
class Policy:
    """When a gate passes. Failures below `blocks` are shown and not counted; `budget` is in seconds."""

    blocks: Severity = Severity.LOW
    allow_fail: int = 0
    allow_unknown: int = 0
    budget: float | None = None


@dataclass(frozen=True, slots=True)
class Decision:
    """A gate's status with its reasons and the counts that they rest on.

    `expected` counts the checks that had to be answered, `judged` those that were, `owed` those that only the
    deployed resource can answer (unknown with the cause needs-live; the integration gate answers them).
    """

    status: Status
    reasons: tuple[str, ...]
    expected: int
    judged: int
    passed: int
    failed: int
    unknown: int
    owed: int
    waived: int
    not_applicable: int
    advisory: int


def decide(
    findings: Sequence[Finding],
    policy: Policy,
    seconds: float,
    *,
    missing: Collection[str] = (),
    quiet: Mapping[Outcome, int] | None = None,
) -> Decision:
    """Decide a gate.

    `findings` answer the expected checks; `missing` names expected ones that were not even run (deselected, or lost
    with a worker); `quiet` counts passed and not applicable checks that are not kept as findings.
    """
    blocking = [f for f in findings if f.outcome is Outcome.FAIL and f.severity >= policy.blocks]
    unknown = [f for f in findings if f.outcome is Outcome.UNKNOWN]
    owed = [f for f in unknown if f.cause is Cause.NEEDS_LIVE]
    undecided = len(unknown) - len(owed) + len(missing)
    count = Counter(f.outcome for f in findings) + Counter(quiet or {})
    expected = count.total() + len(missing)
    reasons = []
    status = Status.PASSED
    if expected == 0:
        status, reasons = Status.NOT_RUN, ["nothing to judge"]
    if missing or undecided > policy.allow_unknown:  # what was left out is nobody's allowance
        status = Status.INCONCLUSIVE
        left_out = f" ({len(missing)} left out of this run)" if missing else ""
        reasons.append(f"{undecided} of {expected} checks unanswered{left_out}, {policy.allow_unknown} allowed")
    if len(blocking) > policy.allow_fail:
        status = Status.FAILED
        failures = "1 failure" if len(blocking) == 1 else f"{len(blocking)} failures"
        reasons.append(f"{failures} of {policy.blocks.label} or higher, {policy.allow_fail} allowed")
    if policy.budget is not None and seconds > policy.budget:
        status = Status.FAILED
        reasons.append(f"took {round(seconds, 1):g} s, budget {policy.budget:g} s")
    return Decision(
        status=status,
        reasons=tuple(reasons),
        expected=expected,
        judged=count.total() - len(unknown),
        passed=count[Outcome.PASS],
        failed=len(blocking),
        unknown=undecided,
        owed=len(owed),
        waived=count[Outcome.WAIVED],
        not_applicable=count[Outcome.NOT_APPLICABLE],
        advisory=count[Outcome.FAIL] - len(blocking),
    )
