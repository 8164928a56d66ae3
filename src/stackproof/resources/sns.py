"""Amazon SNS: who hears a topic, and who may publish to it."""

from __future__ import annotations

from typing import Final

from stackproof.model import Claim, Inventory, Resource, Selection, all_of, any_of
from stackproof.resources import policies
from stackproof.resources.kms import admits, follow_key, is_aws_managed
from stackproof.resources.policy_resources import reaches

TOPIC: Final = "AWS::SNS::Topic"
_POLICIES: Final = (("AWS::SNS::TopicPolicy", "Topics"), ("AWS::SNS::TopicInlinePolicy", "TopicArn"))


def is_heard(topic: Resource, inventory: Inventory) -> Claim:
    """Hold when somebody subscribes to the topic, in the topic itself or by a subscription of its own."""
    subscriptions = inventory.pointing_to(topic, "AWS::SNS::Subscription", at="TopicArn")
    return topic["Subscription"].present() | subscriptions.exists()


def policies_of(topic: Resource, inventory: Inventory) -> list[Selection]:
    """The policies of a topic, by type."""
    return [inventory.pointing_to(topic, kind, at=path) for kind, path in _POLICIES]


def key_admits(topic: Resource, service: str, inventory: Inventory) -> Claim:
    """Hold when a service can publish as far as encryption goes: no key, or one whose policy admits the service."""
    key = topic["KmsMasterKeyId"]
    own = ~is_aws_managed(key) & follow_key(
        key, inventory, lambda found: admits(found, service, "kms:Decrypt", "kms:GenerateDataKey")
    )
    return key.absent() | own


def policy_admits(topic: Resource, service: str, inventory: Inventory) -> Claim:
    """Hold when a service may publish: the default policy, or a declared one (which replaces it) that says so."""
    declared = policies_of(topic, inventory)
    replaced = any_of(found.exists() for found in declared)
    said = any_of(
        found.any(
            lambda policy: policies.any_statement(policy["PolicyDocument"]).some(
                lambda s: all_of(
                    (
                        policies.allows(s),
                        policies.admits_service(s, service),
                        policies.covers(s, "sns:Publish"),
                        reaches(s, topic, inventory),
                    )
                )
            )
        )
        for found in declared
    )
    return ~replaced | said
