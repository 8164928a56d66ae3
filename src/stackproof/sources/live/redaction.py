"""Takes secrets out of what AWS answered, before anything of it is kept or judged."""

from __future__ import annotations

import base64
import datetime
import json
import re
from collections.abc import Mapping
from typing import Any, Final

from stackproof.resources.secret_values import has_known_form, looks_secret, speaks_of_secret, without_known_forms

# In place of a text that looks like a secret, or whose name says that it is one. It has the form of an access key, so
# that a control that looks for secrets where none may be still finds one.
MARK: Final = "AKIAREDACTEDREDACTED"
# In place of what AWS itself calls sensitive. It is then not known.
HIDDEN: Final = "[hidden]"

# What botocore's models call sensitive and that holds no secret, by service and shape: reviewed one by one.
_HARMLESS: Final = frozenset(
    {
        ("amplify", "BuildSpec"),
        ("backup", "Tags"),
        ("cloudcontrol", "Properties"),  # looked into
        ("cloudfront", "CommentType"),
        ("cognito-idp", "ClientIdType"),
        ("ecs", "EnvironmentVariables"),  # looked into
        ("ecs", "RepositoryCredentials"),  # the ARN of a secret
        ("lambda", "EnvironmentVariables"),  # looked into
        ("s3", "SSEKMSKeyId"),  # the ARN of a key
    }
)
_PAIRS: Final = tuple(
    frozenset(pair)
    for pair in (("name", "value"), ("Name", "Value"), ("Key", "Value"), ("ParameterKey", "ParameterValue"))
)
_ENVIRONMENT: Final = re.compile(r"EnvironmentVariable\w*|Environment|EnvVar\w*")
_GENERATED: Final = re.compile(r"[A-Za-z0-9-]+-[A-Za-z0-9]+-[A-Za-z0-9]{12,13}")  # how CloudFormation names things
_LONG: Final = 300  # characters: a document, of which only the secret is taken out
_SIGNED: Final = re.compile(r"([?&](X-Amz-[A-Za-z-]+|Signature|AWSAccessKeyId|Expires|Key-Pair-Id|Policy)=[^&\s]*)+")


def plain(value: Any, shape: Any, service: str) -> Any:
    """Return an answer as plain JSON without its secrets. `shape` is botocore's, or None where there is none."""
    if _is_sensitive(shape, service) and value:
        return HIDDEN
    if isinstance(value, Mapping):
        return _mapping(value, shape, service)
    if isinstance(value, list | tuple):
        return [plain(item, getattr(shape, "member", None), service) for item in value]
    if isinstance(value, datetime.datetime | datetime.date):
        return value.isoformat()
    if isinstance(value, bytes):
        value = _decoded(value)
    if isinstance(value, str):
        if getattr(shape, "name", "") == "Properties" and service == "cloudcontrol":
            return _document(value)
        text = _unsigned(value)
        if has_known_form(text):
            return without_known_forms(text, MARK) if len(text) > _LONG else MARK
        return text
    return value if isinstance(value, bool | int | float) or value is None else str(value)


def _mapping(value: Mapping[Any, Any], shape: Any, service: str) -> dict[str, Any]:
    members = getattr(shape, "members", None) or {}
    inner = getattr(shape, "value", None)
    environment = inner is not None and _ENVIRONMENT.fullmatch(shape.name) is not None
    found = {
        str(key): _setting(str(key), item)
        if environment and isinstance(item, str)
        else plain(item, members.get(key, inner), service)
        for key, item in value.items()
    }
    for pair in _PAIRS:
        if pair <= value.keys() and len(value) <= 3:
            name, text = sorted(pair)
            if isinstance(value[text], str):
                random = pair == {"name", "value"}  # how ECS writes environment variables
                found[text] = _setting(str(value[name]), value[text], random=random)
    return found


def _setting(name: str, text: str, *, random: bool = True) -> str:
    """A setting's value goes when its name or its form says that it is a secret."""
    if text.startswith("arn:"):
        return text
    random = random and _GENERATED.fullmatch(text) is None and looks_secret(text)
    secret = (speaks_of_secret(name) and text) or has_known_form(text) or random
    return MARK if secret else _unsigned(text)


def _document(text: str) -> str:
    """Cloud Control answers with a JSON document inside a text."""
    try:
        tree = json.loads(text)
    except ValueError:
        return HIDDEN
    return json.dumps(_tree(tree))


def _tree(value: Any) -> Any:
    if isinstance(value, list):
        return [_tree(item) for item in value]
    if not isinstance(value, dict):
        return plain(value, None, "")
    inner = {key: _tree(item) for key, item in value.items()}
    return {
        key: _setting(key, item, random=False) if isinstance(item, str) else item
        for key, item in _mapping(inner, None, "").items()
    }


def _is_sensitive(shape: Any, service: str) -> bool:
    return bool(getattr(shape, "metadata", {}).get("sensitive")) and (service, shape.name) not in _HARMLESS


def _decoded(value: bytes) -> str:
    """Bytes are mostly text (a web ACL's search string); else base64, as CloudFormation takes them."""
    try:
        return value.decode()
    except UnicodeDecodeError:
        return base64.b64encode(value).decode()


def _unsigned(text: str) -> str:
    """A signed address without its signature."""
    return _SIGNED.sub("", text) if "://" in text else text
