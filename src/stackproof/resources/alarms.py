"""CloudWatch alarms: what they measure, whether the measured thing exists, and who hears them."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Final

from stackproof.model import (
    ABSENT,
    Cause,
    Claim,
    Fact,
    Inventory,
    Origin,
    Reference,
    Resource,
    Selection,
    Text,
    Unknown,
    Value,
    any_of,
)
from stackproof.model.matching import Answer, readable
from stackproof.resources.policy_values import skeleton
from stackproof.resources.sns import TOPIC, is_heard

ALARM: Final = "AWS::CloudWatch::Alarm"
COMPOSITE: Final = "AWS::CloudWatch::CompositeAlarm"

DEFAULTS: Final[dict[str, dict[str, Value]]] = {
    # CloudFormation reference of both types; PutMetricAlarm for a metric's ReturnData
    ALARM: {"ActionsEnabled": True, "Metrics.ReturnData": True},
    COMPOSITE: {"ActionsEnabled": True},
}

# Dimension name -> the types that it may name, with the property that holds the name ("" when AWS gives it)
NAMED_BY: Final[dict[str, tuple[tuple[str, str], ...]]] = {
    "FunctionName": (("AWS::Lambda::Function", "FunctionName"),),
    "DBInstanceIdentifier": (("AWS::RDS::DBInstance", "DBInstanceIdentifier"), ("AWS::DocDB::DBInstance", "")),
    "DBClusterIdentifier": (("AWS::RDS::DBCluster", "DBClusterIdentifier"), ("AWS::DocDB::DBCluster", "")),
    "CacheClusterId": (
        ("AWS::ElastiCache::CacheCluster", "ClusterName"),
        ("AWS::ElastiCache::ReplicationGroup", "ReplicationGroupId"),
    ),
    "ReplicationGroupId": (("AWS::ElastiCache::ReplicationGroup", "ReplicationGroupId"),),
    "QueueName": (("AWS::SQS::Queue", "QueueName"),),
    "TopicName": (("AWS::SNS::Topic", "TopicName"),),
    "TableName": (("AWS::DynamoDB::Table", "TableName"), ("AWS::DynamoDB::GlobalTable", "TableName")),
    "ApiName": (("AWS::ApiGateway::RestApi", "Name"), ("AWS::ApiGatewayV2::Api", "Name")),
    "ApiId": (("AWS::ApiGatewayV2::Api", ""),),
    "ClusterName": (("AWS::ECS::Cluster", "ClusterName"),),
    "ServiceName": (("AWS::ECS::Service", "ServiceName"),),
    "LoadBalancer": (("AWS::ElasticLoadBalancingV2::LoadBalancer", ""),),
    "TargetGroup": (("AWS::ElasticLoadBalancingV2::TargetGroup", ""),),
    "DistributionId": (("AWS::CloudFront::Distribution", ""),),
    "WebACL": (("AWS::WAFv2::WebACL", "Name"),),
    "UserPool": (("AWS::Cognito::UserPool", ""),),
    "UserPoolClient": (("AWS::Cognito::UserPoolClient", ""),),
    "BucketName": (("AWS::S3::Bucket", "BucketName"),),
    "FileSystemId": (("AWS::EFS::FileSystem", ""),),
    "StateMachineArn": (("AWS::StepFunctions::StateMachine", ""),),
    "AutoScalingGroupName": (("AWS::AutoScaling::AutoScalingGroup", "AutoScalingGroupName"),),
    "InstanceId": (("AWS::EC2::Instance", ""),),
    "NatGatewayId": (("AWS::EC2::NatGateway", ""),),
    "VpcId": (("AWS::EC2::VPC", ""),),
    "LogGroupName": (("AWS::Logs::LogGroup", "LogGroupName"),),
    "BackupVaultName": (("AWS::Backup::BackupVault", "BackupVaultName"),),
    "RuleName": (("AWS::Events::Rule", "Name"),),
    "StreamName": (("AWS::Kinesis::Stream", "Name"),),
    "HealthCheckId": (("AWS::Route53::HealthCheck", ""),),
    "KeyId": (("AWS::KMS::Key", ""),),
}


def metrics(alarm: Resource) -> tuple[Fact, ...]:
    """The metrics that an alarm reads, each with Namespace, MetricName and Dimensions: its own or its math's."""
    if alarm["Metrics"].value is ABSENT:
        return (alarm.fact,)
    return tuple(
        item["MetricStat"]["Metric"] for item in alarm["Metrics"].items() if item["MetricStat"].value is not ABSENT
    )


def names_existing(name: Fact, value: Fact, inventory: Inventory) -> Claim:
    """Hold when a dimension's value names a resource of the system. Dimensions that are not in `NAMED_BY` hold."""
    dimension = readable(name.value)
    if isinstance(dimension, Unknown):
        return name.claim("the name of a dimension", lambda _: dimension)
    kinds = NAMED_BY.get(str(dimension))
    wanted = f"a {dimension} that exists in the system"
    if kinds is None:
        return value.claim("any value", lambda _: True)
    pointed = _pointed(value, inventory)
    if pointed is not None:
        return value.claim(wanted, lambda _: pointed.type in {kind for kind, _ in kinds})
    plain = readable(value.value)
    if isinstance(plain, Unknown):
        return value.claim(wanted, lambda _: plain)
    declared = any_of(
        inventory.of_type(kind).any(lambda found, at=at: _is_named(found, at, plain))  # type: ignore[misc]
        for kind, at in kinds
    )
    return value.claim(wanted, lambda _: answer(declared))


