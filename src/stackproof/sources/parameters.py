"""A stack's parameters: given values, defaults, their validation, and the values that an undecided one may take."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Final

from stackproof.model import Absent, Cause, Outcome, Reference, Text, Unknown, Value, Where
from stackproof.sources.nodes import Map, Node, Seq, function_of
from stackproof.sources.values import Resolved, known, plain, scalar_text, settled

if TYPE_CHECKING:
    from stackproof.sources.stack import Stack

ANOTHER: Final = "another value"


class Parameters:
    """The parameters of one stack in one world.

    `given` holds values (from a file, or from the parent stack); `origin` says in messages where they came from.
    """

    def __init__(self, stack: Stack, declared: Map, given: Mapping[str, Value], origin: Where) -> None:
        self._stack = stack
        self.declared = declared
        self.given = given
        self._origin = origin
        self._values: dict[str, Resolved] = {}
        self._excluded: dict[str, frozenset[str]] = {}

    def __contains__(self, name: str) -> bool:
        return name in self.declared

    def __iter__(self) -> Iterator[str]:
        return iter(self.declared)

    def value(self, name: str) -> Resolved:
        """The value of a declared parameter, as a template may quote it: a NoEcho one is a reference, never text."""
        if name not in self._values:
            self._values[name] = self._shown(name)
        return self._values[name]

    def secret(self, name: str) -> bool:
        """Say whether the parameter is declared NoEcho."""
        return scalar_text(_plain_field(self._declaration(name), "NoEcho") or False).lower() == "true"

    def compared(self, node: Node) -> Value | None:
        """The real value of a `Ref` to a NoEcho parameter, for conditions only; None for anything else."""
        name = _referred(node)
        if name in self.declared and self.secret(name):
            return self._real(name)
        return None

    def excluded(self, node: Node) -> frozenset[str]:
        """The values that an undecided parameter is assumed not to have."""
        name = _referred(node)
        if name not in self.declared:
            return frozenset()
        self.value(name)
        return self._excluded.get(name, frozenset())

    def _shown(self, name: str) -> Resolved:
        value = self._real(name)
        if self.secret(name) and value != "":
            return Resolved(Reference(f"{self._stack.address}.{name}", "NoEcho"), {"Ref": name})
        return settled(value, {"Ref": name})

    def _real(self, name: str) -> Value:
        declaration = self._declaration(name)
        value = self.given[name] if name in self.given else _plain_field(declaration, "Default")
        type_ = str(_plain_field(declaration, "Type") or "String")
        address = f"{self._stack.address}.{name}"
        if type_.startswith("AWS::SSM::Parameter::Value"):
            return Unknown(Cause.UNRESOLVED_PARAMETER, f"{address} (SSM parameter {value})")
        if value is None or isinstance(value, Unknown | Absent):
            hole = value if isinstance(value, Unknown) else Unknown(Cause.UNRESOLVED_PARAMETER, address)
            return self._assumed(name, hole, type_)
        return _typed(value, type_)

    def _assumed(self, name: str, hole: Unknown, type_: str) -> Value:
        """Go through the values that matter for an undecided parameter."""
        allowed = [scalar_text(v) for v in self._field(name, "AllowedValues") if isinstance(v, str | int | float)]
        compared = self._stack.template.compared.get(name, ())
        if is_list(type_) or self.secret(name) or not (allowed or compared):
            return hole
        options = tuple(dict.fromkeys(allowed or [*compared, ANOTHER]))
        chosen = self._stack.pick(name, options)
        if chosen == ANOTHER:
            self._excluded[name] = frozenset(compared)
        return hole if chosen in (None, ANOTHER) else _typed(chosen or "", type_)

    def _declaration(self, name: str) -> Map:
        declaration = self.declared[name]
        return declaration if isinstance(declaration, Map) else Map(self._stack.template.name, 1)

    def _field(self, name: str, field: str) -> list[Node]:
        found = self._declaration(name).get(field)
        return list(found) if isinstance(found, Seq) else []


def is_list(type_: str) -> bool:
    """Say whether a parameter of this type holds several values."""
    return type_ == "CommaDelimitedList" or type_.startswith("List<") or "<List<" in type_ or "<CommaDel" in type_


def compared_literals(root: Map) -> dict[str, tuple[str, ...]]:
    """Return the literals that parameters are compared with, or that they select in a mapping, per parameter."""
    found: dict[str, dict[str, None]] = {}
    mappings = root.get("Mappings")
    pending: list[Node] = [node for section, node in root.items() if section not in ("Mappings", "Metadata")]
    while pending:
        node = pending.pop()
        if isinstance(node, Seq):
            pending.extend(node)
        elif isinstance(node, Map):
            pending.extend(node.values())
            for name, literal in _comparisons(node, mappings):
                found.setdefault(name, {})[literal] = None
    return {name: tuple(sorted(literals)) for name, literals in found.items()}


def _comparisons(node: Map, mappings: Node) -> Iterator[tuple[str, str]]:
    argument = next(iter(node.values())) if len(node) == 1 else None
    if not isinstance(argument, Seq) or len(argument) < 2:
        return
    function = next(iter(node))
    if function == "Fn::Equals":
        for one, other in ((argument[0], argument[1]), (argument[1], argument[0])):
            if isinstance(other, str | int | float) and (name := _referred(one)):
                yield name, scalar_text(other)
    if function == "Fn::FindInMap" and isinstance(mappings, Map) and isinstance(argument[0], str):
        rows = mappings.get(argument[0])
        if isinstance(rows, Map):
            yield from ((name, row) for row in rows if (name := _referred(argument[1])))
            columns = next((row for row in rows.values() if isinstance(row, Map)), None)
            if columns and len(argument) > 2:
                yield from ((name, column) for column in columns if (name := _referred(argument[2])))


def _referred(node: Node) -> str:
    if isinstance(node, Map) and function_of(node) == "Ref":
        name = node["Ref"]
        return name if isinstance(name, str) else ""
    return ""


def _plain_field(declaration: Map, field: str) -> Value:
    value = declaration.get(field)
    return value if isinstance(value, str | int | float | bool) or value is None else _as_list_text(value)


def _as_list_text(value: Node) -> Value:
    return ",".join(scalar_text(item) for item in value if isinstance(item, str | int | float)) if isinstance(value, Seq) else ""


def _typed(value: Value, type_: str) -> Value:
    """Read a given value as the parameter's type: lists are split and trimmed, numbers stay as written."""
    if is_list(type_):
        if isinstance(value, list):
            return value
        text = plain(value)
        if isinstance(text, Unknown):
            return value
        return [item.strip() for item in scalar_text(text).split(",")] if isinstance(text, str | int | float) else value
    if isinstance(value, list) and known(value):
        return ",".join(scalar_text(item) for item in value if isinstance(item, str | int | float))
    return scalar_text(value) if isinstance(value, str | int | float) else value


__all__ = ["ANOTHER", "Outcome", "Parameters", "Text", "compared_literals", "is_list", "re"]
