"""Credentials written into a template, wherever they stand."""

from __future__ import annotations

import re
from typing import Final

from stackproof.model import Claim, Fact, Resource, Severity, Value, any_of, control
from stackproof.resources.entries import last_key, leaves
from stackproof.resources.policy_values import skeleton
from stackproof.resources.secret_values import has_known_form

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
    named = [leaf for leaf in _texts(resource.fact) if last_key(leaf) in _CREDENTIAL_PROPERTIES]
    return ~(found | any_of(leaf.claim("a credential", _is_literal) for leaf in named))


def _texts(tree: Fact) -> list[Fact]:
    """The leaves that hold text of their own. What is not known is not written in the template."""
    return [leaf for leaf in leaves(tree) if skeleton(leaf.value)]


def _is_credential(value: Value) -> bool:
    return has_known_form(skeleton(value) or "")


def _is_literal(value: Value) -> bool:
    """A credential's own property holds nothing but a reference; known words are settings of the same name."""
    bare = re.sub("[\ufffc\ufffd]", "", skeleton(value) or "")
    return bool(bare) and _SETTING.fullmatch(bare) is None
