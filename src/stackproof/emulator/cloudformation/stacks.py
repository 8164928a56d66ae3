"""All stacks of one account and region, and what the CloudFormation API does with them. Deployments run in threads."""

from __future__ import annotations

import threading
import traceback
import uuid
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from stackproof.emulator.cloudformation.engine import Engine
from stackproof.emulator.cloudformation.lookups import Lookups
from stackproof.emulator.cloudformation.stack import Stack
from stackproof.emulator.cloudformation.template import Template, TemplateError, read_template
from stackproof.emulator.handlers.base import Clients, Handler

_SETTLED = ("_COMPLETE", "_FAILED")
NOTHING_TO_DO = "No updates are to be performed."
NO_CHANGES = "The submitted information didn't contain changes. Submit different information to create a change set."


class StackError(Exception):
    """The API refuses the request; `code` is AWS's error code."""

    def __init__(self, message: str, code: str = "ValidationError") -> None:
        self.code = code
        super().__init__(message)


@dataclass(slots=True)
class ChangeSet:
    """A change set: what it would do, and whether it was done."""

    id: str
    name: str
    stack: Stack
    create: bool
    body: str
    given: Mapping[str, str]
    template: Template
    changes: list[dict[str, Any]]
    tags: Mapping[str, str]
    status: str = "CREATE_COMPLETE"
    execution: str = "AVAILABLE"
    reason: str = ""
    created: datetime = field(default_factory=lambda: datetime.now(UTC))


@dataclass(frozen=True, slots=True)
class Request:
    """What a caller asks for: a template's text, parameter values, tags, and how to treat failure."""

    name: str
    body: str
    given: Mapping[str, str]
    tags: Mapping[str, str] = field(default_factory=dict)
    capabilities: tuple[str, ...] = ()
    rollback: bool = True
    protected: bool = False


