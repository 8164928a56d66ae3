"""Before anything is read: who calls, where, what may not be read, what stays unknown for it, and what to allow.

What is missing is asked of IAM's simulator. What that cannot say is said to be not known, and the reading itself says
it afterwards: a call that was refused is missing, one that was answered is not.
"""

from __future__ import annotations

import json
import textwrap
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final

from stackproof.controls import all_controls
from stackproof.controls.judge import Case, judge
from stackproof.engine.static import Target
from stackproof.model import Cause, Control, Finding, Gap, Inventory, Outcome, Resource, Unknown
from stackproof.model.matching import holes
from stackproof.sources.inventory import STACK
from stackproof.sources.live import Aws, Fault, Identity, Ledger, permission_of
from stackproof.sources.live.needs import DENIALS, Need, answered_calls, denied_calls, needs_of
from stackproof.sources.live.policies import VERSION, statements
from stackproof.sources.live.simulation import LEFT_OUT, simulate
from stackproof.sources.live.specimens import without

_LISTS: Final = tuple(permission_of(f"cloudformation:{call}") for call in ("DescribeStacks", "ListStackResources"))
_TEMPLATE: Final = permission_of("cloudformation:GetTemplate")
_WORDS: Final = ("DeletionPolicy", "UpdateReplacePolicy", "CreationPolicy", "UpdatePolicy", "Metadata", "DependsOn")
_WIDTH: Final = 100  # characters of a line of the text
_UNREACHED: Final = "what the refused calls would have led to; stackproof permissions prints all that is needed"
_SHOWN: Final = 3  # missing actions that the text explains
_POLICY: Final = 240  # characters of a policy that the text shows


@dataclass(frozen=True, slots=True)
class Lack:
    """An action that the caller may not do, by whose policy, and the checks that stay unknown for it.

    `leaves` holds the keys of findings (`control/resource`) whose outcome is known with the permission, and after the
    reading of all that name it; where several permissions are missing for one check, it stands with the first.
    """

    need: Need
    cause: Cause
    leaves: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Preflight:
    """What is known of the caller and its permissions.

    `caller` is a fault where nothing can be read at all. `account` and `region` are those of system.yaml; empty where
    it names none. `unsure` says why more may be missing than `missing` lists; empty where everything was decided.
    `read` is set once the reading has shown what is refused.
    """

    environment: str
    account: str
    region: str
    caller: Identity | Fault
    needed: tuple[Need, ...]
    missing: tuple[Lack, ...]
    unsure: str
    read: bool = False

    @property
    def policy(self) -> Mapping[str, Any] | None:
        """The smallest policy that adds what is missing by the caller's own policies; None where that is nothing."""
        own = [lack.need for lack in self.missing if lack.cause is Cause.ACCESS_DENIED]
        return {"Version": VERSION, "Statement": statements(own, by_service=False)} if own else None

    def data(self) -> Mapping[str, Any]:
        """All of it as plain JSON."""
        who = self.caller
        return {
            "environment": self.environment,
            "expected": {"account": self.account, "region": self.region},
            "caller": {"account": who.account, "arn": who.arn} if isinstance(who, Identity) else None,
            "fault": {"cause": str(who.cause), "message": who.message} if isinstance(who, Fault) else None,
            "needed": len(self.needed),
            "missing": [
                {
                    "action": lack.need.action,
                    "cause": str(lack.cause),
                    "types": sorted(lack.need.types),
                    "unknown": list(lack.leaves),
                }
                for lack in self.missing
            ],
            "unsure": self.unsure,
            "after_reading": self.read,
            "policy": self.policy,
        }

    def text(self) -> str:
        """The same for the terminal, in at most twelve lines of 100 characters."""
        if isinstance(self.caller, Fault):
            return _lines(f"preflight: nothing can be read: {self.caller.cause}: {self.caller.message}", 3)
        account = "as system.yaml says" if self.account else "system.yaml names none"
        where = f"  account {self.caller.account} ({account}), region {self.region or 'not named'}"
        lines = [_lines(f"preflight: {self.caller.arn}", 1), where, *self._missing_lines()]
        if self.unsure:
            lines.append(_lines(f"  not known in advance: {self.unsure}", 2))
        if self.policy:
            shown = json.dumps(self.policy["Statement"])
            fits = len(shown) <= _POLICY
            lines.append(_lines(f"  add {shown}" if fits else "  to add: stackproof permissions prints the policy", 3))
        return "\n".join(lines)

    def _missing_lines(self) -> list[str]:
        count = len(self.needed)
        if not self.missing:
            if self.read:
                return ["  no call was refused"]
            return [] if self.unsure else [_lines(f"  all {count} actions are allowed, apart from {LEFT_OUT}", 2)]
        left = len({key for lack in self.missing for key in lack.leaves})
        lines = [f"  missing: {len(self.missing)} of {count} actions; {left} checks stay unknown"]
        for lack in self.missing[:_SHOWN]:
            names = ", ".join(dict.fromkeys(key.partition("/")[0] for key in lack.leaves)) or "no check"
            lines.append(_lines(f"    {lack.need.action} ({lack.cause}): {names}", 1))
        if len(self.missing) > _SHOWN:
            rest = ", ".join(lack.need.action for lack in self.missing[_SHOWN:])
            lines.append(_lines(f"    {len(self.missing) - _SHOWN} more: {rest}", 1))
        return lines


def _lines(text: str, most: int) -> str:
    """Wrap a text to the screen, cut to so many lines."""
    indent = text[: len(text) - len(text.lstrip())] + "  "
    text = "".join(letter if letter.isprintable() else " " for letter in text)
    found = textwrap.wrap(
        text, _WIDTH, subsequent_indent=indent, break_on_hyphens=False, max_lines=most, placeholder=" ..."
    )
    return "\n".join(found)


