"""What `Ref` and `Fn::GetAtt` of a resource return, where its declared properties settle that.

Source: the "Return values" sections of the AWS resource reference, and the ARN formats of the Service Authorization
Reference. A pattern holds property names: `{BucketName}`; `{Path=/}` with a default; `{!EventBusName}` must not be set;
`{Id|lower}` as AWS stores it; `{FunctionName|name}` unless it is an ARN; `{Name|path}` without a leading slash. And
`{partition}`, `{region}`, `{account}`, `{suffix}` of the place. An attribute `~...` is a name only, not an attribute.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache
from types import MappingProxyType
from typing import Final

from stackproof.model import ABSENT, Unknown, Value


@dataclass(frozen=True, slots=True)
class Place:
    """Where a resource is created; empty text is not known."""

    partition: str = "aws"
    region: str = ""
    account: str = ""

    @property
    def suffix(self) -> str:
        """The domain of AWS's endpoints."""
        return "amazonaws.com.cn" if self.partition == "aws-cn" else "amazonaws.com"


def text_of(type_: str, attribute: str, place: Place, read: Callable[[str], Value]) -> str | None:
    """Return the text of an attribute (empty: of `Ref`), or None when it is known only after deployment.

    `read` gives the value of a property by its dotted path. An attribute of which nothing else is known is the
    declared property of that name, if there is one (`Fn::GetAtt: [Vpc, CidrBlock]`).
    """
    pattern = _PATTERNS.get(type_, {}).get(attribute)
    if pattern is None and re.fullmatch(r"[A-Za-z0-9.]+", attribute) and not _CUSTOM.match(type_):
        pattern = f"{{{attribute}}}"
    if pattern is None:
        return None
    parts: list[str] = []
    for literal, name, kind, default in _pieces(pattern):
        filled = _filled(name, kind, default, place, read) if name else ""
        if filled is None:
            return None
        parts += (literal, filled)
    return "".join(parts)


def names_of(type_: str, place: Place, read: Callable[[str], Value]) -> frozenset[str]:
    """Return the texts by which others may point at the resource: its names and ARNs."""
    return frozenset(named(type_, place, read))


def named(type_: str, place: Place, read: Callable[[str], Value]) -> dict[str, str]:
    """Return the same texts, each with the attribute that it is (empty: what `Ref` returns, or none of them)."""
    attributes = [a for a in _PATTERNS.get(type_, {}) if not a or a[0] == "~" or a.endswith(("Arn", "ARN", "Name"))]
    texts = {a: text for a in reversed(attributes) if (text := text_of(type_, a, place, read))}
    return {text: "" if a.startswith("~") else a for a, text in texts.items()}


def by_id(type_: str, physical: str, read: Callable[[str], Value]) -> Callable[[str], Value]:
    """Read properties, and take the physical id for the one that it is where that property is not known."""
    pieces = _pieces(_PATTERNS.get(type_, {}).get("", ""))
    named = pieces[0][1] if len(pieces) == 2 and not pieces[0][0] and not pieces[1][0] else ""

    def known(path: str) -> Value:
        value = read(path)
        return physical if path == named and isinstance(value, Unknown) else value

    return known


def all_named(type_: str, place: Place, read: Callable[[str], Value]) -> bool:
    """Say whether every name that is known of the type could be worked out."""
    patterns = _PATTERNS.get(type_, {})
    return bool(patterns) and all(text_of(type_, attribute, place, read) is not None for attribute in patterns)


@cache
def _pieces(pattern: str) -> tuple[tuple[str, str, str, str | None], ...]:
    """Cut a pattern into (literal, property, kind, default)."""
    cut = re.split(r"\{(!?)([^}=|]+)(?:\|(\w+))?(=[^}]*)?\}", pattern)
    pieces: list[tuple[str, str, str, str | None]] = []
    for index in range(0, len(cut) - 1, 5):
        literal, absent, name, kind, default = cut[index : index + 5]
        pieces.append((literal, name, "absent" if absent else kind or "", default[1:] if default else None))
    return (*pieces, (cut[-1], "", "", None))


def _filled(name: str, kind: str, default: str | None, place: Place, read: Callable[[str], Value]) -> str | None:
    if name in _PLACES:
        return getattr(place, name) or None
    value = read(name)
    if kind == "absent":
        return "" if value is ABSENT else None
    if value is ABSENT:
        return default
    if isinstance(value, bool) or not isinstance(value, str | int) or value == "":
        return None
    text = str(value)
    if len(text) > _MAX_LENGTH:
        return None
    if kind == "name":
        return None if ":" in text else text
    return text.lower() if kind == "lower" else text.lstrip("/") if kind == "path" else text


_CUSTOM: Final = re.compile(r"Custom::|AWS::CloudFormation::")  # their attributes are whatever their own code returns
_MAX_LENGTH: Final = 2048  # no ARN is longer (AWS: "Amazon Resource Names")
_PLACES: Final = ("partition", "region", "account", "suffix")


