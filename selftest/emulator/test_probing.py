"""What the embedded AWS answers to probes is what AWS would answer: strangers at S3, IAM's simulation, dead letters."""

from __future__ import annotations

import base64
import hashlib
import json
import urllib.error
import urllib.request
import uuid
from collections.abc import Iterator, Mapping
from typing import Any

import boto3
import pytest
from botocore.exceptions import ClientError
from hypothesis import given
from hypothesis import strategies as st

from selftest.emulator.test_permissions import enforce
from stackproof.emulator import Running
from stackproof.emulator.additions.policy_evaluation import ANONYMOUS, Decision, Question, UnreadableError, decide

ALLOW = {"Effect": "Allow", "Principal": "*", "Action": "s3:GetObject", "Resource": "arn:aws:s3:::BUCKET/*"}
READ, WRITE, LIST, ERASE = "GET theirs", "PUT new", "GET ", "DELETE theirs"


@pytest.fixture
def bucket(deployed: Running) -> Iterator[str]:
    """A bucket with one object."""
    s3, name = deployed.client("s3"), f"strangers-{uuid.uuid4().hex[:12]}"
    s3.create_bucket(Bucket=name)
    s3.put_object(Bucket=name, Key="theirs", Body=b"theirs")
    yield name
    s3.delete_bucket_policy(Bucket=name)
    for found in s3.list_objects_v2(Bucket=name).get("Contents", []):
        s3.delete_object(Bucket=name, Key=found["Key"])
    s3.delete_bucket(Bucket=name)


def ask(url: str, method: str, body: bytes = b"", headers: Mapping[str, str] | None = None) -> tuple[int, bytes]:
    """Ask without credentials."""
    request = urllib.request.Request(url, body or None, dict(headers or {}), method=method)  # noqa: S310 - our own server
    try:
        with urllib.request.urlopen(request, timeout=10) as answer:  # noqa: S310 - our own server
            return answer.status, answer.read()
    except urllib.error.HTTPError as error:
        return error.code, error.read()


def stranger(running: Running, bucket: str, what: str) -> int:
    method, _, key = what.partition(" ")
    headers = {"Content-Type": "text/plain"} if method == "PUT" else {}
    return ask(f"{running.endpoint}/{bucket}/{key}", method, b"new" if method == "PUT" else b"", headers)[0]


def policy(running: Running, bucket: str, *statements: Mapping[str, Any]) -> None:
    text = json.dumps({"Version": "2012-10-17", "Statement": statements}).replace("BUCKET", bucket)
    running.client("s3").put_bucket_policy(Bucket=bucket, Policy=text)


@pytest.mark.parametrize(
    ("statement", "admitted"),
    [
        ({}, {READ}),
        ({"Action": "s3:PutObject"}, {WRITE}),
        ({"Action": ["s3:ListBucket"], "Resource": "arn:aws:s3:::BUCKET"}, {LIST}),
        ({"Action": "s3:*", "Resource": ["arn:aws:s3:::BUCKET", "arn:aws:s3:::BUCKET/*"]}, {READ, WRITE, LIST, ERASE}),
        ({"Action": "", "NotAction": "s3:DeleteObject"}, {READ, WRITE}),
        ({"Principal": {"AWS": "123456789012"}, "Action": "s3:*"}, set()),
        ({"Principal": {"Service": "cloudfront.amazonaws.com"}}, set()),
        ({"Resource": "arn:aws:s3:::BUCKET/other/*"}, set()),
        ({"Condition": {"Bool": {"aws:SecureTransport": "true"}}}, {READ}),
        ({"Condition": {"IpAddress": {"aws:SourceIp": "10.0.0.0/8"}}}, set()),
        ({"Condition": {"IpAddress": {"aws:SourceIp": "127.0.0.0/8"}}}, {READ}),
        ({"Condition": {"StringEquals": {"aws:PrincipalOrgID": "o-1"}}}, set()),
    ],
)
def test_a_bucket_policy_decides_for_strangers(
    deployed: Running, bucket: str, statement: dict[str, Any], admitted: set[str]
) -> None:
    """Who is let in, to do what, is what the policy says of people without credentials, and nobody else."""
    policy(deployed, bucket, {key: value for key, value in {**ALLOW, **statement}.items() if value})
    answers = {what: stranger(deployed, bucket, what) for what in (READ, WRITE, LIST, ERASE)}
    assert {what for what, status in answers.items() if status < 300} == admitted
    assert {status for what, status in answers.items() if what not in admitted} <= {403}


