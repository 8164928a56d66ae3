"""AWS Lambda: where an event goes that the function could not handle."""

from __future__ import annotations

import json
import secrets
from collections.abc import Iterator
from contextlib import contextmanager

from stackproof.model import Cause, Resource, Severity, Unknown, Where
from stackproof.probes.base import Answer, Probing, bad, faulty, good, part, probe, tidied, unsure
from stackproof.probes.sqs import awaited, delete, queue_url


@probe(
    id="lambda-failed-event-reaches-dlq",
    title="An event that a function does not handle reaches its dead-letter queue",
    severity=Severity.HIGH,
    types=("AWS::Lambda::Function",),
    remediation="Set DeadLetterConfig to a queue that is there; let the function's role send to it and use its key.",
    writes=True,
)
def lambda_failed_event_reaches_dlq(p: Probing, function: Resource) -> Answer:
    """Lambda drops an event without a word when the role may not send to the dead-letter queue, or use its key.

    The function is held (no concurrency), so that its code does not run: Lambda then passes an event on to the queue
    at once ("Reserved concurrency", Lambda developer guide). One marked event is sent and deleted from the queue.
    """
    name, region = p.id_of(function), p.region_of(function)
    read = p.aws.ask("lambda", "GetFunctionConfiguration", {"FunctionName": name}, region=region)
    seen = Where(read.call, read.entry)
    if read.fault:
        return faulty(read.fault, read.call, seen)
    part(read, "FunctionName")
    arn = str((read.value.get("DeadLetterConfig") or {}).get("TargetArn", ""))
    if not arn:
        return bad(f"{function.address} has no DeadLetterConfig: what fails is dropped", seen)
    if ":sqs:" not in arn:
        return unsure(Unknown(Cause.UNSUPPORTED_TYPE, arn), f"dead letters go to {arn}, which is no queue", seen)
    target = queue_url(p, arn, region)
    if isinstance(target, Answer):
        return target
    with _held(p, name, region) as failed:
        return failed or _sent(p, function, target, seen)


def _sent(p: Probing, function: Resource, target: str, seen: Where) -> Answer:
    name, region, mark = p.id_of(function), p.region_of(function), f"stackproof-probe-{secrets.token_hex(8)}"
    event = {"FunctionName": name, "InvocationType": "Event", "Payload": json.dumps({"probe": mark}).encode()}
    answer = p.aws.ask("lambda", "Invoke", event, region=region)
    where = Where(answer.call, answer.entry)
    if answer.fault:
        return faulty(answer.fault, answer.call, seen, where)
    found = awaited(p, target, mark, region)
    if isinstance(found, Answer):
        return found
    if not found:
        said = f"the event is not in the dead-letter queue {p.timeout:g} s later"
        return bad(f"{function.address} was sent an event that it could not handle, and {said}", seen, where)
    return good(f"an event that {function.address} could not handle is in its dead-letter queue", seen, where,
                delete(p, target, found, region))  # fmt: skip


@contextmanager
def _held(p: Probing, name: str, region: str) -> Iterator[Answer | None]:
    """Take the function's concurrency away for the moment; gives the answer where that is not possible."""
    which = {"FunctionName": name}
    before = p.aws.ask("lambda", "GetFunctionConcurrency", which, region=region)
    held = before
    if before.fault is None:
        wanted = {**which, "ReservedConcurrentExecutions": 0}
        held = p.aws.ask("lambda", "PutFunctionConcurrency", wanted, region=region)
    if held.fault is not None:
        yield faulty(held.fault, held.call, Where(held.call, held.entry))
        return
    try:
        yield None
    finally:
        kept = before.value.get("ReservedConcurrentExecutions")
        if kept is None:
            back = p.aws.ask("lambda", "DeleteFunctionConcurrency", which, region=region)
        else:
            again = {**which, "ReservedConcurrentExecutions": kept}
            back = p.aws.ask("lambda", "PutFunctionConcurrency", again, region=region)
        tidied(back, f"a concurrency of 0 for {name}")
