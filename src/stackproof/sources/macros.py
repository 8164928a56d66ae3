"""What changes the template itself before it is evaluated: Fn::ForEach, AWS::Include, macros and transforms."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from stackproof.model import Cause, Outcome, Unknown
from stackproof.sources import sam
from stackproof.sources.nodes import Map, Node, Seq
from stackproof.sources.template import Template
from stackproof.sources.values import plain, scalar_text

if TYPE_CHECKING:
    from stackproof.sources.stack import Stack

SAM: Final = "AWS::Serverless-2016-10-31"
_INCLUDE: Final = "AWS::Include"
# Evaluated here, or adding only resources of their own (AWS's reference of transforms).
_HARMLESS: Final = (SAM, _INCLUDE, "AWS::LanguageExtensions", "AWS::SecretsManager-", "AWS::CodeDeployBlueGreen")
_LOOP: Final = "Fn::ForEach::"
_MAX_MADE: Final = 200_000  # nodes that loops and includes may make
_MAX_INCLUDES: Final = 10  # one inside the other


def expand(stack: Stack, template: Template) -> Template:
    """Return the template with loops, includes and SAM resources written out."""
    names = transforms(template.root)
    for name, node in names.items():
        if not name.startswith(_HARMLESS):
            _unsupported(stack, name, node)
    root = template.root
    if _INCLUDE in names or template.has_macros:
        expanded = _Expander(stack, template).top(root)
        root = expanded if isinstance(expanded, Map) else root
    if SAM in names:
        root = sam.expand(stack, root)
    return Template(template.file, root) if root is not template.root else template


def transforms(root: Map) -> dict[str, Map]:
    """The template-wide transforms, by name, each with the node that declares it."""
    declared = root.get("Transform")
    found: dict[str, Map] = {}
    for item in declared if isinstance(declared, Seq) else [declared]:
        if isinstance(item, str):
            found[item] = root
        elif isinstance(item, Map) and isinstance(name := item.get("Name"), str):
            found[name] = item
    return found


def _unsupported(stack: Stack, name: str, node: Map) -> Unknown:
    unknown = Unknown(Cause.UNSUPPORTED_FUNCTION, f"macro {name}")
    message = f"macro {name} is not evaluated; it may change or add anything"
    where = node.where("Transform")
    stack.problem("template-transforms", Outcome.UNKNOWN, where, message, Cause.UNSUPPORTED_FUNCTION)
    stack.leave_out(unknown)
    return unknown


class _Expander:
    def __init__(self, stack: Stack, template: Template) -> None:
        self.stack = stack
        self.template = template
        self.made = 0
        self.including = 0

    def top(self, root: Map) -> Node:
        """Expand the whole template; its own includes merge into it first."""
        merged = Map(root.source, root.line)
        for name, node in transforms(root).items():
            if name == _INCLUDE and node is not root:
                self._merge(merged, self._included(node))
        for key, value in root.items():
            section = self._walk(value, section=key in ("Resources", "Outputs", "Conditions"))
            present = merged.get(key)
            if isinstance(present, Map) and isinstance(section, Map):
                self._merge(present, section)
            else:
                merged.put(key, section, root.lines[key])
        return merged

    def _walk(self, node: Node, *, section: bool = False) -> Node:
        self.made += 1
        if self.made > _MAX_MADE:
            return self._too_much(node)
        if isinstance(node, Seq):
            copy = Seq(node.source, node.line)
            for item, line in zip(node, node.lines, strict=True):
                copy.add(self._walk(item), line)
            return copy
        if not isinstance(node, Map):
            return node
        made = Map(node.source, node.line)
        for key, child in node.items():
            part: Node = None
            if key.startswith(_LOOP):
                part = self._loop(key, child, node)
            elif key == "Fn::Transform":
                part = self._transform(child, node)
            else:
                made.put(key, self._walk(child), node.lines[key])
                continue
            if isinstance(part, Map):
                self._merge(made, part)
            elif not section:  # a section keeps what is declared beside it; the gap is noted
                return part
        return made

    def _merge(self, made: Map, part: Node) -> None:
        if isinstance(part, Map):
            for key, value in part.items():
                made.put(key, value, part.lines[key])

    def _too_much(self, node: Node) -> Unknown:
        where = node.where() if isinstance(node, Map) else self.stack.where()
        message = f"loops and includes make more than {_MAX_MADE:,} values"
        self.stack.problem("template-readable", Outcome.UNKNOWN, where, message, Cause.PARSE_ERROR)
        unknown = Unknown(Cause.PARSE_ERROR, message)
        self.stack.leave_out(unknown)
        return unknown

    # --- Fn::ForEach ----------------------------------------------------------------------------------------

    def _loop(self, key: str, loop: Node, parent: Map) -> Node:
        where = parent.where(key)
        if not isinstance(loop, Seq) or len(loop) != 3 or not isinstance(loop[0], str) or not isinstance(loop[2], Map):
            message = f"{key} needs an identifier, a collection and a mapping"
            self.stack.problem("template-well-formed", Outcome.FAIL, where, message)
            return self._left_out(Unknown(Cause.PARSE_ERROR, message))
        collection = plain(self.stack.resolve(self._walk(loop[1])).value)
        hole = collection if isinstance(collection, Unknown) else None
        items = collection if isinstance(collection, list) else []
        hole = hole or next((item for item in items if isinstance(item, Unknown)), None)
        if hole or not isinstance(collection, list):
            unknown = hole or Unknown(Cause.PARSE_ERROR, f"{key} has no list to go through")
            message = f"{key} goes through a list that is not known: {unknown.detail}"
            self.stack.problem("template-transforms", Outcome.UNKNOWN, where, message, unknown.cause)
            return self._left_out(unknown)
        made = Map(loop.source, loop.line)
        for item in items:
            if isinstance(item, str | int | float):
                self._merge(made, self._walk(self._bound(loop[2], loop[0], scalar_text(item))))
        return made

    def _left_out(self, unknown: Unknown) -> Unknown:
        self.stack.leave_out(unknown)
        return unknown

    def _bound(self, node: Node, name: str, value: str) -> Node:
        """Copy a loop's body with the identifier replaced: `${X}`, `&{X}` (letters and digits only) and `Ref: X`."""
        self.made += 1
        if self.made > _MAX_MADE:
            return None
        if isinstance(node, str):
            return _replaced(node, name, value)
        if isinstance(node, Seq):
            copy = Seq(node.source, node.line)
            for item, line in zip(node, node.lines, strict=True):
                copy.add(self._bound(item, name, value), line)
            return copy
        if not isinstance(node, Map):
            return node
        if len(node) == 1 and node.get("Ref") == name:
            return value
        made = Map(node.source, node.line)
        for key, child in node.items():
            made.put(_replaced(key, name, value), self._bound(child, name, value), node.lines[key])
        return made

    # --- Fn::Transform --------------------------------------------------------------------------------------

    def _transform(self, spec: Node, parent: Map) -> Node:
        name = spec.get("Name") if isinstance(spec, Map) else None
        if isinstance(spec, Map) and name == _INCLUDE:
            return self._included(spec)
        return _unsupported(self.stack, str(name), parent)

    def _included(self, spec: Map) -> Node:
        parameters = spec.get("Parameters")
        location = plain(self.stack.resolve(parameters.get("Location")).value) if isinstance(parameters, Map) else None
        file = self.template.file.beside(location) if isinstance(location, str) else None
        if file is None or self.including >= _MAX_INCLUDES:
            message = f"the included file {location} is not a local file, so it is not read"
            self.stack.problem("template-readable", Outcome.UNKNOWN, spec.where(), message, Cause.OUT_OF_SCOPE)
            return self._left_out(Unknown(Cause.OUT_OF_SCOPE, f"{location} is not read"))
        part = self.stack.system.open(file, spec.where())
        if part is None:
            return self._left_out(Unknown(Cause.PARSE_ERROR, f"{file.name} was not read"))
        self.including += 1
        outer, self.template = self.template, part
        try:
            return self._walk(part.root)
        finally:
            self.including -= 1
            self.template = outer


def _replaced(text: str, name: str, value: str) -> str:
    if "{" not in text:
        return text
    return text.replace(f"${{{name}}}", value).replace(f"&{{{name}}}", re.sub(r"[^0-9A-Za-z]", "", value))