def test_without_anything_strangers_are_refused(deployed: Running, bucket: str) -> None:
    """A bucket that says nothing refuses them with S3's own words, also for what is not there."""
    for method, key in (("GET", "theirs"), ("GET", "nothing"), ("PUT", "new"), ("GET", ""), ("DELETE", "theirs")):
        status, text = ask(f"{deployed.endpoint}/{bucket}/{key}", method)
        assert (status, b"<Code>AccessDenied</Code>" in text) == (403, True)


def test_a_denial_wins_and_its_condition_counts(deployed: Running, bucket: str) -> None:
    """A statement that denies what comes without TLS does not concern what stands for TLS; a plain one does."""
    insecure = {"Bool": {"aws:SecureTransport": "false"}}
    deny = {**ALLOW, "Effect": "Deny", "Action": "s3:*"}
    policy(deployed, bucket, ALLOW, {**deny, "Condition": insecure})
    assert stranger(deployed, bucket, READ) == 200
    assert deployed.client("s3").get_object(Bucket=bucket, Key="theirs")["Body"].read() == b"theirs"
    policy(deployed, bucket, ALLOW, {**deny, "Principal": "*"})
    assert stranger(deployed, bucket, READ) == 403


@pytest.mark.parametrize(
    ("block", "by_policy", "by_list"),
    [
        ({}, 200, 200),
        ({"RestrictPublicBuckets": True}, 403, 200),
        ({"IgnorePublicAcls": True}, 200, 403),
        ({"BlockPublicAcls": True, "BlockPublicPolicy": True}, 200, 200),
    ],
)
def test_each_block_does_what_it_is_for(
    deployed: Running, bucket: str, block: dict[str, bool], by_policy: int, by_list: int
) -> None:
    """Restricting stops a public policy, ignoring stops public lists; the other two concern later changes only."""
    s3 = deployed.client("s3")
    s3.put_object_acl(Bucket=bucket, Key="theirs", ACL="public-read")
    s3.put_object(Bucket=bucket, Key="ours", Body=b"ours")
    s3.put_public_access_block(Bucket=bucket, PublicAccessBlockConfiguration={"BlockPublicAcls": False, **block})
    assert stranger(deployed, bucket, READ) == by_list
    assert stranger(deployed, bucket, "GET ours") == 403
    policy(deployed, bucket, ALLOW)
    assert stranger(deployed, bucket, "GET ours") == by_policy


def test_lists_are_off_where_the_owner_owns_all(deployed: Running, bucket: str) -> None:
    """With the owner enforced no access list opens anything."""
    s3 = deployed.client("s3")
    s3.put_bucket_acl(Bucket=bucket, ACL="public-read-write")
    assert [stranger(deployed, bucket, what) for what in (LIST, WRITE)] == [200, 200]
    s3.put_bucket_ownership_controls(
        Bucket=bucket, OwnershipControls={"Rules": [{"ObjectOwnership": "BucketOwnerEnforced"}]}
    )
    assert [stranger(deployed, bucket, what) for what in (LIST, WRITE)] == [403, 403]


def test_what_is_signed_is_not_a_strangers(deployed: Running, bucket: str) -> None:
    """Signed addresses work as before, for reading and writing."""
    s3 = deployed.client("s3")
    for operation, method, body in (("get_object", "GET", b""), ("put_object", "PUT", b"theirs")):
        url = s3.generate_presigned_url(operation, Params={"Bucket": bucket, "Key": "theirs"})
        assert ask(url, method, body, {"Content-Type": ""} if body else None)[0] == 200


