"""Buckets, databases, caches, keys, secrets, topics and queues."""

from __future__ import annotations

import json

import pytest

from selftest.live.seeding import Lab, expect, read
from stackproof.model import Cause, Reference, Unknown
from stackproof.sources.live import Aws
from stackproof.sources.live.parts import GoneError

POLICY = {
    "Version": "2012-10-17",
    "Statement": [{"Sid": "Own", "Effect": "Allow", "Principal": "*", "Action": "*", "Resource": "*"}],
}


def test_a_bucket_with_everything_set(aws: Aws, lab: Lab) -> None:
    """Ten settings, each by a call of its own, in the template's words."""
    s3, name = lab("s3"), "full-bucket"
    s3.create_bucket(Bucket=name, ObjectOwnership="BucketOwnerEnforced")
    s3.put_bucket_versioning(Bucket=name, VersioningConfiguration={"Status": "Enabled"})
    kms = {"SSEAlgorithm": "aws:kms", "KMSMasterKeyID": "arn:aws:kms:us-east-1:123456789012:key/k"}
    rule = {"ApplyServerSideEncryptionByDefault": kms, "BucketKeyEnabled": True}
    s3.put_bucket_encryption(Bucket=name, ServerSideEncryptionConfiguration={"Rules": [rule]})
    block = dict.fromkeys(("BlockPublicAcls", "IgnorePublicAcls", "BlockPublicPolicy", "RestrictPublicBuckets"), True)
    s3.put_public_access_block(Bucket=name, PublicAccessBlockConfiguration=block)
    s3.put_bucket_cors(
        Bucket=name,
        CORSConfiguration={
            "CORSRules": [{"AllowedMethods": ["PUT"], "AllowedOrigins": ["https://a"], "MaxAgeSeconds": 60}]
        },
    )
    rules = [
        {
            "ID": "move",
            "Status": "Enabled",
            "Filter": {"Prefix": "old/"},
            "Transitions": [{"Days": 30, "StorageClass": "STANDARD_IA"}],
            "NoncurrentVersionExpiration": {"NoncurrentDays": 90},
            "AbortIncompleteMultipartUpload": {"DaysAfterInitiation": 7},
        }
    ]
    s3.put_bucket_lifecycle_configuration(Bucket=name, LifecycleConfiguration={"Rules": rules})
    s3.put_bucket_tagging(Bucket=name, Tagging={"TagSet": [{"Key": "Team", "Value": "a"}]})
    found = read(aws, "AWS::S3::Bucket", name)
    encrypted = {"SSEAlgorithm": "aws:kms", "KMSMasterKeyID": "arn:aws:kms:us-east-1:123456789012:key/k"}
    expect(
        found,
        {
            "BucketName": name,
            "VersioningConfiguration": {"Status": "Enabled"},
            "PublicAccessBlockConfiguration": block,
            "OwnershipControls": {"Rules": [{"ObjectOwnership": "BucketOwnerEnforced"}]},
            "CorsConfiguration": {
                "CorsRules": [{"AllowedMethods": ["PUT"], "AllowedOrigins": ["https://a"], "MaxAge": 60}]
            },
            "LifecycleConfiguration": {
                "Rules": [
                    {
                        "Id": "move",
                        "Status": "Enabled",
                        "Prefix": "old/",
                        "Transitions": [{"TransitionInDays": 30, "StorageClass": "STANDARD_IA"}],
                        "NoncurrentVersionExpiration": {"NoncurrentDays": 90},
                        "AbortIncompleteMultipartUpload": {"DaysAfterInitiation": 7},
                    }
                ]
            },
            "Tags": [{"Key": "Team", "Value": "a"}],
        },
        absent=("WebsiteConfiguration", "ReplicationConfiguration", "LoggingConfiguration"),
    )
    assert (
        found.value("BucketEncryption.ServerSideEncryptionConfiguration[0].ServerSideEncryptionByDefault") == encrypted
    )
    assert found.positions["BucketEncryption"].source == "s3:GetBucketEncryption"


