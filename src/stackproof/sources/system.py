"""All stacks of one world: their exports and imports, nested stacks, and the inventory that they make together."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Final

from stackproof.model import Cause, Document, Gap, Inventory, Outcome, Reference, Resource, Unknown, Value, Where
from stackproof.resources import naming
from stackproof.sources import validity
from stackproof.sources.choices import Choices
from stackproof.sources.events import NotReadableError
from stackproof.sources.inventory import STACK, build, stack_attributes, stack_resource
from stackproof.sources.nodes import Map, Node
from stackproof.sources.stack import Stack
from stackproof.sources.stacks import Deployment, Problem, StackSource, TemplateFile, World
from stackproof.sources.template import Template
from stackproof.sources.values import Resolved, settled

_MAX_NESTED: Final = 10  # stacks inside stacks
_MAX_DEPTH: Final = 120  # of values inside values, through names of other resources too; keeps off Python's own limit
_READABLE: Final = "template-readable"


class Library:
    """Every file of one evaluation, read once."""

    def __init__(self) -> None:
        self.files: dict[Path, TemplateFile] = {}
        self._templates: dict[TemplateFile, Template] = {}

    def open(self, file: TemplateFile) -> Template | NotReadableError:
        """Return the template, or say why it cannot be read (line 0: there is no such file)."""
        if file.path is not None:
            file = self.files.setdefault(file.path, file)
        if file not in self._templates:
            try:
                parsed = file.parsed
            except OSError as error:
                return NotReadableError(f"{file.name} cannot be read: {error.strerror or error}", 0)
            if parsed.root is None:
                return parsed.error or NotReadableError("no content", 1)
            self._templates[file] = Template(file, parsed.root)
        return self._templates[file]


class System:
    """The stacks of one world."""

    def __init__(
        self,
        sources: Sequence[StackSource],
        deployment: Deployment,
        choices: Choices,
        library: Library,
        *,
        open_world: bool,
    ) -> None:
        self.choices = choices
        self.place = naming.Place(deployment.partition, deployment.region, deployment.account)
        self.problems: dict[Problem, None] = {}
        self.possible = True
        self._depth = 0
        self._deployment = deployment
        self._library = library
        self._open_world = open_world
        self._gaps: dict[Gap, None] = {}
        self._sources = sources
        self._stacks: dict[str, Stack] = {}
        self._nested: dict[str, Stack | None] = {}
        self._started = False
        self._exports: dict[str, tuple[Stack, str]] | None = None
        self._unsure_exports: Unknown | None = None

    def report(self, problem: Problem) -> None:
        """Note a problem, once."""
        self.problems[problem] = None

    def gap(self, gap: Gap) -> None:
        """Note a part of the system that was not read."""
        self._gaps[gap] = None

    @contextmanager
    def deeper(self, levels: int = 1) -> Iterator[bool]:
        """Go into a value inside a value; False when that is too deep."""
        self._depth += levels
        try:
            yield self._depth <= _MAX_DEPTH
        finally:
            self._depth -= levels

    # --- reading --------------------------------------------------------------------------------------------

    def open(self, file: TemplateFile, asked_at: Where | None = None) -> Template | None:
        """Read a file and report what is wrong with it; None when it cannot be read."""
        template = self._library.open(file)
        if isinstance(template, NotReadableError):
            where = asked_at if asked_at and not template.line else Where(file.name, template.line)
            self.gap(Gap(Unknown(Cause.PARSE_ERROR, f"{file.name} was not read")))
            self.report(Problem(_READABLE, Outcome.UNKNOWN, Cause.PARSE_ERROR, where, template.message))
            return None
        for id_, where, message in template.file.parsed.flaws:
            self.report(Problem(id_, Outcome.FAIL, None, where, message))
        return template

    def world(self) -> World:
        """Evaluate everything."""
        resources: list[Resource] = []
        documents: list[Document] = []
        for source in self._sources:
            self._start(source)
        self._started = True
        for stack in self._stacks.values():  # conditions first: they matter more than what is merely quoted
            stack.decide()
        for source in self._sources:
            if source.component in self._stacks:
                stack = self._stacks[source.component]
                made, written = self._built(stack)
                resources += [stack_resource(stack, source.layer, source.order), *made]
                documents += written
        self._circles()
        if self._open_world:
            shown = ", ".join(source.template.name for source in self._sources)
            self.gap(Gap(Unknown(Cause.OUT_OF_SCOPE, f"only {shown} was read")))
        where = self._deployment
        inventory = Inventory(tuple(resources), tuple(self._gaps), where.region, where.account, where.environment)
        return World(self.choices.assumptions, inventory, tuple(documents))

    def _start(self, source: StackSource) -> None:
        template = self.open(source.template)
        if template is None:
            return
        given = {name: as_value(value) for name, value in source.parameters.items()}
        origin = Where(source.parameter_source or template.name)
        self._stacks[source.component] = Stack(self, source.component, template, given, origin, source.name)

    def _built(self, stack: Stack) -> tuple[list[Resource], list[Document]]:
        validity.check_sections(stack)
        validity.check_parameters(stack)
        self.possible = validity.check_rules(stack) and self.possible
        resources, written = build(stack)
        validity.check_cycles(stack)
        documents = [written]
        everything: list[Resource] = []
        for resource in resources:
            nested = stack.nested(resource.logical_id) if resource.type == STACK else None
            if nested is None:
                everything.append(resource)
                continue
            inner, inner_documents = self._built(nested)
            attributes = {**resource.attributes, **stack_attributes(nested)}  # now that all its imports are known
            everything += [replace(resource, attributes=attributes), *inner]
            documents += inner_documents
        return everything, documents

    # --- nested stacks --------------------------------------------------------------------------------------

    def nested(self, stack: Stack, name: str) -> Stack | None:
        """The stack that a nested-stack resource creates; None when its template is remote or cannot be read."""
        address = stack.address_of(name)
        if address not in self._nested:
            self._nested[address] = None
            self._nested[address] = self._open_nested(stack, name, address)
        return self._nested[address]

    def _open_nested(self, stack: Stack, name: str, address: str) -> Stack | None:
        where = stack.properties_node(name).where("TemplateURL")
        url = stack.property(name, "TemplateURL").value
        file = stack.template.file.beside(url) if isinstance(url, str) else None
        if file is None:
            shown = url if isinstance(url, str) else "its URL is not known"
            message = f"the template of nested stack {name} is not a local file ({shown}), so it is not read"
            self._unread(stack, name, where, message, Cause.OUT_OF_SCOPE)
            return None
        line = [stack]
        while line[-1].parent is not None:
            line.append(line[-1].parent)
        if file.path in [member.template.file.path for member in line]:
            path = " -> ".join([*(member.template.name for member in reversed(line)), file.name])
            stack.problem("template-no-cycles", Outcome.FAIL, where, f"nested stacks contain each other: {path}")
            self.gap(Gap(Unknown(Cause.PARSE_ERROR, f"{address} contains itself")))
            return None
        if len(line) >= _MAX_NESTED:
            message = f"nested stacks deeper than {_MAX_NESTED} levels are not read"
            self._unread(stack, name, where, message, Cause.UNSUPPORTED_FUNCTION)
            return None
        template = self.open(file, where)
        if template is None:
            return None
        parameters = stack.property(name, "Parameters").value
        given = parameters if isinstance(parameters, dict) else {}
        return Stack(self, address, template, given, where, "", stack)

    def _unread(self, stack: Stack, name: str, where: Where, message: str, cause: Cause) -> None:
        self.gap(Gap(Unknown(cause, f"the template of {stack.address_of(name)} was not read")))
        stack.problem(_READABLE, Outcome.UNKNOWN, where, message, cause, about=name)

    # --- exports --------------------------------------------------------------------------------------------

    def import_value(self, stack: Stack, node: Map, argument: Node) -> Resolved:
        """`Fn::ImportValue`: the value that another stack exports under this name, with its identity."""
        name, rest = stack.resolve(argument)
        kept = {"Fn::ImportValue": rest}
        if not self._started:  # a transform cannot see other stacks, on AWS either
            return Resolved(Unknown(Cause.UNRESOLVED_IMPORT, str(name)), kept)
        exports = self._all_exports()
        if not isinstance(name, str):
            hole = name if isinstance(name, Unknown) else Unknown(Cause.UNRESOLVED_IMPORT, str(name))
            stack.imports[str(name)] = hole
            return Resolved(hole, kept)
        if name in exports:
            exporter, output = exports[name]
            stack.imports[name] = Reference(exporter.address)
            return settled(exporter.output(output).value, kept)
        unknown = Unknown(Cause.UNRESOLVED_IMPORT, name)
        stack.imports[name] = unknown
        message = f"imports {name}, which no stack that was read exports"
        unread = any(not gap.types for gap in self._gaps)
        sure = not (self._unsure_exports or unread or self._open_world)
        outcome, cause = (Outcome.FAIL, None) if sure else (Outcome.UNKNOWN, Cause.UNRESOLVED_IMPORT)
        stack.problem("template-imports-resolve", outcome, node.where(), message, cause)
        return Resolved(unknown, kept)

    def _all_exports(self) -> dict[str, tuple[Stack, str]]:
        if self._exports is None:
            self._exports = {}
            for stack in list(self._stacks.values()):
                self._add_exports(stack, self._exports)
        return self._exports

    def _add_exports(self, stack: Stack, found: dict[str, tuple[Stack, str]]) -> None:
        for output, node in stack.outputs():
            export = node.get("Export")
            if not isinstance(export, Map) or "Name" not in export:
                continue
            name = stack.resolve(export["Name"]).value
            if not isinstance(name, str):
                self._unsure_exports = Unknown(Cause.UNRESOLVED_IMPORT, f"the export name of {stack.address}.{output}")
            elif name in found:
                message = f"exports {name}, which {found[name][0].address} exports too"
                stack.problem("template-exports-unique", Outcome.FAIL, export.where("Name"), message)
            else:
                found[name] = (stack, output)
        for name in stack.resources:
            if stack.type_of(name) == STACK and stack.has(name) is not False:
                nested = stack.nested(name)
                if nested is not None:
                    self._add_exports(nested, found)

    def _circles(self) -> None:
        """Report stacks that import from each other: neither can be created first."""
        edges = {
            address: [origin.target for origin in stack.imports.values() if isinstance(origin, Reference)]
            for address, stack in self._stacks.items()
        }
        for members in validity.cycles(edges):
            path = " -> ".join([*members, members[0]])
            stack = self._stacks[members[0]]
            message = f"stacks import from each other: {path}"
            stack.problem("template-no-cycles", Outcome.FAIL, stack.where(), message)


def as_value(value: object) -> Value:
    """Read a given parameter value; anything that is no value of ours becomes its text."""
    if isinstance(value, list | tuple):
        return [as_value(item) for item in value]
    return value if isinstance(value, str | int | float | bool | Unknown | Reference) else str(value)