def _here(service: str, rest: str) -> str:
    return f"arn:{{partition}}:{service}:{{region}}:{{account}}:{rest}"


def _iam(rest: str) -> str:
    return f"arn:{{partition}}:iam::{{account}}:{rest}"


def _named(ref: str, arn: str = "", **others: str) -> Mapping[str, str]:
    """A type whose `Ref` is its name, with its `Arn` attribute and others."""
    return {"": f"{{{ref}}}", **({"Arn": arn} if arn else {}), **others}


_PATTERNS: Final[Mapping[str, Mapping[str, str]]] = MappingProxyType(
    {
        # storage and data
        "AWS::S3::Bucket": _named(
            "BucketName",
            "arn:{partition}:s3:::{BucketName}",
            DomainName="{BucketName}.s3.{suffix}",
            RegionalDomainName="{BucketName}.s3.{region}.{suffix}",
            DualStackDomainName="{BucketName}.s3.dualstack.{region}.{suffix}",
        ),
        "AWS::S3::AccessPoint": _named("Name", _here("s3", "accesspoint/{Name}")),
        "AWS::DynamoDB::Table": _named("TableName", _here("dynamodb", "table/{TableName}")),
        "AWS::DynamoDB::GlobalTable": _named("TableName", _here("dynamodb", "table/{TableName}")),
        "AWS::RDS::DBInstance": _named(
            "DBInstanceIdentifier|lower", DBInstanceArn=_here("rds", "db:{DBInstanceIdentifier|lower}")
        ),
        "AWS::RDS::DBCluster": _named(
            "DBClusterIdentifier|lower", DBClusterArn=_here("rds", "cluster:{DBClusterIdentifier|lower}")
        ),
        "AWS::RDS::DBSubnetGroup": _named("DBSubnetGroupName|lower"),
        "AWS::RDS::DBParameterGroup": _named("DBParameterGroupName|lower"),
        "AWS::RDS::DBClusterParameterGroup": _named("DBClusterParameterGroupName|lower"),
        "AWS::RDS::DBProxy": _named("DBProxyName"),
        "AWS::RDS::EventSubscription": _named("SubscriptionName"),
        "AWS::DocDB::DBCluster": _named("DBClusterIdentifier|lower"),
        "AWS::Neptune::DBCluster": _named("DBClusterIdentifier|lower"),
        "AWS::Redshift::Cluster": _named("ClusterIdentifier|lower"),
        "AWS::ElastiCache::ReplicationGroup": {
            "": "{ReplicationGroupId|lower}",
            "~arn": _here("elasticache", "replicationgroup:{ReplicationGroupId|lower}"),
        },
        "AWS::ElastiCache::CacheCluster": _named("ClusterName|lower"),
        "AWS::ElastiCache::ServerlessCache": _named("ServerlessCacheName|lower"),
        "AWS::ElastiCache::SubnetGroup": _named("CacheSubnetGroupName|lower"),
        "AWS::OpenSearchService::Domain": _named("DomainName", _here("es", "domain/{DomainName}")),
        "AWS::Glue::Database": _named("DatabaseInput.Name"),
        "AWS::Athena::WorkGroup": _named("Name"),
        "AWS::Backup::BackupVault": _named(
            "BackupVaultName", BackupVaultArn=_here("backup", "backup-vault:{BackupVaultName}")
        ),
        # messages and events
        "AWS::SNS::Topic": {
            "": _here("sns", "{TopicName}"),
            "TopicArn": _here("sns", "{TopicName}"),
            "TopicName": "{TopicName}",
        },
        "AWS::SQS::Queue": {
            "": "https://sqs.{region}.{suffix}/{account}/{QueueName}",
            "Arn": _here("sqs", "{QueueName}"),
            "QueueUrl": "https://sqs.{region}.{suffix}/{account}/{QueueName}",
            "QueueName": "{QueueName}",
        },
        "AWS::Kinesis::Stream": _named("Name", _here("kinesis", "stream/{Name}")),
        "AWS::KinesisFirehose::DeliveryStream": _named(
            "DeliveryStreamName", _here("firehose", "deliverystream/{DeliveryStreamName}")
        ),
        "AWS::Events::EventBus": _named("Name", _here("events", "event-bus/{Name}")),
        "AWS::Events::Rule": {
            "": "{Name}{!EventBusName}",
            "Arn": _here("events", "rule/{Name}{!EventBusName}"),
        },
        "AWS::Events::Archive": _named("ArchiveName"),
        "AWS::Scheduler::ScheduleGroup": _named("Name", _here("scheduler", "schedule-group/{Name}")),
        "AWS::Scheduler::Schedule": _named("Name", _here("scheduler", "schedule/{GroupName=default}/{Name}")),
        "AWS::Pipes::Pipe": _named("Name", _here("pipes", "pipe/{Name}")),
        "AWS::StepFunctions::StateMachine": {
            "": _here("states", "stateMachine:{StateMachineName}"),
            "Arn": _here("states", "stateMachine:{StateMachineName}"),
            "Name": "{StateMachineName}",
        },
        # compute
        "AWS::Lambda::Function": _named("FunctionName", _here("lambda", "function:{FunctionName}")),
        "AWS::Lambda::Alias": {
            "": _here("lambda", "function:{FunctionName|name}:{Name}"),
            "AliasArn": _here("lambda", "function:{FunctionName|name}:{Name}"),
        },
        "AWS::ECR::Repository": _named(
            "RepositoryName",
            _here("ecr", "repository/{RepositoryName}"),
            RepositoryUri="{account}.dkr.ecr.{region}.{suffix}/{RepositoryName}",
            **{"~uri": "{account}.dkr.ecr.{region}.{suffix}/{RepositoryName}"},
        ),
        "AWS::ECS::Cluster": _named("ClusterName", _here("ecs", "cluster/{ClusterName}")),
        "AWS::ECS::Service": {"Name": "{ServiceName}"},
        "AWS::ECS::CapacityProvider": _named("Name"),
        "AWS::EKS::Cluster": _named("Name", _here("eks", "cluster/{Name}")),
        "AWS::EC2::KeyPair": _named("KeyName"),
        "AWS::AutoScaling::AutoScalingGroup": _named("AutoScalingGroupName"),
        "AWS::Batch::JobQueue": {"": _here("batch", "job-queue/{JobQueueName}")},
        "AWS::ElasticLoadBalancing::LoadBalancer": _named("LoadBalancerName"),
        "AWS::ElasticLoadBalancingV2::LoadBalancer": {"LoadBalancerName": "{Name}"},
        "AWS::ElasticLoadBalancingV2::TargetGroup": {"TargetGroupName": "{Name}"},
        "AWS::CodeBuild::Project": _named("Name", _here("codebuild", "project/{Name}")),
        "AWS::CodePipeline::Pipeline": _named("Name"),
        "AWS::CodeDeploy::Application": _named("ApplicationName"),
        "AWS::CodeCommit::Repository": {
            "Name": "{RepositoryName}",
            "Arn": _here("codecommit", "{RepositoryName}"),
        },
        # identity and keys
        "AWS::IAM::Role": _named("RoleName", _iam("role{Path=/}{RoleName}")),
        "AWS::IAM::User": _named("UserName", _iam("user{Path=/}{UserName}")),
        "AWS::IAM::Group": _named("GroupName", _iam("group{Path=/}{GroupName}")),
        "AWS::IAM::InstanceProfile": _named(
            "InstanceProfileName", _iam("instance-profile{Path=/}{InstanceProfileName}")
        ),
        "AWS::IAM::ManagedPolicy": {
            "": _iam("policy{Path=/}{ManagedPolicyName}"),
            "PolicyArn": _iam("policy{Path=/}{ManagedPolicyName}"),
        },
        "AWS::KMS::Alias": {"": "{AliasName}", "~arn": _here("kms", "{AliasName}")},
        "AWS::SecretsManager::Secret": {"~name": "{Name}"},
        "AWS::SSM::Parameter": {
            "": "{Name}",
            "Arn": _here("ssm", "parameter/{Name|path}"),
        },
        "AWS::SSM::Document": _named("Name"),
        "AWS::Cognito::UserPoolDomain": _named("Domain"),
        "AWS::Cognito::UserPoolGroup": _named("GroupName"),
        "AWS::Cognito::UserPoolResourceServer": _named("Identifier"),
        # edge, mail and names
        "AWS::ApiGateway::DomainName": _named("DomainName"),
        "AWS::ApiGateway::Stage": _named("StageName"),
        "AWS::ApiGatewayV2::DomainName": _named("DomainName"),
        "AWS::ApiGatewayV2::Stage": _named("StageName"),
        "AWS::CloudFront::Function": {"FunctionARN": "arn:{partition}:cloudfront::{account}:function/{Name}"},
        "AWS::Route53::RecordSet": _named("Name"),
        "AWS::SES::EmailIdentity": {
            "": "{EmailIdentity}",
            "~arn": _here("ses", "identity/{EmailIdentity}"),
        },
        "AWS::SES::ConfigurationSet": {"": "{Name}", "~arn": _here("ses", "configuration-set/{Name}")},
        # watching
        "AWS::Logs::LogGroup": {
            "": "{LogGroupName}",
            "Arn": _here("logs", "log-group:{LogGroupName}:*"),
            "~arn": _here("logs", "log-group:{LogGroupName}"),
        },
        "AWS::CloudWatch::Alarm": _named("AlarmName", _here("cloudwatch", "alarm:{AlarmName}")),
        "AWS::CloudWatch::CompositeAlarm": _named("AlarmName", _here("cloudwatch", "alarm:{AlarmName}")),
        "AWS::CloudWatch::Dashboard": _named("DashboardName"),
        "AWS::CloudTrail::Trail": _named("TrailName", _here("cloudtrail", "trail/{TrailName}")),
        "AWS::Config::ConfigRule": _named("ConfigRuleName"),
        "AWS::Synthetics::Canary": _named("Name"),
    }
)
