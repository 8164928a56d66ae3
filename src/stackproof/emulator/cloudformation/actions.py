"""The CloudFormation API: moto parses requests and writes answers, our stacks do the rest."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from moto.cloudformation import urls
from moto.cloudformation.exceptions import CloudFormationError
from moto.cloudformation.models import CloudFormationBackend, cloudformation_backends
from moto.cloudformation.responses import CloudFormationResponse
from moto.core.responses import ActionResult, EmptyResult

from stackproof.emulator.cloudformation.stack import Stack
from stackproof.emulator.cloudformation.stacks import ChangeSet, Request, StackError, Stacks

Answer = ActionResult
MakeStacks = Callable[[str, str], Stacks]


def install(make: MakeStacks) -> None:
    """Put our stacks behind moto's CloudFormation. Called once, before the server answers anything."""

    class Backend(CloudFormationBackend):
        """Keeps our stacks, so that moto's reset forgets them too."""

        def __init__(self, region_name: str, account_id: str) -> None:
            super().__init__(region_name, account_id)
            self.ours = make(account_id, region_name)

    Backend.__module__ = CloudFormationBackend.__module__  # moto finds its URLs by it
    cloudformation_backends.backend = Backend
    urls.url_paths = {**urls.url_paths, "{0}/$": Actions.dispatch}


class _RefusalError(CloudFormationError):
    def __init__(self, error: StackError) -> None:
        self.code = error.code
        super().__init__(str(error))


