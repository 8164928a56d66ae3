"""Where the values of a stack come from while it is deployed: its own resources, exports, secrets, parameters."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from stackproof.emulator.cloudformation.stack import Stack
from stackproof.emulator.cloudformation.values import Live, UnresolvedError, secret_value
from stackproof.emulator.handlers.base import Clients, Made


@dataclass(frozen=True, slots=True)
class Lookups:
    """What can be looked up in one account and region."""

    account: str
    region: str
    clients: Clients
    exports: Callable[[], Mapping[str, str]]

    def live(self, stack: Stack) -> Live:
        """How the functions in a stack's template are resolved, as far as its resources are made."""
        pseudo = {
            "AWS::AccountId": self.account,
            "AWS::Region": self.region,
            "AWS::StackId": stack.id,
            "AWS::StackName": stack.name,
            "AWS::Partition": "aws",
            "AWS::URLSuffix": "amazonaws.com",
            "AWS::NotificationARNs": [],
        }

        def ref(name: str) -> Any:
            if name in pseudo:
                return pseudo[name]
            if name in stack.template.parameters:
                return self._parameter(stack, name)
            return _made(stack, name).id

        def attribute(name: str, key: str) -> Any:
            made = _made(stack, name)
            if key not in made.attributes:
                raise UnresolvedError(f"{stack.resources[name].type} has no attribute {key} here")
            return made.attributes[key]

        def imported(name: str) -> str:
            if name not in self.exports():
                raise UnresolvedError(f"No export named {name} found.")
            stack.imports.add(name)
            return self.exports()[name]

        def secret(reference: str) -> str:
            return secret_value(reference, self.clients("secretsmanager", self.region).get_secret_value)

        return Live(ref, attribute, imported, secret, self._ssm)

    def outputs(self, stack: Stack) -> list[dict[str, Any]]:
        """Outputs in the shape of DescribeStacks.

        Raises:
            UnresolvedError: one cannot be resolved, or another stack has an export of that name.

        """
        live, outputs = self.live(stack), []
        taken = {name for name in self.exports() if name not in stack.exports}
        for name, written in stack.template.outputs.items():
            try:
                output = {"OutputKey": name, "OutputValue": str(live.resolve(written["Value"]))}
                if "Description" in written:
                    output["Description"] = live.resolve(written["Description"])
                if "Export" in written:
                    output["ExportName"] = live.resolve(written["Export"]["Name"])
            except UnresolvedError as error:
                raise UnresolvedError(f"output {name}: {error}") from error
            if output.get("ExportName") in taken:
                raise UnresolvedError(f"Export with name {output['ExportName']} is already exported by another stack")
            outputs.append(output)
        return outputs

    def _parameter(self, stack: Stack, name: str) -> Any:
        declared = stack.template.parameters[name]
        value = self._ssm(declared.value) if declared.type.startswith("AWS::SSM::Parameter::Value") else declared.value
        return value.split(",") if "List" in declared.type else value

    def _ssm(self, name: str) -> str:
        answer = self.clients("ssm", self.region).get_parameter(Name=name, WithDecryption=True)
        return str(answer["Parameter"]["Value"])


def _made(stack: Stack, name: str) -> Made:
    resource = stack.resources.get(name)
    if resource is None or not resource.exists:
        raise UnresolvedError(f"{name} does not exist yet")
    return resource.made
