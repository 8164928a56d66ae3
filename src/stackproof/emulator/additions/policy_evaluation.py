"""What policies allow, conditions included ("Policy evaluation logic", IAM user guide): moto's own reading has gaps.

moto denies wherever a condition is not met, also where the statement would have allowed, or denied something else.
"""

from __future__ import annotations

import fnmatch
import ipaddress
import json
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import Enum
from typing import Any, Final

ANONYMOUS: Final = ""  # the principal who has no credentials
SECURE: Final = {"aws:securetransport": ["true"]}  # the embedded endpoint stands for one with TLS
_OPERATOR: Final = re.compile(r"(?:(ForAllValues|ForAnyValue):)?(\w+?)(IfExists)?")


class Decision(Enum):
    """What policies say to a question, in IAM's words."""

    ALLOWED = "allowed"
    IMPLICIT = "implicitDeny"
    EXPLICIT = "explicitDeny"


class UnreadableError(Exception):
    """A policy says something that is not understood here, so nothing can be decided by it."""


@dataclass(frozen=True, slots=True)
class Question:
    """May somebody do something to something?

    `principal` is the ARN of the caller, `ANONYMOUS`, or None for a policy that has no principals because it is the
    caller's own. Keys of `context` are in lower case.
    """

    action: str
    resource: str
    principal: str | None = None
    context: Mapping[str, Sequence[str]] = field(default_factory=dict)


def correct() -> None:
    """Let moto enforce policies as they are decided here; trust policies, which name principals, stay moto's."""
    from moto.iam.access_control import IAMPolicy, PermissionResult

    results = {
        Decision.ALLOWED: PermissionResult.PERMITTED,
        Decision.EXPLICIT: PermissionResult.DENIED,
        Decision.IMPLICIT: PermissionResult.NEUTRAL,
    }
    policy: Any = IAMPolicy
    judge = policy.is_action_permitted

    def is_action_permitted(
        self: Any, action: str, resource: str = "*", principal: Any = None, incoming_condition_values: Any = None
    ) -> Any:
        if principal is not None:
            return judge(self, action, resource, principal, incoming_condition_values)
        return results[decide([self._policy_json], Question(action, resource, None, SECURE))]

    policy.is_action_permitted = is_action_permitted
    _name_secrets()


def _name_secrets() -> None:
    """Calls for a secret are judged by its ARN; moto asks the policies about `*`, which no narrow one allows."""
    from moto.secretsmanager.responses import SecretsManagerResponse

    def resource(self: Any) -> str:
        secret = self.backend.secrets.get(self._get_param("SecretId") or "")
        return str(secret.arn) if secret else "*"

    response: Any = SecretsManagerResponse
    response._determine_resource = resource


def decide(policies: Iterable[str | Mapping[str, Any]], question: Question) -> Decision:
    """A statement that denies decides, then one that allows.

    Raises:
        UnreadableError: a statement that is concerned cannot be read.

    """
    decision = Decision.IMPLICIT
    for statement in statements(policies):
        if not _concerned(statement, question) or not met(statement, question.context):
            continue
        if statement.get("Effect") == "Deny":
            return Decision.EXPLICIT
        decision = Decision.ALLOWED
    return decision


def statements(policies: Iterable[str | Mapping[str, Any]]) -> list[Mapping[str, Any]]:
    """All statements of some policies.

    Raises:
        UnreadableError: a policy is no JSON, or no policy.

    """
    found: list[Mapping[str, Any]] = []
    for policy in policies:
        try:
            document = json.loads(policy) if isinstance(policy, str) else policy
            found += many(document["Statement"])
        except (ValueError, KeyError, TypeError) as error:
            raise UnreadableError(f"no policy: {error}") from error
    return found


def met(statement: Mapping[str, Any], context: Mapping[str, Sequence[str]]) -> bool:
    """Whether all conditions of a statement are met.

    Raises:
        UnreadableError: an operator that is not known here.

    """
    return all(
        _holds(operator, [str(value) for value in many(wanted)], context.get(key.lower()))
        for operator, keys in (statement.get("Condition") or {}).items()
        for key, wanted in keys.items()
    )


