"""All stacks of one world: their exports and imports, nested stacks, and the inventory that they make together."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from stackproof.model import (
    ABSENT,
    Cause,
    Document,
    Gap,
    Inventory,
    Outcome,
    Reference,
    Resource,
    Unknown,
    Value,
    Where,
)
from stackproof.resources import defaults_for, naming
from stackproof.sources.choices import Choices, every_way
from stackproof.sources.nodes import Map, Node, Seq
from stackproof.sources.stack import Stack, Template
from stackproof.sources.stacks import Deployment, Evaluation, Problem, StackSource, World
from stackproof.sources.values import Resolved, settled

_ATTRIBUTES = ("DeletionPolicy", "UpdateReplacePolicy", "CreationPolicy", "UpdatePolicy", "Metadata")


def evaluate(stacks: Sequence[StackSource], deployment: Deployment, *, open_world: bool = False) -> Evaluation:
    """Evaluate stacks together, once for each way in which what is undecided may turn out.

    With `open_world` (a template looked at alone) what may be declared elsewhere is unknown; otherwise the stacks are
    the whole system. Nothing in a template raises: what is wrong with it is among the problems.
    """
    problems: dict[Problem, None] = {}
    worlds = []
    for choices in every_way():
        system = System(stacks, deployment, choices, open_world=open_world)
        worlds.append(system.world())
        problems.update(system.problems)
    files = [source.template.path for source in stacks if source.template.path]
    return Evaluation(tuple(worlds), tuple(problems), tuple(dict.fromkeys(files)))


class System:
    """The stacks of one world."""

    def __init__(
        self, sources: Sequence[StackSource], deployment: Deployment, choices: Choices, *, open_world: bool
    ) -> None:
        self.deployment = deployment
        self.choices = choices
        self.open_world = open_world
        self.place = naming.Place(deployment.partition, deployment.region, deployment.account)
        self.depth = 0
        self.problems: dict[Problem, None] = {}
        self.gaps: dict[Gap, None] = {}
        self.stacks: dict[str, Stack] = {}
        self._sources = {source.component: source for source in sources}
        self._exports: dict[str, tuple[Stack, str]] | None = None
        for source in sources:
            self._open(source)

    def report(self, problem: Problem) -> None:
        """Note a problem, once."""
        self.problems[problem] = None

    def _open(self, source: StackSource) -> None:
        name = source.template.name
        try:
            parsed = source.template.parsed
        except OSError as error:
            self._unread(name, 1, f"{name} cannot be read: {error.strerror}")
            return
        for id_, where, message in parsed.flaws:
            self.report(Problem(id_, Outcome.FAIL, None, where, message))
        if parsed.error or parsed.root is None:
            line = parsed.error.line if parsed.error else 1
            self._unread(name, line, str(parsed.error))
            return
        origin = Where(source.parameter_source or name)
        given = {key: _given(value) for key, value in source.parameters.items()}
        self.stacks[source.component] = Stack(
            self, source.component, Template(name, parsed.root), given, origin, source.name
        )

    def _unread(self, name: str, line: int, message: str) -> None:
        unknown = Unknown(Cause.PARSE_ERROR, f"{name} was not read")
        self.gaps[Gap(unknown)] = None
        self.report(Problem("template-readable", Outcome.UNKNOWN, Cause.PARSE_ERROR, Where(name, line), message))

    def world(self) -> World:
        """Evaluate everything."""
        resources: list[Resource] = []
        for stack in list(self.stacks.values()):
            resources.append(self._stack_resource(stack))
            resources += [self._resource(stack, name) for name in stack.resources if stack.has(name) is True]
        if self.open_world:
            shown = ", ".join(self._sources)
            self.gaps[Gap(Unknown(Cause.OUT_OF_SCOPE, f"only {shown} was read"))] = None
        inventory = Inventory(
            tuple(resources),
            tuple(self.gaps),
            self.deployment.region,
            self.deployment.account,
            self.deployment.environment,
        )
        documents: tuple[Document, ...] = ()
        return World(self.choices.assumptions, inventory, documents)

    def _resource(self, stack: Stack, name: str) -> Resource:
        node = stack.resources[name]
        properties: dict[str, Value] = {}
        for key in stack.properties_node(name):
            value = stack.property(name, key).value
            if value is not ABSENT:
                properties[key] = value
        positions = stack.positions.setdefault(name, {})
        positions[""] = stack.resources.where(name)
        attributes: dict[str, Value] = {}
        for key in _ATTRIBUTES:
            if isinstance(node, Map) and key in node:
                attributes[key] = stack.attribute(name, key, node[key]).value
                positions[key] = node.where(key)
        type_ = stack.type_of(name)
        names = naming.names_of(type_, self.place, lambda path: stack.read(name, path))
        return Resource(stack.address_of(name), type_, properties, positions, attributes, defaults_for(type_), names)

    def _stack_resource(self, stack: Stack) -> Resource:
        return Resource(stack.address, "AWS::CloudFormation::Stack", {"StackName": stack.name}, {"": stack.where()})

    def nested(self, stack: Stack, name: str) -> Stack | None:
        """Return the stack that a nested-stack resource creates."""
        return None

    def import_value(self, stack: Stack, node: Map, argument: Node) -> Resolved:
        """`Fn::ImportValue`: the value that another stack exports under this name."""
        name, rest = stack.resolve(argument)
        kept = {"Fn::ImportValue": rest}
        if self._exports is None:
            self._exports = self._all_exports()
        if isinstance(name, str) and name in self._exports:
            exporter, output = self._exports[name]
            stack.imports[name] = Reference(exporter.address)
            return settled(exporter.output(output), kept)
        unknown = Unknown(Cause.UNRESOLVED_IMPORT, str(name))
        return Resolved(unknown, kept)

    def _all_exports(self) -> dict[str, tuple[Stack, str]]:
        found: dict[str, tuple[Stack, str]] = {}
        for stack in list(self.stacks.values()):
            for output, node in stack.outputs():
                export = node.get("Export")
                name = stack.resolve(export["Name"]).value if isinstance(export, Map) and "Name" in export else None
                if isinstance(name, str):
                    found[name] = (stack, output)
        return found


def _given(value: object) -> Value:
    if isinstance(value, list | tuple):
        return [_given(item) for item in value]
    return value if isinstance(value, str | int | float | bool | Unknown | Reference) else str(value)


__all__ = ["Mapping", "Seq", "evaluate"]
