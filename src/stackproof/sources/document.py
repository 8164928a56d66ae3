"""Resolved templates for outside scanners, put together from what is left of each expression."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Final

from stackproof.model import Document, Resource, Where
from stackproof.sources import macros
from stackproof.sources.nodes import Map, Node, Seq

if TYPE_CHECKING:
    from stackproof.sources.stack import Stack

UNDECIDED: Final = "UndecidedValue"  # the declared parameter that stands for a part that cannot be written
_HOLE: Final = re.compile(r"\$\{([^!}.][^}.]*)\}")
_DONE: Final = (macros.SAM, "AWS::Include", "AWS::LanguageExtensions")


def document(stack: Stack, resources: Mapping[str, Resource], contents: Mapping[str, object]) -> Document:
    """Write the resolved template of a stack. `contents` holds what its resources say, by logical id."""
    root = stack.template.root
    positions: dict[str, Where] = {"": Where(stack.template.name, root.line)}
    content: dict[str, object] = {}
    for key in ("AWSTemplateFormatVersion", "Description", "Metadata"):
        if key in root:
            content[key] = plain_json(root[key])
            positions[key] = root.where(key)
    left = [_named(name, node, root) for name, node in macros.transforms(root).items() if name not in _DONE]
    if left:
        content["Transform"] = left
    outputs = _outputs(stack, positions)
    used = set(_names((contents, outputs)))
    declared = {name: plain_json(stack.parameters.declared[name]) for name in stack.parameters if name in used}
    positions.update({f"Parameters.{name}": stack.parameters.declared.where(name) for name in declared})
    if UNDECIDED in used:
        declared[UNDECIDED] = {"Type": "String"}
    if declared:
        content["Parameters"] = declared
    content["Resources"] = dict(contents)
    if outputs:
        content["Outputs"] = outputs
    return Document(stack.address, stack.template.name, content, dict(resources), positions, stack.place.region)


def _named(name: str, node: Map, root: Map) -> object:
    return name if node is root else plain_json(node)


def _outputs(stack: Stack, positions: dict[str, Where]) -> dict[str, object]:
    outputs: dict[str, object] = {}
    for name, node in stack.outputs():
        written: dict[str, object] = {"Value": stack.output(name).rest}
        if "Description" in node:
            written["Description"] = stack.resolve(node["Description"]).rest
        export = node.get("Export")
        if isinstance(export, Map) and "Name" in export:
            written["Export"] = {"Name": stack.resolve(export["Name"]).rest}
        outputs[name] = written
        positions[f"Outputs.{name}"] = stack.section("Outputs").where(name)
        positions.update({f"Outputs.{name}.{key}": node.where(key) for key in written})
    return outputs


def plain_json(node: Node) -> object:
    """Copy a node as plain JSON."""
    if isinstance(node, Map):
        return {key: plain_json(value) for key, value in node.items()}
    if isinstance(node, Seq):
        return [plain_json(item) for item in node]
    return node if isinstance(node, str | int | float) or node is None else {"Ref": UNDECIDED}


def _names(content: object) -> Iterator[str]:
    """Every name that is referred to in resolved content."""
    pending = [content]
    while pending:
        item = pending.pop()
        if isinstance(item, Mapping):
            if len(item) == 1:
                name, value = next(iter(item.items()))
                if name == "Ref" and isinstance(value, str):
                    yield value
                if name == "Fn::Sub":
                    text = value[0] if isinstance(value, list) and value else value
                    yield from _HOLE.findall(text) if isinstance(text, str) else ()
            pending.extend(item.values())
        elif isinstance(item, list | tuple):
            pending.extend(item)
