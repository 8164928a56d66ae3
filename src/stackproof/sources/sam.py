"""SAM: expands AWS::Serverless resources with AWS's own translator, and leads every generated line back to the author's."""

from __future__ import annotations

import re
from collections.abc import Mapping
from types import SimpleNamespace
from typing import TYPE_CHECKING, Final

from stackproof.model import ABSENT, Cause, Outcome, Unknown, Where
from stackproof.sources.nodes import Map, Node, Seq, function_of
from stackproof.sources.values import known

if TYPE_CHECKING:
    from stackproof.sources.stack import Stack

_PREFIX: Final = "AWS::Serverless::"
_LOCAL: Final = "stackproof-local"  # a bucket that stands for what is still on disk; never leaves this module
_LOCAL_IMAGE: Final = "000000000000.dkr.ecr.us-east-1.amazonaws.com/stackproof-local:local"
# Properties that `sam package` replaces by an S3 location.
_CODE: Final[Mapping[str, str]] = {
    "AWS::Serverless::Function": "CodeUri",
    "AWS::Serverless::LayerVersion": "ContentUri",
    "AWS::Serverless::Api": "DefinitionUri",
    "AWS::Serverless::HttpApi": "DefinitionUri",
    "AWS::Serverless::StateMachine": "DefinitionUri",
}
# Generated property -> the SAM property that it comes from, where the names differ (SAM specification).
_RENAMED: Final[Mapping[str, tuple[str, ...]]] = {
    "AccessLogSetting": ("AccessLogSettings",),
    "AssumeRolePolicyDocument": ("AssumeRolePolicyDocument",),
    "AttributeDefinitions": ("PrimaryKey",),
    "AutoPublishAlias": ("AutoPublishAlias",),
    "Body": ("DefinitionBody", "DefinitionUri"),
    "BodyS3Location": ("DefinitionUri",),
    "Code": ("CodeUri", "InlineCode", "ImageUri"),
    "Content": ("ContentUri",),
    "DeadLetterConfig": ("DeadLetterQueue",),
    "DefinitionS3Location": ("DefinitionUri",),
    "DefinitionString": ("Definition",),
    "KeySchema": ("PrimaryKey",),
    "ManagedPolicyArns": ("Policies",),
    "Name": ("Name", "AutoPublishAlias"),
    "PermissionsBoundary": ("PermissionsBoundary",),
    "Policies": ("Policies",),
    "TracingConfig": ("Tracing",),
    "TracingEnabled": ("TracingEnabled",),
    "ScheduleExpression": ("Schedule",),
    "EventPattern": ("Pattern",),
    "EventSourceArn": ("Queue", "Stream"),
}
_IMPLICIT: Final[Mapping[str, str]] = {"ServerlessRestApi": "Api", "ServerlessHttpApi": "HttpApi"}


def expand(stack: Stack, root: Map) -> Map:
    """Return the template with its SAM resources replaced by what the translator makes of them.

    What a parameter decides is resolved first. A translator error is a problem at the author's line; then the SAM
    resources stay as they are, and a gap says that theirs are missing.
    """
    resources = root.get("Resources")
    if not isinstance(resources, Map) or not any(_is_sam(node) for node in resources.values()):
        return root
    prepared = _prepared(stack, root, resources)
    errors, translated = _translate(stack, prepared)
    if translated is None:
        for message in errors:
            where = _where_of(root, resources, message)
            stack.problem("template-transforms", Outcome.FAIL, where, f"SAM: {message}")
        stack.leave_out(Unknown(Cause.PARSE_ERROR, f"SAM resources of {stack.template.name}"))
        return root
    for word in ("Parameters", "Transform"):
        if word in root:
            translated[word] = root[word]
    return _Author(stack, prepared).template(translated, root)


def _is_sam(node: Node) -> bool:
    type_ = node.get("Type") if isinstance(node, Map) else None
    return isinstance(type_, str) and type_.startswith(_PREFIX)


# --- before -------------------------------------------------------------------------------------------------


def _prepared(stack: Stack, root: Map, resources: Map) -> Map:
    prepared = _copy(root)
    settled = _copy(resources)
    for name, node in resources.items():
        if _is_sam(node) and isinstance(node, Map):
            settled[name] = _localized(_settle(stack, node), str(node["Type"]))
    prepared["Resources"] = settled
    shared = _settle(stack, root.get("Globals"))
    if isinstance(shared, Map):
        for section, node in shared.items():
            if isinstance(node, Map):
                _localize(node, _CODE.get(f"{_PREFIX}{section}", ""))
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
        if isinstance(argument, Seq) and len(argument) == 3 and isinstance(argument[0], str):
            chosen = stack.condition(argument[0], node)
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
            properties.setdefault("ImageUri", _LOCAL_IMAGE)
    return node


def _localize(properties: Map, word: str) -> None:
    path = properties.get(word) if word else None
    if isinstance(path, str) and not path.startswith("s3://"):
        properties[word] = f"s3://{_LOCAL}/{path.strip() or '.'}"


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
        events = _events(node)
        if events is not None and name in (*events, *(f"{logical_id}{event}" for event in events)):
            return events.where(name.removeprefix(logical_id) if name not in events else name)
    return root.where("Transform")


def _events(node: Node) -> Map | None:
    properties = node.get("Properties") if isinstance(node, Map) else None
    events = properties.get("Events") if isinstance(properties, Map) else None
    return events if isinstance(events, Map) else None


