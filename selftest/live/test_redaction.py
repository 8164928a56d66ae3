"""Secrets are taken out of answers wherever they stand, and the rest is left as it is."""

from __future__ import annotations

import datetime
import json

from botocore.session import get_session
from hypothesis import given
from hypothesis import strategies as st

from stackproof.resources.secret_values import looks_secret
from stackproof.sources.live.redaction import HIDDEN, MARK, plain

SECRETS = (
    "AKIAIOSFODNN7EXAMPLE",
    "postgres://app:hunter2hunter2@db.internal:5432/app",
    "ghp_abcdefghijklmnopqrstuvwxyz0123456789",
    "-----BEGIN RSA PRIVATE KEY-----",
    "password=hunter2hunter2",
)
HARMLESS = st.text(alphabet="abcdefghij ", max_size=12) | st.integers() | st.booleans() | st.none()


def trees(leaf: st.SearchStrategy[object]) -> st.SearchStrategy[object]:
    keys = st.text(alphabet="abcdef", min_size=1, max_size=5)
    return st.recursive(leaf, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(keys, inner, max_size=3))


@given(trees(HARMLESS | st.sampled_from(SECRETS)))
def test_no_known_form_survives_anywhere(tree: object) -> None:
    """Whatever the shape of an answer; and it is plain JSON afterwards."""
    written = json.dumps(plain({"Answer": tree}, None, "any"))
    for secret in ("AKIAIOSFODNN7EXAMPLE", "hunter2", "ghp_abc", "BEGIN RSA"):
        assert secret not in written


@given(trees(HARMLESS))
def test_what_is_no_secret_is_left_alone(tree: object) -> None:
    """Redaction changes nothing else."""
    assert plain(tree, None, "any") == tree


def test_only_the_secret_is_taken_out_of_a_document() -> None:
    """A template of many lines stays readable."""
    text = "Resources:\n" + "  Line: {Type: 'AWS::SNS::Topic'}\n" * 20 + "  Url: postgres://u:hunter2hunter2@h/d\n"
    found = plain(text, None, "cloudformation")
    assert "hunter2" not in found
    assert "postgres://" in found
    assert found.count("AWS::SNS::Topic") == 20


def test_settings_are_judged_by_name_and_form() -> None:
    """A pointer at a secret is none; the mark still looks like a secret to a control."""
    settings = [
        {"Name": "DB_PASSWORD", "Value": "short"},
        {"Name": "SECRET_ARN", "Value": "arn:aws:secretsmanager:us-east-1:1:secret:x"},
        {"Name": "STAGE", "Value": "prod"},
        {"ParameterKey": "ApiToken", "ParameterValue": "abc"},
    ]
    values = [next(reversed(item.values())) for item in plain(settings, None, "any")]
    assert values == [MARK, "arn:aws:secretsmanager:us-east-1:1:secret:x", "prod", MARK]
    assert looks_secret(MARK)


def test_what_aws_calls_sensitive_is_hidden() -> None:
    """By the shapes of botocore's models: a client's secret, not its id; dates and bytes become text."""
    model = get_session().get_service_model("cognito-idp").operation_model("DescribeUserPoolClient").output_shape
    when = datetime.datetime(2026, 1, 2, tzinfo=datetime.UTC)
    answer = {"UserPoolClient": {"ClientId": "abc", "ClientSecret": "xyz", "CreationDate": when}}
    wanted = {"ClientId": "abc", "ClientSecret": HIDDEN, "CreationDate": "2026-01-02T00:00:00+00:00"}
    assert plain(answer, model, "cognito-idp") == {"UserPoolClient": wanted}
    assert plain(b"/api", None, "wafv2") == "/api"


def test_a_signed_address_loses_its_signature() -> None:
    """Who reads the ledger cannot fetch the code of a function."""
    url = "https://bucket.s3.amazonaws.com/code.zip?versionId=1&X-Amz-Security-Token=abc&X-Amz-Signature=def"
    assert plain({"Location": url}, None, "lambda") == {
        "Location": "https://bucket.s3.amazonaws.com/code.zip?versionId=1"
    }


def test_cloud_control_answers_are_looked_into() -> None:
    """A JSON document inside a text."""
    model = get_session().get_service_model("cloudcontrol").operation_model("GetResource").output_shape
    document = json.dumps({"Name": "x", "Environment": {"ApiKey": "abc"}, "Url": "postgres://u:hunter2hunter2@h/d"})
    found = plain({"ResourceDescription": {"Properties": document}}, model, "cloudcontrol")
    inner = json.loads(found["ResourceDescription"]["Properties"])
    assert inner == {"Name": "x", "Environment": {"ApiKey": MARK}, "Url": MARK}
