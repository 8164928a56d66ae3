"""A parsed template: plain mappings, lists and scalars that remember where they were written."""

from __future__ import annotations

from typing import TypeAlias

from stackproof.model import Unknown, Where


class Map(dict[str, "Node"]):
    """A mapping with the file and the line of each of its keys. Short tags become long form: `{"Ref": "X"}`."""

    __slots__ = ("line", "lines", "source")

    def __init__(self, source: str, line: int) -> None:
        super().__init__()
        self.source = source
        self.line = line
        self.lines: dict[str, int] = {}

    def put(self, key: str, value: Node, line: int = 0) -> None:
        """Set a key that was written on this line (0: the mapping's own line)."""
        self[key] = value
        self.lines[key] = line or self.line

    def where(self, key: str = "") -> Where:
        """Where the key was written, or the mapping itself."""
        return Where(self.source, self.lines.get(key, self.line))


class Seq(list["Node"]):
    """A list with the file and the line of each of its elements."""

    __slots__ = ("line", "lines", "source")

    def __init__(self, source: str, line: int) -> None:
        super().__init__()
        self.source = source
        self.line = line
        self.lines: list[int] = []

    def add(self, value: Node, line: int = 0) -> None:
        """Append an element that was written on this line (0: the list's own line)."""
        self.append(value)
        self.lines.append(line or self.line)


# An Unknown stands where a macro or an undecided loop puts something.
Node: TypeAlias = Map | Seq | str | int | float | bool | Unknown | None


def key_text(node: Node) -> str:
    """Write a scalar as CloudFormation writes a key: keys are text, `true` (or `On`) and `null` too."""
    if isinstance(node, bool):
        return str(node).lower()
    return "null" if node is None else str(node)


def function_of(node: Node) -> str:
    """Return the intrinsic's name when the node is one (`Ref`, `Fn::Sub`, `Condition`), else an empty string."""
    if isinstance(node, Map) and len(node) == 1:
        name = next(iter(node))
        if name == "Ref" or name.startswith("Fn::"):
            return name
    return ""
