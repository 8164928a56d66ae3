"""Functions that name something: Ref, GetAtt, Sub, and dynamic references such as `{{resolve:ssm:/name}}`."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from stackproof.model import Cause, Outcome, Reference, Text, Unknown, Value
from stackproof.sources.nodes import Map, Node, Seq, function_of
from stackproof.sources.values import NO_VALUE, Resolved, join, known, settled

if TYPE_CHECKING:
    from stackproof.sources.stack import Stack

_DYNAMIC: Final = re.compile(r"\{\{resolve:(ssm|ssm-secure|secretsmanager):([^}]*)\}\}")
_HOLE: Final = re.compile(r"\$\{([^}]*)\}")
_MARK: Final = "\0"


def ref(stack: Stack, node: Map, argument: Node) -> Resolved:
    """`Ref` of a pseudo parameter, a parameter or a resource."""
    name = _name(stack, argument)
    if not isinstance(name, str):
        return stack.refused(node, "Ref needs a name")
    if name == "AWS::NoValue":
        return NO_VALUE
    if name.startswith("AWS::"):
        return _pseudo(stack, node, name)
    if name in stack.parameters:
        return stack.parameters.value(name)
    if name in stack.resources:
        return resource_reference(stack, node, name, "")
    return undefined(stack, node, name)


def get_att(stack: Stack, node: Map, argument: Node) -> Resolved:
    """`Fn::GetAtt` of a resource's attribute, or of an output of a nested stack."""
    parts = argument.split(".", 1) if isinstance(argument, str) else argument
    if not isinstance(parts, list) or len(parts) < 2 or not isinstance(target := _name(stack, parts[0]), str):
        return stack.refused(node, "Fn::GetAtt needs a resource and an attribute")
    names = [stack.resolve(part).value for part in parts[1:]]
    attribute = join([piece for name in names for piece in (".", name)][1:], "Fn::GetAtt")
    if target not in stack.resources:
        return undefined(stack, node, target)
    if not isinstance(attribute, str):
        hole = attribute if isinstance(attribute, Unknown) else Unknown(Cause.NEEDS_LIVE, str(attribute))
        return Resolved(hole, {"Fn::GetAtt": [target, *(stack.resolve(part).rest for part in parts[1:])]})
    return resource_reference(stack, node, target, attribute)


def _name(stack: Stack, node: Node) -> Node | Value:
    """The name in a Ref or GetAtt; LanguageExtensions lets a function write it."""
    return stack.resolve(node).value if function_of(node) else node


def resource_reference(stack: Stack, node: Map, name: str, attribute: str) -> Resolved:
    """Point at a resource of the stack, with the text that its properties settle."""
    rest: object = {"Fn::GetAtt": [name, attribute]} if attribute else {"Ref": name}
    stack.touch(name)
    if stack.has(name) is False:
        stack.problem(
            "template-references-resolve",
            Outcome.FAIL,
            node.where(),
            f"refers to {name}, whose condition is false here",
        )
        return Resolved(Unknown(Cause.PARSE_ERROR, f"{name} is not created here"), rest)
    if attribute.startswith("Outputs."):
        nested = stack.nested(name)
        if nested is not None:
            return _nested_output(stack, node, nested, attribute.removeprefix("Outputs."), rest)
    return Resolved(Reference(stack.address_of(name), attribute, stack.text_of(name, attribute)), rest)


def _nested_output(stack: Stack, node: Map, nested: Stack, output: str, rest: object) -> Resolved:
    if output not in dict(nested.outputs()) and not nested.incomplete:
        message = f"refers to output {output} of {nested.template.name}, which does not have it"
        stack.problem("template-references-resolve", Outcome.FAIL, node.where(), message)
    return settled(nested.output(output).value, rest)


def undefined(stack: Stack, node: Map, name: str) -> Resolved:
    """Report a name that is neither a parameter nor a resource."""
    if stack.incomplete:
        return Resolved(
            Unknown(stack.incomplete.cause, f"{name} may come from {stack.incomplete.detail}"), stack.placeholder()
        )
    stack.problem("template-references-resolve", Outcome.FAIL, node.where(), f"refers to {name}, which is not declared")
    return Resolved(Unknown(Cause.PARSE_ERROR, f"{name} is not declared"), stack.placeholder())


