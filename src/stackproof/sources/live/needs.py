"""Which permissions it takes to read a system, what each of them is for, and on which resources."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import Final

from stackproof.model import ABSENT, Cause, Inventory, Resource
from stackproof.model.matching import readable
from stackproof.sources.inventory import STACK
from stackproof.sources.live import cloudcontrol
from stackproof.sources.live.faults import fault_in
from stackproof.sources.live.ledger import OK, Ledger
from stackproof.sources.live.permissions import paths_of, permission_of
from stackproof.sources.live.reading import readers
from stackproof.sources.live.schemas import schema_of

# Calls that are made for every stack, whatever is in it. GetCallerIdentity needs no permission.
STACK_CALLS: Final = (
    "cloudformation:DescribeStacks",
    "cloudformation:ListStackResources",
    "cloudformation:GetTemplate",
)
# Calls by which it is found out beforehand what the caller may not do.
PREFLIGHT_CALLS: Final = ("iam:GetRole", "iam:SimulatePrincipalPolicy")
PREFLIGHT: Final = "preflight"
DENIALS: Final = frozenset({Cause.ACCESS_DENIED, Cause.DENIED_BY_RESOURCE, Cause.DENIED_BY_ORGANISATION})
_BUCKETS: Final = ("AWS::S3::Bucket", "AWS::S3::BucketPolicy")
_LONGEST_BUCKET: Final = 63  # characters ("Bucket naming rules", S3 user guide)
_RANDOM: Final = 14  # characters that CloudFormation may add to a name that it makes, with the hyphen
_UNCUT: Final = 20  # characters of a stack's name that are left in a name that was too long
_MANY: Final = 20  # ARNs in one statement, before a pattern for all of them is shorter than a policy may be


@dataclass(frozen=True, slots=True)
class Need:
    """One IAM action that reading a system takes.

    `types` are the resource types that need it (`preflight`: asking beforehand what is missing), or the probes.
    `resources` are the ARN patterns that it is needed on; `*` where the action knows no narrower one, or it would not
    be worth it.
    """

    action: str
    types: frozenset[str]
    resources: tuple[str, ...] = ("*",)


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
    if type_ == STACK:  # is read by the calls for every stack
        return tuple(permission_of(call) for call in STACK_CALLS)
    reader = readers().get(type_)
    if reader is not None:
        return tuple(dict.fromkeys(permission_of(call) for call in reader.calls))
    schema = schema_of(type_)
    return cloudcontrol.permissions(schema) if schema else ()


def unreadable(types: Iterable[str]) -> tuple[str, ...]:
    """Those of the types that nothing reads, whatever is permitted."""
    return tuple(sorted(type_ for type_ in set(types) if not actions_of(type_)))


def needs_of(inventories: Iterable[Inventory], stacks: Mapping[str, str], partition: str = "aws") -> tuple[Need, ...]:
    """Return what it takes to read what these inventories declare, or may declare by their gaps, sorted by action.

    `stacks` gives the deployed names of stacks by their addresses: CloudFormation makes names of buckets from them.
    """
    resources: list[Resource] = []
    types: set[str] = set()
    for inventory in inventories:
        resources += inventory.resources
        types |= {r.type for r in inventory.resources}.union(*(gap.types for gap in inventory.gaps))
    buckets = _buckets(resources, stacks, partition)
    found = {action: set(needing) for action, needing in permissions_for(types).items()}
    for call in PREFLIGHT_CALLS:
        found.setdefault(permission_of(call), set()).add(PREFLIGHT)
    return tuple(
        Need(action, frozenset(needing), _resources(action, needing, buckets, partition))
        for action, needing in sorted(found.items())
    )


def joined(several: Iterable[Iterable[Need]]) -> tuple[Need, ...]:
    """What it takes to read all of several systems or environments with one role."""
    types: dict[str, frozenset[str]] = {}
    resources: dict[str, frozenset[str]] = {}
    for need in (need for needs in several for need in needs):
        types[need.action] = types.get(need.action, frozenset()) | need.types
        resources[need.action] = resources.get(need.action, frozenset()) | set(need.resources)
    return tuple(
        Need(action, types[action], ("*",) if "*" in wanted else tuple(_widest(wanted)))
        for action, wanted in sorted(resources.items())
    )


def denied_calls(ledger: Ledger) -> Mapping[str, Cause]:
    """The actions that were refused in a reading, by the permission that they needed, with whose policy refused."""
    denied: dict[str, Cause] = {}
    for entry in ledger.entries:
        fault = None if entry.outcome == OK else fault_in(ledger.answer(entry))
        if fault is not None and fault.cause in DENIALS:
            denied.setdefault(permission_of(f"{entry.service}:{entry.operation}"), fault.cause)
    return denied


def answered_calls(ledger: Ledger) -> frozenset[str]:
    """The actions of which some call was answered and none was refused."""
    denied = denied_calls(ledger)
    good = {permission_of(f"{e.service}:{e.operation}") for e in ledger.entries if e.outcome == OK}
    return frozenset(good - denied.keys())


def _resources(action: str, types: Iterable[str], buckets: tuple[str, ...], partition: str) -> tuple[str, ...]:
    if action == "apigateway:GET":  # on `*` it would read the values of API keys too
        calls = {call for type_ in types if (reader := readers().get(type_)) for call in reader.calls}
        paths = _widest(path for call in calls for path in paths_of(call))
        return tuple(f"arn:{partition}:apigateway:*::{path}" for path in paths)  # a stack may lie in another region
    return buckets if action.startswith("s3:") and set(types) <= set(_BUCKETS) else ("*",)


def _widest(patterns: Iterable[str]) -> list[str]:
    """Leave out what another pattern covers: a star of IAM's takes slashes too."""
    found = sorted(set(patterns))
    return [p for p in found if not any(p != other and fnmatchcase(p, other) for other in found)]


def _buckets(resources: Iterable[Resource], stacks: Mapping[str, str], partition: str) -> tuple[str, ...]:
    """Patterns that the ARNs of all buckets have, or `*` where a name is not known."""
    names = set()
    for resource in resources:
        if resource.type == "AWS::S3::Bucket":
            names.add(_name_of(resource, stacks))
        elif resource.type == "AWS::S3::BucketPolicy" and isinstance(text := readable(resource["Bucket"].value), str):
            names.add(text)
    if not names or len(names) > _MANY or "*" in names:
        return ("*",)
    return tuple(f"arn:{partition}:s3:::{name}" for name in sorted(names))


def _name_of(bucket: Resource, stacks: Mapping[str, str]) -> str:
    given = bucket["BucketName"].value
    if given is not ABSENT:
        text = readable(given)
        return text if isinstance(text, str) else "*"
    stack = stacks.get(bucket.stack, "").lower()
    if not stack:
        return "*"
    name = f"{stack}-{bucket.logical_id.lower()}"
    return f"{name}-*" if len(name) + _RANDOM <= _LONGEST_BUCKET else f"{stack[:_UNCUT]}*"
