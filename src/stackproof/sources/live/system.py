"""A deployed system as an inventory: every stack's resources, read and brought into the templates' shape."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from typing import Any, Final

from stackproof.model import Cause, Gap, Inventory, Origin, Reference, Resource, Text, Unknown, Value, Where
from stackproof.resources import naming
from stackproof.sources.inventory import STACK
from stackproof.sources.live.aws import Aws, Identity
from stackproof.sources.live.cloudcontrol import read_generic
from stackproof.sources.live.faults import Fault
from stackproof.sources.live.ledger import Ledger
from stackproof.sources.live.linking import linked
from stackproof.sources.live.parts import ODD, GoneError, NoHintError
from stackproof.sources.live.reading import Reading, readers, schema_for
from stackproof.sources.live.stacks import (
    WORDS,
    Row,
    StackState,
    deployed_templates,
    read_stack,
    stack_resource,
    words_of,
)
from stackproof.sources.stacks import Deployment, StackSource

WORKERS: Final = 8  # threads; more only run into AWS's rates sooner
# Parts of another resource: their physical ids are that resource's, or say nothing.
_PARTS: Final = frozenset(
    {
        "AWS::ApiGateway::BasePathMapping",
        "AWS::Cognito::IdentityPoolRoleAttachment",
        "AWS::Cognito::UserPoolDomain",
        "AWS::EC2::Route",
        "AWS::EC2::VPCGatewayAttachment",
        "AWS::Lambda::Permission",
        "AWS::Route53::RecordSet",
        "AWS::Route53::RecordSetGroup",
        "AWS::S3::BucketPolicy",
        "AWS::SNS::TopicPolicy",
        "AWS::SQS::QueuePolicy",
        "AWS::SecretsManager::RotationSchedule",
        "AWS::SecretsManager::SecretTargetAttachment",
        "AWS::WAFv2::LoggingConfiguration",
        "AWS::WAFv2::WebACLAssociation",
    }
)
_FAILED: Final = ("CREATE_FAILED",)


@dataclass(frozen=True, slots=True)
class Missing:
    """A resource that should be there and is not: its stack lists it, or the template declares it."""

    address: str
    type: str
    physical: str
    message: str
    where: Where


@dataclass(frozen=True, slots=True)
class Found:
    """A resource that was read, and which attribute each of its names is (empty: what `Ref` returns)."""

    resource: Resource
    names: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Extra:
    """A resource that a stack has and the template does not declare."""

    address: str
    type: str
    physical: str
    where: Where


@dataclass(frozen=True, slots=True)
class LiveReading:
    """What was found. `fault` is set when nothing could be read at all (credentials, account, endpoint).

    Resources in `missing` are not in the inventory: it is known that they are not there. What could not be read is
    in the inventory with unknowns, or, where even the stack was not read, among its gaps.
    """

    inventory: Inventory
    missing: tuple[Missing, ...]
    extra: tuple[Extra, ...]
    stacks: tuple[StackState, ...]
    physical: Mapping[str, str]
    ledger: Ledger
    fault: Fault | None = None


def read_system(
    stacks: Sequence[StackSource],
    deployment: Deployment,
    aws: Aws,
    *,
    declared: Inventory | None = None,
    unsupported: Collection[str] = (),
    regions: Mapping[str, str] | None = None,
    workers: int = WORKERS,
) -> LiveReading:
    """Read the deployed stacks of one environment.

    `declared` is what the templates give for the same environment: it says where to look for resources whose physical
    ids do not, and what should be there. `unsupported` names addresses that the embedded environment only pretends to
    have. `regions` names the region of components that lie in another one than the environment. Never raises for what
    AWS answers; that is in the result.
    """
    who = _identity(aws, deployment)
    if isinstance(who, Fault):
        gap = Gap(who.unknown("sts:GetCallerIdentity"))
        nothing = Inventory((), (gap,), deployment.region, deployment.account, deployment.environment)
        return LiveReading(nothing, (), (), (), {}, aws.ledger, who)
    place = replace(deployment, region=deployment.region or aws.region, account=who.account)
    elsewhere = regions or {}
    tops = tuple(read_stack(aws, one.component, one.name, elsewhere.get(one.component, "")) for one in stacks)
    states = [state for top in tops for state in top.everything()]
    around = Surroundings(states, declared, deployed_templates(states, place))
    rows = [(state, row) for state in states for row in state.rows if row.type != STACK]
    with ThreadPoolExecutor(max_workers=workers) as pool:
        read = list(pool.map(lambda pair: _read(aws, pair[0], pair[1], around, place, unsupported), rows))
    sources = {source.component: source for source in stacks}
    there = [state for state in states if state.unknown is None or state.id]
    found = [stack_resource(state, sources.get(state.address), around.templates) for state in there]
    found += [one.resource for one in read if isinstance(one, Found)]
    names = {one.resource.address: one.names for one in read if isinstance(one, Found)}
    gaps = tuple(_gap(state, declared) for state in states if state.unknown)
    inventory = Inventory(tuple(linked(found, names)), gaps, place.region, who.account, deployment.environment)
    extra, undeployed = _compared(states, declared)
    missing = (*(one for one in read if isinstance(one, Missing)), *undeployed)
    return LiveReading(inventory, missing, extra, tops, around.physical, aws.ledger)


def _identity(aws: Aws, deployment: Deployment) -> Identity | Fault:
    who = aws.identity()
    if isinstance(who, Fault) or aws.embedded or not deployment.account or who.account == deployment.account:
        return who
    message = f"the credentials are of account {who.account}, expected {deployment.account}"
    return Fault(Cause.WRONG_ACCOUNT, "", message)


@dataclass(slots=True)
class Surroundings:
    """Physical ids of everything, and what the templates say, for readers that need to know where to look."""

    states: Sequence[StackState]
    declared: Inventory | None
    templates: Mapping[str, Resource] = field(default_factory=dict)
    physical: dict[str, str] = field(default_factory=dict)
    types: dict[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        for state in self.states:
            for row in state.rows:
                self.physical[row.address] = row.physical
                self.types[row.address] = row.type

    def siblings(self, *types: str) -> tuple[str, ...]:
        """The physical ids of the stacks' resources of these types."""
        return tuple(self.physical[address] for address in self.addresses(*types))

    def physical_id(self, address: str) -> str:
        """The physical id of the resource at an address; empty when there is none."""
        return self.physical.get(address, "")

    def addresses(self, *types: str) -> tuple[str, ...]:
        """The addresses of the stacks' resources of these types."""
        return tuple(address for address, type_ in self.types.items() if type_ in types)

    def hint(self, address: str, path: str) -> Any:
        """What the template says of a property, with references as physical ids; None where that is not known."""
        resource = self.templates.get(address) or (self.declared.get(address) if self.declared else None)
        return self._text(resource.at(path).value) if resource else None

    def _text(self, value: Value) -> Any:
        if isinstance(value, Reference):
            return self._pointed(value)
        if isinstance(value, Text):
            parts = [part if isinstance(part, str) else self._text(part) for part in value.parts]
            return "".join(parts) if all(isinstance(part, str) for part in parts) else None
        if isinstance(value, list):
            return [self._text(item) for item in value]
        if isinstance(value, dict):
            return {key: self._text(item) for key, item in value.items()}
        return value if isinstance(value, str | int | float) else None

    def _pointed(self, reference: Reference) -> str | None:
        known = self.physical.get(reference.target, "")
        plain = not reference.attribute or reference.attribute.endswith("Id")
        if known and (plain or known.startswith("arn:") or self.types[reference.target] == "AWS::Lambda::Function"):
            return known
        return reference.text


