"""Judges requests by a web ACL: its rules in the order of their priority, the default action at the end."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from stackproof.emulator.edge.rules import UnjudgedError, Wire
from stackproof.emulator.edge.statements import Seen, holds, rate_key

_ENDING: Final = ("Block", "Allow")


@dataclass(frozen=True, slots=True)
class Blocked:
    """A request that a rule, or the default action, refuses."""

    rule: str
    status: int = 403
    headers: Mapping[str, str] = field(default_factory=dict)
    body: str = ""
    kind: str = ""


class Firewall:
    """Remembers how many requests each client sent, per rate-based rule."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._sent: dict[tuple[str, str, str], deque[float]] = {}

    def judge(self, acl: Wire, seen: Seen) -> Blocked | None:
        """Return why a request is refused, or None when it may pass.

        Raises:
            UnjudgedError: the decision hangs on something that is not evaluated here.

        """
        for rule in sorted(acl["Rules"], key=lambda rule: int(rule["Priority"])):
            statement = rule["Statement"]
            if "ManagedRuleGroupStatement" in statement:
                continue  # listed as a gap
            action = next(iter(rule.get("Action", {})), "")
            if action == "Count" or "Count" in rule.get("OverrideAction", {}):
                continue
            if not self._holds(acl, rule["Name"], statement, seen):
                continue
            if action not in _ENDING:
                raise UnjudgedError(f"rule {rule['Name']}: the action {action or 'of a rule group'} is not followed")
            return _blocked(acl, rule["Name"], rule["Action"]["Block"]) if action == "Block" else None
        block = acl["DefaultAction"].get("Block")
        return None if block is None else _blocked(acl, "the default action", block)

    def _holds(self, acl: Wire, rule: str, statement: Wire, seen: Seen) -> bool:
        rate = statement.get("RateBasedStatement")
        if rate is None:
            return holds(statement, seen, rule)
        if "ScopeDownStatement" in rate and not holds(rate["ScopeDownStatement"], seen, rule):
            return False
        window, now = float(rate.get("EvaluationWindowSec", 300)), self._clock()
        sent = self._sent.setdefault((acl["ARN"], rule, rate_key(rate, seen, rule)), deque())
        while sent and sent[0] <= now - window:
            sent.popleft()
        sent.append(now)
        return len(sent) > int(rate["Limit"])


def _blocked(acl: Wire, rule: str, block: Wire) -> Blocked:
    custom: Mapping[str, Any] = block.get("CustomResponse") or {}
    headers = {entry["Name"]: entry["Value"] for entry in custom.get("ResponseHeaders", [])}
    body: Mapping[str, Any] = acl.get("CustomResponseBodies", {}).get(custom.get("CustomResponseBodyKey", ""), {})
    kinds = {"APPLICATION_JSON": "application/json", "TEXT_HTML": "text/html", "TEXT_PLAIN": "text/plain"}
    kind = kinds.get(body.get("ContentType", ""), "")
    return Blocked(rule, int(custom.get("ResponseCode", 403)), headers, body.get("Content", ""), kind)
