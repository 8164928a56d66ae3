"""What a caller may do, asked before it is done: IAM's policy simulator."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from stackproof.model import Cause
from stackproof.sources.live.aws import Aws, Identity
from stackproof.sources.live.faults import Fault
from stackproof.sources.live.needs import Need

_CALL: Final = "iam:SimulatePrincipalPolicy"
_BATCH: Final = 50  # actions in one request; the API names no limit but that of a request's length
# What the simulator leaves out ("Using the IAM policy simulator", IAM user guide).
LEFT_OUT: Final = "policies of the resources, of the session, of VPC endpoints, and control policies with conditions"


@dataclass(frozen=True, slots=True)
class Simulated:
    """What the simulator says of the needed actions: refused ones with whose policy refuses, and allowed ones.

    `fault` says why there is no answer for the others; None when each is answered.
    """

    refused: Mapping[str, Cause]
    allowed: frozenset[str]
    fault: Fault | None


def simulate(aws: Aws, who: Identity, needs: Sequence[Need]) -> Simulated:
    """Ask the simulator of each needed action on the resources that it is needed on. No fault of AWS's raises.

    What is allowed on some resources only is refused on `*`, so a caller may be able to do more than this says.
    """
    source = _principal(aws, who)
    if isinstance(source, Fault):
        return Simulated({}, frozenset(), source)
    refused: dict[str, Cause] = {}
    allowed: set[str] = set()
    fault: Fault | None = None
    for resources, actions in _batches(needs):
        asked = {"PolicySourceArn": source, "ActionNames": list(actions), "ResourceArns": list(resources)}
        answer = aws.call("iam", "SimulatePrincipalPolicy", asked)
        results = () if answer.fault else answer.value.get("EvaluationResults") or ()
        decided = _decided(results)
        refused |= {action: cause for action, cause in decided.items() if cause is not None}
        allowed |= {action for action, cause in decided.items() if cause is None}
        if not set(actions) <= decided.keys():
            silent = Fault(Cause.MALFORMED, "", f"{_CALL} does not decide every action, or only under conditions")
            fault = fault or answer.fault or silent
    return Simulated(refused, frozenset(allowed), fault)


def _decided(results: Iterable[Mapping[str, Any]]) -> dict[str, Cause | None]:
    """The cause of each action that is refused on any of its resources, None for one that is allowed on all."""
    decided: dict[str, Cause | None] = {}
    undecided = set()
    for result in results:
        action, decision = str(result.get("EvalActionName")), result.get("EvalDecision")
        if result.get("MissingContextValues") or decision not in ("allowed", "explicitDeny", "implicitDeny"):
            undecided.add(action)
        elif decision == "allowed":
            decided.setdefault(action, None)
        else:
            organisation = result.get("OrganizationsDecisionDetail") or {}
            theirs = organisation.get("AllowedByOrganizations") is False
            decided[action] = Cause.DENIED_BY_ORGANISATION if theirs else Cause.ACCESS_DENIED
    return {action: cause for action, cause in decided.items() if action not in undecided}


def _principal(aws: Aws, who: Identity) -> str | Fault:
    """The ARN that the simulator takes for a caller: a user's own, or the role's of an assumed role.

    The session's ARN leaves out the role's path, so the role is asked for it; where that is not allowed, the ARN
    without a path is tried.
    """
    kind, _, rest = who.arn.rpartition(":")[2].partition("/")
    if kind == "user":
        return who.arn
    if kind != "assumed-role":
        return Fault(Cause.NOT_READ, "", f"IAM cannot simulate {who.arn}, which is neither a user nor a role")
    name = rest.partition("/")[0]
    answer = aws.call("iam", "GetRole", {"RoleName": name})
    found = None if answer.fault else (answer.value.get("Role") or {}).get("Arn")
    return str(found or f"arn:{who.arn.split(':')[1]}:iam::{who.account}:role/{name}")


def _batches(needs: Sequence[Need]) -> Iterable[tuple[tuple[str, ...], Sequence[str]]]:
    groups: dict[tuple[str, ...], list[str]] = {}
    for need in needs:
        groups.setdefault(need.resources, []).append(need.action)
    for resources, actions in groups.items():
        for start in range(0, len(actions), _BATCH):
            yield resources, actions[start : start + _BATCH]
