"""Dead letters: a message that fails ends in the queue where somebody looks."""

from __future__ import annotations

import json
import secrets
import time
from collections.abc import Mapping
from typing import Any, Final

from stackproof.model import Cause, Resource, Severity, Unknown, Where
from stackproof.probes.base import Answer, Probing, bad, faulty, good, part, probe, tidied, unsure

_MOST_RECEIVES: Final = 20  # a queue that lets a message fail more often is not followed to the end
_CALL: Final = "sqs:ReceiveMessage"


@probe(
    id="sqs-failing-message-reaches-dlq",
    title="A message that fails too often reaches the dead-letter queue",
    severity=Severity.HIGH,
    types=("AWS::SQS::Queue",),
    remediation="Set RedrivePolicy with a dead-letter queue that is there and admits this queue (RedriveAllowPolicy).",
    writes=True,
)
def sqs_failing_message_reaches_dlq(p: Probing, queue: Resource) -> Answer:
    """A redrive policy is right when a message that nobody could handle is found where it says.

    One marked message is sent, received as often as the policy allows without being deleted, looked for in the
    dead-letter queue, and deleted there. Only an empty queue is asked, so that nobody else's message is touched.
    """
    url, region = p.id_of(queue), p.region_of(queue)
    read = p.aws.ask("sqs", "GetQueueAttributes", {"QueueUrl": url, "AttributeNames": ["All"]}, region=region)
    seen = Where(read.call, read.entry)
    if read.fault:
        return faulty(read.fault, read.call, seen)
    attributes = part(read, "Attributes")
    redrive = json.loads(attributes.get("RedrivePolicy", "{}"))
    if not redrive:
        return bad(f"{queue.address} has no RedrivePolicy: a message that fails is tried until it expires", seen)
    if int(attributes.get("ApproximateNumberOfMessages", 0)):
        said = f"{queue.address} holds messages of others, which a probe must not receive"
        return unsure(Unknown(Cause.NOT_RUN, "an empty queue"), said, seen)
    times = int(redrive["maxReceiveCount"])
    if times > _MOST_RECEIVES:
        said = f"maxReceiveCount is {times}, and a probe receives {_MOST_RECEIVES} times at most"
        return unsure(Unknown(Cause.NOT_RUN, "maxReceiveCount"), said, seen)
    target = queue_url(p, str(redrive["deadLetterTargetArn"]), region)
    if isinstance(target, Answer):
        return target
    return _followed(p, queue, target, times, seen)


def _followed(p: Probing, queue: Resource, target: str, times: int, seen: Where) -> Answer:
    url, region, mark = p.id_of(queue), p.region_of(queue), f"stackproof-probe-{secrets.token_hex(8)}"
    fifo = {"MessageGroupId": mark, "MessageDeduplicationId": mark} if url.endswith(".fifo") else {}
    sent = p.aws.ask("sqs", "SendMessage", {"QueueUrl": url, "MessageBody": mark, **fifo}, region=region)
    if sent.fault:
        return faulty(sent.fault, sent.call, seen, Where(sent.call, sent.entry))
    evidence = (seen, Where(sent.call, sent.entry))
    left = None
    for _ in range(times + 1):  # the last one moves it
        left = received(p, url, mark, region)
    found = awaited(p, target, mark, region)
    if isinstance(found, Mapping):
        where = delete(p, target, found, region)
        return good(f"a message of {queue.address} is a dead letter after {times} receives", *evidence, where)
    if isinstance(left, Mapping):
        delete(p, url, left, region)
    for looked in (left, found):
        if isinstance(looked, Answer):
            return looked
    said = f"after {times} receives the message is not in the dead-letter queue"
    return bad(f"{said}, and {'still' if left else 'not'} in {queue.address}", *evidence, Where(_CALL))


def queue_url(p: Probing, arn: str, region: str) -> str | Answer:
    """The address of the queue with this ARN; a failure when there is none."""
    parts = arn.split(":")
    which = {"QueueName": parts[-1], "QueueOwnerAWSAccountId": parts[4]}
    answer = p.aws.ask("sqs", "GetQueueUrl", which, region=parts[3] or region)
    where = Where(answer.call, answer.entry)
    if answer.fault is None:
        return str(part(answer, "QueueUrl"))
    if answer.fault.gone:
        return bad(f"the dead-letter queue {arn} does not exist", where)
    return faulty(answer.fault, answer.call, where)


def received(p: Probing, url: str, mark: str, region: str) -> Mapping[str, Any] | Answer | None:
    """Look for the message with this mark without keeping anything from others; an answer where one cannot look."""
    asked = {"QueueUrl": url, "MaxNumberOfMessages": 10, "VisibilityTimeout": 0}
    answer = p.aws.ask("sqs", "ReceiveMessage", asked, region=region)
    if answer.fault:
        return faulty(answer.fault, answer.call, Where(answer.call, answer.entry))
    return next((message for message in answer.value.get("Messages", []) if mark in message["Body"]), None)


def awaited(p: Probing, url: str, mark: str, region: str) -> Mapping[str, Any] | Answer | None:
    """Wait for the message with this mark, for the probing's timeout at most."""
    until = time.monotonic() + p.timeout
    while (found := received(p, url, mark, region)) is None and time.monotonic() < until:
        time.sleep(0.1)
    return found


def delete(p: Probing, url: str, message: Mapping[str, Any], region: str) -> Where:
    """Delete a probe's message; give the call that did.

    Raises:
        LeftBehindError: it could not be deleted.

    """
    which = {"QueueUrl": url, "ReceiptHandle": message["ReceiptHandle"]}
    answer = p.aws.ask("sqs", "DeleteMessage", which, region=region)
    tidied(answer, f"a message in {url}")
    return Where(answer.call, answer.entry)