def test_a_bare_bucket_is_known_to_have_nothing(aws: Aws, lab: Lab) -> None:
    """What AWS says not to be set is absent, not unknown; what is never asked for is not-read, not absent."""
    lab("s3").create_bucket(Bucket="bare-bucket")
    found = read(aws, "AWS::S3::Bucket", "bare-bucket")
    absent = ("VersioningConfiguration", "BucketEncryption", "CorsConfiguration", "LifecycleConfiguration", "Tags")
    expect(found, {"ObjectLockEnabled": False}, absent=absent)
    assert found.properties["InventoryConfigurations"] == Unknown(Cause.NOT_READ, "InventoryConfigurations")
    assert found.properties["BucketNamePrefix"] == Unknown(Cause.WRITE_ONLY, "BucketNamePrefix")
    assert found.properties["AccessControl"] == "Private"


def test_a_bucket_policy_is_there_or_gone(aws: Aws, lab: Lab) -> None:
    """A bucket without a policy lacks the resource; a bucket that is gone does too."""
    s3 = lab("s3")
    s3.create_bucket(Bucket="policy-bucket")
    s3.create_bucket(Bucket="open-bucket")
    s3.put_bucket_policy(Bucket="policy-bucket", Policy=json.dumps(POLICY))
    found = read(aws, "AWS::S3::BucketPolicy", "policy-bucket")
    expect(found, {"Bucket": "policy-bucket", "PolicyDocument": POLICY})
    for name in ("open-bucket", "no-such-bucket"):
        with pytest.raises(GoneError):
            read(aws, "AWS::S3::BucketPolicy", name)


def test_a_database_and_its_groups(aws: Aws, lab: Lab) -> None:
    """Names that differ between API and template are matched; the password is write-only."""
    ec2, rds = lab("ec2"), lab("rds")
    vpc = ec2.create_vpc(CidrBlock="10.8.0.0/16")["Vpc"]["VpcId"]
    subnets = [
        ec2.create_subnet(VpcId=vpc, CidrBlock=f"10.8.{n}.0/24", AvailabilityZone=f"us-east-1{zone}")["Subnet"][
            "SubnetId"
        ]
        for n, zone in enumerate("ab")
    ]
    group = ec2.create_security_group(GroupName="sql", Description="sql", VpcId=vpc)["GroupId"]
    rds.create_db_subnet_group(DBSubnetGroupName="nets", DBSubnetGroupDescription="two", SubnetIds=subnets)
    rds.create_db_parameter_group(DBParameterGroupName="strict", DBParameterGroupFamily="postgres16", Description="tls")
    rds.create_db_instance(
        DBInstanceIdentifier="main",
        DBInstanceClass="db.t4g.large",
        Engine="postgres",
        EngineVersion="16.4",
        MasterUsername="admin_",
        MasterUserPassword="correct-horse-battery",
        AllocatedStorage=100,
        MultiAZ=True,
        StorageEncrypted=True,
        DeletionProtection=True,
        PubliclyAccessible=False,
        BackupRetentionPeriod=30,
        EnableIAMDatabaseAuthentication=True,
        EnableCloudwatchLogsExports=["postgresql"],
        DBSubnetGroupName="nets",
        DBParameterGroupName="strict",
        VpcSecurityGroupIds=[group],
        Tags=[{"Key": "Team", "Value": "data"}],
    )
    rds.create_db_instance_read_replica(DBInstanceIdentifier="copy", SourceDBInstanceIdentifier="main")
    found = read(aws, "AWS::RDS::DBInstance", "main")
    expect(
        found,
        {
            "DBInstanceClass": "db.t4g.large",
            "EngineVersion": "16.4",
            "MultiAZ": True,
            "StorageEncrypted": True,
            "DeletionProtection": True,
            "PubliclyAccessible": False,
            "BackupRetentionPeriod": 30,
            "EnableIAMDatabaseAuthentication": True,
            "EnableCloudwatchLogsExports": ["postgresql"],
            "DBSubnetGroupName": "nets",
            "DBParameterGroupName": "strict",
            "VPCSecurityGroups": [group],
            "Tags": [{"Key": "Team", "Value": "data"}],
            "MasterUserPassword": Unknown(Cause.WRITE_ONLY, "MasterUserPassword"),
            "ManageMasterUserPassword": False,
        },
        absent=("SourceDBInstanceIdentifier",),
    )
    assert found.positions["MultiAZ"].source == "rds:DescribeDBInstances"
    assert found.value("AllocatedStorage") == 100
    assert "arn:aws:rds:us-east-1:123456789012:db:main" in found.names
    copy = read(aws, "AWS::RDS::DBInstance", "copy")
    assert str(copy.value("SourceDBInstanceIdentifier")).endswith("main")
    expect(read(aws, "AWS::RDS::DBSubnetGroup", "nets"), {"DBSubnetGroupDescription": "two", "SubnetIds": subnets})
    parameters = read(aws, "AWS::RDS::DBParameterGroup", "strict")
    expect(parameters, {"Family": "postgres16", "Description": "tls"}, absent=("Parameters",))
    with pytest.raises(GoneError):
        read(aws, "AWS::RDS::DBInstance", "another")


