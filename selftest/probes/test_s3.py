"""The probe of buckets: what opens one is seen, a refusal is only S3's own, and nothing is left."""

from __future__ import annotations

import json
import uuid
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest

from selftest.probes.asking import World, answering, ask, closed_port, resource, saying
from stackproof.model import Cause, Outcome
from stackproof.probes import Answer
from stackproof.sources.live import Aws, Credentials

PROBE = "s3-refuses-anonymous"
BLOCKS = ("BlockPublicAcls", "IgnorePublicAcls", "BlockPublicPolicy", "RestrictPublicBuckets")
REFUSAL = b"<Error><Code>AccessDenied</Code></Error>"


@pytest.fixture
def bucket(world: World) -> Iterator[str]:
    """A bucket of its own, versioned, with an object in it."""
    s3, name = world.client("s3"), f"probed-{uuid.uuid4().hex[:12]}"
    s3.create_bucket(Bucket=name)
    s3.put_bucket_versioning(Bucket=name, VersioningConfiguration={"Status": "Enabled"})
    s3.put_object(Bucket=name, Key="files/theirs", Body=b"theirs")
    yield name
    for version in s3.list_object_versions(Bucket=name).get("Versions", []):
        s3.delete_object(Bucket=name, Key=version["Key"], VersionId=version["VersionId"])
    s3.delete_bucket(Bucket=name)


def blocked(world: World, name: str, **off: bool) -> None:
    settings = {**dict.fromkeys(BLOCKS, True), **off}
    world.client("s3").put_public_access_block(Bucket=name, PublicAccessBlockConfiguration=settings)


def opened(world: World, name: str, action: str, **condition: Any) -> None:
    statement = {
        "Effect": "Allow",
        "Principal": "*",
        "Action": action,
        "Resource": f"arn:aws:s3:::{name}/*",
        **condition,
    }
    policy = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
    world.client("s3").put_bucket_policy(Bucket=name, Policy=policy)


def asked(world: World, name: str, **options: str) -> Answer:
    thing = resource("AWS::S3::Bucket")
    probing = world.probing(physical={thing.address: name})
    answer = ask(probing, PROBE, thing, **options)
    left = world.client("s3").list_object_versions(Bucket=name)
    assert [version["Key"] for version in left["Versions"]] == ["files/theirs"]
    assert not left.get("DeleteMarkers")
    return answer


def test_a_bucket_of_its_own_refuses(world: World, bucket: str) -> None:
    """Without any policy strangers are refused, reading and writing."""
    answer = asked(world, bucket)
    assert answer.outcome is Outcome.PASS
    assert [where.source.split()[0] for where in answer.evidence] == ["GET", "PUT"]


@pytest.mark.parametrize(("action", "said"), [("s3:GetObject", "reads"), ("s3:PutObject", "may write")])
def test_a_policy_for_everybody_is_seen(world: World, bucket: str, action: str, said: str) -> None:
    """With the blocks off and a public policy the stranger is let in, and still nothing is left."""
    opened(world, bucket, action)
    answer = asked(world, bucket)
    assert answer.outcome is Outcome.FAIL
    assert said in answer.message


def test_blocks_hold_against_a_public_policy(world: World, bucket: str) -> None:
    """The same policy with the blocks on lets nobody in: what counts is what is answered."""
    blocked(world, bucket)
    opened(world, bucket, "s3:*")
    assert asked(world, bucket).outcome is Outcome.PASS


def test_a_list_that_gives_everybody_the_object_is_seen(world: World, bucket: str) -> None:
    """An object's access list opens it as a policy does."""
    world.client("s3").put_object_acl(Bucket=bucket, Key="files/theirs", ACL="public-read")
    answer = asked(world, bucket)
    assert answer.outcome is Outcome.FAIL
    assert "files/theirs" in answer.message


def test_a_part_that_is_open_is_found_where_it_is_asked(world: World, bucket: str) -> None:
    """A policy for one folder is seen by a probe of that folder."""
    statement = {"Effect": "Allow", "Principal": {"AWS": "*"}, "Action": "s3:Put*"}
    policy = {"Statement": {**statement, "Resource": f"arn:aws:s3:::{bucket}/drop/*"}}
    world.client("s3").put_bucket_policy(Bucket=bucket, Policy=json.dumps(policy))
    assert asked(world, bucket, key="files/theirs").outcome is Outcome.PASS
    assert asked(world, bucket, key="files/theirs", prefix="drop/").outcome is Outcome.FAIL


def test_an_empty_bucket_outside_is_unknown(world: World) -> None:
    """Where nothing may be put, an empty bucket cannot be asked for an object that is there."""
    found = world.declared.get("storage.UploadsBucket")
    assert found is not None
    answer = ask(world.probing(embedded=False), PROBE, found)
    assert (answer.outcome, answer.cause, answer.decided_by) == (
        Outcome.UNKNOWN,
        Cause.NOT_RUN,
        "an object to ask for",
    )


def at(world: World, endpoint: str) -> Answer:
    """Ask somebody who is not S3."""
    aws = Aws("us-east-1", endpoint=endpoint, credentials=Credentials("a", "b"), embedded=True)
    thing = resource("AWS::S3::Bucket")
    probing = replace(world.probing(physical={thing.address: "files"}), aws=aws, timeout=0.5)
    return ask(probing, PROBE, thing, key="theirs")


@pytest.mark.parametrize(
    ("status", "body", "headers"),
    [
        (403, b"Forbidden by the proxy", {}),
        (403, REFUSAL, {}),
        (403, b"<Error><Code>SignatureDoesNotMatch</Code></Error>", {"x-amz-request-id": "1"}),
        (404, b"<Error><Code>NoSuchBucket</Code></Error>", {"x-amz-request-id": "1"}),
        (503, b"<Error><Code>SlowDown</Code></Error>", {"x-amz-request-id": "1"}),
        (302, b"", {"Location": "https://login.example.com"}),
    ],
)
def test_what_is_not_s3s_refusal_is_unknown(world: World, status: int, body: bytes, headers: dict[str, str]) -> None:
    """A proxy's 403, a missing bucket, an error and a redirect say nothing of who gets in."""
    with answering(status, body, headers) as port:
        answer = at(world, f"http://127.0.0.1:{port}")
    assert (answer.outcome, answer.cause) == (Outcome.UNKNOWN, Cause.SERVICE_ERROR)


def test_s3s_refusal_is_recognised(world: World) -> None:
    """The answer that counts: AccessDenied, with a request id of S3."""
    with answering(403, REFUSAL, {"x-amz-request-id": "1"}) as port:
        assert at(world, f"http://127.0.0.1:{port}").outcome is Outcome.PASS


@pytest.mark.parametrize(("status", "code"), [(416, b"InvalidRange"), (403, b"InvalidObjectState")])
def test_what_only_readers_are_told_is_no_refusal(world: World, status: int, code: bytes) -> None:
    """That an object is empty or archived is said to those who were let in."""
    with answering(status, b"<Error><Code>%s</Code></Error>" % code, {"x-amz-request-id": "1"}) as port:
        assert at(world, f"http://127.0.0.1:{port}").outcome is Outcome.FAIL


def test_where_nothing_answers_nothing_is_refused(world: World) -> None:
    """A closed port is no refusal, and neither is a server that says nothing."""
    assert at(world, f"http://127.0.0.1:{closed_port()}").cause is Cause.ENDPOINT_OFF
    with saying() as port:
        assert at(world, f"http://127.0.0.1:{port}").cause is Cause.TIMEOUT
