"""SAM: expands AWS::Serverless resources with AWS's own translator, after resolving what the parameters decide."""

from __future__ import annotations

import re
from collections.abc import Mapping
from types import SimpleNamespace
from typing import TYPE_CHECKING, Final

from stackproof.model import ABSENT, Cause, Outcome, Unknown, Where
from stackproof.sources.nodes import Map, Node, Seq, function_of, key_text
from stackproof.sources.sam_lines import LOCAL, LOCAL_IMAGE, PREFIX, Author, events_of, is_sam
from stackproof.sources.values import first_unknown, known

if TYPE_CHECKING:
    from stackproof.sources.stack import Stack

# Properties that `sam package` replaces by an S3 location.
_CODE: Final[Mapping[str, str]] = {
    "AWS::Serverless::Function": "CodeUri",
    "AWS::Serverless::LayerVersion": "ContentUri",
    "AWS::Serverless::Api": "DefinitionUri",
    "AWS::Serverless::HttpApi": "DefinitionUri",
    "AWS::Serverless::StateMachine": "DefinitionUri",
}


def expand(stack: Stack, root: Map) -> Map:
    """Return the template with its SAM resources replaced by what the translator makes of them.

    What a parameter decides is resolved first. A translator error is a problem at the author's line; then the SAM
    resources stay as they are, and a gap says that theirs are missing.
    """
    resources = root.get("Resources")
    if not isinstance(resources, Map) or not any(is_sam(node) for node in resources.values()):
        return root
    prepared = _prepared(stack, root, resources)
    errors, translated = _translate(stack, prepared)
    if translated is None:
        undecided = [hole for name in stack.parameters if (hole := first_unknown(stack.parameters.value(name).value))]
        outcome = Outcome.UNKNOWN if undecided else Outcome.FAIL
        cause = undecided[0].cause if undecided else None
        for message in errors:
            where = _where_of(root, resources, message)
            depends = f" (depends on {undecided[0].detail})" if undecided else ""
            stack.problem("template-transforms", outcome, where, f"SAM: {message}{depends}", cause)
        stack.leave_out(Unknown(Cause.PARSE_ERROR, f"SAM resources of {stack.template.name}"))
        return root
    for word in ("Parameters", "Transform"):
        if word in root:
            translated[word] = root[word]
    return Author(prepared).template(translated, root)


# --- before -------------------------------------------------------------------------------------------------


def _prepared(stack: Stack, root: Map, resources: Map) -> Map:
    prepared = _copy(root)
    settled = _copy(resources)
    for name, node in resources.items():
        if is_sam(node) and isinstance(node, Map):
            settled[name] = _localized(_settle(stack, node), str(node["Type"]))
    prepared["Resources"] = settled
    shared = _settle(stack, root.get("Globals"))
    if isinstance(shared, Map):
        for section, node in shared.items():
            if isinstance(node, Map):
                _localize(node, _CODE.get(f"{PREFIX}{section}", ""))
        prepared["Globals"] = shared
    declared = root.get("Parameters")
    if isinstance(declared, Map):  # without defaults: the translator would put in those that are not in force
        prepared["Parameters"] = _without_defaults(declared)
    return prepared


def _settle(stack: Stack, node: Node) -> Node:
    """Copy a node with everything replaced that is fully known; other expressions stay as the author wrote them."""
    if isinstance(node, Seq):
        items = Seq(node.source, node.line)
        for item, line in zip(node, node.lines, strict=True):
            settled = _settle(stack, item)
            if not _is_nothing(settled):
                items.add(settled, line)
        return items
    if not isinstance(node, Map):
        return node
    function = function_of(node)
    if function == "Fn::If":
        argument = node[function]
        if isinstance(argument, Seq) and len(argument) == 3 and isinstance(argument[0], str | bool):
            chosen = stack.condition(key_text(argument[0]), node)
            return node if isinstance(chosen, Unknown) else _settle(stack, argument[1 if chosen else 2])
    if function:
        value = stack.quietly(node)
        return node if value is ABSENT or not known(value) else _node(value, node)
    made = Map(node.source, node.line)
    for key, child in node.items():
        settled = _settle(stack, child)
        if not _is_nothing(settled):
            made.put(key, settled, node.lines[key])
    return made


