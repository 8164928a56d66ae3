"""Amazon SNS topics and subscriptions."""

from __future__ import annotations

from stackproof.model import Claim, Inventory, Resource, Severity, any_of, control
from stackproof.resources import policies
from stackproof.resources.kms import admits, follow_key
from stackproof.resources.policy_resources import denies_http, reaches
from stackproof.resources.sns import TOPIC, is_heard, policies_of

SUBSCRIPTION = "AWS::SNS::Subscription"
_RETRYING = ("sqs", "lambda", "http", "https", "firehose")


@control(
    TOPIC,
    severity=Severity.HIGH,
    remediation="Set KmsMasterKeyId, to a customer-managed key if AWS services publish to the topic.",
    same_as=("CKV_AWS_26",),
)
def sns_topic_encrypted(topic: Resource) -> Claim:
    """Messages rest on disk until every subscriber has taken them, and alerts often quote what they are about."""
    return topic["KmsMasterKeyId"].present()


@control(
    "AWS::SNS::TopicPolicy",
    "AWS::SNS::TopicInlinePolicy",
    severity=Severity.CRITICAL,
    remediation="Name the principals, or add a Condition on aws:SourceOwner, aws:SourceArn or aws:PrincipalOrgID.",
)
def sns_policy_not_public(policy: Resource) -> Claim:
    """Everyone can then read what the topic sends by subscribing to it, or publish false alarms."""
    return ~policies.any_statement(policy["PolicyDocument"]).some(policies.public)


@control(
    TOPIC,
    severity=Severity.LOW,
    remediation='Add to the topic policy: Deny, Principal "*", sns:Publish on the topic, Condition Bool '
    'aws:SecureTransport "false".',
)
def sns_insecure_transport_denied(topic: Resource, inventory: Inventory) -> Claim:
    """SNS answers plain HTTP too, and what is published to it can be read on the way."""

    def denied(policy: Resource) -> Claim:
        return policies.any_statement(policy["PolicyDocument"]).some(
            lambda s: denies_http(s, "sns:Publish") & reaches(s, topic, inventory)
        )

    return any_of(found.any(denied) for found in policies_of(topic, inventory))


@control(
    TOPIC,
    severity=Severity.MEDIUM,
    remediation="Add an AWS::SNS::Subscription for the topic, or remove the topic.",
)
def sns_topic_is_heard(topic: Resource, inventory: Inventory) -> Claim:
    """What is published to a topic without subscribers is lost without a trace."""
    return is_heard(topic, inventory)


@control(
    SUBSCRIPTION,
    severity=Severity.HIGH,
    remediation="Set Protocol to https and Endpoint to an https:// address.",
)
def sns_subscription_uses_https(subscription: Resource) -> Claim:
    """Over http the message, its signature and the confirmation token travel in clear."""
    return ~subscription["Protocol"].equals("http")


@control(
    SUBSCRIPTION,
    severity=Severity.LOW,
    remediation="Set RedrivePolicy.deadLetterTargetArn to a queue that is watched.",
)
def sns_subscription_has_dead_letters(subscription: Resource) -> Claim:
    """A message that the subscriber does not take is dropped after the retries unless a queue catches it."""
    caught = subscription["RedrivePolicy"]["deadLetterTargetArn"].present()
    return caught.only_if(subscription["Protocol"].one_of(*_RETRYING))


@control(
    SUBSCRIPTION,
    severity=Severity.HIGH,
    remediation="Let sns.amazonaws.com send to the queue (queue policy) or invoke the function (Lambda permission).",
)
def sns_subscriber_admits_topic(subscription: Resource, inventory: Inventory) -> Claim:
    """A queue or function that does not admit SNS never gets a message, and nothing reports it."""
    endpoint = subscription["Endpoint"]
    queue = inventory.follow(endpoint, lambda found: _queue_admits(found, inventory))
    function = inventory.follow(endpoint, lambda found: _function_admits(found, inventory))
    to_queue, to_function = subscription["Protocol"].equals("sqs"), subscription["Protocol"].equals("lambda")
    return queue.only_if(to_queue) & function.only_if(to_function)


def _queue_admits(queue: Resource, inventory: Inventory) -> Claim:
    sends = inventory.pointing_to(queue, "AWS::SQS::QueuePolicy", at="Queues").any(
        lambda policy: policies.any_statement(policy["PolicyDocument"]).some(
            lambda s: policies.allows(s) & policies.admits_service(s, "sns") & policies.covers(s, "sqs:SendMessage")
        )
    )
    key = queue["KmsMasterKeyId"]
    decrypts = follow_key(key, inventory, lambda found: admits(found, "sns", "kms:Decrypt", "kms:GenerateDataKey"))
    return sends & (key.absent() | decrypts)


def _function_admits(function: Resource, inventory: Inventory) -> Claim:
    permissions = inventory.pointing_to(function, "AWS::Lambda::Permission", at="FunctionName")
    return permissions.any(lambda permission: permission["Principal"].equals("sns.amazonaws.com"))
