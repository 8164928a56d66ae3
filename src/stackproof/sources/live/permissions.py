"""Which IAM action a call needs: what differs from the call's name, by the Service Authorization Reference."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from functools import cache
from types import MappingProxyType
from typing import Final

# boto3's service name to the prefix of its actions, where they differ
_PREFIXES: Final = MappingProxyType(
    {
        "apigatewayv2": "apigateway",
        "cloudcontrol": "cloudformation",
        "efs": "elasticfilesystem",
        "elb": "elasticloadbalancing",
        "elbv2": "elasticloadbalancing",
        "docdb": "rds",
        "neptune": "rds",
        "opensearch": "es",
        "resourcegroupstaggingapi": "tag",
        "sesv2": "ses",
        "stepfunctions": "states",
    }
)
_ACTIONS: Final = MappingProxyType(
    {
        "s3:GetBucketAccelerateConfiguration": "s3:GetAccelerateConfiguration",
        "s3:GetBucketCors": "s3:GetBucketCORS",
        "s3:GetBucketEncryption": "s3:GetEncryptionConfiguration",
        "s3:GetBucketLifecycleConfiguration": "s3:GetLifecycleConfiguration",
        "s3:GetBucketNotificationConfiguration": "s3:GetBucketNotification",
        "s3:GetBucketReplication": "s3:GetReplicationConfiguration",
        "s3:GetObjectLockConfiguration": "s3:GetBucketObjectLockConfiguration",
        "s3:GetPublicAccessBlock": "s3:GetBucketPublicAccessBlock",
        "s3:HeadBucket": "s3:ListBucket",
        "s3:ListBuckets": "s3:ListAllMyBuckets",
    }
)


def permission_of(call: str) -> str:
    """The action that a call (`elbv2:DescribeListeners`) needs: `elasticloadbalancing:DescribeListeners`."""
    service, _, operation = call.partition(":")
    if service in ("apigateway", "apigatewayv2"):
        return "apigateway:GET"
    if call in _ACTIONS:
        return _ACTIONS[call]
    return f"{_PREFIXES.get(service, service)}:{operation}"


@cache
def paths_of(call: str) -> frozenset[str]:
    """The paths of API Gateway that a call reads, as the ARNs of `apigateway:GET` have them: `/restapis/*`.

    Source: "Actions, resources, and condition keys for Amazon API Gateway Management", Service Authorization
    Reference; version 2 of the API has the same ARNs, without the version.
    """
    from botocore.loaders import create_loader

    service, _, operation = call.partition(":")
    if service not in ("apigateway", "apigatewayv2"):
        return frozenset()
    model = create_loader().load_service_model(service, "service-2")
    path = model["operations"][operation]["http"]["requestUri"].partition("?")[0]
    return frozenset({re.sub(r"\{[^}]+\}", "*", path.removeprefix("/v2"))})


def session_policy(calls: Iterable[str]) -> str:
    """The JSON of a policy for single calls; what is encrypted with a key of the account is read by way of that key."""
    actions = sorted({permission_of(call) for call in calls} | {"kms:Decrypt"})
    statement = {"Effect": "Allow", "Action": actions, "Resource": "*"}
    return json.dumps({"Version": "2012-10-17", "Statement": [statement]})
