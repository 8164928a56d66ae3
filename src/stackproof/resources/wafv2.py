"""AWS WAF: walking the nested statements of rules."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from stackproof.model import ABSENT, Claim, Fact, Inventory, Reference, Resource, Unknown, any_of

# Statements that compare a part of the request, each of which needs TextTransformations
MATCHES: Final = (
    "ByteMatchStatement",
    "SqliMatchStatement",
    "XssMatchStatement",
    "SizeConstraintStatement",
    "RegexMatchStatement",
    "RegexPatternSetReferenceStatement",
)
_NESTED: Final = (
    ("AndStatement", "Statements"),
    ("OrStatement", "Statements"),
    ("NotStatement", "Statement"),
    ("RateBasedStatement", "ScopeDownStatement"),
    ("ManagedRuleGroupStatement", "ScopeDownStatement"),
)


def rules(acl: Resource) -> Fact:
    """The rules of a web ACL or rule group, as a list."""
    return acl["Rules"]


def within(statement: Fact) -> Iterator[Fact]:
    """A statement and every statement nested in it."""
    yield statement
    if isinstance(statement.value, Unknown):
        return  # whatever is nested in it is as unknown
    for kind, key in _NESTED:
        if statement[kind].value is not ABSENT:
            for inner in statement[kind][key].items():
                yield from within(inner)


def looks_for(rule: Fact, kind: str) -> Claim:
    """Hold when the rule's statement is of this kind, or combines others by And or Or of which one is."""
    found = [rule["Statement"]]
    for combined in ("AndStatement", "OrStatement"):
        if rule["Statement"][combined].value is not ABSENT:
            found += rule["Statement"][combined]["Statements"].items()
    return any_of(statement[kind].present() for statement in found)


def uses_group(rule: Fact, *names: str) -> Claim:
    """Hold when the rule is one of these managed rule groups of AWS, with its actions in force."""
    group = rule["Statement"]["ManagedRuleGroupStatement"]
    ours = group["VendorName"].equals("AWS") & group["Name"].one_of(*names)
    return ours & enforced(rule)


def blocks(rule: Fact) -> Claim:
    """Hold when the rule's own action is to block or to challenge."""
    return any_of(rule["Action"][action].claim(action, _is_written) for action in ("Block", "Captcha", "Challenge"))


def enforced(rule: Fact) -> Claim:
    """Hold when a rule group's actions are not overridden to only count."""
    return ~rule["OverrideAction"]["Count"].claim("Count", _is_written)


def guarding(link: Resource, inventory: Inventory) -> Claim:
    """Hold when an association names a web ACL that can guard a load balancer, API stage or user pool."""
    pointer = link["WebACLArn"]
    found = inventory.target(pointer)
    if not isinstance(found, Resource):
        return pointer.matches(r"arn:[\w-]+:wafv2:[\w-]+:\d{12}:regional/webacl/.+")
    arn = pointer.claim(
        "the ARN of a web ACL",
        lambda value: (
            found.type == "AWS::WAFv2::WebACL" and (not isinstance(value, Reference) or value.attribute == "Arn")
        ),
    )
    return arn & found["Scope"].equals("REGIONAL")


def _is_written(value: object) -> bool:
    """`Block: {}` says it all: the empty mapping is a value."""
    return isinstance(value, dict)
