"""The text of a drafted system.yaml."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import yaml


@dataclass(frozen=True, slots=True)
class Draft:
    """What a draft says. `layers` holds the components in the order of deployment; one layer: none is written.

    `templates` maps components to paths relative to the file; `unread` and `broken` map those that cannot be opened or
    do not parse to the reason,
    `environments` their names to parameter files. `notes` are what the reader should look at.
    """

    command: str
    name: str
    layers: Sequence[Sequence[str]]
    templates: Mapping[str, str]
    unread: Mapping[str, str]
    broken: Mapping[str, str]
    environments: Mapping[str, Sequence[str]]
    region: str
    region_from: str
    notes: Sequence[str] = ()


def slug(text: str) -> str:
    """Turn a text into lower-case words joined by hyphens, beginning with a letter; empty where nothing is left."""
    return re.sub(r"[^a-z0-9]+", "-", text.lower()).lstrip("-0123456789").rstrip("-")


def one_line(text: str) -> str:
    """Put a text on one line, fit for a comment and a terminal."""
    return "".join(c if c.isprintable() else " " for c in " ".join(text.split()))


def text_of(draft: Draft) -> str:
    """Write the draft as YAML, with comments that say what to do next."""
    return "\n".join([*_head(draft), *_stacks(draft), *_environments(draft), *_next(draft)]) + "\n"


def _head(draft: Draft) -> Iterator[str]:
    yield f"# Drafted by `{one_line(draft.command)}`. docs/system.md of stackproof describes every field."
    for note in draft.notes:
        yield f"# CHECK: {one_line(note)}"
    yield f"name: {_scalar(draft.name)}"
    yield "# How deployed stacks are called. CHECK: exports named after AWS::StackName depend on it."
    yield f"naming: {json.dumps(f'{draft.name}-{{environment}}-{{component}}')}"
    if len(draft.layers) > 1:
        yield "# In the order of deployment: a stack imports only from earlier layers. Call them what your design does."
        yield f"layers: [{', '.join(f'layer-{number}' for number, _ in enumerate(draft.layers, 1))}]"


def _stacks(draft: Draft) -> Iterator[str]:
    yield "\nstacks:"
    for number, components in enumerate(draft.layers, 1):
        layer = f", layer: layer-{number}" if len(draft.layers) > 1 else ""
        for component in components:
            yield f"  - {{component: {_scalar(component)}, template: {_scalar(draft.templates[component])}{layer}}}"
    for component, why in draft.broken.items():
        yield f"  # CHECK, it does not parse, and is unknown until it does: {one_line(why)}"
        yield f"  - {{component: {_scalar(component)}, template: {_scalar(draft.templates[component])}}}"
    for component, why in draft.unread.items():
        yield f"  # NOT JUDGED, it cannot be read: {one_line(why)}. Mend it, then take in:"
        yield f"  # - {{component: {_scalar(component)}, template: {_scalar(draft.templates[component])}}}"


def _environments(draft: Draft) -> Iterator[str]:
    yield "\nenvironments:"
    yield f"  # CHECK the region: it is {draft.region_from}. `account` may name a variable that holds the number:"
    yield f'  # account: "${{{draft.name.upper().replace("-", "_")}_PROD_ACCOUNT}}"'
    if not any(draft.environments.values()):
        yield "  # No parameter file was found: what has no default is unknown. Name yours: parameters: path/prod.json"
    for name, files in draft.environments.items():
        listed = ", ".join(_scalar(file) for file in files)
        given = f", parameters: {listed if len(files) == 1 else f'[{listed}]'}" if files else ""
        yield f"  {_scalar(name)}: {{region: {_scalar(draft.region)}{given}}}"


def _next(draft: Draft) -> Iterator[str]:
    yield f"""
# Next: what your design says, as figures that the templates must hold. For example:
# expectations:
#   - id: database-survives
#     resource: {{type: AWS::RDS::DBInstance}}
#     expect: {{BackupRetentionPeriod: {{at_least: 30}}, MultiAZ: true}}
#     environments: [{next(iter(draft.environments))}]
# And what you accept for now, with who answers for it until when:
# waivers:
#   - {{control: s3-access-logged, resource: "{draft.layers[0][0]}.*", owner: platform team, until: 2030-01-31,
#      reason: "why this is acceptable"}}"""


def _scalar(text: str) -> str:
    """Write a text so that YAML reads it as that text, in a flow mapping too."""
    plain = re.fullmatch(r"[A-Za-z][\w./-]*", text, re.ASCII) and yaml.safe_load(text) == text
    return text if plain else json.dumps(text, ensure_ascii=False)