# --- after --------------------------------------------------------------------------------------------------


class _Author:
    """Finds the author's line of everything that the translator made."""

    def __init__(self, stack: Stack, prepared: Map) -> None:
        self.stack = stack
        resources = prepared["Resources"]
        self.resources = resources if isinstance(resources, Map) else Map(prepared.source, 1)
        shared = prepared.get("Globals")
        self.globals = shared if isinstance(shared, Map) else Map(prepared.source, 1)
        self.anchors = self._anchors()

    def template(self, translated: Mapping[str, object], root: Map) -> Map:
        """Turn the translator's answer into nodes."""
        made = Map(root.source, root.line)
        for section, content in translated.items():
            if section == "Globals":
                continue
            hint = root.get(section)
            line = root.lines.get(section, root.line)
            if section == "Resources" and isinstance(content, Mapping):
                made.put(section, self._resources(content, line), line)
            elif isinstance(hint, Map | Seq) and content is hint:
                made.put(section, hint, line)
            else:
                made.put(section, _adopt(content, [hint], root.source, line), line)
        return made

    def _anchors(self) -> dict[str, tuple[Node, int]]:
        """What a generated logical id may start with: a SAM resource's id, alone or with one of its events."""
        anchors: dict[str, tuple[Node, int]] = {}
        for name, node in self.resources.items():
            if not _is_sam(node):
                continue
            anchors[name] = (node, self.resources.lines[name])
            events = _events(node) or Map("", 0)
            for event, declared in events.items():
                anchors[f"{name}{event}"] = (declared, events.lines[event])
                kind = declared.get("Type") if isinstance(declared, Map) else None
                for implicit, wanted in _IMPLICIT.items():
                    if kind == wanted:
                        anchors.setdefault(implicit, (declared, events.lines[event]))
            properties = node.get("Properties") if isinstance(node, Map) else None
            if isinstance(properties, Map) and "DeploymentPreference" in properties:
                found = (properties["DeploymentPreference"], properties.lines["DeploymentPreference"])
                for word in ("CodeDeployServiceRole", "ServerlessDeploymentApplication"):
                    anchors.setdefault(word, found)
        return anchors

    def _resources(self, translated: Mapping[str, object], line: int) -> Map:
        made = Map(self.resources.source, line)
        for name, content in translated.items():
            written = self.resources.get(name)
            if isinstance(written, Map) and not _is_sam(written):
                at = self.resources.lines[name]
                made.put(name, _adopt(content, [written], made.source, at), at)
                continue
            anchor = max((a for a in self.anchors if name.startswith(a)), key=len, default="")
            node, at = self.anchors.get(anchor, (None, line))
            made.put(name, self._generated(content, node, made.source, at), at)
        return made

    def _generated(self, content: object, node: Node, source: str, line: int) -> Node:
        """Place a generated resource: each property on the line of the one that it came from, or of a global."""
        hints: list[Node] = []
        if isinstance(node, Map):
            type_ = node.get("Type")
            section = str(type_).removeprefix(_PREFIX)
            hints = [node.get("Properties"), self.globals.get(section), node]
        if not isinstance(content, Mapping):
            return _adopt(content, hints, source, line)
        made = Map(source, line)
        for key, value in content.items():
            inner = hints if key == "Properties" else [node]
            at = node.lines.get(key, line) if isinstance(node, Map) and key != "Type" else line
            made.put(key, _adopt(value, inner, source, at if key != "Properties" else line, renamed=True), at)
        return made


def _adopt(content: object, hints: list[Node], source: str, line: int, *, renamed: bool = False) -> Node:
    """Give plain JSON lines: those of the same place in a hint, else the line of what encloses it."""
    if isinstance(content, Mapping):
        if _is_local(content):
            return _packaged(content, source, line)
        made = Map(source, line)
        for key, value in content.items():
            found, at = _hint(hints, key, renamed=renamed)
            made.put(key, _adopt(value, found, source, at or line), at or line)
        return made
    if isinstance(content, list | tuple):
        items = Seq(source, line)
        for index, value in enumerate(content):
            lists = [hint for hint in hints if isinstance(hint, Seq) and index < len(hint)]
            at = lists[0].lines[index] if lists else line
            items.add(_adopt(value, [hint[index] for hint in lists], source, at), at)
        return items
    if content == _LOCAL_IMAGE:
        return Unknown(Cause.NEEDS_LIVE, "the image that sam build makes")
    return content if isinstance(content, str | int | float) or content is None else str(content)


def _hint(hints: list[Node], key: str, *, renamed: bool) -> tuple[list[Node], int]:
    maps = [hint for hint in hints if isinstance(hint, Map)]
    for name in (key, *(_RENAMED.get(key, ()) if renamed else ())):
        found = [hint for hint in maps if name in hint]
        if found:
            return [hint[name] for hint in found], found[0].lines[name]
    return [], 0


def _is_local(content: Mapping[object, object]) -> bool:
    return _LOCAL in (content.get("S3Bucket"), content.get("Bucket"))


def _packaged(content: Mapping[object, object], source: str, line: int) -> Map:
    made = Map(source, line)
    for key, value in content.items():
        path = content.get("S3Key", content.get("Key", ""))
        made.put(str(key), Unknown(Cause.NEEDS_LIVE, f"the package of {path}") if isinstance(value, str) else None)
    return made
