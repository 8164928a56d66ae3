"""Recognising secrets: names that speak of one, texts that hold one, values that come from one."""

from __future__ import annotations

import base64
import binascii
import math
import re
from collections import Counter
from dataclasses import replace
from typing import Final

from stackproof.model import Cause, Claim, Fact, Inventory, Reference, Text, Unknown, Value, all_of
from stackproof.model.matching import Answer, readable

_NAME: Final = re.compile(
    r"pass(word|wd|phrase)?$|(^|[_.-])(pwd|pw|secret|token|credentials?|apikey)$|"
    r"(api|access|secret|private|encryption|signing|client|auth)[_.-]?(key|secret|token)$|(jwt|session|db|master)[_.-]?secret$|"
    r"(password|secret|token)[_.-]?(value|string)$",
    re.IGNORECASE,
)
_WITH_CREDENTIALS: Final = re.compile(r"[a-z][a-z0-9+.-]{0,20}://[^/\s:@]*:[^/\s@]+@", re.IGNORECASE)
_KNOWN_FORMS: Final = re.compile(
    r"(?<![A-Z0-9])A(KIA|SIA)[A-Z0-9]{16}(?![A-Z0-9])|-----BEGIN [A-Z ]*PRIVATE KEY-----|gh[pousr]_[A-Za-z0-9]{36}|"
    r"xox[abprs]-[A-Za-z0-9-]{10,}|sk_live_[A-Za-z0-9]{16,}|eyJ[\w-]{10,}\.eyJ[\w-]{10,}\.[\w-]{10,}|"
    r"(?i:(password|passwd|pwd|secret_?key|api_?key|token)\s*[=:]\s*['\"]?[^\s'\"$`{<]{8,})"
)
_RANDOM: Final = re.compile(r"[A-Za-z0-9+/=_-]{32,}")
_RANDOM_BITS: Final = 4.3  # Shannon entropy per character: random base64 of 32 characters and more lies above

_DERIVED: Final = re.compile(r"\.(NoEcho|resolve:(?:secretsmanager|ssm-secure):.*)$", re.DOTALL)

# GetAtt attributes whose value is the secret itself.
_SECRET_ATTRIBUTES: Final = {
    ("AWS::IAM::AccessKey", "SecretAccessKey"),
    ("AWS::Cognito::UserPoolClient", "ClientSecret"),
    ("AWS::Cognito::UserPoolIdentityProvider", "client_secret"),
}


def speaks_of_secret(name: str) -> bool:
    """Say whether a variable of this name is meant to hold a secret (DB_PASSWORD), not to point at one (SECRET_ARN)."""
    plain = re.sub(r"([a-z0-9])([A-Z])", r"\1_\2", name)
    return _NAME.search(plain) is not None


def looks_secret(text: str) -> bool:
    """Say whether a text holds a secret: credentials in an address, a key of a known form, or random characters."""
    return has_known_form(text) or any(
        _entropy(word) > _RANDOM_BITS and not _is_id(word) for word in _RANDOM.findall(text)
    )


def has_known_form(text: str) -> bool:
    """Say whether a text holds credentials in an address, or a key or password in a form that is nothing else."""
    return bool(_WITH_CREDENTIALS.search(text) or _KNOWN_FORMS.search(text))


def without_known_forms(text: str, mark: str) -> str:
    """Put a mark in place of each part that has a known form, and leave the rest."""
    return _KNOWN_FORMS.sub(
        mark, _WITH_CREDENTIALS.sub(lambda found: f"{found[0].partition('://')[0]}://{mark}:{mark}@", text)
    )


def comes_from_secret(value: Value) -> bool:
    """Say whether a value puts a secret in plain text: AWS fills it in from a secret or a NoEcho parameter."""
    return any(
        part.attribute == "NoEcho" or part.attribute.startswith("resolve:")
        for part in parts_of(value)
        if isinstance(part, Reference)
    )


def parts_of(value: Value) -> tuple[Value, ...]:
    """The parts of a text; the value itself when it is not one."""
    return value.parts if isinstance(value, Text) else (value,)


