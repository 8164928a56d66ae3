"""IAM statements are read as IAM reads them, and an unknown part never decides anything."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stackproof.model import Cause, Claim, Fact, Reference, Text, Unknown, Value, Where
from stackproof.resources import policies

HOLE = Unknown(Cause.UNRESOLVED_PARAMETER, "stack.Anything")
BUCKET = Reference("stack.Bucket", "Arn")
ACTIONS = ("s3:GetObject", "s3:PutObject", "iam:PassRole")


def statement(**words: Value) -> Fact:
    """A statement of a policy, as a fact."""
    return Fact("Statement[0]", dict(words), Where("t.yml", 7))


def matches(pattern: str, action: str) -> bool:
    """Match as IAM documents it, character by character: `*` is any text, `?` one character, case is ignored."""
    if not pattern:
        return not action
    if pattern[0] == "*":
        return matches(pattern[1:], action) or (bool(action) and matches(pattern, action[1:]))
    return bool(action) and pattern[0].lower() in ("?", action[0].lower()) and matches(pattern[1:], action[1:])


@given(st.text("s3:GetObjPiam*?", max_size=12), st.sampled_from(ACTIONS))
def test_action_patterns_match_as_documented(pattern: str, action: str) -> None:
    """An independent matcher says the same of Action, and the opposite of NotAction."""
    assert policies.covers(statement(Action=pattern), action).holds is matches(pattern, action)
    assert policies.covers(statement(NotAction=[pattern]), action).holds is not matches(pattern, action)


@given(st.sampled_from(ACTIONS).map(lambda a: re.sub("[a-z]$", "?", a)), st.booleans())
def test_a_list_says_the_same_as_a_single_value(pattern: str, as_list: bool) -> None:
    """The policy language lets each of these words be either."""
    words: dict[str, Value] = {"Action": pattern, "Resource": "*", "Principal": {"AWS": "*"}, "Effect": "Allow"}
    wrapped: dict[str, Value] = {**words, "Action": [pattern], "Resource": ["*"], "Principal": {"AWS": ["*"]}}
    said = statement(**(wrapped if as_list else words))
    assert policies.public(said).holds
    assert policies.boundless(said).holds
    assert policies.covers(said, *ACTIONS).holds


@pytest.mark.parametrize(
    ("resource", "expected"),
    [
        ("*", True),
        ("arn:aws:s3:::*", True),
        ("arn:aws:s3:::*/*", True),
        ("arn:aws:secretsmanager:*:*:secret:*", True),
        ("arn:aws:dynamodb:us-east-1:123456789012:table/*", True),
        (Text(("arn:", HOLE, ":secretsmanager:", HOLE, ":", HOLE, ":secret:*")), True),
        ("arn:aws:s3:::uploads/*", False),
        ("arn:aws:execute-api:us-east-1:123456789012:abcdef/*", False),
        ("arn:aws:sqs:*:*:*", True),
        ("arn:aws:secretsmanager:*:*:secret:mdreader/*", False),
        (BUCKET, False),
        (Text((BUCKET, "/*")), False),
        (Text(("arn:aws:s3:::mdreader-", HOLE, "/*")), False),
        (Text(("arn:aws:s3:::", HOLE)), None),
        (HOLE, None),
    ],
)
def test_resources_that_name_none(resource: Value, expected: bool | None) -> None:
    """Wildcards in place of the name are as wide as `*`; a reference is one resource; an unknown may be either."""
    assert policies.boundless(statement(Resource=resource)).holds is expected


@pytest.mark.parametrize(
    ("operator", "key", "value", "expected"),
    [
        ("StringEquals", "aws:PrincipalOrgID", "o-1", True),
        ("StringEquals", "AWS:SOURCEACCOUNT", "123456789012", True),
        ("ArnLike", "aws:SourceArn", "arn:aws:s3:::uploads", True),
        ("ForAnyValue:StringLike", "aws:PrincipalOrgPaths", "o-1/*", True),
        ("StringEquals", "aws:SourceAccount", Reference("AWS::AccountId"), True),
        ("StringEqualsIfExists", "aws:PrincipalOrgID", "o-1", False),
        ("ForAllValues:StringEquals", "aws:PrincipalOrgPaths", "o-1", False),
        ("StringNotEquals", "aws:SourceAccount", "123456789012", False),
        ("StringLike", "aws:SourceArn", "*", False),
        ("StringLike", "aws:SourceArn", ["arn:aws:s3:::uploads", "*"], False),
        ("IpAddress", "aws:SourceIp", "0.0.0.0/0", False),
        ("IpAddress", "aws:SourceIp", "192.0.2.0/24", True),
        ("Bool", "aws:SecureTransport", "true", False),
        ("StringEquals", "aws:PrincipalOrgID", HOLE, None),
    ],
)
def test_conditions_that_narrow_who(operator: str, key: str, value: Value, expected: bool | None) -> None:
    """A condition narrows when a request without the key, or with any value, would be refused."""
    assert policies.narrowed(statement(Condition={operator: {key: value}})).holds is expected


@pytest.mark.parametrize(
    ("principal", "service", "expected"),
    [
        ({"Service": "logs.amazonaws.com"}, "logs", True),
        ({"Service": ["ec2.amazonaws.com", "logs.eu-west-1.amazonaws.com"]}, "logs", True),
        ({"Service": Text(("logs.", HOLE, ".amazonaws.com"))}, "logs", True),
        ({"Service": Text(("logs.", HOLE, ".", HOLE))}, "logs", True),
        ({"Service": "states.cn-north-1.amazonaws.com.cn"}, "states", True),
        ({"Service": "catalogs.amazonaws.com"}, "logs", False),
        ({"Service": "delivery.logs.amazonaws.com"}, "logs", False),
        ({"AWS": "arn:aws:iam::123456789012:root"}, "logs", False),
        ({"Service": HOLE}, "logs", None),
        (HOLE, "logs", None),
    ],
)
def test_services_are_recognised(principal: Value, service: str, expected: bool | None) -> None:
    """By their prefix, in any region and partition, whether or not the region is known."""
    assert policies.for_service(statement(Principal=principal), service).holds is expected


@pytest.mark.parametrize(
    ("principal", "own", "expected"),
    [
        ("arn:aws:iam::999999999999:root", "123456789012", True),
        ("999999999999", "123456789012", True),
        ("arn:aws:iam::123456789012:role/app", "123456789012", False),
        (Reference("stack.Role", "Arn"), "123456789012", False),
        (Text(("arn:aws:iam::", Reference("AWS::AccountId"), ":root")), "", False),
        ("arn:aws:iam::999999999999:root", "", None),
        (HOLE, "123456789012", None),
    ],
)
def test_other_accounts_are_told_apart(principal: Value, own: str, expected: bool | None) -> None:
    """An account of which the environment says nothing leaves a literal account open."""
    claim: Claim = policies.foreign(Fact("Principal.AWS", principal, Where("t.yml")), own)
    assert claim.holds is expected