class Actions(CloudFormationResponse):
    """The actions on stacks and change sets. Stack sets stay moto's."""

    RESPONSE_KEY_PATH_TO_TRANSFORMER = {  # noqa: RUF012 - moto's own attribute
        key: value
        for key, value in CloudFormationResponse.RESPONSE_KEY_PATH_TO_TRANSFORMER.items()
        if key.startswith("DescribeStackSet")
    }

    @property
    def stacks(self) -> Stacks:
        """The stacks of the caller's account and region."""
        backend: Any = self.cloudformation_backend
        ours: Stacks = backend.ours
        return ours

    def call_action(self) -> Any:
        """Turn our refusals into AWS's errors."""
        try:
            return super().call_action()
        except StackError as error:
            raise _RefusalError(error) from error

    # --- deploying ------------------------------------------------------------------------------------------

    def create_stack(self) -> Answer:
        """CreateStack."""
        return ActionResult({"StackId": self._checked(lambda: self.stacks.create(self._request())).id})

    def update_stack(self) -> Answer:
        """UpdateStack."""
        return ActionResult({"StackId": self._checked(lambda: self.stacks.update(self._request())).id})

    def delete_stack(self) -> Answer:
        """DeleteStack."""
        self._checked(lambda: self.stacks.delete(self._get_param("StackName")))
        return EmptyResult()

    def create_change_set(self) -> Answer:
        """CreateChangeSet."""
        create = self._get_param("ChangeSetType", "UPDATE") == "CREATE"
        name = self._get_param("ChangeSetName")
        plan = self._checked(lambda: self.stacks.plan(name, self._request(), create=create))
        return ActionResult({"Id": plan.id, "StackId": plan.stack.id})

    def execute_change_set(self) -> Answer:
        """ExecuteChangeSet."""
        self._checked(lambda: self.stacks.execute(self._plan()))
        return EmptyResult()

    def delete_change_set(self) -> Answer:
        """DeleteChangeSet."""
        self.stacks.change_sets.pop(self._plan().id)
        return EmptyResult()

    # --- reading --------------------------------------------------------------------------------------------

    def describe_change_set(self) -> Answer:
        """DescribeChangeSet."""
        plan = self._plan()
        parameters = [
            {"ParameterKey": name, "ParameterValue": declared.shown}
            for name, declared in plan.template.parameters.items()
        ]
        return ActionResult({**_summary(plan), "Parameters": parameters, "Changes": plan.changes})

    def list_change_sets(self) -> Answer:
        """ListChangeSets."""
        stack = self._stack()
        return ActionResult({"Summaries": [_summary(p) for p in self.stacks.change_sets.values() if p.stack is stack]})

    def describe_stacks(self) -> Answer:
        """DescribeStacks."""
        named = self._get_param("StackName")
        stacks = [self._stack()] if named else list(self.stacks.living())
        return ActionResult({"Stacks": [stack.shown() for stack in stacks]})

    def list_stacks(self) -> Answer:
        """ListStacks."""
        wanted = self._get_param("StackStatusFilter", [])
        found = [s.shown() for s in self.stacks.all.values() if not wanted or s.status in wanted]
        return ActionResult({"StackSummaries": found})

    def describe_stack_resource(self) -> Answer:
        """DescribeStackResource."""
        stack = self._stack()
        return ActionResult({"StackResourceDetail": self._resources(stack, self._get_param("LogicalResourceId"))[0]})

    def describe_stack_resources(self) -> Answer:
        """DescribeStackResources."""
        stack = self._owner() if self._get_param("PhysicalResourceId") else self._stack()
        return ActionResult({"StackResources": self._resources(stack, self._get_param("LogicalResourceId"))})

    def list_stack_resources(self) -> Answer:
        """ListStackResources."""
        return ActionResult({"StackResourceSummaries": self._resources(self._stack(), None)})

    def describe_stack_events(self) -> Answer:
        """DescribeStackEvents, newest first."""
        return ActionResult({"StackEvents": self._stack().events[::-1]})

    def get_template(self) -> Answer:
        """GetTemplate: the text as it was given."""
        return ActionResult({"TemplateBody": self._stack().body, "StagesAvailable": ["Original"]})

    def list_exports(self) -> Answer:
        """ListExports."""
        exports = [
            {"ExportingStackId": stack.id, "Name": name, "Value": value}
            for stack in self.stacks.living()
            for name, value in stack.exports.items()
        ]
        return ActionResult({"Exports": exports})

    def list_imports(self) -> Answer:
        """ListImports."""
        name = self._get_param("ExportName")
        users = [stack.name for stack in self.stacks.living() if name in stack.imports]
        if not users:
            raise _RefusalError(StackError(f"Export '{name}' is not imported by any stack."))
        return ActionResult({"Imports": users})

    # --- helpers --------------------------------------------------------------------------------------------

    def _checked(self, work: Callable[[], Any]) -> Any:
        try:
            return work()
        except StackError as error:
            raise _RefusalError(error) from error

    def _request(self) -> Request:
        name = self._get_param("StackName")
        body, url = self._get_param("TemplateBody"), self._get_param("TemplateURL")
        previous: Stack | None = None
        given: dict[str, str] = {}
        parameters: list[Mapping[str, Any]] = self._get_param("Parameters", [])
        if self._get_bool_param("UsePreviousTemplate", False) or any(p.get("UsePreviousValue") for p in parameters):
            previous = self.stacks.find(name)
        for parameter in parameters:
            key = parameter["ParameterKey"]
            if parameter.get("UsePreviousValue"):
                if previous and key in previous.given:
                    given[key] = previous.given[key]
            else:
                given[key] = str(parameter.get("ParameterValue", ""))
        if url:
            body = self._get_stack_from_s3_url(url)
        if not body and previous:
            body = previous.body
        if not body:
            raise StackError("Either Template URL or Template Body must be specified.")
        return Request(
            name,
            body,
            given,
            {tag["Key"]: tag["Value"] for tag in self._get_param("Tags", [])},
            tuple(self._get_param("Capabilities", [])),
            rollback=not self._get_bool_param("DisableRollback", False)
            and self._get_param("OnFailure", "ROLLBACK") != "DO_NOTHING",
            protected=bool(self._get_bool_param("EnableTerminationProtection", False)),
        )

    def _stack(self) -> Stack:
        stack: Stack = self._checked(lambda: self.stacks.find(self._get_param("StackName")))
        return stack

    def _owner(self) -> Stack:
        wanted = self._get_param("PhysicalResourceId")
        for stack in self.stacks.living():
            if any(resource.made.id == wanted for resource in stack.resources.values()):
                return stack
        raise _RefusalError(StackError(f"Stack for {wanted} does not exist"))

    def _plan(self) -> ChangeSet:
        name, stack = self._get_param("ChangeSetName"), self._get_param("StackName") or ""
        plan: ChangeSet = self._checked(lambda: self.stacks.find_plan(name, stack))
        return plan

    def _resources(self, stack: Stack, logical_id: str | None) -> list[dict[str, Any]]:
        found = [r.shown(stack) for r in stack.resources.values() if logical_id in {None, r.logical_id}]
        if logical_id and not found:
            raise _RefusalError(StackError(f"Resource {logical_id} does not exist for stack {stack.name}"))
        return [r for r in found if r["ResourceStatus"] != "DELETE_COMPLETE" or stack.status == "DELETE_COMPLETE"]


def _summary(plan: ChangeSet) -> dict[str, Any]:
    return {
        "ChangeSetId": plan.id,
        "ChangeSetName": plan.name,
        "StackId": plan.stack.id,
        "StackName": plan.stack.name,
        "CreationTime": plan.created,
        "ExecutionStatus": plan.execution,
        "Status": plan.status,
        "StatusReason": plan.reason or None,
    }
