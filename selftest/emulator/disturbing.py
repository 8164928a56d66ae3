"""Stored evidence with some of its answers spoiled, as AWS, a network or a proxy may spoil them."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import replace
from functools import cache
from typing import Any

from stackproof.model import Cause
from stackproof.sources.live import Ledger
from stackproof.sources.live.ledger import digest
from stackproof.sources.live.paging import plan_of

Call = tuple[str, str]  # service and operation
Answer = Mapping[str, Any]
Spoil = Callable[[Answer, Call], Answer | None]  # of the answer as it is stored; None: it does not apply

# By an empty answer these say that there is nothing (their API references).
NOTHING_IS_AN_ANSWER = {
    ("s3", "GetBucketLogging"),
    ("s3", "GetBucketNotificationConfiguration"),
    ("s3", "GetBucketVersioning"),
    ("sqs", "ListQueueTags"),
    ("wafv2", "GetWebACLForResource"),
}
_IDENTITY = "User: u is not authorized to perform: x because no identity-based policy allows the x action"
_CONTROL = "User: u is not authorized to perform: x with an explicit deny in a service control policy"


def _refused(status: int, code: str, message: str = "") -> Spoil:
    body = {"Error": {"Code": code, "Message": message}}
    return lambda _answer, _call: {"status": status, "body": body}


def _timed_out(_answer: Answer, _call: Call) -> Answer:
    return {"fault": {"cause": str(Cause.TIMEOUT), "code": "ReadTimeoutError", "message": ""}}


def _emptied(answer: Answer, call: Call) -> Answer | None:
    return {**answer, "body": {}} if answer.get("status") == 200 and call not in NOTHING_IS_AN_ANSWER else None


def _cut_off(answer: Answer, call: Call) -> Answer | None:
    """There is another page, which never comes."""
    plan = plan_of(*call, _operation(*call))
    plain = plan is not None and all(name.isalpha() for name in plan.outputs)
    if plan is None or not plain or answer.get("status") != 200:
        return None
    more = {plan.more: True} if plan.more else {}
    return {**answer, "body": {**answer["body"], **dict.fromkeys(plan.outputs, "more"), **more}}


def _garbled(answer: Answer, _call: Call) -> Answer | None:
    """Every member has another form than it is documented to have."""
    if answer.get("status") != 200 or not answer["body"]:
        return None
    return {**answer, "body": {name: _odd(value) for name, value in answer["body"].items()}}


def _odd(value: Any) -> Any:
    return "odd" if isinstance(value, dict) else {"odd": "odd"} if isinstance(value, list) else ["odd"]


FAULTS: Mapping[str, Spoil] = {
    "access denied": _refused(403, "AccessDenied", _IDENTITY),
    "organisation denial": _refused(403, "AccessDenied", _CONTROL),
    "throttled for ever": _refused(400, "ThrottlingException"),
    "500": _refused(500, "InternalFailure"),
    "timeout": _timed_out,
    "not found": _refused(404, "ResourceNotFoundException"),
    "empty page": _emptied,
    "truncated paging": _cut_off,
    "malformed answer": _garbled,
}

# After these a call has no answer at all, whatever the reason: each group of calls is met by two of them.
ALIKE = ("access denied", "organisation denial", "throttled for ever", "500", "timeout")


def met_by(fault: str, groups: Sequence[tuple[Call, ...]]) -> list[tuple[Call, ...]]:
    """The groups that are met by a fault."""
    if fault not in ALIKE:
        return list(groups)
    turn = ALIKE.index(fault)
    return [group for number, group in enumerate(groups) if (number + turn) % len(ALIKE) < 2]


def calls_of(ledger: Ledger) -> tuple[Call, ...]:
    """Every call of the ledger but the one that says who asks."""
    return tuple(dict.fromkeys((e.service, e.operation) for e in ledger.entries if e.service != "sts"))


def together(calls: Collection[Call]) -> list[tuple[Call, ...]]:
    """Group calls, one of each service to a group; those of CloudFormation, on which all hangs, stand alone."""
    by_service: dict[str, list[Call]] = {}
    for call in calls:
        by_service.setdefault(call[0], []).append(call)
    alone = [(call,) for call in by_service.pop("cloudformation", [])]
    longest = max(len(found) for found in by_service.values())
    return alone + [tuple(f[n] for f in by_service.values() if len(f) > n) for n in range(longest)]


def spoiled(ledger: Ledger, calls: Collection[Call], spoil: Spoil) -> tuple[Ledger, frozenset[Call]]:
    """The same evidence with these calls' answers spoiled, and those of the calls to which that applied."""
    made, hit = Ledger(), set()
    for entry in ledger.entries:
        call = (entry.service, entry.operation)
        answer = spoil(ledger.answer(entry), call) if call in calls else None
        if answer is not None:
            hit.add(call)
        kept = ledger.answer(entry) if answer is None else answer
        made._answers[digest(kept)] = kept
        made.entries.append(replace(entry, answer=digest(kept)))
    return made, frozenset(hit)


def otherwise(change: Callable[[Any], Any]) -> Spoil:
    """An honest answer with another content."""
    return lambda answer, _call: {**answer, "body": change(answer["body"])} if answer.get("status") == 200 else None


def switched(value: Any) -> Any:
    """Every switch the other way round."""
    if isinstance(value, dict):
        return {key: switched(item) for key, item in value.items()}
    if isinstance(value, list):
        return [switched(item) for item in value]
    return not value if isinstance(value, bool) else value


def stripped(value: Any, depth: int = 0) -> Any:
    """What was found, with nothing in its lists and no quantities."""
    if isinstance(value, dict):
        return {key: stripped(item, depth + 1) for key, item in value.items()}
    if isinstance(value, list):
        return [stripped(item, depth + 1) for item in value] if depth == 1 else []
    return 0 if isinstance(value, int | float) and not isinstance(value, bool) else value


@cache
def _operation(service: str, operation: str) -> Any:
    from botocore.loaders import create_loader
    from botocore.model import ServiceModel

    return ServiceModel(create_loader().load_service_model(service, "service-2"), service).operation_model(operation)
