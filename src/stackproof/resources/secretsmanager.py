"""AWS Secrets Manager: documented defaults, and what stands in a secret's text."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import Final

from stackproof.model import ABSENT, Cause, Claim, Reference, Resource, Text, Unknown, Value
from stackproof.model.matching import Answer
from stackproof.resources.embedded import parse
from stackproof.resources.policy_values import hole_in, skeleton
from stackproof.resources.secret_values import speaks_of_secret

DEFAULTS: Final[dict[str, dict[str, Value]]] = {
    "AWS::SecretsManager::ResourcePolicy": {
        "BlockPublicPolicy": False,  # Secrets Manager API reference, PutResourcePolicy: not validated unless asked for
    },
}

# Schemes that carry what follows, credentials included, without encryption
_IN_CLEAR: Final = re.compile(
    r"(?:^|[\s\"'=,:\[{(])(redis|http|ws|amqp|mqtt|ldap|ftp|smtp|memcached)://", re.IGNORECASE
)


def plain_credentials(secret: Resource) -> Claim:
    """Hold when SecretString has a credential that comes from the template or a parameter.

    In JSON that is a field with such a name; a text that is not JSON is the credential itself, unless it is a URL
    without a password. What other resources generate is not passed in.
    """
    return secret["SecretString"].claim("a credential from the template or a parameter", _holds_credential)


def speaks_in_clear(value: Value) -> bool | Unknown:
    """Say whether a text has a URL of a scheme without encryption. A text that starts with a hole may have one."""
    text = skeleton(value)
    if text is None:
        return False
    if _IN_CLEAR.search(text.replace("\ufffd", "x").replace("\ufffc", "x")):
        return True
    hole = re.search("(?:^|[\"'])\ufffd(?:s?://)?", text)
    return hole_in(value) if hole else False


def _holds_credential(value: Value) -> Answer:
    if isinstance(value, str | Text):
        tree = parse(value)
        if isinstance(tree, dict | list):
            return _first_certain(_passed_in(item) for key, item in _fields(tree) if speaks_of_secret(key))
        if "://" in (text := skeleton(value) or "") and not re.search(r"://[^/\s]*:[^/\s]*@", text):
            return False
    return _passed_in(value)


def _fields(tree: Value) -> Iterator[tuple[str, Value]]:
    for key, item in (
        tree.items() if isinstance(tree, dict) else (("", i) for i in tree) if isinstance(tree, list) else ()
    ):
        yield (key, item)
        yield from _fields(item)


def _passed_in(value: Value) -> Answer:
    """Text is passed in, and so is a parameter with or without a known value; an attribute is not."""
    if isinstance(value, Reference):
        return value.attribute == "NoEcho"
    if isinstance(value, Unknown):
        return value if value.cause is not Cause.UNRESOLVED_PARAMETER or value.detail.startswith("resolve:") else True
    if isinstance(value, Text):
        return _first_certain(_passed_in(part) for part in value.parts if not isinstance(part, str))
    return value is not ABSENT and value not in ("", None)


def _first_certain(answers: Iterable[Answer]) -> Answer:
    """True if one is; else the first unknown; else False."""
    found = list(answers)
    return True if any(a is True for a in found) else next((a for a in found if isinstance(a, Unknown)), False)
