"""Whom flows sign in as in a real environment. Read when a test needs it, never printed or recorded."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from stackproof.browser.sites import filled_in
from stackproof.model import Cause, Unknown

if TYPE_CHECKING:
    from stackproof.sources.live import Aws
    from stackproof.system.schema import FlowUser

READS_SECRET = "secretsmanager:GetSecretValue"  # noqa: S105 - the name of a call


@dataclass(frozen=True, slots=True)
class Credentials:
    """A name to sign in with, and its password, which no representation shows."""

    email: str
    password: str = field(repr=False)


def from_variables(user: FlowUser) -> Credentials | Unknown:
    """Read name and password from the variables that system.yaml names."""
    email, password = filled_in(user.email), filled_in(user.password)
    for value in (email, password):
        if isinstance(value, Unknown):
            return Unknown(Cause.NO_CREDENTIALS, f"test_user: {value.detail}")
    return Credentials(str(email), str(password))


def from_secret(user: FlowUser, aws: Aws) -> Credentials | Unknown:
    """Read them from the secret that system.yaml names: JSON with `email` (or `username`) and `password`.

    `aws` must permit `READS_SECRET`; the answer is in no ledger.
    """
    answer = aws.ask("secretsmanager", "GetSecretValue", {"SecretId": user.secret})
    if answer.fault is not None:
        return Unknown(answer.fault.cause, f"test_user: secret {user.secret!r}: {answer.fault.message}")
    email = filled_in(user.email)
    if isinstance(email, Unknown):
        return Unknown(Cause.NO_CREDENTIALS, f"test_user: {email.detail}")
    text = answer.value.get("SecretString", "")
    try:
        content = json.loads(text)
    except ValueError:
        content = {"password": text}  # nothing but the password
    found = content if isinstance(content, dict) else {}
    name, password = email or found.get("email") or found.get("username"), found.get("password")
    if not name or not password:
        expected = "expected JSON with email and password"
        return Unknown(Cause.MALFORMED, f"test_user: secret {user.secret!r} holds no such pair; {expected}")
    return Credentials(str(name), str(password))
