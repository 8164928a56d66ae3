"""What a handler is: it makes, changes and unmakes one type of resource by the API calls a person would make."""

from __future__ import annotations

import re
import secrets
import string
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, ClassVar, Final

from botocore.exceptions import ClientError
from botocore.model import StructureShape

from stackproof.emulator.handlers.shapes import Lost, fitted, text

Properties = Mapping[str, Any]
Clients = Callable[[str, str], Any]  # service and region to a boto3 client
_LETTERS: Final = string.ascii_uppercase + string.digits


class RefusedError(Exception):
    """AWS, or the backend that stands for it, refuses the resource; the message becomes the event's reason."""


class NeedsReplacementError(Exception):
    """The change cannot be made in place."""


@dataclass(frozen=True, slots=True)
class Made:
    """What was made: its physical id (what `Ref` gives), attributes for `Fn::GetAtt`, and what the backend lacks."""

    id: str
    attributes: Mapping[str, Any] = field(default_factory=dict)
    lacking: str = ""


@dataclass(frozen=True, slots=True)
class At:
    """Where a resource is made: account, region, stack and logical id, and how to call the services.

    `snapshot` says that a copy is to be kept when the resource is deleted (DeletionPolicy).
    """

    account: str
    region: str
    stack: str
    logical_id: str
    clients: Clients
    snapshot: bool = False

    def client(self, service: str, region: str = "") -> Any:
        """A boto3 client of the embedded AWS."""
        return self.clients(service, region or self.region)

    def arn(self, service: str, rest: str) -> str:
        """An ARN of this account and region."""
        return f"arn:aws:{service}:{self.region}:{self.account}:{rest}"

    def generated(self, longest: int = 255, *, lower: bool = False) -> str:
        """Make a name as CloudFormation does: stack, logical id and random letters, cut to the longest allowed."""
        tail = "".join(secrets.choice(_LETTERS) for _ in range(12))
        room = longest - len(tail) - 2
        stack = self.stack[: max(room - len(self.logical_id), room // 2)]
        name = f"{stack}-{self.logical_id[: room - len(stack)]}-{tail}"
        return re.sub(r"-+", "-", name.lower() if lower else name)

    def send(
        self,
        service: str,
        operation: str,
        properties: Properties,
        *,
        rename: Mapping[str, str] | None = None,
        beside: tuple[str, ...] = (),
        add: Mapping[str, Any] | None = None,
    ) -> dict[str, Any]:
        """Call an operation with properties in its own shape.

        `rename` maps a property to the parameter's name, `beside` names properties that are passed on otherwise, `add`
        gives more parameters as they are.

        Raises:
            RefusedError: a property has no place in the operation.
            ClientError: the service refuses.

        """
        client = self.client(service)
        model = client.meta.service_model.operation_model(client.meta.method_to_api_mapping[operation])
        shape = model.input_shape
        lost: Lost = []
        named = {(rename or {}).get(key, key): value for key, value in properties.items() if key not in beside}
        parameters = fitted(shape, named, lost) if isinstance(shape, StructureShape) else {}
        if lost:
            raise RefusedError(f"{service}:{operation} has no place for {', '.join(sorted(lost))}")
        answer: dict[str, Any] = getattr(client, operation)(**parameters, **(add or {}))
        return answer


class Handler:
    """One resource type. `create` is needed; a change that `update` does not know is made by replacement."""

    type: ClassVar[str] = ""

    def create(self, at: At, new: Properties) -> Made:
        """Make the resource."""
        raise NotImplementedError

    def update(self, at: At, made: Made, new: Properties, old: Properties) -> Made:
        """Change the resource in place.

        Raises:
            NeedsReplacementError: another one has to be made instead.

        """
        raise NeedsReplacementError

    def delete(self, at: At, made: Made, old: Properties) -> None:
        """Unmake the resource; one that is gone already is fine."""
        raise NotImplementedError


def changed(new: Properties, old: Properties) -> set[str]:
    """Names of the properties that differ."""
    return {key for key in {*new, *old} if new.get(key) != old.get(key)}


def only(changes: set[str], *allowed: str) -> None:
    """Demand that no other property changes than these.

    Raises:
        NeedsReplacementError: another property changes.

    """
    if changes - set(allowed):
        raise NeedsReplacementError


def gone(error: ClientError) -> bool:
    """Whether an error says that the thing does not exist."""
    code = str(error.response.get("Error", {}).get("Code", ""))
    return "NotFound" in code or code.startswith("NoSuch") or code in {"404", "ResourceNotFoundFault"}


def tag_pairs(properties: Properties, name: str = "Tags") -> list[dict[str, str]]:
    """Tags as a list of Key and Value, whichever form the property has."""
    tags = properties.get(name) or []
    items = tags.items() if isinstance(tags, Mapping) else [(tag["Key"], tag["Value"]) for tag in tags]
    return [{"Key": key, "Value": text(value)} for key, value in items]


def tag_map(properties: Properties, name: str = "Tags") -> dict[str, str]:
    """Tags as a mapping, whichever form the property has."""
    return {tag["Key"]: tag["Value"] for tag in tag_pairs(properties, name)}


def without(properties: Properties, *names: str) -> dict[str, Any]:
    """Properties but for some."""
    return {key: value for key, value in properties.items() if key not in names}


def named(properties: Properties, key: str, at: At, longest: int = 255, *, lower: bool = False) -> dict[str, Any]:
    """Properties with the name that CloudFormation makes when none is given."""
    return {key: at.generated(longest, lower=lower), **properties}
