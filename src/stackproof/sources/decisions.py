"""Functions that decide between values: conditions, Fn::If, Fn::FindInMap, and the functions of Rules."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, TypeAlias

from stackproof.model import Cause, Outcome, Unknown, Value
from stackproof.model.matching import equal
from stackproof.sources.nodes import Map, Node, Seq, key_text
from stackproof.sources.values import Resolved, first_unknown, plain, scalar_text

if TYPE_CHECKING:
    from stackproof.sources.stack import Stack

Truth: TypeAlias = bool | Unknown


def truth(stack: Stack, node: Node) -> Truth:
    """Evaluate a condition expression in Kleene's logic."""
    with stack.system.deeper(2) as fits:
        return (
            _truth(stack, node) if fits else _bad(stack, node, "conditions depend on each other over too many levels")
        )


def _truth(stack: Stack, node: Node) -> Truth:
    if isinstance(node, bool):
        return node
    if node in ("true", "false"):
        return node == "true"
    if not isinstance(node, Map) or len(node) != 1:
        return _bad(stack, node, "expected a condition function")
    name, argument = next(iter(node.items()))
    if name == "Condition" and isinstance(argument, str | bool):
        return stack.condition(key_text(argument), node)
    if name in ("Fn::And", "Fn::Or") and isinstance(argument, Seq):
        return _all((truth(stack, item) for item in argument), decisive=name == "Fn::Or")
    if name == "Fn::Not" and isinstance(argument, Seq) and len(argument) == 1:
        inner = truth(stack, argument[0])
        return inner if isinstance(inner, Unknown) else not inner
    if isinstance(argument, Seq) and len(argument) == 2:
        if name == "Fn::Equals":
            return _equals(stack, argument[0], argument[1])
        if name in ("Fn::Contains", "Fn::EachMemberIn", "Fn::EachMemberEquals"):
            return _members(stack, name, argument)
    return _bad(stack, node, f"{name} is not a condition function, or has a wrong argument")


def fn_if(stack: Stack, node: Map, argument: Node, path: str | None) -> Resolved:
    """`Fn::If`: the branch that the condition chooses."""
    if not isinstance(argument, Seq) or len(argument) != 3 or not isinstance(argument[0], str | bool):
        return stack.refused(node, "Fn::If needs a condition's name and two values")
    chosen = stack.condition(key_text(argument[0]), node)
    if isinstance(chosen, Unknown):
        return Resolved(chosen, stack.placeholder())
    return stack.resolve(argument[1] if chosen else argument[2], path)


def find_in_map(stack: Stack, node: Map, argument: Node) -> Resolved:
    """`Fn::FindInMap` with any keys, and with LanguageExtensions' DefaultValue."""
    if not isinstance(argument, Seq) or len(argument) not in (3, 4):
        return stack.refused(node, "Fn::FindInMap needs a mapping and two keys")
    default = argument[3] if len(argument) == 4 else None
    fallback = default["DefaultValue"] if isinstance(default, Map) and "DefaultValue" in default else None
    found: Node = stack.section("Mappings")
    for key_node in argument[:3]:
        key = plain(stack.resolve(key_node).value)
        if isinstance(key, Unknown):
            return Resolved(key, stack.placeholder())
        name = scalar_text(key) if isinstance(key, str | int | float) else ""
        if not isinstance(found, Map) or name not in found:
            if fallback is not None:
                return stack.resolve(fallback)
            return stack.refused(node, f"Fn::FindInMap finds no {name!r}", "template-references-resolve")
        found = found[name]
    return stack.resolve(found)


def _equals(stack: Stack, left: Node, right: Node) -> Truth:
    for one, other in ((left, right), (right, left)):
        excluded = stack.parameters.excluded(one)
        if excluded and isinstance(other, str | int | float) and scalar_text(other) in excluded:
            return False
    return equal(stack.compared(left), stack.compared(right))


def _members(stack: Stack, name: str, argument: Seq) -> Truth:
    several, wanted = (_listed(stack.compared(item)) for item in argument)
    hole = first_unknown(several) or first_unknown(wanted)
    if hole:
        return hole
    left, right = _texts(several), _texts(wanted)
    if name == "Fn::Contains":
        return all(item in left for item in right)
    if name == "Fn::EachMemberIn":
        return all(item in right for item in left)
    return all(item == right[0] for item in left) if right else False


def _listed(value: Value) -> Value:
    return value if isinstance(value, list | Unknown) else [value]


def _texts(value: Value) -> list[str]:
    items = plain(value)
    scalars = items if isinstance(items, list) else []
    return [scalar_text(item) for item in scalars if isinstance(item, str | int | float)]


def _all(answers: Iterable[Truth], *, decisive: bool) -> Truth:
    hole: Unknown | None = None
    for answer in answers:
        if isinstance(answer, Unknown):
            hole = hole or answer
        elif answer is decisive:
            return decisive
    return hole or not decisive


def _bad(stack: Stack, node: Node, message: str) -> Unknown:
    where = node.where() if isinstance(node, Map) else stack.where()
    stack.problem("template-well-formed", Outcome.FAIL, where, message)
    return Unknown(Cause.PARSE_ERROR, message)
