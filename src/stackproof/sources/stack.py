"""One stack in one world: resolves every node of its template, each thing when it is first asked for."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING

from stackproof.model import ABSENT, Cause, Gap, Outcome, Unknown, Value, Where
from stackproof.resources import naming
from stackproof.sources import macros, resolving
from stackproof.sources.decisions import Truth, truth
from stackproof.sources.document import UNDECIDED
from stackproof.sources.nodes import Map, Node, function_of, key_text
from stackproof.sources.parameters import Parameters
from stackproof.sources.stacks import Problem
from stackproof.sources.template import Template
from stackproof.sources.values import Resolved, plain

if TYPE_CHECKING:
    from stackproof.sources.system import System


class Stack:
    """Evaluates one template with one set of parameters. `address` is the stack's own in the inventory."""

    def __init__(
        self,
        system: System,
        address: str,
        template: Template,
        given: Mapping[str, Value],
        origin: Where,
        name: str = "",
        parent: Stack | None = None,
    ) -> None:
        self.system = system
        self.address = address
        self.template = template
        self.name = name
        self.parent = parent
        self.incomplete: Unknown | None = None  # the macro or loop that may declare more
        self.edges: dict[str, dict[str, None]] = {}
        self.positions: dict[str, dict[str, Where]] = {}
        self.imports: dict[str, Value] = {}
        self._conditions: dict[str, Truth] = {}
        self._deciding: list[str] = []
        self._properties: dict[tuple[str, str], Resolved] = {}
        self._open: set[tuple[str, str]] = set()
        self._outputs: dict[str, Resolved] = {}
        self._current = ""
        self._track: dict[str, Where] | None = None
        self.parameters = Parameters(self, template.section("Parameters"), given, origin)
        self.resources = template.section("Resources")
        self.template = macros.expand(self, template)
        self.resources = self.template.section("Resources")
        self._conditions.clear()  # what was read for the expansion may have been written out differently
        self._properties.clear()
        self.positions.clear()
        self.edges.clear()

    # --- what the functions ask -----------------------------------------------------------------------------

    @property
    def place(self) -> naming.Place:
        """Where the stack's resources are created."""
        return self.system.place

    def section(self, name: str) -> Map:
        """A section of the template."""
        return self.template.section(name)

    def where(self) -> Where:
        """The template as a whole."""
        return Where(self.template.name, 1)

    def address_of(self, name: str) -> str:
        """The address of a resource of this stack."""
        return f"{self.address}.{name}"

    def pick(self, name: str, options: tuple[str, ...]) -> str | None:
        """Ask how something undecided turns out in this world."""
        return self.system.choices.pick(f"{self.address}.{name}", options)

    def touch(self, name: str) -> None:
        """Note that what is being evaluated depends on a resource."""
        if self._current:
            self.edges.setdefault(self._current, {})[name] = None

    def placeholder(self) -> object:
        """Stand in a resolved template for a part that cannot be written."""
        return {"Ref": UNDECIDED}

    def leave_out(self, unknown: Unknown) -> None:
        """Note that a part of the template stays unread, which may declare anything."""
        self.incomplete = unknown
        self.system.gap(Gap(unknown))

    def problem(
        self, id_: str, outcome: Outcome, where: Where, message: str, cause: Cause | None = None, about: str = ""
    ) -> None:
        """Report something wrong with the template, `about` a resource (default: the one being evaluated)."""
        name = about or self._current
        resource = self.address_of(name) if name else self.address
        self.system.report(Problem(id_, outcome, cause, where, message, resource))

    def refused(self, node: Map, message: str, id_: str = "template-well-formed") -> Resolved:
        """Report what AWS would refuse; the value stays unknown."""
        self.problem(id_, Outcome.FAIL, node.where(), message)
        return Resolved(Unknown(Cause.PARSE_ERROR, message), self.placeholder())

    def compared(self, node: Node) -> Value:
        """The value of one side of a comparison: a NoEcho parameter is compared by its real value."""
        real = self.parameters.compared(node)
        return self.resolve(node).value if real is None else real

    # --- resolving ------------------------------------------------------------------------------------------

    def resolve(self, node: Node, path: str | None = None) -> Resolved:
        """Resolve any node. With a `path`, positions of what is found are noted for the current resource."""
        return resolving.resolve(self, node, path)

    def note(self, path: str, where: Where) -> None:
        """Note where a part of the current resource was written."""
        if self._track is not None:
            self._track[path] = where

    def quietly(self, node: Node) -> Value:
        """Evaluate a node that will be evaluated again, without reporting anything."""
        before = dict(self.system.problems)
        value = self.resolve(node).value
        self.system.problems = before
        return value

    # --- conditions -----------------------------------------------------------------------------------------

    def decide(self) -> None:
        """Evaluate all conditions."""
        conditions = self.section("Conditions")
        for name in conditions:
            self.condition(name, conditions)

    def condition(self, name: str, asked_by: Map) -> Truth:
        """Evaluate a named condition; an undecided one is assumed true in one world and false in another."""
        if name in self._deciding:
            path = " -> ".join([*self._deciding[self._deciding.index(name) :], name])
            self.problem(
                "template-no-cycles", Outcome.FAIL, asked_by.where(), f"conditions depend on each other: {path}"
            )
            return Unknown(Cause.PARSE_ERROR, f"condition {name} depends on itself")
        if name not in self._conditions:
            self._deciding.append(name)
            self._conditions[name] = self._decide(name, asked_by)
            self._deciding.pop()
        return self._conditions[name]

    def _decide(self, name: str, asked_by: Map) -> Truth:
        conditions = self.section("Conditions")
        if name not in conditions and self.incomplete:
            return Unknown(self.incomplete.cause, f"condition {name} may come from {self.incomplete.detail}")
        if name not in conditions:
            message = f"refers to condition {name}, which is not declared"
            self.problem("template-references-resolve", Outcome.FAIL, asked_by.where(), message)
            return Unknown(Cause.PARSE_ERROR, f"condition {name} is not declared")
        answer = truth(self, conditions[name])
        if isinstance(answer, Unknown) and answer.cause is not Cause.PARSE_ERROR:
            picked = self.pick(f"Conditions.{name}", ("true", "false"))
            return answer if picked is None else picked == "true"
        return answer

    # --- resources ------------------------------------------------------------------------------------------

    def has(self, name: str) -> Truth:
        """Say whether a declared resource exists in this world."""
        node = self.resources.get(name)
        if not isinstance(node, Map):
            return False
        condition = node.get("Condition")
        return self.condition(key_text(condition), node) if isinstance(condition, str | bool) else True

    def type_of(self, name: str) -> str:
        """The type of a declared resource."""
        node = self.resources.get(name)
        type_ = node.get("Type") if isinstance(node, Map) else None
        return type_ if isinstance(type_, str) else ""

    def text_of(self, name: str, attribute: str) -> str | None:
        """The text of a resource's attribute, when its properties settle it."""
        return naming.text_of(self.type_of(name), attribute, self.place, lambda path: self.read(name, path))

    def read(self, name: str, path: str) -> Value:
        """The value of a resource's property at a dotted path; ABSENT when there is none."""
        first, *others = path.split(".")
        if (name, first) in self._open:
            return ABSENT
        value = self.property(name, first).value
        for key in others:
            value = value.get(key, ABSENT) if isinstance(value, dict) else ABSENT
        return plain(value)

    def property(self, name: str, key: str) -> Resolved:
        """Resolve one property of a resource, once."""
        slot = (name, key)
        if slot not in self._properties:
            self._open.add(slot)
            before = (self._current, self._track)
            self._current, self._track = name, self.positions.setdefault(name, {})
            try:
                node = self.properties_node(name)
                found = Resolved(ABSENT, None)
                with self.system.deeper(2):
                    found = self.resolve(node[key], key) if key in node else found
                if key in node:
                    self._track[key] = node.where(key)
            finally:
                self._current, self._track = before
                self._open.discard(slot)
            self._properties[slot] = found
        return self._properties[slot]

    def plain_properties(self, name: str) -> bool:
        """Say whether a resource's properties are written as a mapping, so that each can be read alone."""
        node = self.resources.get(name)
        found = node.get("Properties") if isinstance(node, Map) else None
        return isinstance(found, Map) and not function_of(found)

    def properties_node(self, name: str) -> Map:
        """A resource's properties as written."""
        node = self.resources.get(name)
        found = node.get("Properties") if isinstance(node, Map) else None
        return found if isinstance(found, Map) else Map(self.template.name, 1)

    def attribute(self, name: str, key: str, node: Node) -> Resolved:
        """Resolve one word beside a resource's properties."""
        before = (self._current, self._track)
        self._current, self._track = name, self.positions.setdefault(name, {})
        try:
            return self.resolve(node, key)
        finally:
            self._current, self._track = before

    def nested(self, name: str) -> Stack | None:
        """The stack that a nested-stack resource creates, when its template was read."""
        return self.system.nested(self, name)

    # --- outputs --------------------------------------------------------------------------------------------

    def outputs(self) -> Iterator[tuple[str, Map]]:
        """The outputs that exist in this world."""
        for name, node in self.section("Outputs").items():
            if isinstance(node, Map):
                condition = node.get("Condition")
                named = isinstance(condition, str | bool)
                if not named or self.condition(key_text(condition), node) is not False:
                    yield name, node

    def output(self, name: str) -> Resolved:
        """The value of an output, and what is left of its expression."""
        if name not in self._outputs:
            self._outputs[name] = self._no_output(f"output {name} of {self.address} depends on itself")
            node = dict(self.outputs()).get(name)
            if node is None:
                self._outputs[name] = self._no_output(f"{self.address} has no output {name}")
            else:
                before = (self._current, self._track)
                self._current, self._track = "", None
                self._outputs[name] = self.resolve(node.get("Value"))
                self._current, self._track = before
        return self._outputs[name]

    def _no_output(self, why: str) -> Resolved:
        return Resolved(Unknown(Cause.PARSE_ERROR, why), self.placeholder())
