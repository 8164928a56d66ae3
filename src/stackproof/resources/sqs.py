"""Amazon SQS: documented defaults, and what sends its dead letters to a queue."""

from __future__ import annotations

from typing import Final

from stackproof.model import Claim, Fact, Inventory, Resource, Value, any_of
from stackproof.model.facts import as_number
from stackproof.model.matching import Answer, readable
from stackproof.model.values import Unknown
from stackproof.resources.embedded import json_of

QUEUE: Final = "AWS::SQS::Queue"

DEFAULTS: Final[dict[str, dict[str, Value]]] = {
    QUEUE: {
        # SQS API reference, SetQueueAttributes
        "MessageRetentionPeriod": 345600,
        "VisibilityTimeout": 30,
        "ReceiveMessageWaitTimeSeconds": 0,
        # SQS developer guide, "Encryption at rest": on for every new queue since October 2022
        "SqsManagedSseEnabled": True,
    },
}

# Every place where a resource names the queue of its dead letters
_SENDERS: Final = (
    (QUEUE, "RedrivePolicy.deadLetterTargetArn"),
    ("AWS::Lambda::Function", "DeadLetterConfig.TargetArn"),
    ("AWS::Lambda::EventInvokeConfig", "DestinationConfig.OnFailure.Destination"),
    ("AWS::Lambda::EventSourceMapping", "DestinationConfig.OnFailure.Destination"),
    ("AWS::SNS::Subscription", "RedrivePolicy.deadLetterTargetArn"),
    ("AWS::Events::Rule", "Targets.DeadLetterConfig.Arn"),
    ("AWS::Scheduler::Schedule", "Target.DeadLetterConfig.Arn"),
)


def takes_dead_letters(queue: Resource, inventory: Inventory) -> Claim:
    """Hold when something of the system sends its dead letters to this queue."""
    return any_of(inventory.pointing_to(queue, kind, at=path).exists() for kind, path in _SENDERS)


def dead_letter_target(queue: Resource) -> Fact:
    """The ARN in a queue's redrive policy, which may be written as a mapping or as JSON."""
    return json_of(queue["RedrivePolicy"])["deadLetterTargetArn"]


def longer(left: Fact, right: Fact, by: float = 1) -> Claim:
    """Hold when the left number is greater than the right one; with `by`, at least that many times as great."""

    def compare(value: Value) -> Answer:
        mine, other = readable(value), readable(right.value)
        for side in (mine, other):
            if isinstance(side, Unknown):
                return side
        first, second = as_number(mine), as_number(other)
        if first is None or second is None:
            return False
        return first >= second * by if by != 1 else first > second

    return left.claim(f"more than {right.path} {right.value}" if by == 1 else f"{by} times {right.path}", compare)
