"""S3 for those without credentials: access blocks, bucket policy and access lists decide, as on AWS.

moto lets strangers write whatever the bucket says, and reads no principals and conditions of a bucket policy.
"Blocking public access to your Amazon S3 storage" and "How Amazon S3 authorizes a request" say what is done here. The
embedded endpoint speaks HTTP and stands for one that speaks HTTPS, so a request counts as made over TLS.
"""

from __future__ import annotations

import base64
import hashlib
import io
import re
from collections.abc import Mapping
from typing import Any, Final
from urllib.parse import unquote

from stackproof.emulator.additions.policy_evaluation import (
    ANONYMOUS,
    SECURE,
    Decision,
    Question,
    UnreadableError,
    decide,
    names_everybody,
    statements,
)

Answer = tuple[int, Mapping[str, str], bytes]
# What stands in an admitted request, so that moto does not judge it again
ADMITTED: Final = {
    "HTTP_AUTHORIZATION": "AWS4-HMAC-SHA256 Credential=stranger/20200101/us-east-1/s3/aws4_request, Signature=none"
}
_HOST: Final = re.compile(r"(?P<bucket>[^:]+)\.s3[.-][^:]*amazonaws\.com(\.cn)?(:\d+)?")
_SIGNED: Final = re.compile(r"(^|&)(X-Amz-Signature|Signature|AWSAccessKeyId)=", re.IGNORECASE)
_VERBS: Final = {"GET": "Get", "HEAD": "Get", "PUT": "Put", "POST": "Put", "DELETE": "Delete"}
_SUBRESOURCES: Final = {"acl": "Acl", "tagging": "Tagging", "retention": "Retention", "legal-hold": "LegalHold"}
# Conditions on these keys, with fixed values, keep a policy from being public
_NARROWING: Final = frozenset(
    {
        *("aws:sourceip", "aws:sourcearn", "aws:sourcevpc", "aws:sourcevpce", "aws:sourceowner", "aws:sourceaccount"),
        *("aws:userid", "aws:principalorgid", "aws:principalaccount", "aws:principalarn", "s3:dataaccesspointarn"),
        "s3:dataaccesspointaccount",
    }
)


def correct() -> None:
    """Let moto read bucket policies with their principals and conditions. Called once."""
    from moto.iam.access_control import PermissionResult
    from moto.s3.models import FakeBucket

    decisions = {
        Decision.ALLOWED: PermissionResult.PERMITTED,
        Decision.EXPLICIT: PermissionResult.DENIED,
        Decision.IMPLICIT: PermissionResult.NEUTRAL,
    }

    def get_permission(self: Any, action: str, resource: str) -> Any:
        owner = f"arn:{self.partition}:iam::{self.account_id}:root"
        question = Question(action, resource, owner, SECURE)
        return decisions[decide([self.policy.decode()] if self.policy else [], question)]

    model: Any = FakeBucket
    model.get_permission = get_permission


def bucket_asked(request: Any, account: str) -> tuple[Any, str] | None:
    """Bucket and key that a request without credentials is for; None for all that is not for a bucket."""
    from moto.s3.models import s3_backends

    if "Authorization" in request.headers or "X-Amz-Target" in request.headers or request.method not in _VERBS:
        return None
    form = request.headers.get("Content-Type", "").startswith("application/x-www-form-urlencoded")
    if form or _SIGNED.search(request.query_string.decode("utf-8", "replace")):
        return None
    path, host = unquote(request.path).lstrip("/"), _HOST.fullmatch(request.host)
    name, key = (host["bucket"], path) if host else (path.partition("/")[0], path.partition("/")[2])
    backends: Any = s3_backends[account]
    bucket = next((b.buckets[name] for b in backends.values() if name in b.buckets), None)
    if bucket is None or request.method != "POST":
        return (bucket, key) if bucket is not None else None
    return None if _form_is_signed(request) else (bucket, request.form.get("key", key))


def _form_is_signed(request: Any) -> bool:
    """Whether a browser's upload form bears a signature; the request can be read again afterwards."""
    request.environ["wsgi.input"] = io.BytesIO(request.get_data())
    return any(name.lower() in ("x-amz-signature", "signature") for name in request.form)


