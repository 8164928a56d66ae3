"""SNS and SQS."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any, ClassVar

from stackproof.emulator.handlers.base import At, Handler, Made, Properties, changed, only, tag_map, tag_pairs
from stackproof.emulator.handlers.shapes import text


class Topic(Handler):
    """AWS::SNS::Topic."""

    type: ClassVar[str] = "AWS::SNS::Topic"
    beside: ClassVar[tuple[str, ...]] = ("TopicName", "Subscription", "Tags")

    def create(self, at: At, new: Properties) -> Made:
        name = new.get("TopicName") or at.generated()
        attributes = {key: text(value) for key, value in new.items() if key not in self.beside}
        topic = at.client("sns").create_topic(Name=name, Attributes=attributes, Tags=tag_pairs(new))["TopicArn"]
        made = Made(topic, {"TopicArn": topic, "TopicName": name})
        for one in new.get("Subscription") or []:
            at.client("sns").subscribe(TopicArn=topic, Protocol=one["Protocol"], Endpoint=one["Endpoint"])
        return made

    def update(self, at: At, made: Made, new: Properties, old: Properties) -> Made:
        changes = changed(new, old)
        if "TopicName" in changes:
            only(changes)
        sns = at.client("sns")
        for key in changes - set(self.beside):
            sns.set_topic_attributes(TopicArn=made.id, AttributeName=key, AttributeValue=text(new.get(key, "")))
        wanted = [(one["Protocol"], one["Endpoint"]) for one in new.get("Subscription") or []]
        there = sns.list_subscriptions_by_topic(TopicArn=made.id)["Subscriptions"]
        had = [(one["Protocol"], one["Endpoint"]) for one in old.get("Subscription") or []]
        for one in there:
            pair = (one["Protocol"], one["Endpoint"])
            if pair in had and pair not in wanted:
                sns.unsubscribe(SubscriptionArn=one["SubscriptionArn"])
        for protocol, endpoint in wanted:
            if (protocol, endpoint) not in had:
                sns.subscribe(TopicArn=made.id, Protocol=protocol, Endpoint=endpoint)
        stale = {tag["Key"] for tag in tag_pairs(old)} - {tag["Key"] for tag in tag_pairs(new)}
        if stale:
            sns.untag_resource(ResourceArn=made.id, TagKeys=sorted(stale))
        if new.get("Tags"):
            sns.tag_resource(ResourceArn=made.id, Tags=tag_pairs(new))
        return made

    def delete(self, at: At, made: Made, old: Properties) -> None:
        at.client("sns").delete_topic(TopicArn=made.id)


class TopicPolicy(Handler):
    """AWS::SNS::TopicPolicy."""

    type: ClassVar[str] = "AWS::SNS::TopicPolicy"

    def create(self, at: At, new: Properties) -> Made:
        for topic in new["Topics"]:
            self._set(at, topic, json.dumps(new["PolicyDocument"]))
        return Made(at.generated())

    def update(self, at: At, made: Made, new: Properties, old: Properties) -> Made:
        only(changed(new, old), "PolicyDocument")
        self.create(at, new)
        return made

    def delete(self, at: At, made: Made, old: Properties) -> None:
        """AWS puts back the policy that a topic has by default: its own account may use it."""
        for topic in old["Topics"]:
            statement = {
                "Sid": "__default_statement_ID",
                "Effect": "Allow",
                "Principal": {"AWS": "*"},
                "Action": ["SNS:GetTopicAttributes", "SNS:Subscribe", "SNS:Publish"],
                "Resource": topic,
                "Condition": {"StringEquals": {"AWS:SourceOwner": at.account}},
            }
            self._set(at, topic, json.dumps({"Version": "2008-10-17", "Statement": [statement]}))

    def _set(self, at: At, topic: str, policy: str) -> None:
        at.client("sns").set_topic_attributes(TopicArn=topic, AttributeName="Policy", AttributeValue=policy)


class Queue(Handler):
    """AWS::SQS::Queue."""

    type: ClassVar[str] = "AWS::SQS::Queue"

    def create(self, at: At, new: Properties) -> Made:
        name = new.get("QueueName") or at.generated(80)
        url = at.client("sqs").create_queue(QueueName=name, Attributes=self._attributes(new), tags=tag_map(new))
        arn = at.arn("sqs", name)
        return Made(url["QueueUrl"], {"Arn": arn, "QueueName": name, "QueueUrl": url["QueueUrl"]})

    def update(self, at: At, made: Made, new: Properties, old: Properties) -> Made:
        if changed(new, old) & {"QueueName", "FifoQueue"}:
            only(changed(new, old))
        sqs = at.client("sqs")
        gone = {key: "" for key in self._attributes(old) if key not in self._attributes(new)}
        sqs.set_queue_attributes(QueueUrl=made.id, Attributes={**gone, **self._attributes(new)})
        stale = sorted(set(tag_map(old)) - set(tag_map(new)))
        if stale:
            sqs.untag_queue(QueueUrl=made.id, TagKeys=stale)
        if new.get("Tags"):
            sqs.tag_queue(QueueUrl=made.id, Tags=tag_map(new))
        return made

    def delete(self, at: At, made: Made, old: Properties) -> None:
        at.client("sqs").delete_queue(QueueUrl=made.id)

    def _attributes(self, properties: Properties) -> dict[str, str]:
        own_key = {"SqsManagedSseEnabled": "false"} if "KmsMasterKeyId" in properties else {}
        given = {key: text(value) for key, value in properties.items() if key not in {"QueueName", "Tags"}}
        return {**own_key, **given}


class QueuePolicy(Handler):
    """AWS::SQS::QueuePolicy."""

    type: ClassVar[str] = "AWS::SQS::QueuePolicy"

    def create(self, at: At, new: Properties) -> Made:
        self._set(at, new, json.dumps(new["PolicyDocument"]))
        return Made(at.generated())

    def update(self, at: At, made: Made, new: Properties, old: Properties) -> Made:
        only(changed(new, old), "PolicyDocument")
        self._set(at, new, json.dumps(new["PolicyDocument"]))
        return made

    def delete(self, at: At, made: Made, old: Properties) -> None:
        self._set(at, old, "")

    def _set(self, at: At, properties: Mapping[str, Any], policy: str) -> None:
        for queue in properties["Queues"]:
            at.client("sqs").set_queue_attributes(QueueUrl=queue, Attributes={"Policy": policy})


HANDLERS = (Topic(), TopicPolicy(), Queue(), QueuePolicy())