def sub(stack: Stack, node: Map, argument: Node) -> Resolved:
    """`Fn::Sub` with a text, or with a text and a mapping of variables."""
    variables: dict[str, Resolved] = {}
    if isinstance(argument, Seq) and len(argument) == 2 and isinstance(argument[1], Map):
        variables = {name: stack.resolve(item) for name, item in argument[1].items()}
        argument = argument[0]
    if not isinstance(argument, str):
        return stack.refused(node, "Fn::Sub needs a text, or a text and a mapping")
    pieces: list[Resolved] = []
    for index, piece in enumerate(_HOLE.split(argument)):
        if index % 2 == 0:
            pieces.append(Resolved(piece, piece))
        elif piece.startswith("!"):
            pieces.append(Resolved(f"${{{piece[1:]}}}", f"${{{piece[1:]}}}"))
        elif piece in variables:
            pieces.append(variables[piece])
        elif "." in piece:
            pieces.append(get_att(stack, node, piece))
        else:
            pieces.append(ref(stack, node, piece))
    if any(isinstance(piece.value, dict | list) for piece in pieces):
        return stack.refused(node, "Fn::Sub got a list or mapping for a variable, expected text")
    value = dynamic(join([piece.value for piece in pieces], "Fn::Sub"))
    return Resolved(value, value) if known(value) else Resolved(value, _sub_of(pieces))


def _sub_of(pieces: list[Resolved]) -> object:
    """Write the pieces as a Fn::Sub again; what is neither Ref nor GetAtt becomes a variable."""
    text = ""
    variables: dict[str, object] = {}
    for value, rest in pieces:
        if known(value):
            text += str(join([value], "Fn::Sub")).replace("${", "${!")
        elif isinstance(rest, dict) and isinstance(name := rest.get("Ref"), str):
            text += f"${{{name}}}"
        elif isinstance(rest, dict) and all(isinstance(part, str) for part in rest.get("Fn::GetAtt", [None])):
            text += f"${{{'.'.join(rest['Fn::GetAtt'])}}}"
        else:
            name = f"Part{len(variables) + 1}"
            variables[name] = rest
            text += f"${{{name}}}"
    if not variables and not _HOLE.search(text.replace("${!", "")):
        return text.replace("${!", "${")
    return {"Fn::Sub": [text, variables] if variables else text}


def dynamic(value: Value) -> Value:
    """Recognise dynamic references in a text, also where parts of them are references themselves.

    A secret (`secretsmanager`, `ssm-secure`) becomes a `Reference` whose attribute starts with `resolve:`, so it is
    set but never readable; its target is the address of the secret's own resource, or the name that is written.
    A plain `ssm` parameter becomes an Unknown whose detail starts with `resolve:ssm:`.
    """
    parts = value.parts if isinstance(value, Text) else (value,)
    if not any(isinstance(part, str) and "{{resolve:" in part for part in parts):
        return value
    others = [part for part in parts if isinstance(part, Reference | Unknown)]
    template = "".join(part if isinstance(part, str) else _MARK for part in parts)
    found: list[Value] = []
    for index, piece in enumerate(_DYNAMIC.split(template)):
        kind = index % 3
        if kind == 0:
            found += _restored(piece, others)
        elif kind == 1:
            service = piece
        else:
            found.append(_dynamic_value(service, _restored(piece, others)))
    return join(found, "a dynamic reference")


def _restored(text: str, others: list[Reference | Unknown]) -> list[str | Reference | Unknown]:
    pieces: list[str | Reference | Unknown] = []
    for index, part in enumerate(text.split(_MARK)):
        if index:
            pieces += others[:1]
            del others[:1]
        if part:
            pieces.append(part)
    return pieces


def _dynamic_value(service: str, parts: list[str | Reference | Unknown]) -> Value:
    shown = "".join(part if isinstance(part, str) else f"${{{_label(part)}}}" for part in parts)
    if service == "ssm":
        return Unknown(Cause.UNRESOLVED_PARAMETER, f"resolve:ssm:{shown}")
    target = next((part.target for part in parts if isinstance(part, Reference)), None)
    name = shown if shown.startswith("arn:") else shown.split(":", 1)[0]
    return Reference(target or name, f"resolve:{service}:{shown}")


def _label(part: Reference | Unknown) -> str:
    return part.detail if isinstance(part, Unknown) else str(part)


def _pseudo(stack: Stack, node: Map, name: str) -> Resolved:
    place = stack.place
    answers: dict[str, Value] = {
        "AWS::Region": place.region,
        "AWS::AccountId": place.account or Reference("AWS::AccountId"),  # it is set wherever this is deployed
        "AWS::Partition": place.partition,
        "AWS::URLSuffix": place.suffix,
        "AWS::StackName": stack.name,
        "AWS::StackId": Reference(stack.address),
        "AWS::NotificationARNs": Unknown(Cause.NEEDS_LIVE, name),
    }
    if name not in answers:
        return undefined(stack, node, name)
    value = answers[name]
    if value == "":
        cause = Cause.NEEDS_LIVE if name == "AWS::StackName" and stack.parent else Cause.UNRESOLVED_PARAMETER
        value = Unknown(cause, name if name != "AWS::StackName" else f"{stack.address}.{name}")
    return settled(value, {"Ref": name})
