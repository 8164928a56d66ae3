"""Evaluates a template that was handed to the API, with its parameters, by the same evaluator as the unit gate."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from stackproof.model import Outcome
from stackproof.sources import Deployment, StackSource, TemplateFile, evaluate
from stackproof.sources.nodes import Map

MASK = "****"
_ELSEWHERE = "template-imports-resolve"  # other stacks are known here by what they export, at run time


class TemplateError(Exception):
    """The template or its parameters are refused; the message is for the caller of the API."""


@dataclass(frozen=True, slots=True)
class Declared:
    """A declared parameter: the value in force, its type, and whether it may be shown."""

    value: str
    type: str
    no_echo: bool

    @property
    def shown(self) -> str:
        """The value as DescribeStacks shows it."""
        return MASK if self.no_echo else self.value


@dataclass(frozen=True, slots=True)
class Template:
    """What is left of a template when all that is known is resolved: Ref, GetAtt and ImportValue of live things."""

    description: str
    parameters: Mapping[str, Declared]
    resources: Mapping[str, Mapping[str, Any]]
    outputs: Mapping[str, Mapping[str, Any]]


EMPTY = Template("", {}, {}, {})


def read_template(body: str, name: str, given: Mapping[str, str], region: str, account: str) -> Template:
    """Evaluate a template's text for a stack of this name.

    Raises:
        TemplateError: it is not valid, or a parameter has no value or a wrong one.

    """
    file = TemplateFile.of(name, body)
    declared = _declared(file, given)
    source = StackSource(component=name, template=file, parameters=dict(given), name=name)
    evaluation = evaluate([source], Deployment("", region, account), open_world=True)
    failed = [p.message for p in evaluation.problems if p.outcome is Outcome.FAIL and p.id != _ELSEWHERE]
    if failed:
        raise TemplateError("Template error: " + "; ".join(failed))
    if len(evaluation.worlds) != 1:
        undecided = ", ".join(sorted({name for world in evaluation.worlds for name in world.assumptions}))
        raise TemplateError(f"Template error: what is deployed depends on {undecided}, which is not decided")
    content: Any = evaluation.worlds[0].documents[0].content
    return Template(content.get("Description", ""), declared, content["Resources"], content.get("Outputs", {}))


def _declared(file: TemplateFile, given: Mapping[str, str]) -> dict[str, Declared]:
    root = file.parsed.root
    section = root.get("Parameters") if root else None
    nodes = section if isinstance(section, Map) else {}
    unknown = sorted(set(given) - set(nodes))
    if unknown:
        raise TemplateError(f"Parameters: [{', '.join(unknown)}] do not exist in the template")
    declared, missing = {}, []
    for name, node in nodes.items():
        if not isinstance(node, Map):
            continue
        value = given.get(name, node.get("Default"))
        if value is None:
            missing.append(name)
        text = ",".join(map(str, value)) if isinstance(value, list) else str(value)
        no_echo = str(node.get("NoEcho", "")).lower() == "true"
        declared[name] = Declared(text, str(node.get("Type", "String")), no_echo)
    if missing:
        raise TemplateError(f"Parameters: [{', '.join(missing)}] must have values")
    return declared
