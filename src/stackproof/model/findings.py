"""Findings: the outcome of one check of one resource, with everything a person needs to act on it."""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum, StrEnum

from stackproof.model.claims import Where
from stackproof.model.values import Cause


class Outcome(StrEnum):
    """What came of one check. Only `pass` is good; `unknown` is never a pass."""

    PASS = "pass"  # noqa: S105 - an outcome, not a password
    FAIL = "fail"
    UNKNOWN = "unknown"
    NOT_APPLICABLE = "not-applicable"
    WAIVED = "waived"


class Severity(IntEnum):
    """How bad a failure is, comparable: INFO < LOW < MEDIUM < HIGH < CRITICAL."""

    INFO = 0
    LOW = 1
    MEDIUM = 2
    HIGH = 3
    CRITICAL = 4

    @property
    def label(self) -> str:
        """The name in lower case, as reports write it."""
        return self.name.lower()


@dataclass(frozen=True, slots=True)
class Finding:
    """The outcome of one control on one resource in one environment.

    `engine` judged it; `also` names what else found the same defect (`checkov CKV_AWS_16`). `resource` is the
    address, empty for a whole document. `cause` is set just where the outcome is unknown, `decided_by` then
    names the parameter, attribute or permission. `waiver` holds owner, reason and date of a waived failure.
    `evidence` cites what showed it: API calls with the number of their entry in the ledger (empty for a template,
    whose line is `where`). `standing` says how template and deployed resource stand to each other.
    """

    control: str
    engine: str
    severity: Severity
    outcome: Outcome
    where: Where
    resource: str
    type: str
    environment: str
    message: str
    remediation: str
    cause: Cause | None = None
    decided_by: str = ""
    also: tuple[str, ...] = ()
    proves: tuple[str, ...] = ()
    waiver: str = ""
    evidence: tuple[Where, ...] = ()
    standing: str = ""

    @property
    def key(self) -> str:
        """What names this check within one environment: `control/resource`."""
        return f"{self.control}/{self.resource or self.where.source}"