def no_secret_text(fact: Fact, inventory: Inventory) -> Claim:
    """Hold when a text neither holds nor is given a secret. An absent text holds none."""
    fact = _revealed(fact, inventory)
    may_be_a_name = inventory.may_name(fact)
    return all_of(
        (
            ~fact.claim("a secret filled in at deployment", comes_from_secret),
            ~fact.claim("a secret attribute of a resource", lambda value: _secret_attribute(value, inventory)),
            ~fact.claim("text with a secret in it", lambda value: _holds_secret(value, may_be_a_name)),
        )
    )


def no_plain_secret(name: str, fact: Fact, inventory: Inventory) -> Claim:
    """Hold when a variable neither holds a secret nor, by its name, is meant to."""
    no_text = no_secret_text(fact, inventory)
    if not speaks_of_secret(name):
        return no_text
    return no_text & ~_revealed(fact, inventory).claim(f"a plain value, as {name} names a secret", _is_plain)


def no_secret_pair(name: Fact, value: Fact, inventory: Inventory) -> Claim:
    """Judge a variable whose name is a fact too; while that is unknown, a plain value may be a secret."""
    known = readable(name.value)
    if isinstance(known, Unknown):
        may_be = value.claim("a plain value of an unknown name", lambda v: known if _is_plain(v) else False)
        return no_secret_text(value, inventory) & ~may_be
    return no_plain_secret(str(known), value, inventory)


def _revealed(fact: Fact, inventory: Inventory) -> Fact:
    """Say what a text that cannot be computed before deployment is computed from, where that alone decides.

    A secret in it makes it one; an attribute that a resource of ours returns does not, unless it is a secret itself.
    """
    value = fact.value
    if not isinstance(value, Unknown):
        return fact
    if source := _DERIVED.search(value.detail):
        return replace(fact, value=Reference(value.detail[: source.start()], source[1]))
    if value.cause is Cause.NEEDS_LIVE:
        stack, _, rest = value.detail.partition(".")
        name, _, attribute = rest.partition(".")
        if inventory.get(f"{stack}.{name}"):
            return replace(fact, value=Reference(f"{stack}.{name}", attribute))
    return fact


def _secret_attribute(value: Value, inventory: Inventory) -> bool:
    pointers = [part for part in parts_of(value) if isinstance(part, Reference)]
    owners = [(inventory.get(pointer.target), pointer.attribute) for pointer in pointers]
    return any(owner is not None and (owner.type, attribute) in _SECRET_ATTRIBUTES for owner, attribute in owners)


def _holds_secret(value: Value, may_be_a_name: Unknown | None) -> Answer:
    if isinstance(value, Text):
        known = "".join(part if isinstance(part, str) else "\ue000" for part in value.parts)
        if looks_secret(known):
            return may_be_a_name or True
        return next((part for part in value.parts if isinstance(part, Unknown)), False)
    return isinstance(value, str) and looks_secret(_decoded(value)) and (may_be_a_name or True)


def _is_plain(value: Value) -> bool:
    """Say whether a value is written out, rather than absent or a pointer at some resource."""
    return isinstance(value, str | int | float) and not isinstance(value, bool) and bool(str(value).strip())


def _decoded(text: str) -> str:
    """User data may already be base64; look inside it."""
    if len(text) < 40 or not re.fullmatch(r"[A-Za-z0-9+/\s]+={0,2}", text):
        return text
    try:
        return base64.b64decode(text, validate=False).decode()
    except (binascii.Error, UnicodeDecodeError):
        return text


def _entropy(word: str) -> float:
    counts = Counter(word)
    return -sum(n / len(word) * math.log2(n / len(word)) for n in counts.values())


def _is_id(word: str) -> bool:
    """Hexadecimal digests, uuids and names of words joined by dashes are public ids."""
    return bool(re.fullmatch(r"[0-9a-f-]+|[a-z0-9]+([_/-][a-z0-9]+)+", word, re.IGNORECASE)) and not re.search(
        r"[A-Z].*[a-z].*[0-9]|[0-9].*[A-Z].*[a-z]", word
    )
