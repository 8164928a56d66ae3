"""Evaluates a system once for each way in which what is undecided may turn out."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace

from stackproof.sources.choices import every_way
from stackproof.sources.stacks import Deployment, Evaluation, Problem, StackSource, World
from stackproof.sources.system import Library, System


def evaluate(stacks: Sequence[StackSource], deployment: Deployment, *, open_world: bool = False) -> Evaluation:
    """Evaluate stacks together, once for each way in which what is undecided may turn out.

    With `open_world` (a template looked at alone) what may be declared elsewhere is unknown; otherwise the stacks are
    the whole system. Nothing in a template raises: what is wrong with it is among the problems. A way that the
    templates' own Rules forbid is left out.
    """
    library = Library()
    systems: list[System] = []
    worlds: list[World] = []
    for choices in every_way():
        system = System(stacks, deployment, choices, library, open_world=open_world)
        worlds.append(system.world())
        systems.append(system)
    if any(system.possible for system in systems):
        worlds = [world for world, system in zip(worlds, systems, strict=True) if system.possible]
        systems = [system for system in systems if system.possible]
    problems = _problems(zip(worlds, systems, strict=True), len(worlds))
    return Evaluation(tuple(_merged(worlds)), problems, tuple(library.files))


def _problems(worlds: Iterable[tuple[World, System]], total: int) -> tuple[Problem, ...]:
    """Gather problems; one that is not in every world says what it assumes."""
    seen: dict[Problem, list[World]] = {}
    for world, system in worlds:
        for problem in system.problems:
            seen.setdefault(problem, []).append(world)
    return tuple(
        problem if len(found) == total else replace(problem, message=f"{problem.message} (when {_said(found[0])})")
        for problem, found in seen.items()
    )


def _said(world: World) -> str:
    return ", ".join(f"{name} is {value}" for name, value in world.assumptions.items())


def _merged(worlds: list[World]) -> list[World]:
    """Put together worlds in which everything is the same. What differs between their assumptions is listed."""
    if len(worlds) == 1:
        return worlds
    groups: dict[str, list[World]] = {}
    for world in worlds:
        groups.setdefault(_signature(world), []).append(world)
    if len(groups) == 1:
        return [replace(worlds[0], assumptions={})]
    return [replace(group[0], assumptions=_joined([w.assumptions for w in group])) for group in groups.values()]


def _joined(assumptions: list[Mapping[str, str]]) -> Mapping[str, str]:
    """Name every value that leads to the same world: `dev or staging`; leave out what not all of them assume."""
    shared = [name for name in assumptions[0] if all(name in other for other in assumptions)]
    return {name: " or ".join(dict.fromkeys(other[name] for other in assumptions)) for name in shared}


def _signature(world: World) -> str:
    resources = [(r.address, r.type, r.properties, r.attributes, sorted(r.names)) for r in world.inventory.resources]
    return repr((resources, world.inventory.gaps))