def condition_keys(policies: Iterable[str | Mapping[str, Any]], question: Question) -> list[str]:
    """The keys that the decision depends on and the context does not have."""
    keys = {
        key
        for statement in statements(policies)
        if _concerned(statement, question)
        for keys in (statement.get("Condition") or {}).values()
        for key in keys
    }
    return sorted(key for key in keys if key.lower() not in question.context)


def names_everybody(statement: Mapping[str, Any]) -> bool:
    """Whether a statement's principal is everybody."""
    principal = statement.get("Principal")
    return "*" in many(principal.get("AWS") if isinstance(principal, dict) else principal)


def many(value: Any) -> list[Any]:
    """A list of what may be one thing, several or none."""
    return value if isinstance(value, list) else [] if value is None else [value]


def _concerned(statement: Mapping[str, Any], question: Question) -> bool:
    """Whether a statement is about this action, resource and caller, whatever its conditions."""
    action, resource = question.action.lower(), question.resource
    actions = [str(one).lower() for one in many(statement.get("Action"))]
    resources = [str(one) for one in many(statement.get("Resource"))]
    fits = _like(action, actions) if actions else not _like(action, _lower(many(statement.get("NotAction"))))
    within = _like(resource, resources) if resources else not _like(resource, many(statement.get("NotResource")))
    return fits and within and _by(statement, question.principal)


def _by(statement: Mapping[str, Any], principal: str | None) -> bool:
    if principal is None:
        return True
    if "NotPrincipal" in statement:
        return not _is(statement["NotPrincipal"], principal)
    return names_everybody(statement) or _is(statement.get("Principal"), principal)


def _is(named: Any, principal: str) -> bool:
    """Whether a principal is named, itself or by its account."""
    if principal == ANONYMOUS:
        return False
    account = principal.split(":")[4]
    own = {principal, account, re.sub(r":iam::.*", f":iam::{account}:root", principal)}
    return bool(own & set(many(named.get("AWS") if isinstance(named, dict) else named)))


def _holds(operator: str, wanted: Sequence[str], given: Sequence[str] | None) -> bool:
    found = _OPERATOR.fullmatch(operator)
    quantifier, name, if_exists = found.groups() if found else ("", operator, "")
    if name == "Null":
        return (given is None) == (wanted[0].lower() == "true")
    negated = name.startswith(("StringNot", "ArnNot", "NumericNot", "DateNot", "NotIp"))
    test = _TESTS.get(name.replace("Not", "", 1) if negated else name)
    if test is None:
        raise UnreadableError(f"condition operator {operator}")
    if given is None:
        return bool(if_exists) or negated or quantifier == "ForAllValues"
    fits = [any(test(value, one) for one in wanted) != negated for value in given]
    return all(fits) if quantifier == "ForAllValues" or negated else any(fits)


def _like(text: str, patterns: Iterable[str]) -> bool:
    """IAM's wildcards: `*` and `?`, and no others."""
    return any(fnmatch.fnmatchcase(text, pattern.replace("[", "[[]")) for pattern in patterns)


def _lower(texts: Iterable[Any]) -> list[str]:
    return [str(text).lower() for text in texts]


def _in_network(value: str, network: str) -> bool:
    try:
        return ipaddress.ip_address(value) in ipaddress.ip_network(network, strict=False)
    except ValueError as error:
        raise UnreadableError(str(error)) from error


_TESTS: Final[Mapping[str, Any]] = {
    "StringEquals": lambda value, one: value == one,
    "StringEqualsIgnoreCase": lambda value, one: value.lower() == one.lower(),
    "StringLike": lambda value, one: _like(value, [one]),
    "ArnEquals": lambda value, one: _like(value, [one]),
    "ArnLike": lambda value, one: _like(value, [one]),
    "Bool": lambda value, one: value.lower() == one.lower(),
    "IpAddress": _in_network,
    "NumericEquals": lambda value, one: float(value) == float(one),
    "NumericLessThan": lambda value, one: float(value) < float(one),
    "NumericLessThanEquals": lambda value, one: float(value) <= float(one),
    "NumericGreaterThan": lambda value, one: float(value) > float(one),
    "NumericGreaterThanEquals": lambda value, one: float(value) >= float(one),
}