def test_database_events_are_sent_to_a_topic(aws: Aws, lab: Lab) -> None:
    """The API has other names for lists."""
    topic = "arn:aws:sns:us-east-1:123456789012:events"
    lab("rds").create_event_subscription(
        SubscriptionName="sub", SnsTopicArn=topic, SourceType="db-instance", EventCategories=["failover"], Enabled=True
    )
    found = read(aws, "AWS::RDS::EventSubscription", "sub")
    expect(found, {"SnsTopicArn": topic, "SourceType": "db-instance", "EventCategories": ["failover"], "Enabled": True})


def test_a_cache_says_that_it_has_a_token_and_not_which(aws: Aws, lab: Lab) -> None:
    """The token is set and never readable; what member clusters answer is unknown where none is listed."""
    lab("elasticache").create_replication_group(
        ReplicationGroupId="cache",
        ReplicationGroupDescription="sessions",
        Engine="redis",
        CacheNodeType="cache.t4g.small",
        AutomaticFailoverEnabled=True,
        MultiAZEnabled=True,
        NumCacheClusters=2,
        AtRestEncryptionEnabled=True,
        TransitEncryptionEnabled=True,
        AuthToken="0123456789abcdef0123",
        SnapshotRetentionLimit=7,
    )
    found = read(aws, "AWS::ElastiCache::ReplicationGroup", "cache")
    expect(
        found,
        {
            "ReplicationGroupDescription": "sessions",
            "AutomaticFailoverEnabled": True,
            "MultiAZEnabled": True,
            "AtRestEncryptionEnabled": True,
            "TransitEncryptionEnabled": True,
            "SnapshotRetentionLimit": 7,
            "AuthToken": Reference("s.X", "AuthToken"),
        },
    )
    assert found.properties["EngineVersion"] == Unknown(Cause.MALFORMED, "elasticache:DescribeCacheClusters")


