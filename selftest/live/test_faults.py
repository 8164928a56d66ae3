"""What goes wrong is sorted into causes, and no fact comes of what was not read."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from typing import Any

import botocore.exceptions as e
import pytest
from botocore.awsrequest import AWSResponse
from botocore.parsers import ResponseParserError

from selftest.live.seeding import Lab, read
from stackproof.model import Cause, Unknown
from stackproof.sources.live import ADVICE, Aws, Credentials
from stackproof.sources.live.faults import Fault, fault_of
from stackproof.sources.live.parts import GoneError, NoHintError
from stackproof.sources.live.permissions import permission_of
from stackproof.sources.live.reading import readers

ORGANISATION = (
    "User: u is not authorized to perform: s3:GetBucketPolicy with an explicit deny in a service control policy"
)
RESOURCE = "User: u is not authorized to perform: kms:DescribeKey with an explicit deny in a resource-based policy"
IDENTITY = "User: u is not authorized to perform: x because no identity-based policy allows the x action"


def client_error(code: str, message: str = "", status: int = 400) -> e.ClientError:
    answer = {"Error": {"Code": code, "Message": message}, "ResponseMetadata": {"HTTPStatusCode": status}}
    return e.ClientError(answer, "Op")


@pytest.mark.parametrize(
    ("error", "cause"),
    [
        (client_error("AccessDenied", IDENTITY, 403), Cause.ACCESS_DENIED),
        (client_error("UnauthorizedOperation", "You are not authorized", 403), Cause.ACCESS_DENIED),
        (client_error("AccessDeniedException", ORGANISATION), Cause.DENIED_BY_ORGANISATION),
        (client_error("AccessDenied", RESOURCE, 403), Cause.DENIED_BY_RESOURCE),
        (client_error("ThrottlingException"), Cause.THROTTLED),
        (client_error("RequestLimitExceeded", status=503), Cause.THROTTLED),
        (client_error("SlowDown", status=503), Cause.THROTTLED),
        (client_error("ExpiredToken"), Cause.EXPIRED_CREDENTIALS),
        (client_error("ExpiredTokenException"), Cause.EXPIRED_CREDENTIALS),
        (client_error("InvalidClientTokenId", status=403), Cause.NO_CREDENTIALS),
        (client_error("OptInRequired", status=403), Cause.REGION_OFF),
        (client_error("InternalFailure", status=500), Cause.SERVICE_ERROR),
        (client_error("500", status=500), Cause.SERVICE_ERROR),
        (client_error("ServiceUnavailable", status=503), Cause.SERVICE_ERROR),
        (client_error("SomethingNew"), Cause.SERVICE_ERROR),
        (client_error("404", "Not Found", status=404), Cause.SERVICE_ERROR),
        (client_error("InvalidSecurityGroupRuleId.Malformed"), Cause.SERVICE_ERROR),
        (client_error("UnsupportedActionException"), Cause.UNSUPPORTED_TYPE),
        (e.NoCredentialsError(), Cause.NO_CREDENTIALS),
        (e.ProfileNotFound(profile="p"), Cause.NO_CREDENTIALS),
        (e.UnauthorizedSSOTokenError(), Cause.EXPIRED_CREDENTIALS),
        (e.ReadTimeoutError(endpoint_url="u"), Cause.TIMEOUT),
        (e.ConnectTimeoutError(endpoint_url="u"), Cause.ENDPOINT_OFF),
        (e.EndpointConnectionError(endpoint_url="u"), Cause.ENDPOINT_OFF),
        (ResponseParserError("garbage"), Cause.MALFORMED),
    ],
)
def test_each_failure_has_its_cause_and_advice(error: Exception, cause: Cause) -> None:
    """One place translates; whoever reads the cause is told what to do."""
    fault = fault_of(error)
    assert fault is not None
    assert (fault.cause, fault.gone) == (cause, False)
    assert ADVICE[cause]


@pytest.mark.parametrize(
    "code",
    [
        "NoSuchBucket",
        "NoSuchEntity",
        "ResourceNotFoundException",
        "DBInstanceNotFound",
        "InvalidGroup.NotFound",
        "WAFNonexistentItemException",
        "AWS.SimpleQueueService.NonExistentQueue",
        "ReplicationGroupNotFoundFault",
    ],
)
def test_not_found_is_no_failure(code: str) -> None:
    """AWS says that a thing is not there in many words."""
    fault = fault_of(client_error(code))
    assert fault is not None
    assert fault.gone


def test_a_mistake_of_ours_is_not_a_fault() -> None:
    """Wrong parameters are an error in the harness and must be seen."""
    assert fault_of(e.ParamValidationError(report="r")) is None


FAULTS: dict[str, tuple[Any, Cause]] = {
    "denied": ((403, "AccessDenied", IDENTITY), Cause.ACCESS_DENIED),
    "denied by organisation": ((403, "AccessDenied", ORGANISATION), Cause.DENIED_BY_ORGANISATION),
    "throttled": ((400, "ThrottlingException", ""), Cause.THROTTLED),
    "500": ((500, "InternalFailure", ""), Cause.SERVICE_ERROR),
    "timeout": (e.ReadTimeoutError(endpoint_url="u"), Cause.TIMEOUT),
    "off": (e.EndpointConnectionError(endpoint_url="u"), Cause.ENDPOINT_OFF),
    "no answer at all": ((200, "", ""), Cause.MALFORMED),
}


@contextlib.contextmanager
def always(aws: Aws, fault: Any) -> Iterator[None]:
    """Let every call of a connection end in a fault, where the answer comes in."""

    def answer(**_: Any) -> Any:
        if isinstance(fault, Exception):
            raise fault
        status, code, message = fault
        body: dict[str, Any] = {"Error": {"Code": code, "Message": message}} if code else {}
        metadata = {"HTTPStatusCode": status, "HTTPHeaders": {}, "RequestId": "r"}
        return AWSResponse("u", status, {}, None), {**body, "ResponseMetadata": metadata}

    made = aws.client

    def client(service: str, region: str = "") -> Any:
        found = made(service, region)
        found.meta.events.register_first("before-call", answer)
        return found

    aws.client = client  # type: ignore[method-assign]
    yield


@pytest.mark.parametrize("name", FAULTS)
def test_no_reader_makes_a_fact_of_a_failure(lab: Lab, name: str) -> None:
    """Whatever type is read: every property is unknown, and says which permission or cause; nothing is gone."""
    fault, cause = FAULTS[name]
    aws = Aws("us-east-1", endpoint=lab.endpoint, credentials=Credentials("a", "b"), attempts=1)
    odd: set[tuple[str, str]] = set()
    with always(aws, fault):
        for type_, reader in readers().items():
            physical = next((id_ for start, id_ in PHYSICAL.items() if type_.startswith(start)), ARN)
            try:
                found = read(aws, type_, physical, HINTS)
            except (GoneError, NoHintError):
                odd |= {(type_, "gone")} if (name, type_) not in NOTHING_IS_AN_ANSWER else set()
                continue
            said = {key for key in found.schema.properties if key not in found.schema.read_only}
            known = {key for key in said if not isinstance(found.properties.get(key), Unknown)}
            known -= NOTHING_IS_AN_ANSWER.get((name, type_), set())
            odd |= {(type_, key) for key in known}
            causes = {value.cause for value in found.properties.values() if isinstance(value, Unknown)}
            assert causes <= {cause, Cause.WRITE_ONLY, Cause.NOT_READ}, type_
            if found.properties:
                assert cause in causes, type_
            permissions = {permission_of(call) for call in reader.calls}
            details = {v.detail for v in found.properties.values() if isinstance(v, Unknown) and v.cause is cause}
            assert details <= permissions, type_
    assert odd == set()


# APIs that are documented to say by an empty answer that there is nothing
NOTHING_IS_AN_ANSWER: dict[tuple[str, str], set[str]] = {
    ("no answer at all", "AWS::WAFv2::WebACLAssociation"): set(),
    ("no answer at all", "AWS::SQS::Queue"): {"Tags"},
    ("no answer at all", "AWS::S3::Bucket"): {
        "BucketName",
        "LoggingConfiguration",
        "NotificationConfiguration",
        "VersioningConfiguration",
    },
}
PHYSICAL = {
    "AWS::WAFv2::WebACL": "a|b1b1b1b1|REGIONAL",
    "AWS::S3::": "a-bucket",
    "AWS::EC2::SecurityGroupIngress": "sgr-1",
    "AWS::EC2::SecurityGroupEgress": "sgr-2",
}
ARN = "arn:aws:x:us-east-1:123456789012:a/b/c/d"
HINTS: dict[str, Any] = {
    "HostedZoneId": "Z1",
    "Name": "n",
    "Type": "A",
    "RecordSets": [{"Name": "n", "Type": "A"}],
    "Topics": ["arn:aws:sns:us-east-1:123456789012:t"],
    "Queues": ["https://q"],
    "PolicyName": "p",
    "Roles": ["r"],
    "FunctionName": "f",
    "UserPoolId": "us-east-1_abc",
    "IdentityPoolId": "us-east-1:abc",
    "RestApiId": "r",
    "ApiId": "a",
    "DomainName": "d",
    "VpcId": "vpc-1",
    "RouteTableId": "rtb-1",
    "DestinationCidrBlock": "0.0.0.0/0",
    "ConfigurationSetName": "c",
    "EventDestination": {"Name": "e"},
    "BackupPlanId": "p",
    "ResourceArn": ARN,
    "ResourceId": "r",
    "ScalableDimension": "ecs:service:DesiredCount",
    "ServiceNamespace": "ecs",
    "Cluster": "c",
}


def test_a_denied_setting_leaves_the_others_known(lab: Lab, aws: Aws) -> None:
    """Only what the denied call answers is unknown, and the unknown names the permission."""
    lab("s3").create_bucket(Bucket="half-open")
    client = aws.client("s3")

    def deny(model: Any, **_: Any) -> Any:
        if model.name == "GetBucketEncryption":
            metadata = {"HTTPStatusCode": 403, "HTTPHeaders": {}}
            error = {"Code": "AccessDenied", "Message": IDENTITY}
            return AWSResponse("u", 403, {}, None), {"Error": error, "ResponseMetadata": metadata}
        return None

    client.meta.events.register("before-call", deny)
    found = read(aws, "AWS::S3::Bucket", "half-open")
    assert found.properties["BucketEncryption"] == Unknown(Cause.ACCESS_DENIED, "s3:GetEncryptionConfiguration")
    assert "CorsConfiguration" not in found.properties
    assert found.properties["BucketName"] == "half-open"


def test_a_key_that_works_elsewhere_means_that_the_region_is_off(lab: Lab) -> None:
    """AWS calls a key unknown in a region that is not enabled."""
    aws = Aws("us-east-1", endpoint=lab.endpoint, credentials=Credentials("a", "b"), attempts=1)
    assert not isinstance(aws.identity(), Fault)
    with always(aws, (403, "AuthFailure", "AWS was not able to validate the provided access credentials")):
        answer = aws.call("ec2", "DescribeVpcs")
    assert answer.fault is not None
    assert answer.fault.cause is Cause.REGION_OFF


def test_another_account_is_not_read(lab: Lab) -> None:
    """Not even one call is made after it is known."""
    aws = Aws("us-east-1", account="999999999999", endpoint=lab.endpoint, credentials=Credentials("a", "b"))
    who = aws.identity()
    assert isinstance(who, Fault)
    assert who.cause is Cause.WRONG_ACCOUNT
    answer = aws.call("ec2", "DescribeVpcs")
    assert answer.fault == who
    assert len(aws.ledger.entries) == 1


def test_where_nothing_answers_it_is_asked_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """A closed port costs one attempt for each service, not one for each resource."""
    monkeypatch.setenv("AWS_MAX_ATTEMPTS", "1")
    aws = Aws("us-east-1", endpoint="http://127.0.0.1:9", credentials=Credentials("a", "b"), attempts=1)
    first = aws.call("sns", "GetTopicAttributes", {"TopicArn": "a"})
    second = aws.call("sns", "GetTopicAttributes", {"TopicArn": "b"})
    assert first.fault == second.fault
    assert first.fault is not None
    assert first.fault.cause is Cause.ENDPOINT_OFF
    assert len(aws.ledger.entries) == 1
