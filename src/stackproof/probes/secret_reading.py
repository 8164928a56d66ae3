"""Finds and reads the secret that opens a database or a cache. What is read stays in memory."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from stackproof.model import Cause, Reference, Resource, Unknown, Value, Where
from stackproof.model.pointers import references
from stackproof.probes.base import Answer, Probing, faulty, unsure

READ: Final = "secretsmanager:GetSecretValue"
DECRYPT: Final = "kms:Decrypt"  # where the secret has a key of its own
_RESOLVED: Final = "resolve:secretsmanager:"


@dataclass(frozen=True, slots=True)
class Pointer:
    """Where a secret is: its name or ARN, and the key in its JSON (empty: the whole text)."""

    id: str
    key: str = ""


@dataclass(frozen=True, slots=True)
class Opened:
    """A secret's fields; `value` is the one that was pointed at. Neither is ever shown."""

    value: str = field(repr=False)
    fields: Mapping[str, Any] = field(repr=False)
    where: Where


def referred(p: Probing, value: Value) -> Pointer | None:
    """The secret that a property is filled in from (`{{resolve:secretsmanager:...}}`); None for any other value."""
    for reference in references(value):
        if reference.attribute.startswith(_RESOLVED):
            return _pointer(p, reference)
    return None


def attached(p: Probing, resource: Resource) -> Pointer | None:
    """The secret that a SecretTargetAttachment attaches to a resource."""
    for attachment in p.declared.pointing_to(resource, "AWS::SecretsManager::SecretTargetAttachment", at="TargetId"):
        secret = p.declared.target(attachment["SecretId"])
        if isinstance(secret, Resource) and p.id_of(secret):
            return Pointer(p.id_of(secret), "password")
    return None


def opened(p: Probing, pointer: Pointer, region: str) -> Opened | Answer:
    """Read a secret, or say why it cannot be read. Needs the permit of `READ`."""
    answer = p.aws.ask("secretsmanager", "GetSecretValue", {"SecretId": pointer.id}, region=region)
    where = Where(answer.call, answer.entry)
    if answer.fault:
        return faulty(answer.fault, answer.call, where)
    text = answer.value.get("SecretString")
    try:
        fields = json.loads(text) if isinstance(text, str) else None
    except ValueError:
        fields = None
    value = fields.get(pointer.key) if isinstance(fields, dict) and pointer.key else text
    if not isinstance(value, str) or not value:
        said = f"secret {pointer.id} has no text under {pointer.key or 'itself'}"
        return unsure(Unknown(Cause.MALFORMED, f"{pointer.key} of {pointer.id}"), said, where)
    return Opened(value, fields if isinstance(fields, dict) else {}, where)


def _pointer(p: Probing, reference: Reference) -> Pointer:
    """`resolve:secretsmanager:ID:SecretString:KEY:...`, where ID is what the reference points at."""
    key = re.search(r":SecretString:([^:]*)", reference.attribute)
    return Pointer(p.physical.get(reference.target) or reference.target, key[1] if key else "")
