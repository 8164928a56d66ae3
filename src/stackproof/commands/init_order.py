"""In which order stacks are deployed, learnt from what they import, and which templates are parts of others."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from graphlib import CycleError, TopologicalSorter

from stackproof.engine.static import declared_parameters
from stackproof.model import Reference
from stackproof.sources import Deployment, StackSource, TemplateFile, World, evaluate
from stackproof.system.parameter_files import ParameterFile

_STACK = "AWS::CloudFormation::Stack"
_STAGES = ("environment", "environmentname", "env", "stage")


@dataclass(frozen=True, slots=True)
class Order:
    """Components in the order of deployment: each imports only from earlier groups. `circle` says why there is none.

    `parts` maps a component whose template is nested in another's to that other; it is in no group.
    """

    layers: Sequence[Sequence[str]]
    parts: Mapping[str, str]
    circle: str = ""


def order_of(
    stacks: Mapping[str, TemplateFile], environments: Mapping[str, Sequence[ParameterFile]], region: str
) -> Order:
    """Put stacks (by component) in order: one group in the given order where nothing is imported, or in a circle."""
    worlds = [world for name, files in environments.items() for world in _worlds(stacks, name, files, region)]
    parts = _parts(stacks, worlds)
    alone = [component for component in stacks if component not in parts]
    sorter: TopologicalSorter[str] = TopologicalSorter(dict.fromkeys(alone, ()))
    for importer, exporter in _imports(worlds):
        if importer != exporter and {importer, exporter} <= set(alone):
            sorter.add(importer, exporter)
    try:
        sorter.prepare()
    except CycleError as error:
        return Order([alone], parts, " -> ".join(error.args[1]))
    layers = []
    while sorter.is_active():
        ready = sorter.get_ready()
        layers.append(sorted(ready, key=alone.index))
        sorter.done(*ready)
    return Order(layers, parts)


def _worlds(
    stacks: Mapping[str, TemplateFile], environment: str, files: Sequence[ParameterFile], region: str
) -> Sequence[World]:
    """Evaluate with something for each parameter that has no value.

    Names of exports are often made of parameters. For the order alone, one without a value takes an allowed one, or
    stands for its own name, so that stacks which name an export alike still meet.
    """
    given = {name: value for file in files for name, value in file.values.items()}
    sources = []
    for component, template in stacks.items():
        values = {name: given[name] for name in declared_parameters(template) if name in given}
        sources.append(StackSource(component, template, {**_stand_ins(template, environment), **values}))
    return evaluate(sources, Deployment(environment, region)).worlds


def _stand_ins(template: TemplateFile, environment: str) -> dict[str, str]:
    root = template.parsed.root
    declared = root.get("Parameters") if root else None
    found: dict[str, str] = {}
    for name, said in declared.items() if isinstance(declared, dict) else ():
        if isinstance(said, dict) and "Default" not in said:
            allowed = said.get("AllowedValues")
            values = [str(value) for value in allowed] if isinstance(allowed, list) else []
            own = environment if str(name).lower() in _STAGES else str(name)
            found[str(name)] = own if own in values or not values else values[0]
    return found


def _imports(worlds: Sequence[World]) -> Iterator[tuple[str, str]]:
    """Importer and exporter; a nested stack imports and exports for the whole that it is part of."""
    for world in worlds:
        for stack in world.inventory.of_type(_STACK):
            imports = stack.attributes.get("Imports", [])
            for entry in imports if isinstance(imports, list) else ():
                origin = entry.get("From") if isinstance(entry, dict) else None
                if isinstance(origin, Reference):
                    yield _whole(stack.address), _whole(origin.target)


def _parts(stacks: Mapping[str, TemplateFile], worlds: Sequence[World]) -> dict[str, str]:
    """Find templates that are nested in another; those that only contain each other are left as they are."""
    nested: dict[str, str] = {}
    components = {template.name: component for component, template in stacks.items()}
    inside = [document for world in worlds for document in world.documents if document.stack != _whole(document.stack)]
    sources = {document.source for document in inside}
    for document in inside:
        whole = _whole(document.stack)
        if document.source in components and stacks[whole].name not in sources:
            nested.setdefault(components[document.source], whole)
    return nested


def _whole(address: str) -> str:
    return address.partition(".")[0]