class Stacks:
    """The stacks of one account and region."""

    def __init__(self, account: str, region: str, handlers: Mapping[str, Handler], clients: Clients) -> None:
        self.account = account
        self.region = region
        self.all: dict[str, Stack] = {}
        self.change_sets: dict[str, ChangeSet] = {}
        self._lock = threading.RLock()
        lookups = Lookups(account, region, clients, self.exports)
        self._engine = Engine(account, region, handlers, clients, lookups)

    def exports(self) -> dict[str, str]:
        """Every export: name to value."""
        return {name: value for stack in self.living() for name, value in stack.exports.items()}

    def living(self) -> Iterator[Stack]:
        """The stacks that are not deleted."""
        return (stack for stack in list(self.all.values()) if stack.status != "DELETE_COMPLETE")

    def find(self, name: str) -> Stack:
        """Look up by name (living ones only) or id.

        Raises:
            StackError: there is no such stack.

        """
        if name in self.all:
            return self.all[name]
        for stack in self.living():
            if stack.name == name:
                return stack
        raise StackError(f"Stack with id {name} does not exist")

    # --- deploying ------------------------------------------------------------------------------------------

    def create(self, request: Request) -> Stack:
        """Begin to create a stack.

        Raises:
            StackError: the name is taken, or the template or its parameters are refused.

        """
        with self._lock:
            if any(stack.name == request.name for stack in self.living()):
                raise StackError(f"Stack [{request.name}] already exists", "AlreadyExistsException")
            template = self._read(request)
            stack = self._new(request)
            stack.enter("CREATE_IN_PROGRESS", "User Initiated")
        self._start(stack, lambda: self._engine.create(stack, template))
        return stack

    def update(self, request: Request) -> Stack:
        """Begin to update a stack.

        Raises:
            StackError: it cannot be updated now, nothing would change, or the template is refused.

        """
        with self._lock:
            stack = self.find(request.name)
            self._ready(stack)
            template = self._read(request)
            if template == stack.template:
                raise StackError(NOTHING_TO_DO)
            self._begin_update(stack, request)
        self._start(stack, lambda: self._engine.update(stack, template, request.body, request.given))
        return stack

    def delete(self, name: str) -> None:
        """Begin to delete a stack; one that is not there is fine, as on AWS.

        Raises:
            StackError: it is protected, busy, or another stack imports from it.

        """
        with self._lock:
            try:
                stack = self.find(name)
            except StackError:
                return
            if stack.protected:
                raise StackError(f"Stack [{stack.name}] cannot be deleted while TerminationProtection is enabled")
            for export in stack.exports:
                users = [other.name for other in self.living() if export in other.imports and other is not stack]
                if users:
                    raise StackError(f"Export {export} cannot be deleted as it is in use by {', '.join(users)}")
            stack.enter("DELETE_IN_PROGRESS", "User Initiated")
        self._start(stack, lambda: self._engine.delete(stack))

    # --- change sets ----------------------------------------------------------------------------------------

    def plan(self, name: str, request: Request, *, create: bool) -> ChangeSet:
        """Make a change set.

        Raises:
            StackError: the stack exists or does not, against what was said, or the template is refused.

        """
        with self._lock:
            template = self._read(request)
            if create:
                if any(stack.name == request.name for stack in self.living()):
                    raise StackError(f"Stack [{request.name}] already exists and cannot be created again with it")
                stack = self._new(request)
                stack.enter("REVIEW_IN_PROGRESS", "User Initiated")
            else:
                stack = self.find(request.name)
                self._ready(stack)
            arn = f"arn:aws:cloudformation:{self.region}:{self.account}:changeSet/{name}/{uuid.uuid4()}"
            changes = [] if not create and template == stack.template else list(_changes(stack, template))
            plan = ChangeSet(arn, name, stack, create, request.body, request.given, template, changes, request.tags)
            if not changes:
                plan.status, plan.execution, plan.reason = "FAILED", "UNAVAILABLE", NO_CHANGES
            self.change_sets[arn] = plan
            return plan

    def find_plan(self, name: str, stack: str = "") -> ChangeSet:
        """Look up a change set by id, or by name and stack.

        Raises:
            StackError: there is none.

        """
        for plan in reversed(list(self.change_sets.values())):
            if plan.id == name or (plan.name == name and stack in {"", plan.stack.name, plan.stack.id}):
                return plan
        raise StackError(f"ChangeSet [{name}] does not exist", "ChangeSetNotFound")

    def execute(self, plan: ChangeSet) -> None:
        """Begin to do what a change set says.

        Raises:
            StackError: it cannot be executed.

        """
        with self._lock:
            if plan.execution != "AVAILABLE":
                raise StackError(
                    f"ChangeSet [{plan.id}] cannot be executed in its current status", "InvalidChangeSetStatus"
                )
            plan.execution = "EXECUTE_COMPLETE"
            request = Request(plan.stack.name, plan.body, plan.given, plan.tags)
            if plan.create:
                plan.stack.enter("CREATE_IN_PROGRESS", "User Initiated")
            else:
                self._begin_update(plan.stack, request)
        if plan.create:
            self._start(plan.stack, lambda: self._engine.create(plan.stack, plan.template))
        else:
            self._start(plan.stack, lambda: self._engine.update(plan.stack, plan.template, plan.body, plan.given))

    # --- helpers --------------------------------------------------------------------------------------------

    def _read(self, request: Request) -> Template:
        try:
            return read_template(request.body, request.name, request.given, self.region, self.account)
        except TemplateError as error:
            raise StackError(str(error)) from error

    def _new(self, request: Request) -> Stack:
        arn = f"arn:aws:cloudformation:{self.region}:{self.account}:stack/{request.name}/{uuid.uuid4()}"
        stack = Stack(
            arn,
            request.name,
            request.body,
            dict(request.given),
            tags=dict(request.tags),
            capabilities=request.capabilities,
            rollback=request.rollback,
            protected=request.protected,
        )
        self.all[arn] = stack
        return stack

    def _ready(self, stack: Stack) -> None:
        if not stack.status.endswith(_SETTLED) or stack.status in {"ROLLBACK_COMPLETE", "DELETE_COMPLETE"}:
            raise StackError(f"Stack:{stack.id} is in {stack.status} state and can not be updated.")

    def _begin_update(self, stack: Stack, request: Request) -> None:
        if request.tags:
            stack.tags = dict(request.tags)
        stack.enter("UPDATE_IN_PROGRESS", "User Initiated")

    def _start(self, stack: Stack, work: Callable[[], None]) -> None:
        def run() -> None:
            try:
                work()
            except Exception as error:  # noqa: BLE001 - a thread has nobody to raise to; the stack says what happened
                traceback.print_exc()
                begun = stack.status.partition("_")[0]
                stack.enter(f"{begun}_FAILED", f"the embedded CloudFormation crashed: {type(error).__name__}: {error}")

        threading.Thread(target=run, name=f"deploy {stack.name}", daemon=True).start()


def _changes(stack: Stack, template: Template) -> Iterator[dict[str, Any]]:
    """What a template would do to a stack, in the shape of DescribeChangeSet."""
    for name, written in template.resources.items():
        known = stack.resources.get(name)
        if known is None:
            yield _change("Add", name, written["Type"], "")
        elif known.written != written:
            yield _change("Modify", name, written["Type"], known.made.id)
    for name, known in stack.resources.items():
        if name not in template.resources:
            yield _change("Remove", name, known.type, known.made.id)
    if stack.template.outputs != template.outputs and stack.resources:
        yield {"Type": "Resource", "ResourceChange": {"Action": "Dynamic", "LogicalResourceId": "Outputs"}}


def _change(action: str, name: str, type_: str, physical_id: str) -> dict[str, Any]:
    change: dict[str, Any] = {"Action": action, "LogicalResourceId": name, "ResourceType": type_}
    if physical_id:
        change["PhysicalResourceId"] = physical_id
    return {"Type": "Resource", "ResourceChange": change}
