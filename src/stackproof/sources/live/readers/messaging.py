"""Amazon SNS and SQS. Their policies are attributes of topics and queues, so both read the same answer."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any, Final

from stackproof.model import ABSENT, Value
from stackproof.sources.live.parts import GoneError, NoHintError, Part
from stackproof.sources.live.reading import Reading, reads

_NUMBERS: Final = (
    "DelaySeconds",
    "KmsDataKeyReusePeriodSeconds",
    "MaximumMessageSize",
    "MessageRetentionPeriod",
    "ReceiveMessageWaitTimeSeconds",
    "VisibilityTimeout",
)


@reads("AWS::SNS::Topic", "sns:GetTopicAttributes", "sns:ListSubscriptions", "sns:ListTagsForResource")
def topic(r: Reading) -> None:
    """Attributes are texts; subscriptions are listed once for all topics."""
    part = r.main(r.ask("sns:GetTopicAttributes", "Attributes", TopicArn=r.id))
    r.also(r.id.rpartition(":")[2], attribute="TopicName")
    r.set("TopicName", part, r.id.rpartition(":")[2])
    for name in ("DisplayName", "KmsMasterKeyId", "SignatureVersion", "TracingConfig"):
        r.copy(name, part, name)
    for name in ("FifoTopic", "ContentBasedDeduplication"):
        _flag(r, name, part)
    r.copy("ArchivePolicy", part, "ArchivePolicy", _json)
    listed = r.ask("sns:ListSubscriptions", "Subscriptions")
    r.set("Subscription", listed, lambda found: _subscriptions(found, r.id) or ABSENT)
    r.tags(r.ask("sns:ListTagsForResource", "Tags", ResourceArn=r.id))


def _subscriptions(found: list[Mapping[str, Any]], topic_arn: str) -> list[Value]:
    own = [item for item in found if item.get("TopicArn") == topic_arn]
    return [{"Protocol": item.get("Protocol", ""), "Endpoint": item.get("Endpoint", "")} for item in own]


@reads("AWS::SNS::TopicPolicy", "sns:GetTopicAttributes")
def topic_policy(r: Reading) -> None:
    """Its physical id says nothing; the template says which topics are meant."""
    arns = _targets(r, "Topics")
    parts = [r.main(r.ask("sns:GetTopicAttributes", "Attributes", TopicArn=arn)) for arn in arns]
    _shared_policy(r, "Topics", arns, parts)


@reads("AWS::SQS::Queue", "sqs:GetQueueAttributes", "sqs:ListQueueTags")
def queue(r: Reading) -> None:
    """Attributes are texts; AWS leaves out those that are not set."""
    part = r.main(r.ask("sqs:GetQueueAttributes", "Attributes", QueueUrl=r.id, AttributeNames=["All"]))
    r.set("QueueName", part, r.id.rpartition("/")[2])
    for name in _NUMBERS:
        r.copy(name, part, name, int)
    for name in ("KmsMasterKeyId", "DeduplicationScope", "FifoThroughputLimit"):
        r.copy(name, part, name)
    for name in ("FifoQueue", "ContentBasedDeduplication", "SqsManagedSseEnabled"):
        _flag(r, name, part)
    for name in ("RedrivePolicy", "RedriveAllowPolicy"):
        r.copy(name, part, name, _json)
    r.also(r.id.rpartition("/")[2], attribute="QueueName")
    r.tags(r.ask("sqs:ListQueueTags", QueueUrl=r.id).at("Tags", required=False))  # without tags it answers nothing
    if part.value:
        r.also(part.value.get("QueueArn"))


@reads("AWS::SQS::QueuePolicy", "sqs:GetQueueAttributes")
def queue_policy(r: Reading) -> None:
    """Its physical id says nothing; the template says which queues are meant."""
    urls = _targets(r, "Queues")
    parts = [
        r.main(r.ask("sqs:GetQueueAttributes", "Attributes", QueueUrl=url, AttributeNames=["All"])) for url in urls
    ]
    _shared_policy(r, "Queues", urls, parts)


def _flag(r: Reading, name: str, part: Part) -> None:
    """What is on says so; AWS leaves out what is off."""
    r.set(name, part, lambda found: str(found.get(name, "false")).lower() == "true")


def _targets(r: Reading, name: str) -> list[str]:
    hint = r.hint(name)
    found = [str(item) for item in hint if item] if isinstance(hint, list) else []
    if not found or (isinstance(hint, list) and len(found) != len(hint)):
        raise NoHintError(name)
    return found


def _shared_policy(r: Reading, name: str, targets: list[str], parts: list[Part]) -> None:
    """One policy stands on every target; where they differ, the first that does not have the others' is shown."""
    failed = next((part for part in parts if part.fault), parts[0])
    texts = [part.value.get("Policy") for part in parts if part.value]
    if not any(texts) and failed.fault is None:
        raise GoneError(failed)
    odd = next((text for text in texts if text != texts[0]), texts[0] if texts else None)
    r.set(name, failed, list(targets))
    r.set("PolicyDocument", failed, lambda _: _json(odd))


def _json(text: Any) -> Value:
    if not text:
        return ABSENT
    try:
        found: Value = json.loads(text)
    except ValueError:
        return str(text)
    return found
