"""What could be written by mistake, or on purpose, in place of a value."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Final, TypeAlias

from stackproof.model import Reference, Text, Value

Other: TypeAlias = tuple[str, Value]  # the kind of change, and the value after it

OTHER: Final = "something-else"
CREDENTIAL: Final = "postgresql://mdreader_admin:Vq7hL2xw9RtZ@db.internal/mdreader"
ANYTHING: Final[tuple[Value, ...]] = (True, False, "*", "0.0.0.0/0", "::/0", 0, 65535, OTHER, CREDENTIAL, ["*"], {})

_OPPOSITES: Final[Mapping[str, str]] = {
    "Enabled": "Suspended",
    "ENABLED": "DISABLED",
    "DISABLED": "ENABLED",
    "ACTIVE": "INACTIVE",
    "Allow": "Deny",
    "Deny": "Allow",
    "true": "false",
    "false": "true",
    "redirect-to-https": "allow-all",
    "IMMUTABLE": "MUTABLE",
}
# The words that AWS takes and nobody should write, by the property that takes them
_WORST: Final[Mapping[str, tuple[Value, ...]]] = {
    "AWS": ("arn:aws:iam::999999999999:root",),
    "AccessControl": ("PublicReadWrite",),
    "Action": ("iam:*",),
    "AllowedOAuthFlows": ("implicit",),
    "DNSName": ("former.s3-website-us-east-1.amazonaws.com",),
    "ExplicitAuthFlows": ("USER_PASSWORD_AUTH",),
    "FunctionVersion": ("$LATEST",),
    "HealthCheckProtocol": ("TCP",),
    "IpProtocol": ("-1",),
    "IpcMode": ("host",),
    "ManagedPolicyArns": ("arn:aws:iam::aws:policy/AdministratorAccess", "arn:aws:iam::aws:policy/AmazonS3FullAccess"),
    "MasterUsername": ("postgres",),
    "MinimumProtocolVersion": ("TLSv1",),
    "PidMode": ("host",),
    "Principal": ("s3.amazonaws.com",),
    "ResourceRecords": ("former.s3-website-us-east-1.amazonaws.com",),
    "SecretString": ('{"url": "redis://cache.internal:6379"}',),
    "SslPolicy": ("ELBSecurityPolicy-2016-08",),
    "SubjectAlternativeNames": ("*.mdreader.com",),
    "Type": ("CNAME",),
}
_IN_CLEAR: Final = (("https://", "http://"), ("rediss://", "redis://"), ("HTTPS", "HTTP"))


def worst(path: str) -> tuple[Value, ...]:
    """The words that the property at this path should never hold."""
    return _WORST.get(plain(path).rpartition(".")[2], ())


def plain(path: str) -> str:
    """A path without indexes."""
    return re.sub(r"\[\d+\]", "", path)


def other_numbers(value: bool | float) -> Iterator[Other]:
    """Another truth, or a smaller, larger or no number."""
    if isinstance(value, bool):
        yield "flipped", not value
        return
    if value:
        yield "zeroed", 0
        yield "halved", value // 2
    yield "grown", value * 100 + 1


def other_texts(text: str) -> Iterator[Other]:
    """The opposite word, an older version, a wider range or pattern, the same without encryption."""
    if text in _OPPOSITES:
        yield "flipped", _OPPOSITES[text]
    if re.fullmatch(r"-?\d{1,9}", text):
        yield from ((kind, str(number)) for kind, number in other_numbers(int(text)))
    elif re.search(r"[A-Za-z]\D{0,3}\d", text):
        yield "weakened", re.sub(r"\d{1,9}", lambda found: str(int(found[0]) // 2), text)
    if re.fullmatch(r"[\d.]+/\d+", text):
        yield "widened", "0.0.0.0/0"
    yield from (("weakened", text.replace(safe, clear)) for safe, clear in _IN_CLEAR if safe in text)
    if re.fullmatch(r"[\w-]+:[\w*-]+", text):
        yield "widened", f"{text.partition(':')[0]}:*"
    if re.fullmatch(r"[a-z0-9-]+(\.[a-z0-9-]+)+", text):
        yield "widened", f"*.{text.partition('.')[2]}"


def other_lists(items: list[Value], path: str) -> Iterator[Other]:
    """A list that is empty, lacks an element, or has one more."""
    if items:
        yield "emptied", []
    if len(items) > 1:
        for index in range(len(items)):
            yield "shortened", items[:index] + items[index + 1 :]
    if all(isinstance(item, str | Reference | Text) for item in items):
        yield "widened", [*items, "*"]
        yield "widened", [*items, OTHER]
        yield from (("worst", [*items, other]) for other in worst(path))


def opposites(default: Value) -> tuple[Value, ...]:
    """What an absent property could be set to, other than the default that AWS gives it."""
    if isinstance(default, bool | int | float):
        return tuple(value for _, value in other_numbers(default))
    return (*(value for _, value in other_texts(default)), OTHER) if isinstance(default, str) else ()
