"""Resolves the nodes of a template: plain structure by structure, and each function by its own rules."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from stackproof.model import ABSENT, Cause, Outcome, Unknown, Value, Where
from stackproof.sources import references
from stackproof.sources.decisions import find_in_map, fn_if
from stackproof.sources.functions import FUNCTIONS, BadArgumentError
from stackproof.sources.nodes import Map, Node, Seq, function_of
from stackproof.sources.values import Resolved, known

if TYPE_CHECKING:
    from stackproof.sources.stack import Stack

_ASKS_AWS: Final = ("Fn::RefAll", "Fn::ValueOf", "Fn::ValueOfAll")


def resolve(stack: Stack, node: Node, path: str | None) -> Resolved:
    """Resolve any node. With a `path`, positions of what is found are noted for the current resource."""
    if isinstance(node, str):
        return Resolved(references.dynamic(node) if "{{resolve:" in node else node, node)
    if isinstance(node, Unknown):
        return Resolved(node, stack.placeholder())
    if not isinstance(node, Map | Seq):
        return Resolved(node, node)
    with stack.system.deeper() as fits:
        if not fits:
            return _too_deep(stack, node)
        if isinstance(node, Seq):
            return _list(stack, node, path)
        function = function_of(node)
        return _call(stack, function, node, path) if function else _mapping(stack, node, path)


def _too_deep(stack: Stack, node: Map | Seq) -> Resolved:
    message = "values depend on each other over too many levels"
    where = Where(node.source, node.line)
    stack.problem("template-well-formed", Outcome.UNKNOWN, where, message, Cause.UNSUPPORTED_FUNCTION)
    return Resolved(Unknown(Cause.UNSUPPORTED_FUNCTION, message), stack.placeholder())


def _mapping(stack: Stack, node: Map, path: str | None) -> Resolved:
    values: dict[str, Value] = {}
    rests: dict[str, object] = {}
    same = True
    for key, child in node.items():
        inner = None if path is None else f"{path}.{key}" if path else key
        value, rest = resolve(stack, child, inner)
        if value is ABSENT:
            continue
        values[key] = value
        rests[key] = rest
        same = same and value is rest
        if inner is not None:
            stack.note(inner, node.where(key))
    return Resolved(values, values if same else rests)


def _list(stack: Stack, node: Seq, path: str | None) -> Resolved:
    values: list[Value] = []
    rests: list[object] = []
    same = True
    for child, line in zip(node, node.lines, strict=True):
        inner = None if path is None else f"{path}[{len(values)}]"
        value, rest = resolve(stack, child, inner)
        if value is ABSENT:
            continue
        values.append(value)
        rests.append(rest)
        same = same and value is rest
        if inner is not None:
            stack.note(inner, Where(node.source, line))
    return Resolved(values, values if same else rests)


def _call(stack: Stack, name: str, node: Map, path: str | None) -> Resolved:
    argument = node[name]
    if name == "Fn::If":
        return fn_if(stack, node, argument, path)
    if name == "Fn::ImportValue":
        return stack.system.import_value(stack, node, argument)
    if name in _NAMING:
        return _NAMING[name](stack, node, argument)
    if name in FUNCTIONS:
        return _compute(stack, name, node, argument)
    if name in _ASKS_AWS:
        return Resolved(Unknown(Cause.NEEDS_LIVE, f"{name} asks AWS"), stack.placeholder())
    message = f"{name} is not a function that is evaluated"
    stack.problem("template-functions-known", Outcome.UNKNOWN, node.where(), message, Cause.UNSUPPORTED_FUNCTION)
    return Resolved(Unknown(Cause.UNSUPPORTED_FUNCTION, name), stack.placeholder())


def _compute(stack: Stack, name: str, node: Map, argument: Node) -> Resolved:
    value, rest = resolve(stack, argument, None)
    if name == "Fn::GetAZs" and value == "":  # the stack's own region
        value = stack.place.region
    try:
        result = value if isinstance(value, Unknown) else FUNCTIONS[name](value)
    except BadArgumentError as error:
        return stack.refused(node, f"{name}: {error}")
    if name == "Fn::Join":
        result = references.dynamic(result)
    return Resolved(result, result if known(result) else {name: rest})


_NAMING: Final = {
    "Ref": references.ref,
    "Fn::Sub": references.sub,
    "Fn::GetAtt": references.get_att,
    "Fn::FindInMap": find_in_map,
}
