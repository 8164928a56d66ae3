"""Leads every generated part of a translated SAM template back to the author's line."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from stackproof.model import Cause, Unknown
from stackproof.sources.nodes import Map, Node, Seq

PREFIX: Final = "AWS::Serverless::"
LOCAL: Final = "stackproof-local"  # a bucket that stands for what is still on disk; never leaves this module
LOCAL_IMAGE: Final = "000000000000.dkr.ecr.us-east-1.amazonaws.com/stackproof-local:local"
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


def is_sam(node: Node) -> bool:
    """Say whether a resource is one of SAM's."""
    type_ = node.get("Type") if isinstance(node, Map) else None
    return isinstance(type_, str) and type_.startswith(PREFIX)


def events_of(node: Node) -> Map | None:
    """The events of a SAM function or state machine."""
    properties = node.get("Properties") if isinstance(node, Map) else None
    events = properties.get("Events") if isinstance(properties, Map) else None
    return events if isinstance(events, Map) else None


class Author:
    """Finds the author's line of everything that the translator made."""

    def __init__(self, prepared: Map) -> None:
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
            if not is_sam(node):
                continue
            anchors[name] = (node, self.resources.lines[name])
            events = events_of(node) or Map("", 0)
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
            if isinstance(written, Map) and not is_sam(written):
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
            section = str(type_).removeprefix(PREFIX)
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
        origin = next((hint for hint in hints if isinstance(hint, Map)), None)
        if origin is not None and origin.source != source:  # it came from an included file
            source, line = origin.source, origin.line
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
    if content == LOCAL_IMAGE:
        return Unknown(Cause.NEEDS_LIVE, "the image that sam build makes")
    return content if isinstance(content, str | int | float) or content is None else str(content)


def _hint(hints: list[Node], key: str, *, renamed: bool) -> tuple[list[Node], int]:
    maps = [hint for hint in hints if isinstance(hint, Map)]
    for name in (key, *(_RENAMED.get(key, ()) if renamed else ())):
        found = [hint for hint in maps if name in hint]
        if found:
            inner = [_policies(hint[name]) if renamed and key == "Policies" else hint[name] for hint in found]
            # Elements of a list under another name are not those of the author's list.
            kept = [hint for hint in inner if key == name or not isinstance(hint, Seq)]
            return kept, found[0].lines[name]
    return [], 0


def _policies(written: Node) -> Node:
    """Shape the author's policy documents like a role's policies; names of managed ones become another property."""
    if not isinstance(written, Seq):
        return written
    shaped = Seq(written.source, written.line)
    for item, line in zip(written, written.lines, strict=True):
        if isinstance(item, Map):
            policy = Map(item.source, line)
            policy.put("PolicyDocument", item, line)
            shaped.add(policy, line)
    return shaped


def _is_local(content: Mapping[object, object]) -> bool:
    return LOCAL in (content.get("S3Bucket"), content.get("Bucket"))


def _packaged(content: Mapping[object, object], source: str, line: int) -> Map:
    made = Map(source, line)
    for key, value in content.items():
        path = content.get("S3Key", content.get("Key", ""))
        made.put(str(key), Unknown(Cause.NEEDS_LIVE, f"the package of {path}") if isinstance(value, str) else None)
    return made
