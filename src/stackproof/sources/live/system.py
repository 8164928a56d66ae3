"""A deployed system as an inventory: every stack's resources, read and brought into the templates' shape."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from typing import Any, Final

from stackproof.model import Cause, Gap, Inventory, Origin, Reference, Resource, Text, Unknown, Value, Where
from stackproof.resources import naming
from stackproof.sources.inventory import STACK
from stackproof.sources.live.aws import Aws
from stackproof.sources.live.cloudcontrol import read_generic
from stackproof.sources.live.faults import Fault
from stackproof.sources.live.ledger import Ledger
from stackproof.sources.live.linking import linked
from stackproof.sources.live.parts import ODD, GoneError, NoHintError
from stackproof.sources.live.reading import Reading, readers, schema_for
from stackproof.sources.live.stacks import Row, StackState, deployed_templates, read_stack, stack_resource, words_of
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
    who = aws.identity()
    if not isinstance(who, Fault) and deployment.account and who.account != deployment.account and not aws.embedded:
        message = f"the credentials are of account {who.account}, expected {deployment.account}"
        who = Fault(Cause.WRONG_ACCOUNT, "", message)
    if isinstance(who, Fault):
        gap = Gap(who.unknown("sts:GetCallerIdentity"))
        nothing = Inventory((), (gap,), deployment.region, deployment.account, deployment.environment)
        return LiveReading(nothing, (), (), (), {}, aws.ledger, who)
    elsewhere = regions or {}
    states = tuple(read_stack(aws, one.component, one.name, elsewhere.get(one.component, "")) for one in stacks)
    everything = [state for top in states for state in top.everything()]
    templates = deployed_templates(everything, replace(deployment, account=who.account))
    surroundings = Surroundings(everything, declared, templates)
    sources = {source.component: source for source in stacks}
    place = naming.Place(deployment.partition, deployment.region or aws.region, who.account)
    found: list[Resource] = []
    missing: list[Missing] = []
    names: dict[str, Mapping[str, str]] = {}
    rows = [(state, row) for state in everything for row in state.rows if row.type != STACK]
    with ThreadPoolExecutor(max_workers=workers) as pool:
        made = list(pool.map(lambda pair: _read(aws, pair[0], pair[1], surroundings, place, unsupported), rows))
    for state in everything:
        if state.unknown is None or state.id:
            found.append(stack_resource(state, sources.get(state.address), templates))
        for (owner, _), one in zip(rows, made, strict=True):
            if owner is state:
                if isinstance(one, Missing):
                    missing.append(one)
                else:
                    found.append(one[0])
                    names[one[0].address] = one[1]
    gaps = tuple(_gap(state, declared) for state in everything if state.unknown)
    region = deployment.region or aws.region
    inventory = Inventory(tuple(linked(found, names)), gaps, region, who.account, deployment.environment)
    extra, undeployed = _compared(everything, declared)
    missing += undeployed
    return LiveReading(inventory, tuple(missing), extra, states, surroundings.physical, aws.ledger)


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
    aws: Aws, state: StackState, row: Row, around: Surroundings, place: naming.Place, unsupported: Collection[str]
) -> tuple[Resource, Mapping[str, str]] | Missing:
    """Read one resource, and which attribute each of its names is. Nothing that an answer holds makes this raise."""
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
    return _made(r, state, row, place, around), r.names


def _made(r: Reading, state: StackState, row: Row, place: naming.Place, around: Surroundings) -> Resource:
    main = r.main_part
    positions = {"": main.where if main else row.where, **r.positions}
    if row.type not in _PARTS:
        r.names[row.physical] = ""
        for name, attribute in naming.named(row.type, replace(place, region=state.region), r.value).items():
            r.also(name, attribute=attribute)
    names = r.names.keys()
    words = words_of(state, row.address, around.templates)
    properties: Value = r.properties
    if not r.schema.properties:
        properties = Unknown(Cause.UNSUPPORTED_TYPE, row.type)
    return Resource(row.address, row.type, properties, positions, words, {}, frozenset(names), Origin.OBSERVED)


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