def preflight(aws: Aws, target: Target, cases: Sequence[Case], *, account: str = "") -> Preflight:
    """Ask who calls and what that caller may do, and work out what stays unknown. Nothing of the system is read.

    `cases` are what the templates declare (one for each way in which they may turn out). `account` is the number that
    is expected; by default the target's.
    """
    expected = account or target.deployment.account
    stacks = {stack.component: stack.name for stack in target.stacks}
    needed = needs_of([case.inventory for case in cases], stacks, target.deployment.partition)
    who = aws.identity()
    made = Preflight(target.environment, expected, target.deployment.region, who, needed, (), "")
    if isinstance(who, Fault):
        return replace(made, unsure=f"{who.cause}: {who.message}")
    if expected and who.account != expected:
        message = f"the credentials are of account {who.account}, expected {expected}"
        return replace(made, caller=Fault(Cause.WRONG_ACCOUNT, "", message), unsure=message)
    said = simulate(aws, who, needed)
    unsure = f"{said.fault.cause}: {said.fault.message}" if said.fault else ""
    controls = (*all_controls(), *target.expectations)
    left = foreseen(cases, controls, said.refused.keys())
    return replace(made, missing=_lacks(needed, said.refused, left), unsure=unsure)


def after_reading(before: Preflight, ledger: Ledger, findings: Iterable[Finding]) -> Preflight:
    """Correct a preflight by what came of the calls.

    An action that was refused is missing, with the checks that say so; one that was answered, and never refused, is
    not, whatever the simulator said. One that was not called stays as it was foreseen.
    """
    denied, answered = denied_calls(ledger), answered_calls(ledger)
    foreseen_ = {lack.need.action: lack for lack in before.missing}
    known = {need.action: need for need in before.needed}
    left: dict[str, list[str]] = {}
    outcomes = {}
    for finding in findings:
        outcomes[finding.key] = finding.outcome
        if finding.cause in DENIALS:
            left.setdefault(finding.decided_by.rpartition(": ")[2], []).append(finding.key)
    named = {key for keys in left.values() for key in keys}
    for action, lack in foreseen_.items():
        still = [key for key in lack.leaves if outcomes.get(key, Outcome.UNKNOWN) is Outcome.UNKNOWN]
        left.setdefault(action, []).extend(key for key in still if key not in named)
    refused = {action: lack.cause for action, lack in foreseen_.items() if action not in answered} | dict(denied)
    needed = tuple(known.get(action) or Need(action, frozenset()) for action in sorted({*known, *refused}))
    unsure = _UNREACHED if before.unsure and refused else ""
    return replace(before, missing=_lacks(needed, refused, left), unsure=unsure, read=True)


def foreseen(cases: Sequence[Case], controls: Sequence[Control], refused: Collection[str]) -> Mapping[str, list[str]]:
    """The checks that are known of what is declared, and stay unknown without these actions, by the action."""
    if not refused:
        return {}
    whole, cut = ([Case(c.assumptions, _read_with(c.inventory, actions)) for c in cases] for actions in ((), refused))
    known = {f.key for f in judge(whole, controls) if f.outcome is not Outcome.UNKNOWN}
    answers = {f.key: f for f in judge(cut, controls)}
    left: dict[str, list[str]] = {}
    for key in sorted(known):
        found = answers.get(key)
        if found is None:  # nobody could say that it is a resource of which this is expected
            left.setdefault(_hiding(key.partition("/")[2], cut, refused), []).append(key)
        elif found.outcome is Outcome.UNKNOWN:
            left.setdefault(found.decided_by.rpartition(": ")[2], []).append(key)
    return left


def _hiding(address: str, cut: Sequence[Case], refused: Collection[str]) -> str:
    """The refused action that leaves open what a resource is, or whether it is there."""
    unlisted = next((action for action in _LISTS if action in refused), "")
    for resource in (case.inventory.get(address) for case in cut):
        if resource is not None:
            unknown = (hole.detail for hole in holes(resource.properties) if hole.cause is Cause.ACCESS_DENIED)
            return next(unknown, unlisted)
    return unlisted


def _read_with(inventory: Inventory, refused: Collection[str]) -> Inventory:
    """What is declared, as it would be read by a caller that is refused these actions."""
    unlisted = next((action for action in _LISTS if action in refused), "")
    if unlisted:
        return replace(inventory, resources=(), gaps=(*inventory.gaps, Gap(Unknown(Cause.ACCESS_DENIED, unlisted))))
    return replace(inventory, resources=tuple(_blanked(resource, refused) for resource in inventory.resources))


def _blanked(resource: Resource, refused: Collection[str]) -> Resource:
    attributes = dict(resource.attributes)
    if _TEMPLATE in refused:
        words = _WORDS if resource.type != STACK else ("Imports", "ParameterDeclarations", "Transform")
        attributes |= dict.fromkeys(words, Unknown(Cause.ACCESS_DENIED, _TEMPLATE))
    read = resource if resource.type == STACK else without(resource, refused)
    return replace(read, attributes=attributes)


def _lacks(needed: Sequence[Need], refused: Mapping[str, Cause], left: Mapping[str, Sequence[str]]) -> tuple[Lack, ...]:
    """Those that leave most unknown first."""
    made = [
        Lack(need, refused[need.action], tuple(left.get(need.action, ()))) for need in needed if need.action in refused
    ]
    return tuple(sorted(made, key=lambda lack: (-len(lack.leaves), lack.need.action)))
