"""A stack's parameters: given values, defaults, and the values that an undecided one may take."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Final

from stackproof.model import ABSENT, Absent, Cause, Reference, Text, Unknown, Value, Where
from stackproof.sources.nodes import Map, Node, Seq
from stackproof.sources.template import referred
from stackproof.sources.values import Resolved, join, known, scalar_text, settled, split_text

if TYPE_CHECKING:
    from stackproof.sources.stack import Stack

ANOTHER: Final = "another value"


class Parameters:
    """The parameters of one stack in one world.

    `given` holds values (from a file, or from the parent stack); `origin` is where they came from, for messages.
    """

    def __init__(self, stack: Stack, declared: Map, given: Mapping[str, Value], origin: Where) -> None:
        self.declared = declared
        self.given = given
        self.origin = origin
        self._stack = stack
        self._values: dict[str, Resolved] = {}
        self._excluded: dict[str, frozenset[str]] = {}

    def __contains__(self, name: str) -> bool:
        return name in self.declared

    def __iter__(self) -> Iterator[str]:
        return iter(self.declared)

    def value(self, name: str) -> Resolved:
        """The value as a template may quote it: a NoEcho parameter is a reference, never text."""
        if name not in self._values:
            value = self.real(name)
            if self.secret(name) and value != "":
                self._values[name] = Resolved(Reference(f"{self._stack.address}.{name}", "NoEcho"), {"Ref": name})
            else:
                self._values[name] = settled(value, {"Ref": name})
        return self._values[name]

    def given_value(self, name: str) -> Value:
        """The value in every world: that of an undecided parameter is unknown, whatever is assumed of it here."""
        raw = self.raw(name)
        if isinstance(raw, Unknown | Absent):
            return raw if isinstance(raw, Unknown) else self._hole(name)
        return self.value(name).value

    def real(self, name: str) -> Value:
        """The value itself, also of a NoEcho parameter: for conditions and validation only."""
        type_ = self.type_of(name)
        value = self.raw(name)
        if type_.startswith("AWS::SSM::Parameter::Value"):
            shown = "" if self.secret(name) else f" (SSM parameter {value})"
            return Unknown(Cause.UNRESOLVED_PARAMETER, f"{self._stack.address}.{name}{shown}")
        if isinstance(value, Unknown | Absent):
            hole = value if isinstance(value, Unknown) else self._hole(name)
            return self._assumed(name, hole, type_)
        return typed(value, type_)

    def raw(self, name: str) -> Value:
        """The given value or the default, as written; ABSENT when there is neither."""
        if name in self.given:
            return self.given[name]
        default = self.field(name, "Default")
        if isinstance(default, Seq):
            return ",".join(scalar_text(item) for item in default if isinstance(item, str | int | float))
        return ABSENT if default is None or isinstance(default, Map) else default

    def type_of(self, name: str) -> str:
        """The declared type; String when there is none."""
        type_ = self.field(name, "Type")
        return type_ if isinstance(type_, str) else "String"

    def secret(self, name: str) -> bool:
        """Say whether the parameter is declared NoEcho."""
        return self.field(name, "NoEcho") in (True, "true", "True")

    def field(self, name: str, field: str) -> Node:
        """One word of a parameter's declaration."""
        declaration = self.declared.get(name)
        return declaration.get(field) if isinstance(declaration, Map) else None

    def allowed(self, name: str) -> list[str]:
        """The declared AllowedValues."""
        values = self.field(name, "AllowedValues")
        items = values if isinstance(values, Seq) else ()
        return [scalar_text(item) for item in items if isinstance(item, str | int | float)]

    def compared(self, node: Node) -> Value | None:
        """The real value of a `Ref` to a NoEcho parameter, for conditions; None for anything else."""
        name = referred(node)
        return self.real(name) if name in self.declared and self.secret(name) else None

    def excluded(self, node: Node) -> frozenset[str]:
        """The values that an undecided parameter is assumed not to have."""
        name = referred(node)
        if name not in self.declared:
            return frozenset()
        self.value(name)
        return self._excluded.get(name, frozenset())

    def _hole(self, name: str) -> Unknown:
        return Unknown(Cause.UNRESOLVED_PARAMETER, f"{self._stack.address}.{name}")

    def _assumed(self, name: str, hole: Unknown, type_: str) -> Value:
        """Go through the values that matter for an undecided parameter."""
        allowed, compared = self.allowed(name), self._stack.template.compared.get(name, ())
        if is_list(type_) or self.secret(name) or not (allowed or compared):
            return hole
        chosen = self._stack.pick(name, tuple(dict.fromkeys(allowed or [*compared, ANOTHER])))
        if chosen == ANOTHER and not allowed:
            self._excluded[name] = frozenset(compared)
            return hole
        return hole if chosen is None else typed(chosen, type_)


def is_list(type_: str) -> bool:
    """Say whether a parameter of this type holds several values."""
    return type_ == "CommaDelimitedList" or "List<" in type_ or "<CommaDelimitedList>" in type_


def typed(value: Value, type_: str) -> Value:
    """Read a given value as the parameter's type: lists are split and trimmed, numbers stay as written."""
    if is_list(type_):
        return _listed(value)
    if isinstance(value, list) and known(value):
        return ",".join(scalar_text(item) for item in value if isinstance(item, str | int | float))
    return scalar_text(value) if isinstance(value, str | int | float) else value


def _listed(value: Value) -> Value:
    if isinstance(value, str | int | float):
        return [item.strip() for item in scalar_text(value).split(",")]
    if isinstance(value, Text):
        hole = next((part for part in value.parts if isinstance(part, Unknown)), None)
        return hole or [_trimmed(item) for item in split_text(value, ",")]
    return [value] if isinstance(value, Reference) else value


def _trimmed(item: Value) -> Value:
    if isinstance(item, Text):
        return join([part.strip() if isinstance(part, str) else part for part in item.parts], "a list")
    return item.strip() if isinstance(item, str) else item
