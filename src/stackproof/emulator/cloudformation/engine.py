"""Deploys a stack: resources in the order of their dependencies, rollback when one fails, deletion in reverse."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final

from botocore.exceptions import BotoCoreError, ClientError

from stackproof.emulator.cloudformation.lookups import Lookups
from stackproof.emulator.cloudformation.stack import LACKING, Stack, StackResource
from stackproof.emulator.cloudformation.template import Template
from stackproof.emulator.cloudformation.values import UnresolvedError, references
from stackproof.emulator.handlers.base import (
    At,
    Clients,
    Handler,
    Made,
    NeedsReplacementError,
    RefusedError,
    gone,
)

_FAILURES: Final = (
    ClientError,
    BotoCoreError,
    RefusedError,
    UnresolvedError,
    KeyError,
    ValueError,
    TypeError,
    NotImplementedError,
)


class FailedError(Exception):
    """A resource could not be made, changed or deleted; its event has been noted."""


@dataclass
class Engine:
    """Deploys the stacks of one account and region."""

    account: str
    region: str
    handlers: Mapping[str, Handler]
    clients: Clients
    lookups: Lookups

    # --- whole stacks ---------------------------------------------------------------------------------------

    def create(self, stack: Stack, template: Template) -> None:
        """Make every resource; on failure take back what was made."""
        stack.template = template
        try:
            for name in ordered(template.resources):
                self._create(stack, name)
            stack.outputs = self.lookups.outputs(stack)
        except (FailedError, UnresolvedError) as error:
            self._roll_back_creation(stack, str(error))
        else:
            stack.enter("CREATE_COMPLETE")

    def update(self, stack: Stack, template: Template, body: str, given: Mapping[str, str]) -> None:
        """Change, add and remove resources; on failure restore what was."""
        before, stack.template = stack.template, template
        stack.imports.clear()  # found again, while values are resolved
        done: list[tuple[str, Mapping[str, Any] | None]] = []
        replaced: list[StackResource] = []
        try:
            for name in ordered(template.resources):
                known = stack.resources.get(name)
                done.append((name, known.written if known else None))
                self._update(stack, name, replaced)
            outputs = self.lookups.outputs(stack)
        except (FailedError, UnresolvedError) as error:
            self._roll_back_update(stack, before, done, str(error))
            return
        stack.enter("UPDATE_COMPLETE_CLEANUP_IN_PROGRESS")
        for old in replaced:
            self._delete_quietly(stack, old)
        for name in reversed(ordered({n: r.written for n, r in stack.resources.items()})):
            if name not in template.resources:
                self._delete_quietly(stack, stack.resources.pop(name))
        stack.body, stack.given, stack.outputs = body, given, outputs
        stack.updated = datetime.now(UTC)
        stack.enter("UPDATE_COMPLETE")

    def delete(self, stack: Stack) -> None:
        """Unmake every resource but those that are retained."""
        try:
            self._delete_all(stack, keep_retained=True)
        except FailedError as error:
            stack.enter("DELETE_FAILED", str(error))
        else:
            stack.deleted = datetime.now(UTC)
            stack.enter("DELETE_COMPLETE")

    def _roll_back_creation(self, stack: Stack, reason: str) -> None:
        if not stack.rollback:
            stack.enter("CREATE_FAILED", reason)
            return
        stack.enter("ROLLBACK_IN_PROGRESS", reason)
        try:
            self._delete_all(stack, keep_retained=False)
        except FailedError as error:
            stack.enter("ROLLBACK_FAILED", str(error))
        else:
            stack.enter("ROLLBACK_COMPLETE")

    def _roll_back_update(
        self, stack: Stack, before: Template, done: list[tuple[str, Mapping[str, Any] | None]], reason: str
    ) -> None:
        stack.enter("UPDATE_ROLLBACK_IN_PROGRESS", reason)
        stack.template = before
        try:
            for name, written in reversed(done):
                if written is None:
                    self._delete(stack, stack.resources.pop(name))
                else:
                    self._update(stack, name, [])
        except FailedError as error:
            stack.enter("UPDATE_ROLLBACK_FAILED", str(error))
        else:
            stack.enter("UPDATE_ROLLBACK_COMPLETE", reason)

    def _delete_all(self, stack: Stack, *, keep_retained: bool) -> None:
        for name in reversed(ordered({n: r.written for n, r in stack.resources.items()})):
            resource = stack.resources[name]
            if keep_retained and resource.retained:
                stack.note(resource, "DELETE_SKIPPED")
            else:
                self._delete(stack, resource)

    # --- one resource ---------------------------------------------------------------------------------------

    def _create(self, stack: Stack, name: str) -> None:
        written = stack.template.resources[name]
        resource = StackResource(name, written["Type"], written=written)
        stack.resources[name] = resource
        stack.note(resource, "CREATE_IN_PROGRESS")
        with self._guarded(stack, resource, "CREATE_FAILED"):
            resource.properties = self.lookups.live(stack).resolve(written.get("Properties", {}))
            resource.made = self._handler(resource).create(self._at(stack, name), resource.properties)
        stack.note(resource, "CREATE_COMPLETE", _lacking(resource.made))

    def _update(self, stack: Stack, name: str, replaced: list[StackResource]) -> None:
        known, written = stack.resources.get(name), stack.template.resources[name]
        if known is None:
            self._create(stack, name)
            return
        if known.type != written["Type"]:
            replaced.append(known)
            self._create(stack, name)
            return
        with self._guarded(stack, known, "UPDATE_FAILED"):
            properties = self.lookups.live(stack).resolve(written.get("Properties", {}))
            if properties == known.properties:
                known.written = written
                return
            stack.note(known, "UPDATE_IN_PROGRESS")
            handler, at = self._handler(known), self._at(stack, name)
            try:
                made = handler.update(at, known.made, properties, known.properties)
            except NeedsReplacementError:
                made = handler.create(at, properties)
                if made.id != known.made.id:
                    replaced.append(StackResource(name, known.type, known.made, known.properties, known.written))
            known.made, known.properties, known.written = made, properties, written
        stack.note(known, "UPDATE_COMPLETE", _lacking(known.made))

    def _delete(self, stack: Stack, resource: StackResource) -> None:
        if not resource.exists or resource.status == "DELETE_COMPLETE":  # gone by an attempt that failed later
            return
        stack.note(resource, "DELETE_IN_PROGRESS")
        with self._guarded(stack, resource, "DELETE_FAILED"):
            try:
                self._handler(resource).delete(self._at(stack, resource.logical_id), resource.made, resource.properties)
            except ClientError as error:
                if not gone(error):
                    raise
        stack.note(resource, "DELETE_COMPLETE")

    def _delete_quietly(self, stack: Stack, resource: StackResource) -> None:
        """Clean up after an update: what cannot be deleted is noted, and the update holds all the same, as on AWS."""
        if resource.written.get("UpdateReplacePolicy") == "Retain" or resource.retained:
            stack.note(resource, "DELETE_SKIPPED")
            return
        try:
            self._delete(stack, resource)
        except FailedError:
            return

    def _handler(self, resource: StackResource) -> Handler:
        if resource.type not in self.handlers:
            raise RefusedError(f"the embedded AWS has no handler for {resource.type}, so nothing was made")
        return self.handlers[resource.type]

    def _at(self, stack: Stack, name: str) -> At:
        known = stack.resources.get(name)
        snapshot = known is not None and known.written.get("DeletionPolicy") == "Snapshot"
        return At(self.account, self.region, stack.name, name, self.clients, snapshot)

    def _guarded(self, stack: Stack, resource: StackResource, status: str) -> _Guard:
        return _Guard(stack, resource, status)


@dataclass(slots=True)
class _Guard:
    """Turns what a handler raises into a failed resource with its reason."""

    stack: Stack
    resource: StackResource
    status: str

    def __enter__(self) -> None:
        return None

    def __exit__(self, kind: object, error: BaseException | None, trace: object) -> None:
        if isinstance(error, _FAILURES):
            shown = str(error) if not isinstance(error, KeyError | TypeError) else f"{type(error).__name__}: {error}"
            self.stack.note(self.resource, self.status, shown)
            raise FailedError(f"{self.resource.logical_id} ({self.resource.type}): {shown}") from error


def ordered(resources: Mapping[str, Mapping[str, Any]]) -> list[str]:
    """Names of resources, each after all that it depends on."""
    order: dict[str, None] = {}

    def visit(name: str) -> None:
        if name in order or name in visiting:
            return
        visiting.add(name)
        for other in _needs(resources[name]):
            if other in resources:
                visit(other)
        order[name] = None

    visiting: set[str] = set()
    for name in resources:
        visit(name)
    return list(order)


def _needs(written: Mapping[str, Any]) -> Iterator[str]:
    depends = written.get("DependsOn", [])
    yield from [depends] if isinstance(depends, str) else depends
    yield from references(written.get("Properties", {}))


def _lacking(made: Made) -> str:
    return f"{LACKING}{made.lacking}" if made.lacking else ""
