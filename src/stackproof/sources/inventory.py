"""Turns an evaluated stack into resources and a document."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Final

from stackproof.model import ABSENT, Cause, Document, Gap, Outcome, Reference, Resource, Unknown, Value, Where
from stackproof.resources import defaults_for, naming
from stackproof.sources.document import document
from stackproof.sources.nodes import Map, Node, Seq
from stackproof.sources.values import Resolved, from_node

if TYPE_CHECKING:
    from stackproof.sources.stack import Stack

STACK: Final = "AWS::CloudFormation::Stack"
_BESIDE: Final = ("DeletionPolicy", "UpdateReplacePolicy", "CreationPolicy", "UpdatePolicy", "Metadata")


def build(stack: Stack) -> tuple[list[Resource], Document]:
    """Evaluate all that a stack declares in this world."""
    written = stack.template.root.get("Resources", Map(stack.template.name, 1))
    if isinstance(written, Map) and not written and not stack.incomplete:
        message = "Resources is empty" if "Resources" in stack.template.root else "the template declares no resources"
        stack.problem("template-well-formed", Outcome.FAIL, stack.where(), message)
    built: dict[str, Resource] = {}
    contents: dict[str, object] = {}
    for name, node in stack.resources.items():
        if isinstance(node, Map) and stack.type_of(name):
            exists = stack.has(name)
            if exists is True:
                built[name], contents[name] = _resource(stack, name, node)
            elif exists is not False:
                _maybe(stack, name, exists)
        elif not isinstance(node, Unknown):
            _odd(stack, name, node)
    return list(built.values()), document(stack, built, contents)


def _odd(stack: Stack, name: str, node: Node) -> None:
    """Report something among the resources that is none."""
    where = stack.resources.where(name)
    type_ = node.get("Type") if isinstance(node, Map) else None
    if isinstance(type_, Map):
        message = f"the type of {name} is written by {', '.join(type_)}, which is not evaluated"
        cause = Cause.UNSUPPORTED_FUNCTION
        stack.problem("template-functions-known", Outcome.UNKNOWN, where, message, cause, about=name)
    else:
        message = f"resource {name} has no Type" if isinstance(node, Map) else f"resource {name} is not a mapping"
        stack.problem("template-well-formed", Outcome.FAIL, where, message, about=name)
    stack.system.gap(Gap(Unknown(Cause.PARSE_ERROR, f"{stack.address_of(name)} has no readable form")))


def _maybe(stack: Stack, name: str, condition: Unknown) -> None:
    """Leave out a resource of which it stays open whether it exists; both facts are noted."""
    stack.system.gap(Gap(condition, frozenset({stack.type_of(name)})))
    message = f"whether {name} exists depends on {condition.detail}, which is not decided"
    where = stack.resources.where(name)
    stack.problem("template-conditions-decided", Outcome.UNKNOWN, where, message, condition.cause, about=name)


def _resource(stack: Stack, name: str, node: Map) -> tuple[Resource, dict[str, object]]:
    values, rests = _properties(stack, name, node)
    content: dict[str, object] = {"Type": stack.type_of(name)}
    if values != {}:
        content["Properties"] = rests
    attributes: dict[str, Value] = {}
    positions = stack.positions.setdefault(name, {})
    positions[""] = stack.resources.where(name)
    for key, (value, rest) in _beside(stack, name, node):
        attributes[key] = value
        content[key] = rest
        positions.setdefault(key, node.where(key))
    type_ = stack.type_of(name)
    if type_ == STACK:
        nested = stack.nested(name)
        if nested is not None and isinstance(values, dict):
            values = {**values, **stack_properties(nested, positions)}
    names = naming.names_of(type_, stack.place, lambda path: stack.read(name, path))
    address = stack.address_of(name)
    return Resource(address, type_, values, positions, attributes, defaults_for(type_), names), content


def _properties(stack: Stack, name: str, node: Map) -> tuple[Value, object]:
    written = node.get("Properties")
    if not stack.plain_properties(name):
        if written is None:
            return {}, {}
        value, rest = stack.attribute(name, "", written)
        if isinstance(value, dict | Unknown):
            return value, rest
        stack.problem(
            "template-well-formed", Outcome.FAIL, node.where("Properties"), f"{name}: Properties is no mapping"
        )
        return Unknown(Cause.PARSE_ERROR, f"properties of {stack.address_of(name)}"), rest
    values: dict[str, Value] = {}
    rests: dict[str, object] = {}
    for key in stack.properties_node(name):
        value, rest = stack.property(name, key)
        if value is not ABSENT:
            values[key] = value
            rests[key] = rest
    return values, rests


def _beside(stack: Stack, name: str, node: Map) -> Iterator[tuple[str, Resolved]]:
    for key in _BESIDE:
        if key in node:
            found = stack.attribute(name, key, node[key])
            if found.value is not ABSENT:
                yield key, found
    if "DependsOn" in node:
        yield "DependsOn", _depends_on(stack, name, node)


def _depends_on(stack: Stack, name: str, node: Map) -> Resolved:
    """The resources that must exist before; one whose condition is false is dropped, as AWS does."""
    written = node["DependsOn"]
    values: list[Value] = []
    kept: list[object] = []
    for item in written if isinstance(written, Seq) else [written]:
        if not isinstance(item, str) or item not in stack.resources:
            if not stack.incomplete:
                message = f"{name} depends on {item if isinstance(item, str) else 'something'}, which is not declared"
                where = node.where("DependsOn")
                stack.problem("template-references-resolve", Outcome.FAIL, where, message, about=name)
            continue
        if stack.has(item) is not False:
            stack.edges.setdefault(name, {})[item] = None
            values.append(Reference(stack.address_of(item)))
            kept.append(item)
    return Resolved(values, kept)


# --- stacks as resources ------------------------------------------------------------------------------------


def stack_resource(stack: Stack, layer: str, order: int) -> Resource:
    """The resource that stands for a whole stack."""
    positions = {"": stack.where()}
    properties = stack_properties(stack, positions)
    attributes: dict[str, Value] = {"Layer": layer, "Order": order, **stack_attributes(stack)}
    names = frozenset({stack.name}) if stack.name else frozenset()
    return Resource(stack.address, STACK, properties, positions, attributes, defaults_for(STACK), names)


def stack_properties(stack: Stack, positions: dict[str, Where]) -> dict[str, Value]:
    """Name, parameter values and outputs of a stack, in the shape of DescribeStacks."""
    parameters: dict[str, Value] = {}
    for name in stack.parameters:
        value = stack.parameters.given_value(name)
        if value is not ABSENT:
            parameters[name] = value
            positions.setdefault(f"Parameters.{name}", stack.parameters.declared.where(name))
    outputs: list[Value] = []
    for name, node in stack.outputs():
        path = f"Outputs[{len(outputs)}]"
        positions[path] = stack.section("Outputs").where(name)
        positions[f"{path}.OutputValue"] = node.where("Value")
        output: dict[str, Value] = {"OutputKey": name, "OutputValue": stack.output(name).value}
        export = node.get("Export")
        if isinstance(export, Map) and "Name" in export:
            output["ExportName"] = stack.resolve(export["Name"]).value
            positions[f"{path}.ExportName"] = export.where("Name")
        outputs.append(output)
    shown: dict[str, Value] = {"StackName": stack.name} if stack.name else {}
    return {**shown, "Parameters": parameters, "Outputs": outputs}


def stack_attributes(stack: Stack) -> dict[str, Value]:
    """What a stack imports, declares and transforms."""
    imports: list[Value] = [{"Name": name, "From": origin} for name, origin in stack.imports.items()]
    return {
        "Imports": imports,
        "ParameterDeclarations": from_node(stack.parameters.declared),
        "Transform": from_node(stack.template.root.get("Transform")),
    }
