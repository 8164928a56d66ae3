"""A stack as the embedded CloudFormation keeps it: its resources, outputs and events."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, Final

from stackproof.emulator.cloudformation.template import EMPTY, Template
from stackproof.emulator.handlers.base import Made

LACKING: Final = "unsupported by the embedded AWS: "


@dataclass(slots=True)
class StackResource:
    """One resource of a stack: what was asked for, what was made, and how that went."""

    logical_id: str
    type: str
    made: Made = field(default_factory=lambda: Made(""))
    properties: Mapping[str, Any] = field(default_factory=dict)
    written: Mapping[str, Any] = field(default_factory=dict)
    status: str = "CREATE_IN_PROGRESS"
    reason: str = ""
    changed: datetime = field(default_factory=lambda: datetime.now(UTC))

    @property
    def exists(self) -> bool:
        """Whether there is something to delete."""
        return bool(self.made.id)

    @property
    def retained(self) -> bool:
        """Whether deleting the stack leaves it. A snapshot policy deletes the resource itself."""
        policy = self.written.get("DeletionPolicy", "Delete")
        return policy == "Retain" or (policy == "RetainExceptOnCreate" and self.status != "CREATE_FAILED")

    def shown(self, stack: Stack) -> dict[str, Any]:
        """The resource in the shape of DescribeStackResources and ListStackResources."""
        return {
            "StackId": stack.id,
            "StackName": stack.name,
            "LogicalResourceId": self.logical_id,
            "PhysicalResourceId": self.made.id or None,
            "ResourceType": self.type,
            "Timestamp": self.changed,
            "LastUpdatedTimestamp": self.changed,
            "ResourceStatus": self.status,
            "ResourceStatusReason": self.reason or None,
            "DriftInformation": {"StackResourceDriftStatus": "NOT_CHECKED"},
        }


@dataclass(slots=True)
class Stack:
    """A stack. `body` is its template as given, `given` the parameter values as given."""

    id: str
    name: str
    body: str = ""
    given: Mapping[str, str] = field(default_factory=dict)
    template: Template = EMPTY
    status: str = "REVIEW_IN_PROGRESS"
    reason: str = ""
    tags: Mapping[str, str] = field(default_factory=dict)
    capabilities: tuple[str, ...] = ()
    protected: bool = False
    rollback: bool = True
    resources: dict[str, StackResource] = field(default_factory=dict)
    outputs: list[dict[str, Any]] = field(default_factory=list)
    imports: set[str] = field(default_factory=set)
    events: list[dict[str, Any]] = field(default_factory=list)
    created: datetime = field(default_factory=lambda: datetime.now(UTC))
    updated: datetime | None = None
    deleted: datetime | None = None

    @property
    def exports(self) -> dict[str, str]:
        """What the stack exports: name to value."""
        return {o["ExportName"]: o["OutputValue"] for o in self.outputs if o.get("ExportName")}

    def enter(self, status: str, reason: str = "") -> None:
        """Change the stack's status and note it as an event."""
        self.status, self.reason = status, reason
        self._event(self.name, self.id, "AWS::CloudFormation::Stack", status, reason)

    def note(self, resource: StackResource, status: str, reason: str = "") -> None:
        """Change a resource's status and note it as an event."""
        resource.status, resource.reason, resource.changed = status, reason, datetime.now(UTC)
        self._event(resource.logical_id, resource.made.id, resource.type, status, reason)

    def _event(self, logical_id: str, physical_id: str, type_: str, status: str, reason: str) -> None:
        self.events.append(
            {
                "StackId": self.id,
                "StackName": self.name,
                "EventId": f"{logical_id}-{uuid.uuid4()}",
                "LogicalResourceId": logical_id,
                "PhysicalResourceId": physical_id,
                "ResourceType": type_,
                "Timestamp": datetime.now(UTC),
                "ResourceStatus": status,
                "ResourceStatusReason": reason or None,
            }
        )

    def shown(self) -> dict[str, Any]:
        """The stack in the shape of DescribeStacks."""
        parameters = [
            {"ParameterKey": name, "ParameterValue": declared.shown}
            for name, declared in self.template.parameters.items()
        ]
        return {
            "StackId": self.id,
            "StackName": self.name,
            "Description": self.template.description or None,
            "Parameters": parameters,
            "CreationTime": self.created,
            "LastUpdatedTime": self.updated,
            "DeletionTime": self.deleted,
            "StackStatus": self.status,
            "StackStatusReason": self.reason or None,
            "DisableRollback": not self.rollback,
            "NotificationARNs": [],
            "Capabilities": list(self.capabilities),
            "Outputs": self.outputs,
            "Tags": [{"Key": key, "Value": value} for key, value in self.tags.items()],
            "EnableTerminationProtection": self.protected,
            "DriftInformation": {"StackDriftStatus": "NOT_CHECKED"},
        }
