"""Amazon SQS queues and their dead letters."""

from __future__ import annotations

from stackproof.model import Claim, Inventory, Resource, Severity, control
from stackproof.resources import policies
from stackproof.resources.alarms import watched
from stackproof.resources.sqs import QUEUE, dead_letter_target, longer, takes_dead_letters

_LONGEST = 1209600  # seconds: 14 days, the longest that SQS keeps a message


@control(
    QUEUE,
    severity=Severity.HIGH,
    remediation="Remove SqsManagedSseEnabled: false, or set KmsMasterKeyId.",
    same_as=("CKV_AWS_27",),
)
def sqs_queue_encrypted(queue: Resource) -> Claim:
    """Messages wait on disk, and hold whatever the application put into them."""
    return queue["KmsMasterKeyId"].present() | queue["SqsManagedSseEnabled"].equals(True)


@control(
    "AWS::SQS::QueuePolicy",
    "AWS::SQS::QueueInlinePolicy",
    severity=Severity.CRITICAL,
    remediation="Name the principals, or add a Condition on aws:SourceArn or aws:PrincipalOrgID.",
)
def sqs_policy_not_public(policy: Resource) -> Claim:
    """Everyone can then read, delete or forge messages."""
    return ~policies.any_statement(policy["PolicyDocument"]).some(policies.public)


@control(
    QUEUE,
    severity=Severity.MEDIUM,
    remediation="Set RedrivePolicy with deadLetterTargetArn and maxReceiveCount.",
)
def sqs_queue_has_dead_letters(queue: Resource, inventory: Inventory) -> Claim:
    """A message that always fails comes back until it expires, holds up the others, and is then lost."""
    return dead_letter_target(queue).present().only_if(~takes_dead_letters(queue, inventory))


@control(
    QUEUE,
    severity=Severity.HIGH,
    remediation="Let deadLetterTargetArn be the Arn of a queue of the same kind (both FIFO or both standard).",
)
def sqs_dead_letter_queue_fits(queue: Resource, inventory: Inventory) -> Claim:
    """SQS refuses a dead-letter queue of the other kind, and a target that is no queue takes no letters."""
    target = dead_letter_target(queue)

    def fits(found: Resource) -> Claim:
        is_queue = found.fact.claim("a queue", lambda _: found.type == QUEUE and found.address != queue.address)
        both_fifo = queue["FifoQueue"].equals(True) & found["FifoQueue"].equals(True)
        return is_queue & (both_fifo | (~queue["FifoQueue"].equals(True) & ~found["FifoQueue"].equals(True)))

    return inventory.follow(target, fits).only_if(target.present())


@control(
    QUEUE,
    severity=Severity.HIGH,
    remediation="Add an alarm on AWS/SQS ApproximateNumberOfMessagesVisible of the dead-letter queue, with an action.",
)
def sqs_dead_letters_watched(queue: Resource, inventory: Inventory) -> Claim:
    """Every message in a dead-letter queue is work that was not done; unless an alarm says so, nobody looks."""
    seen = watched(queue, "AWS/SQS", ("ApproximateNumberOfMessagesVisible", "NumberOfMessagesSent"), inventory)
    return seen.only_if(takes_dead_letters(queue, inventory))


@control(
    QUEUE,
    severity=Severity.MEDIUM,
    remediation="Set MessageRetentionPeriod of the dead-letter queue to 1209600, or at least above the source queue's.",
)
def sqs_dead_letters_kept_longer(queue: Resource, inventory: Inventory) -> Claim:
    """A dead letter keeps its first timestamp, so with equal retention it can expire the hour that it arrives."""
    sources = inventory.pointing_to(queue, QUEUE, at="RedrivePolicy.deadLetterTargetArn")
    kept = queue["MessageRetentionPeriod"]
    outlasts = kept.at_least(_LONGEST) | sources.each(lambda source: longer(kept, source["MessageRetentionPeriod"]))
    return outlasts.only_if(sources.exists())


@control(
    QUEUE,
    severity=Severity.MEDIUM,
    remediation="Set VisibilityTimeout to at least six times the timeout of the function that reads the queue.",
)
def sqs_visibility_outlasts_function(queue: Resource, inventory: Inventory) -> Claim:
    """A message that shows up again while a function still works on it is done twice; AWS asks for six times."""
    mappings = inventory.pointing_to(queue, "AWS::Lambda::EventSourceMapping", at="EventSourceArn")
    slow_enough = mappings.each(
        lambda mapping: inventory.follow(
            mapping["FunctionName"], lambda function: longer(queue["VisibilityTimeout"], function["Timeout"], by=6)
        )
    )
    return slow_enough.only_if(mappings.exists())
