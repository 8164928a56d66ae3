"""What CloudFormation says of the stacks: whether they are there, what is in them, what their templates add."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from stackproof.model import Cause, Reference, Resource, Unknown, Value, Where
from stackproof.sources.inventory import STACK
from stackproof.sources.live.aws import Answer, Aws
from stackproof.sources.live.faults import Fault
from stackproof.sources.live.permissions import permission_of
from stackproof.sources.stacks import StackSource, TemplateFile
from stackproof.sources.values import from_node

_WORDS: Final = ("DeletionPolicy", "UpdateReplacePolicy", "CreationPolicy", "UpdatePolicy", "Metadata", "DependsOn")
_NOT_THERE: Final = frozenset({"DELETE_COMPLETE", "REVIEW_IN_PROGRESS", "ROLLBACK_COMPLETE"})
_MASKED: Final = "****"


@dataclass(frozen=True, slots=True)
class Row:
    """One resource that a stack lists. `physical` is empty when none was made; `reason` is CloudFormation's."""

    address: str
    logical: str
    type: str
    physical: str
    status: str
    reason: str
    where: Where


@dataclass(frozen=True, slots=True)
class StackState:
    """A stack as it was found. `unknown` says why it, or what is in it, was not read; None when all was.

    `updated` is when it last changed (ISO 8601). `template` has the processed template's resources by logical id.
    """

    address: str
    name: str
    unknown: Unknown | None
    message: str = ""
    status: str = ""
    id: str = ""
    updated: str = ""
    region: str = ""
    rows: tuple[Row, ...] = ()
    nested: tuple[StackState, ...] = ()
    template: Mapping[str, Mapping[str, Any]] | Unknown = field(default_factory=dict)
    described: Mapping[str, Any] = field(default_factory=dict)
    where: Where = Where("cloudformation:DescribeStacks")

    def everything(self) -> Iterator[StackState]:
        """This stack and those inside it."""
        yield self
        for stack in self.nested:
            yield from stack.everything()


def read_stack(aws: Aws, address: str, name: str, region: str = "", depth: int = 0) -> StackState:
    """Read a stack and those nested in it: state, resources and template."""
    answer = aws.call("cloudformation", "DescribeStacks", {"StackName": name}, region=region)
    where = Where(answer.call, answer.entry)
    if answer.fault is not None:
        return StackState(address, name, _not_read(answer), answer.fault.message, where=where)
    stacks = answer.value.get("Stacks") or []
    if len(stacks) != 1:
        return StackState(address, name, Unknown(Cause.MALFORMED, permission_of(answer.call)), where=where)
    described = stacks[0]
    status = str(described.get("StackStatus", ""))
    if status in _NOT_THERE:
        return StackState(
            address, name, Unknown(Cause.NOT_DEPLOYED, name), f"its status is {status}", status, where=where
        )
    listed = aws.call("cloudformation", "ListStackResources", {"StackName": name}, region=region)
    unknown = _not_read(listed) if listed.fault else None
    summaries = (listed.value or {}).get("StackResourceSummaries")
    if listed.fault is None and summaries is None:
        unknown = Unknown(Cause.MALFORMED, permission_of(listed.call))
    rows = tuple(_row(address, item, Where(listed.call, listed.entry)) for item in summaries or () if _is_there(item))
    inner = [row for row in rows if row.type == STACK and row.physical] if depth < 10 else []
    nested = tuple(read_stack(aws, row.address, row.physical, region, depth + 1) for row in inner)
    return StackState(
        address,
        name,
        unknown,
        listed.fault.message if listed.fault else "",
        status,
        str(described.get("StackId", "")),
        str(described.get("LastUpdatedTime") or described.get("CreationTime") or ""),
        region or aws.region,
        rows,
        nested,
        _template(aws, name, region),
        described,
        where,
    )


def stack_resource(state: StackState, source: StackSource | None) -> Resource:
    """The resource that stands for a stack, in the shape that the templates give it."""
    unread = Unknown(Cause.NOT_READ, "what the template says")
    words = ("Imports", "ParameterDeclarations", "Transform")
    attributes: dict[str, Value] = dict.fromkeys(words, unread)
    if source is not None:
        attributes |= {"Layer": source.layer, "Order": source.order}
    parameters: dict[str, Value] = {}
    for item in state.described.get("Parameters") or ():
        key, value = str(item.get("ParameterKey")), item.get("ParameterValue", "")
        parameters[key] = Reference(f"{state.address}.{key}", "NoEcho") if value == _MASKED else value
    outputs: list[Value] = [
        {key: item[key] for key in ("OutputKey", "OutputValue", "ExportName") if key in item}
        for item in state.described.get("Outputs") or ()
    ]
    properties: dict[str, Value] = {
        "StackName": str(state.described.get("StackName", state.name)),
        "Parameters": parameters,
        "Outputs": outputs,
        "EnableTerminationProtection": state.described.get("EnableTerminationProtection", False),
        "StackStatus": state.status,
    }
    names = frozenset(name for name in (state.id, state.name) if name)
    return Resource(state.address, STACK, properties, {"": state.where}, attributes, {}, names)


def words_of(state: StackState, logical: str) -> dict[str, Value]:
    """DeletionPolicy and the other words beside the properties, from the template that is deployed."""
    if isinstance(state.template, Unknown):
        return dict.fromkeys(_WORDS, state.template)
    resource = state.template.get(logical)
    if resource is None:
        return dict.fromkeys(_WORDS, Unknown(Cause.MALFORMED, "cloudformation:GetTemplate"))
    found: dict[str, Value] = {}
    for word in _WORDS:
        if word == "DependsOn" and word in resource:
            names = resource[word] if isinstance(resource[word], list) else [resource[word]]
            found[word] = [Reference(f"{state.address}.{name}") for name in names]
        elif word in resource:
            found[word] = from_node(resource[word])
    return found


def _not_read(answer: Answer) -> Unknown:
    fault = answer.fault or Fault(Cause.MALFORMED, "", "")
    if fault.code == "ValidationError" and re.search(r"does not exist|not found", fault.message):
        return Unknown(Cause.NOT_DEPLOYED, "the stack does not exist")
    return fault.unknown(permission_of(answer.call))


def _is_there(item: Mapping[str, Any]) -> bool:
    return bool(item.get("LogicalResourceId")) and item.get("ResourceStatus") not in (
        "DELETE_COMPLETE",
        "DELETE_SKIPPED",
    )


def _row(address: str, item: Mapping[str, Any], where: Where) -> Row:
    logical = str(item["LogicalResourceId"])
    return Row(
        f"{address}.{logical}",
        logical,
        str(item.get("ResourceType", "")),
        str(item.get("PhysicalResourceId") or ""),
        str(item.get("ResourceStatus", "")),
        str(item.get("ResourceStatusReason") or ""),
        where,
    )


def _template(aws: Aws, name: str, region: str) -> Mapping[str, Mapping[str, Any]] | Unknown:
    asked = {"StackName": name, "TemplateStage": "Processed"}
    answer = aws.call("cloudformation", "GetTemplate", asked, region=region)
    if answer.fault is not None:
        return _not_read(answer)
    body = answer.value.get("TemplateBody")
    if isinstance(body, str):
        body = TemplateFile.of(f"template of {name}", body).parsed.root
    resources = body.get("Resources") if isinstance(body, Mapping) else None
    if not isinstance(resources, Mapping):
        return Unknown(Cause.MALFORMED, "cloudformation:GetTemplate")
    return {str(key): value for key, value in resources.items() if isinstance(value, Mapping)}