def _read(
    aws: Aws, state: StackState, row: Row, around: Surroundings, place: Deployment, unsupported: Collection[str]
) -> Found | Missing:
    """Read one resource. Nothing that an answer holds makes this raise."""
    from botocore.exceptions import ParamValidationError

    if row.status in _FAILED or not row.physical:
        return Missing(row.address, row.type, row.physical, row.reason or f"its status is {row.status}", row.where)
    r = Reading(aws, row.address, row.type, row.physical, state.region, schema_for(row.type), around)
    reader = readers().get(row.type)
    try:
        if row.address in unsupported:
            r.fail(Unknown(Cause.UNSUPPORTED_TYPE, f"{row.type} has no backend in the embedded environment"))
        elif reader is not None:
            reader.read(r)
            r.finish()
        else:
            read_generic(r)
            r.finish()
    except GoneError as gone:
        message = f"{gone.part.call} finds no {row.physical}"
        return Missing(row.address, row.type, row.physical, message, gone.part.where)
    except NoHintError as error:
        r.fail(Unknown(Cause.NOT_READ, f"{error.path} of {row.address}, which says where to look"))
    except ParamValidationError as error:
        r.fail(Unknown(Cause.NOT_READ, f"{row.physical!r} is not what the API expects: {error}"))
    except ODD as error:
        r.fail(Unknown(Cause.MALFORMED, f"{row.type}: {type(error).__name__} {error}"))
    return Found(_made(r, state, row, place, around), r.names)


