"""IAM policies read over facts: who may do what, to which resource, under which condition.

Every answer is a claim, so an action or principal that is not known leaves the answer unknown. Words that the policy
language lets be one value or a list (Statement, Action, Resource, Principal, condition values) are read as either.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import replace
from typing import Final, NamedTuple

from stackproof.model import ABSENT, Claim, Fact, Resource, Unknown, any_of
from stackproof.model.matching import match
from stackproof.resources.embedded import json_of
from stackproof.resources.policy_values import (
    is_star,
    matches_any_action,
    names_no_resource,
    names_service,
    narrows_nothing,
    of_other_account,
)

# Resource types that carry identity policies; the first three hold a list of them
IDENTITY_TYPES: Final = (
    "AWS::IAM::Role",
    "AWS::IAM::User",
    "AWS::IAM::Group",
    "AWS::IAM::Policy",
    "AWS::IAM::ManagedPolicy",
    "AWS::IAM::RolePolicy",
    "AWS::IAM::UserPolicy",
    "AWS::IAM::GroupPolicy",
)
_HOLDERS: Final = frozenset(IDENTITY_TYPES[:3])

# Condition keys that tie a request to an account, organization, network or resource (IAM user guide, "global
# condition context keys"; key names are compared without case)
_NARROWING: Final = frozenset(
    key.lower()
    for key in (
        "aws:SourceArn",
        "aws:SourceAccount",
        "aws:SourceOwner",
        "aws:SourceOrgID",
        "aws:SourceOrgPaths",
        "aws:SourceVpc",
        "aws:SourceVpce",
        "aws:SourceIp",
        "aws:PrincipalArn",
        "aws:PrincipalAccount",
        "aws:PrincipalOrgID",
        "aws:PrincipalOrgPaths",
        "aws:userid",
        "aws:username",
        "kms:CallerAccount",
        "s3:DataAccessPointAccount",
        "s3:DataAccessPointArn",
        "elasticfilesystem:AccessPointArn",
        "lambda:EventSourceToken",
    )
)
# Operators that demand a match. With IfExists or ForAllValues a request without the key passes, which narrows nothing.
_DEMANDING: Final = re.compile(
    r"(ForAnyValue:)?(StringEquals|StringEqualsIgnoreCase|StringLike|ArnEquals|ArnLike|IpAddress)", re.IGNORECASE
)


_ANY_ACTION: Final = re.compile(r"\*+(:\*+)?")
_SERVICE_WIDE: Final = re.compile(r"\*+(:\*+)?|[\w-]+:\*+")


class Condition(NamedTuple):
    """One line of a Condition block: `StringEquals`, `aws:SourceArn` (in lower case), and its value or values."""

    operator: str
    key: str
    values: Fact

    @property
    def demands(self) -> bool:
        """Say whether the line demands a match; one with IfExists or a negation lets a request without it pass."""
        return _DEMANDING.fullmatch(self.operator) is not None


def statements(document: Fact) -> tuple[Fact, ...]:
    """The statements of a policy document; an unknown document is one unknown statement."""
    return json_of(document)["Statement"].items()


def any_statement(document: Fact) -> Fact:
    """The statements as one fact, for `some` and `each`."""
    return json_of(document)["Statement"]


def identity_documents(resource: Resource) -> tuple[Fact, ...]:
    """The policy documents written in a role, user, group or policy resource."""
    if resource.type in _HOLDERS:
        return tuple(policy["PolicyDocument"] for policy in resource["Policies"].items())
    return (resource["PolicyDocument"],)


def identity_statements(resource: Resource) -> tuple[Fact, ...]:
    """All statements of the documents written in a role, user, group or policy resource."""
    return tuple(s for document in identity_documents(resource) for s in statements(document))


# --- what a statement says --------------------------------------------------------------------------------------------


def allows(statement: Fact) -> Claim:
    """Hold when the statement's effect is Allow."""
    return statement["Effect"].equals("Allow")


def denies(statement: Fact) -> Claim:
    """Hold when the statement's effect is Deny."""
    return statement["Effect"].equals("Deny")


def covers(statement: Fact, *actions: str) -> Claim:
    """Hold when the statement speaks of at least one of these actions, by name, wildcard or NotAction."""
    wanted = f"to cover {actions[0]}" if len(actions) == 1 else f"to cover one of {len(actions)} such actions"
    listed = statement["Action"].some(lambda item: item.claim(wanted, lambda value: matches_any_action(value, actions)))
    if statement["NotAction"].value is ABSENT:
        return listed
    return listed | any_of(_left_over(statement["NotAction"], action) for action in actions)


def only_covers(statement: Fact, *actions: str) -> Claim:
    """Hold when each action of the statement is written out and is one of these."""
    return statement["Action"].present() & statement["Action"].each(lambda item: item.one_of(*actions))


def wildcard_actions(statement: Fact) -> Claim:
    """Hold when an action is `*` or a whole service (`s3:*`)."""
    return statement["Action"].some(lambda item: item.claim("*", lambda value: match(value, _SERVICE_WIDE)))


