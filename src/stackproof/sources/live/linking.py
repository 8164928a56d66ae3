"""Texts that are the physical id, name or ARN of another resource become references to it, as they are in templates.

A control then sees the same in both evidences: a value that points at a resource of ours, not a literal. The text
stays known (`Reference.text`).
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Final

from stackproof.model import Reference, Resource, Text, Value
from stackproof.sources.inventory import STACK

_INVOKED: Final = re.compile(
    r"(arn:.*/functions/)(arn:[^/]+)(/invocations)"
)  # how API Gateway names a function to call
_SHORTEST: Final = 8  # characters; shorter names (`live`, `prod`) are words that mean other things elsewhere


def linked(resources: Sequence[Resource], attributes: Mapping[str, Mapping[str, str]]) -> list[Resource]:
    """Return the resources with such texts replaced. A name that several of them have points at none.

    `attributes` gives, by address, which attribute of a resource a name is (empty: what `Ref` returns).
    """
    owners: dict[str, set[Reference]] = {}
    for resource in resources:
        if resource.type != STACK:
            for name in resource.names:
                if len(name) >= _SHORTEST:
                    attribute = attributes.get(resource.address, {}).get(name, "")
                    owners.setdefault(name, set()).add(Reference(resource.address, attribute, name))
    single = {name: next(iter(found)) for name, found in owners.items() if len(found) == 1}
    return [replace(r, properties=_linked(r.properties, r.address, single)) for r in resources]


def _linked(value: Value, address: str, owners: Mapping[str, Reference]) -> Value:
    if isinstance(value, dict):
        return {key: _linked(item, address, owners) for key, item in value.items()}
    if isinstance(value, list):
        return [_linked(item, address, owners) for item in value]
    if isinstance(value, str):
        owner = owners.get(value)
        if owner is not None and owner.target != address:
            return owner
        if (invoked := _INVOKED.fullmatch(value)) and (owner := owners.get(invoked[2])):
            return Text((invoked[1], owner, invoked[3]))
    return value
