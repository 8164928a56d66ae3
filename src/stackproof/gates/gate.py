"""The decision of one gate over its findings."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

from stackproof.model import Cause, Finding, Outcome, Severity

FLAKY = "flaky"  # the standing of a check that passed only when it was tried again
OWED = frozenset({Cause.NEEDS_LIVE, Cause.NEEDS_TEMPLATE})  # another gate answers them


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
    allow_flaky: int = 0
    budget: float | None = None


@dataclass(frozen=True, slots=True)
class Decision:
    """A gate's status with its reasons and the counts that they rest on.

    `expected` counts the checks that had to be answered, `judged` those that were, `owed` those that only another
    gate can answer (unknown with the cause needs-live: integration, with needs-template: unit). `flaky` are
    among the passed ones.
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
    flaky: int = 0


def decide(
    findings: Sequence[Finding],
    policy: Policy,
    seconds: float,
    *,
    missing: Collection[str] = (),
    quiet: Mapping[Outcome, int] | None = None,
    required: bool = False,
) -> Decision:
    """Decide a gate.

    `findings` answer the expected checks; `missing` names expected ones that were not even run (deselected, or lost
    with a worker); `quiet` counts passed and not applicable checks that are not kept as findings. A gate that could
    judge nothing at all did not run; where evidence is `required` it is inconclusive.
    """
    blocking = [f for f in findings if f.outcome is Outcome.FAIL and f.severity >= policy.blocks]
    unknown = [f for f in findings if f.outcome is Outcome.UNKNOWN]
    owed = [f for f in unknown if f.cause in OWED]
    undecided = len(unknown) - len(owed) + len(missing)
    count = Counter(f.outcome for f in findings) + Counter(quiet or {})
    expected = count.total() + len(missing)
    flaky = sum(f.standing == FLAKY for f in findings)
    blind = _blind(findings, len(missing)) if count.total() == len(unknown) else ""
    reasons = {
        Status.NOT_RUN: "" if required and expected else blind,
        Status.INCONCLUSIVE: blind if blind and required else _unanswered(undecided, len(missing), expected, policy),
        Status.FAILED: "; ".join(
            filter(None, (_too_many(len(blocking), policy), _too_flaky(flaky, policy), _too_slow(seconds, policy)))
        ),
    }
    given = [status for status, reason in reasons.items() if reason]
    given = [Status.NOT_RUN] if reasons[Status.NOT_RUN] else given
    return Decision(
        status=given[-1] if given else Status.PASSED,
        reasons=tuple(reasons[status] for status in given),
        expected=expected,
        judged=count.total() - len(unknown),
        passed=count[Outcome.PASS],
        failed=len(blocking),
        unknown=undecided,
        owed=len(owed),
        waived=count[Outcome.WAIVED],
        not_applicable=count[Outcome.NOT_APPLICABLE],
        advisory=count[Outcome.FAIL] - len(blocking),
        flaky=flaky,
    )


def _blind(findings: Sequence[Finding], missing: int) -> str:
    """Say why nothing was judged: what left most of the checks unknown, and what to do about it."""
    if missing:
        return ""
    if not findings:
        return "nothing to judge"
    causes = Counter((f.cause, f.decided_by, f.remediation) for f in findings)
    (cause, decided_by, advice), _ = causes.most_common(1)[0]
    why = f"{cause}: {decided_by}".removesuffix(": ").rstrip(".")
    return f"none of {len(findings)} checks could be judged: {why}. {advice}".strip()


def _unanswered(undecided: int, missing: int, expected: int, policy: Policy) -> str:
    if not missing and undecided <= policy.allow_unknown:  # what was left out is nobody's allowance
        return ""
    left_out = f" ({missing} left out of this run)" if missing else ""
    return f"{undecided} of {expected} checks unanswered{left_out}, {policy.allow_unknown} allowed"


def _too_many(blocking: int, policy: Policy) -> str:
    if blocking <= policy.allow_fail:
        return ""
    failures = "1 failure" if blocking == 1 else f"{blocking} failures"
    return f"{failures} of {policy.blocks.label} or higher, {policy.allow_fail} allowed"


def _too_flaky(flaky: int, policy: Policy) -> str:
    if flaky <= policy.allow_flaky:
        return ""
    return f"{flaky} passed only when tried again, {policy.allow_flaky} allowed"


def _too_slow(seconds: float, policy: Policy) -> str:
    if policy.budget is None or seconds <= policy.budget:
        return ""
    return f"took {round(seconds, 1):g} s, budget {policy.budget:g} s"
