"""A template that could be read: its root mapping and what can be said about it whatever the parameters are."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import cached_property

from stackproof.sources.nodes import Map, Node, Seq, function_of
from stackproof.sources.stacks import TemplateFile
from stackproof.sources.values import scalar_text


class Template:
    """A template's root mapping, and its sections by name."""

    def __init__(self, file: TemplateFile, root: Map) -> None:
        self.file = file
        self.root = root

    @property
    def name(self) -> str:
        """The file, as findings name it."""
        return self.file.name

    def section(self, name: str) -> Map:
        """A section; empty when it is not there or is not a mapping."""
        found = self.root.get(name)
        return found if isinstance(found, Map) else Map(self.name, self.root.line)

    @cached_property
    def has_macros(self) -> bool:
        """Say whether a loop or a local transform stands anywhere in it."""
        return any(
            key.startswith(("Fn::ForEach::", "Fn::Transform")) for node in self._mappings(frozenset()) for key in node
        )

    @cached_property
    def compared(self) -> Mapping[str, tuple[str, ...]]:
        """The literals that parameters are compared with, or by which they select in a mapping, per parameter."""
        found: dict[str, dict[str, None]] = {}
        for node in self._mappings(frozenset({"Mappings", "Metadata"})):
            for name, literal in self._comparisons(node):
                found.setdefault(name, {})[literal] = None
        return {name: tuple(sorted(literals)) for name, literals in found.items()}

    def _mappings(self, without: frozenset[str]) -> Iterator[Map]:
        pending: list[Node] = [node for section, node in self.root.items() if section not in without]
        seen: set[int] = set()  # aliases share nodes
        while pending:
            node = pending.pop()
            if isinstance(node, Map | Seq):
                if id(node) in seen:
                    continue
                seen.add(id(node))
                pending.extend(node.values() if isinstance(node, Map) else node)
                if isinstance(node, Map):
                    yield node

    def _comparisons(self, node: Map) -> Iterator[tuple[str, str]]:
        function, argument = next(iter(node.items())) if len(node) == 1 else ("", None)
        if not isinstance(argument, Seq) or len(argument) < 2:
            return
        left, right = argument[0], argument[1]
        if function in ("Fn::Equals", "Fn::Contains", "Fn::EachMemberIn"):
            for one, other in ((left, right), (right, left)):
                if name := referred(one):
                    several = other if isinstance(other, Seq) else [other]
                    yield from ((name, scalar_text(item)) for item in several if isinstance(item, str | int | float))
        if function == "Fn::FindInMap" and isinstance(left, str):
            rows = self.section("Mappings").get(left)
            if isinstance(rows, Map):
                yield from ((name, row) for row in rows if (name := referred(right)))
                columns = [column for row in rows.values() if isinstance(row, Map) for column in row]
                third = argument[2] if len(argument) > 2 else None
                yield from ((name, column) for column in columns if (name := referred(third)))


def referred(node: Node) -> str:
    """The name in a plain `Ref`, else an empty text."""
    if isinstance(node, Map) and function_of(node) == "Ref":
        name = node["Ref"]
        return name if isinstance(name, str) else ""
    return ""
