"""Which permissions it takes to read a system, and what each of them is for."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Final

from stackproof.sources.inventory import STACK
from stackproof.sources.live import cloudcontrol
from stackproof.sources.live.permissions import permission_of
from stackproof.sources.live.reading import readers
from stackproof.sources.live.schemas import schema_of

# Calls that are made for every stack, whatever is in it. GetCallerIdentity needs no permission.
STACK_CALLS: Final = (
    "cloudformation:DescribeStacks",
    "cloudformation:ListStackResources",
    "cloudformation:GetTemplate",
)


def permissions_for(types: Iterable[str]) -> Mapping[str, frozenset[str]]:
    """Return each IAM action that reading resources of these types needs, with the types that need it.

    A type that cannot be read at all (a custom resource) needs none.
    """
    found: dict[str, set[str]] = {permission_of(call): {STACK} for call in STACK_CALLS}
    for type_ in types:
        for action in actions_of(type_):
            found.setdefault(action, set()).add(type_)
    return {action: frozenset(needing) for action, needing in sorted(found.items())}


def actions_of(type_: str) -> tuple[str, ...]:
    """The IAM actions that reading one type needs, by its reader or through Cloud Control."""
    reader = readers().get(type_)
    if reader is not None:
        return tuple(dict.fromkeys(permission_of(call) for call in reader.calls))
    schema = schema_of(type_)
    return cloudcontrol.permissions(schema) if schema else ()
