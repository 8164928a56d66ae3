"""What has to be deployed: the stacks of a system in their order, and what must be there before the first one."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from stackproof.errors import MisuseError
from stackproof.model import Cause, Inventory, Outcome, Reference, Text, Unknown, Value
from stackproof.sources import Deployment, StackSource, TemplateFile, evaluate
from stackproof.system.loading import System
from stackproof.system.parameter_files import read_parameters

_ARTIFACTS: Final = {  # where templates point at code that a pipeline has built: type, path of bucket, path of key
    "AWS::Lambda::Function": ("Code.S3Bucket", "Code.S3Key"),
    "AWS::Lambda::LayerVersion": ("Content.S3Bucket", "Content.S3Key"),
}


@dataclass(frozen=True, slots=True)
class PlannedStack:
    """One stack to deploy."""

    component: str
    name: str
    region: str
    template: Path
    parameters: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Plan:
    """The stacks, each after those that it imports from, and what people and pipelines put in place by hand.

    `artifacts` are bucket and key of built code, `secrets` names of secrets with the JSON keys that are read of each,
    `values` names of SSM parameters.
    """

    stacks: tuple[PlannedStack, ...]
    artifacts: tuple[tuple[str, str], ...]
    secrets: Mapping[str, frozenset[str]]
    values: tuple[str, ...]


def make_plan(system: System, environment: str, account: str) -> Plan:
    """Read and evaluate all templates of an environment.

    Raises:
        MisuseError: a parameter file is wrong, a template does not evaluate, or stacks import from each other.

    """
    settings = system.environment(environment)
    given: dict[str, str] = {}
    for name in settings.parameters:
        values = read_parameters(system.folder / name, environment).values
        given |= {key: value if isinstance(value, str) else ",".join(value) for key, value in values.items()}
    layers = {layer: number for number, layer in enumerate(system.file.layers)}
    sources, planned = [], {}
    for stack in system.file.stacks:
        path = system.folder / stack.template
        template = TemplateFile.read(path)
        own = {name: _text(value) for name, value in stack.parameters.items()}
        parameters = {**{k: v for k, v in given.items() if k in _declared(template)}, **own}
        name, order = system.stack_name(stack.component, environment), layers.get(stack.layer, 0)
        sources.append(StackSource(stack.component, template, parameters, name, stack.layer, order))
        planned[stack.component] = PlannedStack(
            stack.component, name, stack.region or settings.region, path, parameters
        )
    evaluation = evaluate(sources, Deployment(environment, settings.region, account))
    for problem in evaluation.problems:
        if problem.outcome is Outcome.FAIL:
            raise MisuseError(str(problem.where), problem.message, "a template that can be deployed")
    inventory = evaluation.worlds[0].inventory
    order_of = _order(inventory, [source.component for source in sorted(sources, key=lambda s: s.order)])
    return Plan(
        tuple(planned[component] for component in order_of),
        tuple(dict.fromkeys(_artifacts(inventory))),
        _secrets(inventory),
        tuple(dict.fromkeys(_values(inventory))),
    )


def _text(value: object) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


def _declared(template: TemplateFile) -> frozenset[str]:
    root = template.parsed.root
    declared = root.get("Parameters") if root else None
    return frozenset(declared) if isinstance(declared, dict) else frozenset()


def _order(inventory: Inventory, components: Sequence[str]) -> list[str]:
    """Components in the order given, each after those that it imports from."""
    needs: dict[str, list[str]] = {}
    for component in components:
        stack = inventory.get(component)
        imports: Any = stack.attributes.get("Imports", []) if stack else []
        needs[component] = [str(i["From"].target) for i in imports if isinstance(i.get("From"), Reference)]
    order: dict[str, None] = {}
    waiting: list[str] = []

    def visit(component: str) -> None:
        if component in order:
            return
        if component in waiting:
            circle = " -> ".join([*waiting[waiting.index(component) :], component])
            raise MisuseError("the stacks", f"imports in a circle: {circle}", "imports from stacks that are there")
        waiting.append(component)
        for other in needs.get(component, ()):
            if other in needs:
                visit(other)
        waiting.pop()
        order[component] = None

    for component in components:
        visit(component)
    return list(order)


def _artifacts(inventory: Inventory) -> Iterator[tuple[str, str]]:
    for type_, (bucket, key) in _ARTIFACTS.items():
        for resource in inventory.of_type(type_):
            code = resource.properties if isinstance(resource.properties, dict) else {}
            place, name = _at(code, bucket), _at(code, key)
            if isinstance(place, str) and isinstance(name, str):
                yield place, name


def _at(value: Value, path: str) -> Value:
    for step in path.split("."):
        value = value.get(step) if isinstance(value, dict) else None
    return value


def _secrets(inventory: Inventory) -> dict[str, frozenset[str]]:
    """Secrets that templates read and no stack makes."""
    found: dict[str, set[str]] = {}
    for leaf in _leaves(inventory):
        if not isinstance(leaf, Reference) or not leaf.attribute.startswith("resolve:secretsmanager:"):
            continue
        if inventory.get(leaf.target) is None:
            parts = leaf.attribute.removeprefix(f"resolve:secretsmanager:{leaf.target}").split(":")
            found.setdefault(leaf.target, set()).update(parts[2:3])
    return {name: frozenset(key for key in keys if key) for name, keys in found.items()}


def _values(inventory: Inventory) -> Iterator[str]:
    for leaf in _leaves(inventory):
        undecided = isinstance(leaf, Unknown) and leaf.cause is Cause.UNRESOLVED_PARAMETER
        if isinstance(leaf, Unknown) and undecided and leaf.detail.startswith("resolve:ssm:"):
            yield leaf.detail.removeprefix("resolve:ssm:").partition(":")[0]


def _leaves(inventory: Inventory) -> Iterator[Value]:
    pending: list[Any] = [resource.properties for resource in inventory.resources]
    while pending:
        value = pending.pop()
        if isinstance(value, dict):
            pending.extend(value.values())
        elif isinstance(value, list):
            pending.extend(value)
        elif isinstance(value, Text):
            pending.extend(value.parts)
        else:
            yield value


def secret_text(keys: frozenset[str]) -> str:
    """What stands in the embedded environment for a secret that a person puts in."""
    return json.dumps(dict.fromkeys(sorted(keys), "put-in-by-hand")) if keys else "put-in-by-hand"