def test_keys_secrets_and_rotation(aws: Aws, lab: Lab) -> None:
    """A secret's value is nowhere; one that is about to be deleted is gone; a schedule needs a rotation."""
    kms, secrets = lab("kms"), lab("secretsmanager")
    key = kms.create_key(Description="data", Policy=json.dumps(POLICY), Tags=[{"TagKey": "Team", "TagValue": "a"}])
    key_id = key["KeyMetadata"]["KeyId"]
    kms.enable_key_rotation(KeyId=key_id)
    kms.create_alias(AliasName="alias/data", TargetKeyId=key_id)
    found = read(aws, "AWS::KMS::Key", key_id)
    tags = [{"Key": "Team", "Value": "a"}]
    expect(
        found,
        {"Description": "data", "EnableKeyRotation": True, "KeyPolicy": POLICY, "Enabled": True, "Tags": tags},
    )
    assert found.properties["PendingWindowInDays"] == Unknown(Cause.WRITE_ONLY, "PendingWindowInDays")
    assert key["KeyMetadata"]["Arn"] in found.names
    expect(read(aws, "AWS::KMS::Alias", "alias/data"), {"AliasName": "alias/data", "TargetKeyId": key_id})
    text = "hunter2-hunter2"
    made = secrets.create_secret(Name="db/password", Description="d", KmsKeyId=key_id, SecretString=text)
    secret = read(aws, "AWS::SecretsManager::Secret", made["ARN"])
    expect(
        secret,
        {"Name": "db/password", "KmsKeyId": key_id, "SecretString": Unknown(Cause.WRITE_ONLY, "SecretString")},
        absent=("Tags", "ReplicaRegions"),
    )
    with pytest.raises(GoneError):
        read(aws, "AWS::SecretsManager::RotationSchedule", made["ARN"])
    dead = secrets.create_secret(Name="old", SecretString=text)["ARN"]
    secrets.delete_secret(SecretId=dead)
    with pytest.raises(GoneError):
        read(aws, "AWS::SecretsManager::Secret", dead)
    attached = read(aws, "AWS::SecretsManager::SecretTargetAttachment", made["ARN"])
    expect(attached, {"SecretId": made["ARN"], "TargetId": Unknown(Cause.WRITE_ONLY, "TargetId")})
    answers = [aws.ledger.answer(entry) for entry in aws.ledger.entries]
    assert text not in json.dumps(answers)


def test_topics_queues_and_their_policies(aws: Aws, lab: Lab) -> None:
    """A policy's physical id says nothing: the template says which topic or queue it is on."""
    sns, sqs = lab("sns"), lab("sqs")
    topic = sns.create_topic(Name="alerts", Attributes={"KmsMasterKeyId": "alias/data", "DisplayName": "Alerts"})[
        "TopicArn"
    ]
    sns.subscribe(TopicArn=topic, Protocol="email", Endpoint="a@example.org")
    sns.set_topic_attributes(TopicArn=topic, AttributeName="Policy", AttributeValue=json.dumps(POLICY))
    found = read(aws, "AWS::SNS::Topic", topic)
    subscription = [{"Protocol": "email", "Endpoint": "a@example.org"}]
    expect(
        found,
        {"TopicName": "alerts", "DisplayName": "Alerts", "KmsMasterKeyId": "alias/data", "Subscription": subscription},
        absent=("Tags",),
    )
    expect(
        read(aws, "AWS::SNS::TopicPolicy", "odd", {"Topics": [topic]}), {"Topics": [topic], "PolicyDocument": POLICY}
    )
    dead = sqs.create_queue(QueueName="dead")["QueueUrl"]
    redrive = {"deadLetterTargetArn": "arn:aws:sqs:us-east-1:123456789012:dead", "maxReceiveCount": 3}
    attributes = {
        "RedrivePolicy": json.dumps(redrive),
        "MessageRetentionPeriod": "1209600",
        "Policy": json.dumps(POLICY),
    }
    url = sqs.create_queue(QueueName="work", Attributes=attributes, tags={"Team": "a"})["QueueUrl"]
    queue = read(aws, "AWS::SQS::Queue", url)
    expect(
        queue,
        {
            "QueueName": "work",
            "MessageRetentionPeriod": 1209600,
            "RedrivePolicy": redrive,
            "FifoQueue": False,
            "Tags": [{"Key": "Team", "Value": "a"}],
        },
        absent=("KmsMasterKeyId",),
    )
    expect(read(aws, "AWS::SQS::QueuePolicy", "odd", {"Queues": [url]}), {"Queues": [url], "PolicyDocument": POLICY})
    with pytest.raises(GoneError):
        read(aws, "AWS::SQS::QueuePolicy", "odd", {"Queues": [dead]})