def _is_nothing(node: Node) -> bool:
    return isinstance(node, Map) and node.get("Ref") == "AWS::NoValue"


def _node(value: object, at: Map) -> Node:
    """Write a plain value as a node on the line of the expression that gave it."""
    if isinstance(value, dict):
        made = Map(at.source, at.line)
        for key, item in value.items():
            made.put(key, _node(item, at))
        return made
    if isinstance(value, list):
        items = Seq(at.source, at.line)
        for item in value:
            items.add(_node(item, at))
        return items
    return value if isinstance(value, str | int | float) or value is None else str(value)


def _copy(node: Map) -> Map:
    made = Map(node.source, node.line)
    for key, value in node.items():
        made.put(key, value, node.lines[key])
    return made


def _without_defaults(declared: Map) -> Map:
    made = Map(declared.source, declared.line)
    for name, node in declared.items():
        copy = _copy(node) if isinstance(node, Map) else node
        if isinstance(copy, Map):
            copy.pop("Default", None)
        made.put(name, copy, declared.lines[name])
    return made


def _localized(node: Node, type_: str) -> Node:
    properties = node.get("Properties") if isinstance(node, Map) else None
    if isinstance(properties, Map):
        _localize(properties, _CODE.get(type_, ""))
        if type_ == "AWS::Serverless::Function" and properties.get("PackageType") == "Image":
            properties.setdefault("ImageUri", LOCAL_IMAGE)
    return node


def _localize(properties: Map, word: str) -> None:
    path = properties.get(word) if word else None
    if isinstance(path, str) and not path.startswith("s3://"):
        properties[word] = f"s3://{LOCAL}/{path.strip() or '.'}"


# --- the translator -----------------------------------------------------------------------------------------


def _translate(stack: Stack, prepared: Map) -> tuple[list[str], dict[str, object] | None]:
    import logging

    from samtranslator.internal.managed_policies import get_bundled_managed_policy_map
    from samtranslator.model.exceptions import ExceptionWithMessage, InvalidDocumentException
    from samtranslator.parser.parser import Parser
    from samtranslator.translator.translator import Translator

    logging.getLogger("samtranslator").setLevel(logging.CRITICAL)  # its errors come back as problems
    place = stack.place
    region = place.region or "us-east-1"
    values: dict[str, object] = {"AWS::Region": region, "AWS::Partition": place.partition}
    for name in stack.parameters:
        value = stack.parameters.value(name).value
        if known(value) and value is not None:
            values[name] = value
    policies = get_bundled_managed_policy_map(place.partition) or {}
    translator = Translator(policies, Parser(), boto_session=SimpleNamespace(region_name=region))
    plain = _unshared(prepared)
    try:
        return [], translator.translate(plain, values, passthrough_metadata=True)
    except InvalidDocumentException as error:
        return [cause.message for cause in error.causes] or [error.message], None
    except ExceptionWithMessage as error:
        return [error.message], None
    except Exception as error:  # noqa: BLE001 - the translator trips over odd templates in many ways; reported as a problem
        return [f"the template cannot be translated ({type(error).__name__}: {error})"], None


def _unshared(node: Node) -> object:
    """Copy as plain JSON in which nothing is shared, for the translator changes what it gets."""
    if isinstance(node, Map):
        return {key: _unshared(value) for key, value in node.items()}
    if isinstance(node, Seq):
        return [_unshared(item) for item in node]
    return node if not isinstance(node, Unknown) else {"Fn::Undecided": node.detail}


def _where_of(root: Map, resources: Map, message: str) -> Where:
    named = re.search(r"(?:Resource|Event) with id \[([^\]]+)\]", message)
    name = named[1] if named else ""
    if name in resources:
        return resources.where(name)
    for logical_id, node in resources.items():
        events = events_of(node)
        if events is not None and name in (*events, *(f"{logical_id}{event}" for event in events)):
            return events.where(name.removeprefix(logical_id) if name not in events else name)
    return root.where("Transform")
