"""What CloudFormation says of the stacks: whether they are there, what is in them, what their templates add."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from stackproof.model import Cause, Origin, Reference, Resource, Unknown, Value, Where
from stackproof.sources.inventory import STACK
from stackproof.sources.live.aws import Answer, Aws
from stackproof.sources.live.faults import Fault
from stackproof.sources.live.permissions import permission_of
from stackproof.sources.stacks import Deployment, StackSource, TemplateFile
from stackproof.sources.worlds import evaluate

WORDS: Final = ("DeletionPolicy", "UpdateReplacePolicy", "CreationPolicy", "UpdatePolicy", "Metadata", "DependsOn")
_STACK_WORDS: Final = ("Imports", "ParameterDeclarations", "Transform")
_UNREAD: Final = Unknown(Cause.NOT_READ, "cloudformation:GetTemplate")
_DESCRIBED: Final = Where("cloudformation:DescribeStacks")
_WRITTEN: Final = Where("cloudformation:GetTemplate")
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

    `updated` is when it last changed (ISO 8601). `template` is the one that is deployed, after its transforms, as the
    call `written` gave it.
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
    template: TemplateFile | Unknown = _UNREAD
    described: Mapping[str, Any] = field(default_factory=dict)
    where: Where = _DESCRIBED
    written: Where = _WRITTEN

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
    template, written = _template(aws, name, region)
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
        template,
        described,
        where,
        written,
    )


def stack_resource(state: StackState, source: StackSource | None, templates: Mapping[str, Resource]) -> Resource:
    """The resource that stands for a stack, in the shape that the templates give it."""
    attributes = words_of(state, state.address, templates)
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
    positions = {**dict.fromkeys(_STACK_WORDS, state.written), "": state.where}
    return Resource(state.address, STACK, properties, positions, attributes, {}, names, Origin.OBSERVED)


def deployed_templates(states: Sequence[StackState], deployment: Deployment) -> Mapping[str, Resource]:
    """What the templates that are deployed declare, evaluated with the parameters that are deployed, by address.

    Empty where an undecided parameter leaves more than one way in which they may turn out.
    """
    sources = []
    for state in states:
        if isinstance(state.template, TemplateFile):
            given = {
                str(p.get("ParameterKey")): p.get("ParameterValue", "") for p in state.described.get("Parameters") or ()
            }
            known = {key: value for key, value in given.items() if value != _MASKED}
            sources.append(StackSource(state.address, state.template, known, state.name))
    worlds = evaluate(sources, deployment).worlds if sources else ()
    return {r.address: r for r in worlds[0].inventory.resources} if len(worlds) == 1 else {}


def words_of(state: StackState, address: str, templates: Mapping[str, Resource]) -> dict[str, Value]:
    """DeletionPolicy and the other words beside the properties, from the template that is deployed."""
    words = _STACK_WORDS if address == state.address else WORDS
    if isinstance(state.template, Unknown):
        return dict.fromkeys(words, state.template)
    declared = templates.get(address)
    if declared is None:
        return dict.fromkeys(words, Unknown(Cause.NOT_READ, f"the template of {state.name}"))
    return dict(declared.attributes)


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


def _template(aws: Aws, name: str, region: str) -> tuple[TemplateFile | Unknown, Where]:
    asked = {"StackName": name, "TemplateStage": "Processed"}
    answer = aws.call("cloudformation", "GetTemplate", asked, region=region)
    where = Where(answer.call, answer.entry)
    if answer.fault is not None:
        return _not_read(answer), where
    body = answer.value.get("TemplateBody")
    if not body:
        return Unknown(Cause.MALFORMED, permission_of(answer.call)), where
    return TemplateFile.of(f"the template of {name}", body if isinstance(body, str) else json.dumps(body)), where