def refusal(request: Any, bucket: Any, key: str, account: str) -> Answer | None:
    """What S3 answers to somebody without credentials whom it does not let in; None for whom it does."""
    try:
        if not _allowed(bucket, key, request, account):
            return _error(403, "AccessDenied", "Access Denied")
    except UnreadableError as error:
        return _error(501, "NotImplemented", f"The bucket policy is not understood: {error}")
    digest = request.headers.get("Content-MD5", "")
    if digest and digest != base64.b64encode(hashlib.md5(request.get_data(), usedforsecurity=False).digest()).decode():
        return _error(400, "BadDigest", "The Content-MD5 you specified did not match what we received.")
    return None


def _allowed(bucket: Any, key: str, request: Any, account: str) -> bool:
    blocks = _blocks(bucket, account)
    policies = [bucket.policy.decode()] if bucket.policy else []
    context = {**SECURE, "aws:principaltype": ["Anonymous"]}
    if request.remote_addr:
        context["aws:sourceip"] = [request.remote_addr]
    for header, name in (("Referer", "aws:referer"), ("User-Agent", "aws:useragent")):
        if header in request.headers:
            context[name] = [request.headers[header]]
    if "restrict_public_buckets" in blocks and any(_is_public(one) for one in statements(policies)):
        policies = [{"Statement": [one for one in statements(policies) if one.get("Effect") == "Deny"]}]

    def permitted(action: str, resource: str) -> Decision:
        return decide(policies, Question(action, resource, ANONYMOUS, context))

    home = f"arn:{bucket.partition}:s3:::{bucket.name}"
    action = _action(request, key)
    decision = permitted(action, f"{home}/{key}" if key else home)
    if decision is Decision.IMPLICIT and "ignore_public_acls" not in blocks and _lists_count(bucket):
        decision = Decision.ALLOWED if _listed(bucket, key, action) else decision
    found = not key or action != "s3:GetObject" or bucket.keys.get(key) is not None
    if decision is Decision.ALLOWED and not found:  # who may not list is not told that nothing is there
        return permitted("s3:ListBucket", home) is Decision.ALLOWED or _listed(bucket, "", "s3:ListBucket")
    return decision is Decision.ALLOWED


def _action(request: Any, key: str) -> str:
    """The permission that a request needs."""
    verb, asked = _VERBS[request.method], set(request.args)
    below = next((name for query, name in _SUBRESOURCES.items() if query in asked), "")
    if key:
        version = "Version" if "versionId" in asked and verb != "Put" else ""
        return f"s3:{verb}Object{version}{below}"
    plain = request.method in ("GET", "HEAD") and asked <= {"list-type", "prefix", "delimiter", "max-keys", "marker"}
    return "s3:ListBucket" if plain else f"s3:{verb}Bucket{below or 'Setting'}"


def _listed(bucket: Any, key: str, action: str) -> bool:
    """Whether an access list gives everybody this: the bucket's for listing and writing, the object's for reading."""
    from moto.s3.models import ALL_USERS_GRANTEE

    thing = bucket.keys.get(key) if action == "s3:GetObject" else bucket
    wanted = {"s3:GetObject": "READ", "s3:ListBucket": "READ", "s3:PutObject": "WRITE", "s3:DeleteObject": "WRITE"}
    grants = thing.acl.grants if thing is not None and thing.acl else []
    given = {word for grant in grants if ALL_USERS_GRANTEE in grant.grantees for word in grant.permissions}
    return bool(given & {wanted.get(action, "FULL_CONTROL"), "FULL_CONTROL"})


def _lists_count(bucket: Any) -> bool:
    """Access lists are off where the bucket's owner owns every object."""
    return "BucketOwnerEnforced" not in str(bucket.ownership_rule)


def _blocks(bucket: Any, account: str) -> set[str]:
    """The access blocks that are on, for the bucket or for the whole account."""
    from moto.s3control.models import s3control_backends

    backends: Any = s3control_backends[account]
    found = [bucket.public_access_block, *(backend.public_access_block for backend in backends.values())]
    names = ("ignore_public_acls", "restrict_public_buckets")
    return {name for block in found if block for name in names if getattr(block, name)}


def _is_public(statement: Mapping[str, Any]) -> bool:
    """Whether a statement makes a policy public in S3's sense."""
    keys = {key.lower() for keys in (statement.get("Condition") or {}).values() for key in keys}
    return statement.get("Effect") == "Allow" and names_everybody(statement) and not keys & _NARROWING


def _error(status: int, code: str, message: str) -> Answer:
    text = f'<?xml version="1.0" encoding="UTF-8"?>\n<Error><Code>{code}</Code><Message>{message}</Message></Error>'
    return status, {"Content-Type": "application/xml", "x-amz-request-id": "EMBEDDED"}, text.encode()