def answer(claim: Claim) -> Answer:
    """What a claim came to, for use in a claim about another fact."""
    if claim.holds is None:
        return next(evidence.unknown for evidence in claim.because if evidence.unknown)
    return claim.holds


def watched(resource: Resource, namespace: str, names: Iterable[str], inventory: Inventory) -> Claim:
    """Hold when an alarm that somebody hears measures one of these metrics of the resource."""

    def measures(alarm: Resource) -> Claim:
        reads = any_of(_reads(metric, resource, namespace, tuple(names), inventory) for metric in metrics(alarm))
        return reads & heard(alarm, inventory)

    return inventory.of_type(ALARM).any(measures)


def heard(alarm: Resource, inventory: Inventory) -> Claim:
    """Hold when the alarm reaches somebody: by an action of its own, or by a composite alarm that names it."""
    ruled = inventory.of_type(COMPOSITE).any(
        lambda composite: _rules_over(composite, alarm) & _acts(composite, inventory)
    )
    return _acts(alarm, inventory) | ruled


def topics(alarm: Resource, inventory: Inventory) -> Selection:
    """The topics of the system that the alarm's actions name."""
    found, doubts = [], []
    for path in ("AlarmActions", "OKActions", "InsufficientDataActions"):
        for action in alarm[path].items():
            target = inventory.target(action)
            if isinstance(target, Unknown):
                doubts.append(target)
            elif target.type == TOPIC and target not in found:
                found.append(target)
    return Selection(f"topics of {alarm.address}", tuple(found), tuple(dict.fromkeys(doubts)), alarm.where(""))


def _acts(alarm: Resource, inventory: Inventory) -> Claim:
    reaches = alarm["AlarmActions"].some(lambda action: inventory.follow(action, lambda r: _reaches(r, inventory)))
    return alarm["ActionsEnabled"].equals(True) & reaches


def _reaches(target: Resource, inventory: Inventory) -> Claim:
    if target.type == TOPIC:
        return is_heard(target, inventory)
    return target.fact.claim("a function, scaling policy or the like", lambda _: True)


def _reads(metric: Fact, resource: Resource, namespace: str, names: tuple[str, ...], inventory: Inventory) -> Claim:
    def of_it(dimension: Fact) -> Claim:
        name = readable(dimension["Name"].value)
        if isinstance(name, Unknown):
            return dimension["Name"].claim("the name of a dimension", lambda _: name)
        pointed = _pointed(dimension["Value"], inventory)
        if pointed is not None:
            return dimension["Value"].claim(resource.address, lambda _: pointed.address == resource.address)
        ways = [at for kind, at in NAMED_BY.get(str(name), ()) if kind == resource.type]
        return any_of(_is_named(resource, at, dimension["Value"].value) for at in ways)

    right = metric["Namespace"].equals(namespace) & metric["MetricName"].one_of(*names)
    return right & metric["Dimensions"].some(of_it)


def _pointed(value: Fact, inventory: Inventory) -> Resource | None:
    """The resource that a value points at by reference, in whole or in part."""
    parts = value.value.parts if isinstance(value.value, Text) else (value.value,)
    for part in parts:
        if isinstance(part, Reference) and (found := inventory.get(part.target)):
            return found
    return None


def _is_named(resource: Resource, at: str, name: Value) -> Claim:
    """Compare the declared name; where AWS gives an id, a literal may be it, which only the deployment shows."""
    if at:
        return resource[at].equals(name)
    if resource.origin is Origin.OBSERVED:
        return resource.fact.claim(f"the id {name}", lambda _: str(name) in resource.names or resource.unnamed or False)
    given = Unknown(Cause.NEEDS_LIVE, f"the id of {resource.address}")
    return resource.fact.claim(f"the id {name}", lambda _: given)


def _rules_over(composite: Resource, alarm: Resource) -> Claim:
    """Hold when a composite alarm's rule names this alarm, by reference or by its declared name."""
    rule = composite["AlarmRule"]
    return rule.claim(f"a rule over {alarm.address}", lambda value: _mentions(value, alarm))


def _mentions(rule: Value, alarm: Resource) -> Answer:
    parts = rule.parts if isinstance(rule, Text) else (rule,)
    if any(isinstance(part, Reference) and part.target == alarm.address for part in parts):
        return True
    text, name = skeleton(rule), readable(alarm["AlarmName"].value)
    if isinstance(name, Unknown):
        return name
    if text is None or not isinstance(name, str):
        return False
    return re.search(rf"\(\s*[\"']?{re.escape(name)}[\"']?\s*\)", text) is not None
