"""The values of IAM policies: action patterns, ARNs, principals; with references and unknowns in them.

A reference stands for a name or ARN that AWS gives, so it is never a wildcard. An unknown may be one.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import lru_cache
from typing import Final

from stackproof.model import Cause, Reference, Text, Unknown, Value
from stackproof.model.matching import readable


def is_star(value: Value) -> bool | Unknown:
    """Say whether a value is just wildcards. A name or ARN that a reference stands for is not."""
    return matches_text(value, r"\*+")


# Services whose ARNs give the resource's name without its kind before it (Service Authorization Reference)
_UNTYPED: Final = ("s3", "sns", "sqs", "execute-api")


def of_other_account(value: Value, own: str) -> bool | Unknown:
    """Say whether a principal (account id or ARN) is of another account than `own` (empty: not known).

    A resource that a reference points at, and `AWS::AccountId` where it has no value, are of this account.
    """
    parts = value.parts if isinstance(value, Text) else (value,)
    if any(isinstance(part, Reference) and part.attribute != "NoEcho" for part in parts):
        return False
    plain = readable(value)
    if isinstance(plain, Unknown):
        return plain
    found = re.fullmatch(r"(?:arn:[\w-]+:(?:iam|sts)::)?(\d{12})(?::.*)?", str(plain))
    if not found or own:
        return found is not None and found[1] != own
    return Unknown(Cause.UNRESOLVED_PARAMETER, "AWS::AccountId")


def skeleton(value: Value) -> str | None:
    """Write a text with U+FFFC for each part that a reference fills in and U+FFFD for each unknown one.

    None when there is no text at all.
    """
    if isinstance(value, Text):
        return "".join(p if isinstance(p, str) else _filler(p) for p in value.parts)
    if isinstance(value, Reference):
        return _filler(value)
    return value if isinstance(value, str) else None


def _filler(part: Reference | Unknown) -> str:
    if isinstance(part, Reference):
        return part.text if part.text is not None else "\ufffc"
    return "\ufffd"


def matches_text(value: Value, pattern: str) -> bool | Unknown:
    """Match a text whose references stand for something that is no wildcard."""
    text = skeleton(value)
    if text is None:
        return False
    if "\ufffd" not in text:
        return re.fullmatch(pattern, text) is not None
    literal = text.replace("\ufffd", "")
    return hole_in(value) if re.fullmatch(r"[*:]*", literal) else re.fullmatch(pattern, text) is not None


def hole_in(value: Value) -> Unknown | bool:
    """Return the first unknown of a text, or False when it has none."""
    parts = value.parts if isinstance(value, Text) else (value,)
    return next((part for part in parts if isinstance(part, Unknown)), False)


def narrows_nothing(value: Value) -> bool | Unknown:
    """Say whether a condition value lets everybody through: only wildcards, every address, an ARN of anything."""
    text = skeleton(value)
    if text in ("0.0.0.0/0", "::/0"):
        return True
    return matches_text(value, r"\*+|arn:\*(:\*)*")


def names_no_resource(value: Value) -> bool | Unknown:
    """Say whether a Resource element means every resource of its kind: `*`, `arn:aws:s3:::*`, `...:secret:*`."""
    text = skeleton(value)
    if text is None:
        return False
    if not text.startswith("arn:"):
        return is_star(value)
    _, _, service, _, _, name = [*text.split(":", 5), "", "", "", "", ""][:6]
    kind = "" if service in _UNTYPED else r"([a-z][a-z-]*[:/])?"
    if re.fullmatch(kind + r"[*/:\ufffd]*[*\ufffd][*/:\ufffd]*", name) is None:
        return False
    return hole_in(value) if "\ufffd" in name else True


def names_service(value: Value, pattern: re.Pattern[str]) -> bool | Unknown:
    """Say whether a service principal is the one that the pattern is for, whatever the region in it."""
    text = skeleton(value)
    if text is None:
        return False
    if "\ufffd" in text:  # a region or suffix that is not known does not change which service it is
        probe = text.replace("\ufffd", "amazonaws.com" if text.endswith(".\ufffd") else "x")
        probe = re.sub(r"\.amazonaws\.com\.amazonaws\.com$", ".x.amazonaws.com", probe)
        return True if pattern.fullmatch(probe) else hole_in(value) if text.startswith("\ufffd") else False
    return pattern.fullmatch(text) is not None


def matches_any_action(value: Value, actions: Iterable[str]) -> bool | Unknown:
    """Say whether an Action element, which may have wildcards, takes in one of these actions."""
    plain = readable(value)
    if isinstance(plain, Unknown):
        return plain
    if not isinstance(plain, str):
        return False
    if not re.search(r"[*?]", plain):
        return plain.lower() in {action.lower() for action in actions}
    pattern = _wildcard(plain)
    return any(pattern.fullmatch(action) for action in actions)


@lru_cache(maxsize=1024)
def _wildcard(text: str) -> re.Pattern[str]:
    """Compile an action pattern: `*` is any text, `?` any one character, case does not matter."""
    return re.compile(re.escape(text).replace(r"\*", ".*").replace(r"\?", "."), re.IGNORECASE)