def test_a_signed_form_is_not_a_strangers(deployed: Running, bucket: str) -> None:
    """A browser's form uploads with a signature in it, and without one is refused."""
    made = deployed.client("s3").generate_presigned_post(bucket, "form")
    for fields, status in ((made["fields"], 204), ({"key": "form"}, 403)):
        parts = [f'--b\r\nContent-Disposition: form-data; name="{k}"\r\n\r\n{v}\r\n' for k, v in fields.items()]
        parts.append('--b\r\nContent-Disposition: form-data; name="file"; filename="f"\r\n\r\nours\r\n--b--\r\n')
        headers = {"Content-Type": "multipart/form-data; boundary=b"}
        assert ask(f"{deployed.endpoint}/{bucket}", "POST", "".join(parts).encode(), headers)[0] == status
    assert deployed.client("s3").get_object(Bucket=bucket, Key="form")["Body"].read() == b"ours"


def test_a_wrong_digest_is_refused_only_to_those_let_in(deployed: Running, bucket: str) -> None:
    """The content is compared after access was given, and nothing is kept of it."""
    wrong = base64.b64encode(hashlib.md5(b"other", usedforsecurity=False).digest()).decode()
    headers = {"Content-MD5": wrong, "Content-Type": "text/plain"}
    assert ask(f"{deployed.endpoint}/{bucket}/new", "PUT", b"new", headers)[0] == 403
    policy(deployed, bucket, {**ALLOW, "Action": "s3:PutObject"})
    status, text = ask(f"{deployed.endpoint}/{bucket}/new", "PUT", b"new", headers)
    assert (status, b"<Code>BadDigest</Code>" in text) == (400, True)
    assert [o["Key"] for o in deployed.client("s3").list_objects_v2(Bucket=bucket)["Contents"]] == ["theirs"]


def test_other_unsigned_requests_are_left_alone(deployed: Running) -> None:
    """Keys of a user pool are for everybody, as on AWS; so is signing up."""
    pool = deployed.client("cognito-idp").list_user_pools(MaxResults=1)["UserPools"][0]["Id"]
    status, text = ask(f"{deployed.endpoint}/{pool}/.well-known/jwks.json", "GET")
    assert (status, "keys" in json.loads(text)) == (200, True)


# --- IAM ----------------------------------------------------------------------------------------------------


@pytest.fixture
def role(deployed: Running) -> Iterator[str]:
    """A role that may read one secret of two; gives its ARN."""
    iam, name = deployed.client("iam"), f"reader-{uuid.uuid4().hex[:8]}"
    trust = {"Effect": "Allow", "Principal": {"AWS": "*"}, "Action": "sts:AssumeRole"}
    made = iam.create_role(
        RoleName=name, AssumeRolePolicyDocument=json.dumps({"Version": "2012-10-17", "Statement": [trust]})
    )
    yield made["Role"]["Arn"]
    iam.delete_role_policy(RoleName=name, PolicyName="p")
    iam.delete_role(RoleName=name)


