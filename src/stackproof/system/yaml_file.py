"""YAML of our own files (system.yaml, requirements), with the line of every part for messages."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from stackproof.errors import MisuseError

_Loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)  # the C parser is ten times as fast, where it is built


@dataclass(frozen=True, slots=True)
class YamlFile:
    """The content of a file as plain data, and where each part of it stands."""

    path: Path
    content: Any
    root: yaml.Node

    def where(self, location: Sequence[str | int]) -> str:
        """Say `file:line` of a part, or of the nearest enclosing part that is there."""
        node, line = self.root, self.root.start_mark.line
        for step in location:
            child = _child(node, step)
            if child is None:
                break
            node, line = child
        return f"{self.path}:{line + 1}"


def read_yaml(path: Path, expected: str) -> YamlFile:
    """Read a YAML file of ours; `expected` says what it should hold, for messages.

    Raises:
        MisuseError: the file is missing, unreadable, empty, not YAML, or names a key twice.

    """
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "bytes that are not UTF-8 text"
        raise MisuseError(str(path), str(reason), expected) from error
    try:
        loader = _Loader(text)
        root = loader.get_single_node()
        if root is None:
            raise MisuseError(str(path), "an empty file", expected)
        _refuse_twice(root, path)
        return YamlFile(path, loader.construct_document(root), root)
    except yaml.MarkedYAMLError as error:
        last = len(text.splitlines())  # an end that comes too early is reported behind it
        line = f":{min(error.problem_mark.line + 1, last)}" if error.problem_mark else ""
        raise MisuseError(f"{path}{line}", f"broken YAML ({error.problem})", expected) from error
    except yaml.YAMLError as error:
        raise MisuseError(str(path), str(error).splitlines()[0], expected) from error


def _child(node: yaml.Node, step: str | int) -> tuple[yaml.Node, int] | None:
    """Find a part of a node, and the line on which its key or its element begins."""
    if isinstance(node, yaml.MappingNode):
        return next(((value, key.start_mark.line) for key, value in node.value if str(key.value) == str(step)), None)
    if isinstance(node, yaml.SequenceNode) and isinstance(step, int) and step < len(node.value):
        item: yaml.Node = node.value[step]
        return item, item.start_mark.line
    return None


def _refuse_twice(root: yaml.Node, path: Path) -> None:
    """Refuse a key that stands twice in one mapping. Nodes are visited once, so aliases cost nothing."""
    pending, seen = [root], set()
    while pending:
        node = pending.pop()
        if id(node) in seen:
            continue
        seen.add(id(node))
        if isinstance(node, yaml.MappingNode):
            lines: dict[str, int] = {}
            for key, value in node.value:
                name, line = str(key.value), key.start_mark.line + 1
                if name in lines:
                    raise MisuseError(f"{path}:{line}", f"{name!r} again", f"it once (it stands at line {lines[name]})")
                lines[name] = line
                pending.append(value)
        elif isinstance(node, yaml.SequenceNode):
            pending.extend(node.value)
