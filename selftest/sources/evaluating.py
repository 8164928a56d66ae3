"""Short ways to evaluate templates in tests."""

from __future__ import annotations

from stackproof.model import Resource, Value
from stackproof.sources import Deployment, Evaluation, StackSource, TemplateFile, World, evaluate

PROD = Deployment("prod", "eu-west-1", "123456789012")


def source(component: str, text: str, **parameters: object) -> StackSource:
    """One stack whose template is `<component>.yml`."""
    return StackSource(component, TemplateFile.of(f"{component}.yml", text), parameters, name=f"prod-{component}")


def evaluation(*sources: StackSource, open_world: bool = False) -> Evaluation:
    """Evaluate stacks in prod."""
    return evaluate(sources, PROD, open_world=open_world)


def world(text: str, **parameters: object) -> World:
    """The one world of a template that has no problems."""
    found = evaluation(source("app", text, **parameters))
    assert found.problems == ()
    assert len(found.worlds) == 1
    return found.worlds[0]


def value(expression: str, head: str = "", **parameters: object) -> Value:
    """What one property is, in a template that may declare more in its head."""
    text = f"{head}\nResources:\n  R:\n    Type: Test::It\n    Properties:\n      P: {expression}\n"
    return prop(world(text, **parameters), "app.R", "P")


def prop(found: World, address: str, path: str) -> Value:
    """The value of a property in a world."""
    return resource(found, address).at(path).value


def resource(found: World, address: str) -> Resource:
    """A resource that must be there."""
    there = found.inventory.get(address)
    assert there is not None, address
    return there


def messages(found: Evaluation) -> list[str]:
    """The problems as one line each."""
    return [f"{p.id} {p.outcome} {p.where} {p.message}" for p in found.problems]