@pytest.mark.parametrize(
    ("extra", "database", "redis"),
    [
        ([], "allowed", "implicitDeny"),
        ([{"Effect": "Deny", "Resource": "*", "Condition": {"Bool": {"aws:SecureTransport": "false"}}}],
         "allowed", "implicitDeny"),
        ([{"Effect": "Deny", "Resource": "*"}], "explicitDeny", "explicitDeny"),
        ([{"Effect": "Allow", "Resource": "*", "Condition": {"StringEquals": {"aws:RequestedRegion": "x"}}}],
         "allowed", "implicitDeny"),
    ],
    ids=["one", "denied without TLS", "denied", "another region"],
)  # fmt: skip
def test_simulation_and_enforcement_agree(
    deployed: Running, role: str, extra: list[dict[str, Any]], database: str, redis: str
) -> None:
    """What IAM's simulation says of a role is what its credentials get when IAM is enforced."""
    iam, secrets, action = deployed.client("iam"), deployed.client("secretsmanager"), "secretsmanager:GetSecretValue"
    ids = {name: secrets.describe_secret(SecretId=f"mdreader/prod/{name}")["ARN"] for name in ("database", "redis")}
    statements = [{"Effect": "Allow", "Action": action, "Resource": ids["database"]}]
    statements += [{"Action": action, **one} for one in extra]
    document = json.dumps({"Version": "2012-10-17", "Statement": statements})
    iam.put_role_policy(RoleName=role.rpartition("/")[2], PolicyName="p", PolicyDocument=document)
    found = iam.simulate_principal_policy(
        PolicySourceArn=role,
        ActionNames=[action],
        ResourceArns=list(ids.values()),
        ContextEntries=[
            {"ContextKeyName": "aws:SecureTransport", "ContextKeyValues": ["true"], "ContextKeyType": "boolean"}
        ],
    )["EvaluationResults"]
    assert [one["EvalDecision"] for one in found] == [database, redis]
    given = deployed.client("sts").assume_role(RoleArn=role, RoleSessionName="reader")["Credentials"]
    as_role = boto3.client(
        "secretsmanager",
        region_name=deployed.region,
        endpoint_url=deployed.endpoint,
        aws_access_key_id=given["AccessKeyId"],
        aws_secret_access_key=given["SecretAccessKey"],
        aws_session_token=given["SessionToken"],
    )
    enforce(deployed, "0")
    try:
        enforced = [read(as_role, arn) for arn in ids.values()]
    finally:
        enforce(deployed, "inf")
    assert enforced == [one["EvalDecision"] == "allowed" for one in found]


def read(client: Any, arn: str) -> bool:
    """Whether a secret is given; any other refusal than one of access is an error."""
    try:
        client.get_secret_value(SecretId=arn)
    except ClientError as error:
        if error.response["Error"]["Code"] != "AccessDeniedException":
            raise
        return False
    return True


# --- policies -----------------------------------------------------------------------------------------------

CONDITIONS = st.sampled_from(
    [
        {},
        {"Bool": {"aws:SecureTransport": "true"}},
        {"Bool": {"aws:SecureTransport": "false"}},
        {"Null": {"a:b": "true"}},
    ]
)
STATEMENTS = st.builds(
    lambda effect, action, condition: {"Effect": effect, "Action": action, "Resource": "*", "Condition": condition},
    st.sampled_from(["Allow", "Deny"]),
    st.sampled_from(["s3:GetObject", "S3:get*", "s3:PutObject", "*"]),
    CONDITIONS,
)


@given(st.lists(STATEMENTS, max_size=5), st.randoms(use_true_random=False))
def test_order_does_not_matter_and_a_denial_wins(statements: list[dict[str, Any]], random: Any) -> None:
    """A statement that applies and denies decides, wherever it stands; nothing allows by itself."""
    question = Question("s3:GetObject", "arn:aws:s3:::a/b", None, {"aws:securetransport": ["true"]})
    applying = [
        one["Effect"]
        for one in statements
        if one["Action"] != "s3:PutObject" and one["Condition"] != {"Bool": {"aws:SecureTransport": "false"}}
    ]
    wanted = Decision.EXPLICIT if "Deny" in applying else Decision.ALLOWED if applying else Decision.IMPLICIT
    shuffled = random.sample(statements, len(statements))
    assert decide([{"Statement": statements}], question) is wanted
    assert decide([{"Statement": [one]} for one in shuffled], question) is wanted


@pytest.mark.parametrize("text", ["{", "[]", '{"Version": "2012-10-17"}'])
def test_what_is_no_policy_is_not_read_as_one(text: str) -> None:
    """A text that cannot be read decides nothing, and neither does an operator that is not known."""
    question = Question("s3:GetObject", "arn:aws:s3:::a/b", ANONYMOUS)
    with pytest.raises(UnreadableError):
        decide([text], question)
    with pytest.raises(UnreadableError):
        decide([{"Statement": {**ALLOW, "Resource": "*", "Condition": {"DateLessThan": {"a": "b"}}}}], question)