def _made(r: Reading, state: StackState, row: Row, place: Deployment, around: Surroundings) -> Resource:
    main = r.main_part
    words = words_of(state, row.address, around.templates)
    shown = main.where if main and r.unseen is None else row.where  # by the call that says that it is there
    positions = {"": shown, **dict.fromkeys(WORDS, state.written), **r.positions}
    here = naming.Place(place.partition, state.region, place.account)
    known = naming.by_id(row.type, row.physical, r.value)
    if row.type not in _PARTS:
        r.names[row.physical] = ""
        for name, attribute in naming.named(row.type, here, known).items():
            r.also(name, attribute=attribute)
    names = r.names.keys()
    properties: Value = r.properties
    if not r.schema.properties:
        properties = Unknown(Cause.UNSUPPORTED_TYPE, row.type)
    return Resource(
        row.address,
        row.type,
        properties,
        positions,
        words,
        {},
        frozenset(names),
        Origin.OBSERVED,
        unnamed=r.unseen if has_more_names(row.type, here, known) else None,
        unseen=r.unseen,
    )


def has_more_names(type_: str, place: naming.Place, read: Callable[[str], Value]) -> bool:
    """Say whether others may point at a resource by a name that only the call answers by which it is seen."""
    return type_ not in _PARTS and not naming.all_named(type_, place, read)


def _gap(state: StackState, declared: Inventory | None) -> Gap:
    """What may be missing because a stack was not read: the types that its template declares, else any."""
    unknown = state.unknown or Unknown(Cause.NOT_READ, "")
    owned = [r.type for r in declared.resources if _inside(r.address, state.address)] if declared else []
    return Gap(Unknown(unknown.cause, f"stack {state.name}: {unknown.detail}"), frozenset(owned))


def _compared(states: Sequence[StackState], declared: Inventory | None) -> tuple[tuple[Extra, ...], list[Missing]]:
    """What only the stacks have, and what only the templates have, of stacks that were read."""
    if declared is None:
        return (), []
    read = {state.address: state for state in states if state.unknown is None}
    listed = {row.address: row for state in states for row in state.rows}
    extra = [row for address, row in listed.items() if declared.get(address) is None]
    gone = [
        Missing(r.address, r.type, "", f"stack {read[r.stack].name} has no {r.logical_id}", read[r.stack].where)
        for r in declared.resources
        if r.stack in read and r.address not in listed
    ]
    return tuple(Extra(row.address, row.type, row.physical, row.where) for row in extra), gone


def _inside(address: str, stack: str) -> bool:
    return address == stack or address.startswith(f"{stack}.")
