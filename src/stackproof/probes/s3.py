"""Amazon S3: what somebody without credentials gets."""

from __future__ import annotations

import base64
import hashlib
import re
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final
from urllib.parse import quote

from stackproof.model import Cause, Resource, Severity, Unknown, Where
from stackproof.probes.base import Answer, Probing, bad, faulty, good, joined, probe, tidied, unsure
from stackproof.probes.connecting import Heard, request
from stackproof.sources.live import Answer as Called

_MARK: Final = "stackproof-probe-"
_CONTENT: Final = b"a probe of stackproof"
# well-formed, and not the content's: S3 compares it after it has let the caller in, and then keeps nothing
_OTHER_DIGEST: Final = base64.b64encode(hashlib.md5(b"other", usedforsecurity=False).digest()).decode()

# What S3 says of an object only to those who may read it: that it is empty, or archived
_LET_IN: Final = ("InvalidRange", "InvalidObjectState")


@probe(
    id="s3-refuses-anonymous",
    title="A bucket refuses strangers who read or write an object",
    severity=Severity.CRITICAL,
    types=("AWS::S3::Bucket",),
    remediation="Turn on all four public access blocks and remove statements for everybody from the bucket policy.",
    needs=("s3:ListBucket",),
    options={"key": "", "prefix": ""},
)
def s3_refuses_anonymous(p: Probing, bucket: Resource) -> Answer:
    """Policies, access lists and blocks decide together who gets in; only a request without credentials shows it.

    The request for an object asks for one that is there (`key` names one): S3 refuses strangers an object that is not
    there in any case. The request to write bears a digest that is not its content's, so that S3 keeps nothing even if
    it would let the stranger in. `prefix` is where in the bucket is asked.
    """
    name, region = p.id_of(bucket), p.region_of(bucket)
    return joined((_read(p, name, region), _write(p, name, region)))


def _read(p: Probing, bucket: str, region: str) -> Answer:
    with _readable(p, bucket, region) as key:
        if isinstance(key, Answer):
            return key
        heard, asked = _asked(p, "GET", bucket, region, key)
        if isinstance(heard, Answer):
            return heard
        if heard.status in (200, 206) or _code(heard) in _LET_IN:
            return bad(f"a stranger reads {key}: S3 answers {heard.status} {_code(heard)}".rstrip(), asked)
        return _refused(heard, asked, "reads an object")


def _write(p: Probing, bucket: str, region: str) -> Answer:
    key = f"{p.options['prefix']}{_MARK}{secrets.token_hex(8)}"
    heard, asked = _asked(p, "PUT", bucket, region, key)
    if isinstance(heard, Answer):
        return heard
    if heard.status == 400 and _code(heard) == "BadDigest":
        return bad("a stranger may write: S3 checked the content (BadDigest) before it refused", asked)
    if heard.status in (200, 201):
        return bad(f"a stranger wrote {key}; {_removed(p, bucket, region, key, heard)}", asked)
    return _refused(heard, asked, "writes an object")


def _refused(heard: Heard, asked: Where, what: str) -> Answer:
    """Only S3's own AccessDenied is a refusal: a proxy's 403, a 404 and a 500 say nothing."""
    code = _code(heard)
    if heard.status == 403 and code == "AccessDenied" and "x-amz-request-id" in heard.headers:
        return good(f"S3 refuses a stranger who {what} (403 AccessDenied)", asked)
    said = f"to a stranger who {what} the answer was {heard.status} {code or 'without a code of S3'}"
    return unsure(Unknown(Cause.SERVICE_ERROR, str(asked)), f"{said}, which is no refusal", asked)


@contextmanager
def _readable(p: Probing, bucket: str, region: str) -> Iterator[str | Answer]:
    """Give the key of an object that is there. An empty bucket of the embedded environment gets one for the moment."""
    if p.options["key"]:
        yield p.options["key"]
        return
    asked = {"Bucket": bucket, "MaxKeys": 1, "Prefix": p.options["prefix"]}
    listed = p.aws.ask("s3", "ListObjectsV2", asked, region=region)
    where = Where(listed.call, listed.entry)
    if listed.fault:
        yield faulty(listed.fault, "s3:ListBucket", where)
    elif listed.value.get("Contents"):
        yield str(listed.value["Contents"][0]["Key"])
    elif not p.embedded:
        said = "the bucket is empty, and the answer to an object that is not there says nothing: name one by `key`"
        yield unsure(Unknown(Cause.NOT_RUN, "an object to ask for"), said, where)
    else:
        key = f"{p.options['prefix']}{_MARK}{secrets.token_hex(8)}"
        put = p.aws.ask("s3", "PutObject", {"Bucket": bucket, "Key": key, "Body": _CONTENT}, region=region)
        if put.fault:
            yield faulty(put.fault, put.call, Where(put.call, put.entry))
            return
        try:
            yield key
        finally:
            tidied(_delete(p, bucket, region, key, put.value.get("VersionId", "")), f"the object {key} in {bucket}")


def _asked(p: Probing, method: str, bucket: str, region: str, key: str) -> tuple[Heard | Answer, Where]:
    """Ask without credentials, and once more where S3 says that the bucket is in another region."""
    for _ in range(2):
        url = _address(p, bucket, region, key)
        writing = method == "PUT"
        headers = {"Content-MD5": _OTHER_DIGEST} if writing else {"Range": "bytes=0-0"}
        heard = request(p, method, url, headers=headers, body=_CONTENT if writing else b"")
        elsewhere = heard.headers.get("x-amz-bucket-region", "") if isinstance(heard, Heard) else ""
        if p.embedded or not elsewhere or elsewhere == region:
            break
        region = elsewhere
    return heard, Where(f"{method} {url}")


def _address(p: Probing, bucket: str, region: str, key: str) -> str:
    if p.aws.endpoint:
        return f"{p.aws.endpoint}/{bucket}/{quote(key)}"
    host = f"s3.{region}.amazonaws.com{'.cn' if region.startswith('cn-') else ''}"
    return f"https://{host}/{bucket}/{quote(key)}" if "." in bucket else f"https://{bucket}.{host}/{quote(key)}"


def _code(heard: Heard) -> str:
    found = re.search(rb"<Code>(\w+)</Code>", heard.body)
    return found[1].decode() if found else ""


def _removed(p: Probing, bucket: str, region: str, key: str, heard: Heard) -> str:
    if p.embedded and not _delete(p, bucket, region, key, heard.headers.get("x-amz-version-id", "")).fault:
        return "it was removed"
    return "remove it"


def _delete(p: Probing, bucket: str, region: str, key: str, version: str) -> Called:
    which = {"Bucket": bucket, "Key": key, **({"VersionId": version} if version and version != "null" else {})}
    return p.aws.ask("s3", "DeleteObject", which, region=region)