def every_action(statement: Fact) -> Claim:
    """Hold when an action is `*`."""
    return statement["Action"].some(lambda item: item.claim("*", lambda value: match(value, _ANY_ACTION)))


def boundless(statement: Fact) -> Claim:
    """Hold when the statement names no resource: `*`, an ARN that ends in only wildcards, NotResource."""
    return statement["Resource"].some(_any_resource) | statement["NotResource"].present()


def everything(statement: Fact) -> Claim:
    """Hold when the statement reaches every resource of every kind: `*` or NotResource."""
    star = statement["Resource"].some(lambda item: item.claim("*", is_star))
    return star | statement["NotResource"].present()


def _any_resource(item: Fact) -> Claim:
    return item.claim("* as the resource", names_no_resource)


def _left_over(excluded: Fact, action: str) -> Claim:
    listed = excluded.some(lambda item: item.claim(f"to cover {action}", lambda v: matches_any_action(v, (action,))))
    return ~listed


# --- who ----------------------------------------------------------------------------------------------------------


def principals(statement: Fact, kind: str) -> tuple[Fact, ...]:
    """The principals of one kind (`AWS`, `Service`, `Federated`, `CanonicalUser`).

    A bare `*` counts as an AWS principal; an unknown Principal is one unknown principal of any kind.
    """
    principal = statement["Principal"]
    if isinstance(principal.value, dict):
        return principal[kind].items()
    if isinstance(principal.value, Unknown):
        return (principal,)
    return (principal,) if kind == "AWS" and principal.value is not ABSENT else ()


def admits_anyone(statement: Fact) -> Claim:
    """Hold when the principal is `*`, or everybody but a few (NotPrincipal)."""
    star = any_of(p.claim("*", is_star) for p in principals(statement, "AWS"))
    return star | statement["NotPrincipal"].present()


def for_service(statement: Fact, service: str) -> Claim:
    """Hold when an AWS service is named as principal; `service` is its prefix, such as `cloudfront` or `logs`.

    The regional form (`logs.eu-west-1.amazonaws.com`) and other partitions' suffixes count too.
    """
    pattern = re.compile(rf"{re.escape(service)}(\.[a-z0-9-]+)?\.amazonaws\.com(\.cn)?")
    wanted = f"{service}.amazonaws.com"
    return any_of(
        p.claim(wanted, lambda value: names_service(value, pattern)) for p in principals(statement, "Service")
    )


def admits_service(statement: Fact, service: str) -> Claim:
    """Hold when an AWS service is a principal by name, or because everybody is."""
    return for_service(statement, service) | admits_anyone(statement)


def foreign(principal: Fact, own: str) -> Claim:
    """Hold when an AWS principal is of another account than `own` (12 digits; empty when it is not known)."""
    return principal.claim("an account that is not this one", lambda value: of_other_account(value, own))


def public(statement: Fact) -> Claim:
    """Hold when the statement lets anyone in: Allow, for everybody, under no condition that narrows who."""
    return admits_anyone(statement) & ~narrowed(statement) & allows(statement)


def narrowed(statement: Fact, *others: str) -> Claim:
    """Hold when a condition ties the request to an account, organization, network or resource that is named.

    `others` are condition keys that count besides.
    """
    keys = _NARROWING | {key.lower() for key in others}
    lines = (
        line.values.present() & line.values.each(lambda value: ~value.claim("*", narrows_nothing))
        for line in conditions(statement)
        if line.key in keys and line.demands
    )
    return any_of((*lines, *hidden_conditions(statement)))


def conditions(statement: Fact) -> Iterator[Condition]:
    """The lines of the statement's Condition block that can be read."""
    block = statement["Condition"]
    for operator in _keys(block):
        for key in _keys(block[operator]):
            yield Condition(operator, key.lower(), block[operator][key])


def condition_on(statement: Fact, keys: Iterable[str], operators: str = "") -> Fact:
    """The values that one of these condition keys must have; absent when no line is about them.

    `operators` is a regular expression; without it, the operators that demand a match.
    """
    wanted = {key.lower() for key in keys}
    pattern = re.compile(operators, re.IGNORECASE) if operators else _DEMANDING
    block = statement["Condition"]
    hidden = [
        part for part in (block, *(block[operator] for operator in _keys(block))) if isinstance(part.value, Unknown)
    ]
    found = [c.values for c in conditions(statement) if c.key in wanted and pattern.fullmatch(c.operator)]
    return next(iter(found + hidden), replace(block, value=ABSENT))


def _keys(block: Fact) -> tuple[str, ...]:
    return block.keys()


def hidden_conditions(statement: Fact) -> Iterator[Claim]:
    """One unknown claim for each part of the Condition block that is not known; claims that fail for the rest.

    Beside the claims about what can be read, in `any_of`.
    """
    block = statement["Condition"]
    yield block.claim("a condition that narrows who", lambda _: False)
    for operator in _keys(block):
        yield block[operator].claim("a condition that narrows who", lambda _: False)
