"""Credentials written into a template, wherever they stand."""

from __future__ import annotations

import re
from typing import Final

from stackproof.model import Cause, Claim, Fact, Origin, Resource, Severity, Unknown, Value, any_of, control
from stackproof.resources.entries import last_key, leaves
from stackproof.resources.policy_values import skeleton

# Property names of the AWS resource schemas whose value is a credential (cfn-lint's schemas: writeOnly text)
_CREDENTIAL_PROPERTIES: Final = frozenset(
    {
        "AccessToken",
        "AdminPassword",
        "AuthToken",
        "ClientSecret",
        "MasterPassword",
        "MasterUserPassword",
        "OauthToken",
        "Passphrase",
        "Password",
        "PersonalAccessToken",
        "PrivateKey",
        "SecretKey",
        "SharedSecret",
        "TemporaryPassword",
        "UserPassword",
        "client_secret",
    }
)
# Forms that are nothing but a credential. Passwords in code have none (`password=change(...)` is no password).
_KEY: Final = re.compile(
    r"(?<![A-Za-z0-9])A[KS]IA[A-Z0-9]{16}(?![A-Za-z0-9])|-----BEGIN [A-Z ]*PRIVATE KEY-----|gh[pousr]_[A-Za-z0-9]{36}|"
    r"github_pat_\w{60,}|glpat-[\w-]{20}|xox[abprs]-[A-Za-z0-9-]{10,}|[rs]k_live_[A-Za-z0-9]{16,}|AIza[\w-]{35}|"
    r"eyJ[\w-]{10,}\.eyJ[\w-]{10,}\.[\w-]{10,}|SG\.[\w-]{22}\.[\w-]{43}"
)
_LOGIN: Final = re.compile(r"[a-z][a-z0-9+.-]{0,20}://[^/\s:@]*:[^/\s@${}<>%\ufffc\ufffd]{3,}@", re.IGNORECASE)
_SETTING: Final = re.compile(r"(Allow|Deny|ENABLED|DISABLED|true|false|hours|minutes|seconds|days|required|optional)")


@control(
    "*",
    severity=Severity.CRITICAL,
    remediation="Take the credential out, revoke it, and refer to a secret: {{resolve:secretsmanager:...}}.",
    same_as=("CKV_AWS_384",),
)
def no_credentials_in_templates(resource: Resource) -> Claim:
    """What stands in a template stands in every clone, build log and stack history too."""
    found = any_of(leaf.claim("a credential", _is_credential) for leaf in _texts(resource.fact))
    named = [
        leaf for leaf in leaves(resource.fact) if last_key(leaf) in _CREDENTIAL_PROPERTIES and not _looked_up(leaf)
    ]
    unread = [leaf for leaf in leaves(resource.fact) if _not_read(leaf)]
    return ~(found | any_of(leaf.claim("a credential", _is_literal) for leaf in (*named, *unread)))


def _not_read(leaf: Fact) -> bool:
    """What should have been answered, and was not, may be anything.

    A property that no call answers (which is named then) is judged on the template; a member that an answer lacks
    is a switch.
    """
    unknown = leaf.value if leaf.origin is Origin.OBSERVED and isinstance(leaf.value, Unknown) else None
    if unknown is None or unknown.cause is Cause.WRITE_ONLY or " answers no " in unknown.detail:
        return False
    return unknown.cause is not Cause.NOT_READ or " " in unknown.detail


def _looked_up(leaf: Fact) -> bool:
    """A dynamic reference to a parameter of Systems Manager: its value is in neither template nor parameters."""
    return isinstance(leaf.value, Unknown) and leaf.value.detail.startswith("resolve:")


def _texts(tree: Fact) -> list[Fact]:
    """The leaves that hold text of their own. What is not known is not written in the template."""
    return [leaf for leaf in leaves(tree) if skeleton(leaf.value)]


def _is_credential(value: Value) -> bool:
    text = skeleton(value) or ""
    return bool(_KEY.search(text) or _LOGIN.search(text))


def _is_literal(value: Value) -> bool:
    """A credential's own property holds nothing but a reference; known words are settings of the same name."""
    bare = re.sub("[\ufffc\ufffd]", "", skeleton(value) or "")
    return bool(bare) and _SETTING.fullmatch(bare) is None
