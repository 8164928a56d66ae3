"""Reading and judging the proofs of controls: small templates that a control must pass, fail or leave open.

One file per service under proofs/: control id -> outcome -> list of snippets. A snippet is a `Resources` mapping
whose first resource is judged, or a whole template (it has a `Resources` key), or several stacks:
`Stacks: {component: {Layer: data, Order: 1, Resources: ...}}`, of which the last one is judged (for controls of
AWS::CloudFormation::Stack, the stack itself). `Region` beside `Resources` deploys the snippet somewhere else.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path
from typing import Any

import yaml

from stackproof.controls.judge import Case, judge
from stackproof.model import Control, Finding, Outcome
from stackproof.sources import Deployment, Evaluation, StackSource, TemplateFile, evaluate

FOLDER = Path(__file__).parent / "proofs"
OUTCOMES = ("pass", "fail", "unknown", "not-applicable")
PROVEN_AT = Deployment(environment="proof", region="us-east-1", account="123456789012")


@dataclass(frozen=True, slots=True)
class Snippet:
    """One snippet: the outcome that it must have, its content, and its number among those of that outcome."""

    outcome: Outcome
    content: dict[str, Any]
    number: int


class _Loader(yaml.SafeLoader):
    """YAML with CloudFormation's short tags, turned into their long form."""


def _intrinsic(loader: yaml.SafeLoader, suffix: str, node: yaml.Node) -> dict[str, Any]:
    name = suffix if suffix in {"Ref", "Condition"} else f"Fn::{suffix}"
    if isinstance(node, yaml.ScalarNode):
        return {name: loader.construct_scalar(node)}
    if isinstance(node, yaml.SequenceNode):
        return {name: loader.construct_sequence(node, deep=True)}
    assert isinstance(node, yaml.MappingNode)
    return {name: loader.construct_mapping(node, deep=True)}


_Loader.add_multi_constructor("!", _intrinsic)


@cache
def all_proofs() -> dict[str, list[Snippet]]:
    """Control id -> its snippets, from every file of the folder. A control that two files prove is a mistake."""
    found: dict[str, list[Snippet]] = {}
    for path in sorted(FOLDER.glob("*.yaml")):
        content = yaml.load(path.read_text(), _Loader) or {}  # noqa: S506 - a safe loader with our tags
        for control, outcomes in content.items():
            assert control not in found, f"{path.name}: {control} is proven in another file too"
            assert set(outcomes) <= set(OUTCOMES), f"{path.name}: {control} has {set(outcomes) - set(OUTCOMES)}"
            found[control] = [
                Snippet(Outcome(outcome), content, number)
                for outcome, snippets in outcomes.items()
                for number, content in enumerate(snippets, start=1)
            ]
    return found


def judged(control: Control, snippet: Snippet) -> Finding:
    """Evaluate the snippet in a closed world and give the control's finding on the judged resource."""
    evaluation, address = evaluated(snippet, control)
    cases = [Case(world.assumptions, world.inventory) for world in evaluation.worlds]
    findings = [finding for finding in judge(cases, [control]) if finding.resource == address]
    assert len(findings) == 1, f"{control.id} gives {len(findings)} findings on {address}; {evaluation.problems}"
    return findings[0]


def evaluated(snippet: Snippet, control: Control) -> tuple[Evaluation, str]:
    """Evaluate the snippet in a closed world; with it comes the address of the judged resource."""
    stacks, address = _stacks(snippet, itself="AWS::CloudFormation::Stack" in control.types)
    place = replace(PROVEN_AT, region=snippet.content.get("Region", PROVEN_AT.region))
    return evaluate(stacks, place), address


def _stacks(snippet: Snippet, *, itself: bool) -> tuple[list[StackSource], str]:
    content = snippet.content
    if "Stacks" not in content:
        content = {"Stacks": {"proof": content if "Resources" in content else {"Resources": content}}}
    stacks = [_stack(component, dict(template)) for component, template in content["Stacks"].items()]
    component, template = list(content["Stacks"].items())[-1]
    return stacks, component if itself else f"{component}.{next(iter(template['Resources']))}"


def _stack(component: str, template: dict[str, Any]) -> StackSource:
    layer, order = template.pop("Layer", ""), template.pop("Order", 0)
    template.pop("Region", None)
    file = TemplateFile.of(f"{component}.json", json.dumps(template))
    return StackSource(component, file, name=f"proof-{component}", layer=layer, order=order)
