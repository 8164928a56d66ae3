"""With IAM enforced, a refusal has the service's own code and form, and the permission that AWS names."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from typing import Any

import boto3
import pytest
from botocore.exceptions import ClientError

from selftest.emulator.test_permissions import enforce
from stackproof.emulator import Running

Caller = Callable[[str], Any]


@pytest.fixture
def caller(deployed: Running) -> Iterator[Callable[..., Caller]]:
    """Clients of a user with AWS's ReadOnlyAccess that is denied the given permissions, while IAM is enforced."""
    iam = deployed.client("iam")
    iam.create_user(UserName="reader")
    iam.attach_user_policy(UserName="reader", PolicyArn="arn:aws:iam::aws:policy/ReadOnlyAccess")
    made = iam.create_access_key(UserName="reader")["AccessKey"]
    keys = {"aws_access_key_id": made["AccessKeyId"], "aws_secret_access_key": made["SecretAccessKey"]}

    def clients(*denied: str) -> Caller:
        if denied:
            statement = {"Effect": "Deny", "Action": list(denied), "Resource": "*"}
            document = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
            iam.put_user_policy(UserName="reader", PolicyName="denied", PolicyDocument=document)
        enforce(deployed, "0")
        return lambda name: boto3.client(name, region_name=deployed.region, endpoint_url=deployed.endpoint, **keys)

    yield clients
    enforce(deployed, "inf")
    for name in iam.list_user_policies(UserName="reader")["PolicyNames"]:
        iam.delete_user_policy(UserName="reader", PolicyName=name)
    iam.detach_user_policy(UserName="reader", PolicyArn="arn:aws:iam::aws:policy/ReadOnlyAccess")
    iam.delete_access_key(UserName="reader", AccessKeyId=made["AccessKeyId"])
    iam.delete_user(UserName="reader")


@pytest.mark.parametrize(
    ("permission", "service", "method", "status", "code"),
    [
        ("kms:ListKeys", "kms", "list_keys", 400, "AccessDeniedException"),  # JSON
        ("lambda:ListFunctions", "lambda", "list_functions", 403, "AccessDeniedException"),  # REST with JSON
        ("rds:DescribeDBInstances", "rds", "describe_db_instances", 403, "AccessDenied"),  # query
        ("sns:ListTopics", "sns", "list_topics", 403, "AuthorizationError"),
        ("ec2:DescribeVpcs", "ec2", "describe_vpcs", 403, "UnauthorizedOperation"),
        ("route53:ListHostedZones", "route53", "list_hosted_zones", 403, "AccessDenied"),  # REST with XML
        ("cloudwatch:DescribeAlarms", "cloudwatch", "describe_alarms", None, "AccessDenied"),
    ],
)
def test_code_of_each_protocol(
    caller: Callable[..., Caller], permission: str, service: str, method: str, status: int | None, code: str
) -> None:
    """A client of the service reads the code, and the message names the permission."""
    with pytest.raises(ClientError) as refused:
        getattr(caller(permission)(service), method)()
    error = refused.value.response
    assert error["Error"]["Code"].startswith(code)
    assert permission in error["Error"]["Message"]
    assert status in (None, error["ResponseMetadata"]["HTTPStatusCode"])


def test_settings_of_a_bucket_have_permissions_of_their_own(deployed: Running, caller: Callable[..., Caller]) -> None:
    """Encryption and public access block are denied by AWS's names for them, and listing the bucket is not."""
    bucket = next(b["Name"] for b in deployed.client("s3").list_buckets()["Buckets"] if "uploads" in b["Name"])
    s3 = caller("s3:GetEncryptionConfiguration", "s3:GetBucketPublicAccessBlock")("s3")
    for read in (s3.get_bucket_encryption, s3.get_public_access_block):
        with pytest.raises(ClientError, match="AccessDenied"):
            read(Bucket=bucket)
    assert s3.get_bucket_versioning(Bucket=bucket)["Status"] == "Enabled"
    assert s3.list_objects_v2(Bucket=bucket)["ResponseMetadata"]["HTTPStatusCode"] == 200


def test_read_only_access_reads_tags_and_alarms(caller: Callable[..., Caller]) -> None:
    """Permissions go by the service's prefix, not by the name that its requests are signed with."""
    clients = caller()
    assert clients("resourcegroupstaggingapi").get_resources()["ResourceTagMappingList"]
    assert clients("cloudwatch").describe_alarms()["MetricAlarms"]
