"""Turn the expectations of system.yaml into controls: same facts, same claims, same findings."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from stackproof.errors import MisuseError
from stackproof.model import Claim, Control, Inventory, Resource, Severity, all_of
from stackproof.system.loading import System
from stackproof.system.matchers import demand, matcher
from stackproof.system.mistakes import suggestion
from stackproof.system.schema import Expectation, Related, Selector


def expectation_controls(system: System, environment: str, catalogue: Mapping[str, Control]) -> tuple[Control, ...]:
    """Build the controls that this system's expectations mean in one environment.

    Raises:
        MisuseError: an expectation names an unknown control or matcher, or takes the id of a control.

    """
    built = []
    for index, expectation in enumerate(system.file.expectations):
        if expectation.id in catalogue:
            where = system.where("expectations", index, "id")
            raise MisuseError(where, repr(expectation.id), "an id that no control of the catalogue has")
        if expectation.control and expectation.control not in catalogue:
            where = system.where("expectations", index, "control")
            advice = suggestion(expectation.control, catalogue)
            raise MisuseError(where, f"control {expectation.control!r}", "a control of the catalogue", advice)
        control = _control(_Builder(system, environment, ("expectations", index)), expectation, catalogue)
        if not expectation.environments or set(expectation.environments) & set(system.lineage(environment)):
            built.append(control)
    return tuple(built)


def selecting(
    system: System, environment: str, selector: Selector, at: tuple[str | int, ...]
) -> Callable[[Resource], Claim]:
    """Say of a resource whether a selector means it. `at` is the selector's place in system.yaml, for messages.

    Raises:
        MisuseError: a matcher under `where` is wrong.

    """
    return _Builder(system, environment, at[:-1]).selects(selector)


class _Builder:
    """Reads parts of one entry: fills `{environment}` into its texts and knows their lines."""

    def __init__(self, system: System, environment: str, at: tuple[str | int, ...]) -> None:
        self.system, self.environment, self.at = system, environment, at

    def where(self, *location: str | int) -> str:
        return self.system.where(*self.at, *location)

    def filled(self, value: Any) -> Any:
        if isinstance(value, str):
            return self.system.fill(value, self.environment)
        if isinstance(value, list):
            return [self.filled(item) for item in value]
        if isinstance(value, dict):
            return {self.filled(key): self.filled(item) for key, item in value.items()}
        return value

    def properties(self, expected: Mapping[str, Any], *at: str | int) -> Callable[[Resource, Inventory], Claim]:
        parts = [(path, matcher(self.filled(value), self.where(*at, path))) for path, value in expected.items()]
        return lambda resource, inventory: all_of(part(resource.at(path), inventory) for path, part in parts)

    def attributes(self, expected: Mapping[str, Any]) -> Callable[[Resource, Inventory], Claim]:
        parts = [(name, matcher(self.filled(v), self.where("attributes", name))) for name, v in expected.items()]
        return lambda resource, inventory: all_of(part(resource.attribute(name), inventory) for name, part in parts)

    def selects(self, selector: Selector) -> Callable[[Resource], Claim]:
        chosen = self.properties(selector.where, "resource", "where")
        empty = Inventory(())

        def judge(resource: Resource) -> Claim:
            meant = (not selector.stack or resource.stack == selector.stack) and (
                not selector.id or resource.logical_id == selector.id
            )
            named = resource.fact.claim(f"{selector.stack}.{selector.id}", lambda _: meant)
            return named & chosen(resource, empty)

        return judge

    def related(self, number: int, related: Related) -> Callable[[Resource, Inventory], Claim]:
        at = ("related", number)
        wanted = demand(related.count, self.where(*at, "count"))
        inner = self.properties(related.expect, *at, "expect")
        types = related.type

        def judge(resource: Resource, inventory: Inventory) -> Claim:
            found = inventory.pointing_to(resource, *types, at=related.at)
            return found.count(wanted.holds, wanted.words) & found.each(lambda other: inner(other, inventory))

        return judge


def _control(build: _Builder, expectation: Expectation, catalogue: Mapping[str, Control]) -> Control:
    parts = [build.properties(expectation.expect, "expect"), build.attributes(expectation.attributes)]
    parts += [build.related(number, related) for number, related in enumerate(expectation.related)]
    if expectation.control:
        parts.append(catalogue[expectation.control].judge)
    requirements = {r.id: r.says for r in build.system.requirements}
    says = build.filled(expectation.says) or "; ".join(requirements.get(i, i) for i in expectation.proves)
    return Control(
        id=expectation.id,
        types=tuple(expectation.resource.type),
        severity=Severity[expectation.severity.upper()],
        rationale=says or f"The design says so ({build.where()}).",
        remediation=expectation.remediation
        or f"Make the template say what the design says, or change {build.where()}.",
        judge=lambda resource, inventory: all_of(part(resource, inventory) for part in parts),
        selects=build.selects(expectation.resource),
        demands=demand(expectation.count, build.where("count")),
        proves=tuple(expectation.proves),
        stated=build.system.place(*build.at),
    )
