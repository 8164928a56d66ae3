"""What is deployed of a function, service or web application for its workload: variables, secrets, the role."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from botocore.exceptions import ClientError

from stackproof.emulator.errors import EmulatorError
from stackproof.emulator.running import Running

FUNCTION, SERVICE, FILES = "function", "service", "files"
_KINDS: Final = {
    "AWS::Lambda::Function": FUNCTION,
    "AWS::Serverless::Function": FUNCTION,
    "AWS::ECS::Service": SERVICE,
    "AWS::Amplify::App": FILES,
}
Credentials = Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Settings:
    """The deployed configuration. `copies` is how many the service wants; `credentials` are variables, too."""

    kind: str
    id: str
    region: str
    variables: Mapping[str, str] = field(default_factory=dict)
    role: str = ""
    copies: int = 1


def settings_of(running: Running, address: str, region: str) -> Settings | None:
    """Read the configuration that is deployed at an address such as `backend.Function`; None: it is not deployed.

    Raises:
        EmulatorError: it is of a type that nothing runs behind, or its configuration cannot be resolved.

    """
    component, _, logical = address.partition(".")
    client = running.client("cloudformation", region)
    try:
        detail = client.describe_stack_resource(
            StackName=running.stacks.get(component, component), LogicalResourceId=logical
        )
    except ClientError as error:
        if "does not exist" in str(error):
            return None
        raise EmulatorError(f"{address}: {error}") from error
    resource = detail["StackResourceDetail"]
    kind, id_ = _KINDS.get(resource["ResourceType"], ""), resource["PhysicalResourceId"]
    try:
        if kind == FUNCTION:
            return _function(running.client("lambda", region), id_, region)
        if kind == SERVICE:
            return _service(running, id_, region)
    except ClientError as error:
        raise EmulatorError(f"the configuration of {address} cannot be read: {error}") from error
    if kind == FILES:
        return Settings(kind, id_.rpartition("/")[2], region)
    raise EmulatorError(f"{address} is of type {resource['ResourceType']}: nothing can run behind it")


def credentials(running: Running, role: str, region: str) -> Credentials:
    """Variables with credentials of a deployed role; those of the environment where there is no role.

    Raises:
        EmulatorError: the role cannot be assumed.

    """
    if not role:
        return {"AWS_ACCESS_KEY_ID": running.access_key, "AWS_SECRET_ACCESS_KEY": running.secret_key}
    try:
        given = running.client("sts", region).assume_role(RoleArn=role, RoleSessionName="workload")["Credentials"]
    except ClientError as error:
        raise EmulatorError(f"the role {role} cannot be assumed: {error}") from error
    return {
        "AWS_ACCESS_KEY_ID": given["AccessKeyId"],
        "AWS_SECRET_ACCESS_KEY": given["SecretAccessKey"],
        "AWS_SESSION_TOKEN": given["SessionToken"],
    }


def _function(client: Any, name: str, region: str) -> Settings:
    """Of the version that the alias leads to, where there is just one alias; else of the newest."""
    aliases = client.list_aliases(FunctionName=name)["Aliases"]
    version = {"Qualifier": aliases[0]["Name"]} if len(aliases) == 1 else {}
    found = client.get_function_configuration(FunctionName=name, **version)
    return Settings(FUNCTION, name, region, found.get("Environment", {}).get("Variables", {}), found.get("Role", ""))


def _service(running: Running, arn: str, region: str) -> Settings:
    client = running.client("ecs", region)
    cluster = arn.split("/")[1]
    service = client.describe_services(cluster=cluster, services=[arn])["services"][0]
    task = client.describe_task_definition(taskDefinition=service["taskDefinition"])["taskDefinition"]
    front = {balancer["containerName"] for balancer in service.get("loadBalancers", []) if "containerName" in balancer}
    containers = task["containerDefinitions"]
    container = next((c for c in containers if c["name"] in front), containers[0])
    variables = {entry["name"]: entry["value"] for entry in container.get("environment", [])}
    for entry in container.get("secrets", []):
        variables[entry["name"]] = _secret(running, entry["valueFrom"], region)
    return Settings(SERVICE, arn, region, variables, task.get("taskRoleArn", ""), service["desiredCount"])


def _secret(running: Running, source: str, region: str) -> str:
    """Resolve what a task definition points at: a parameter, a secret, or one key of a secret's JSON."""
    if ":secretsmanager:" not in source:
        name = source.partition(":parameter")[2] or source
        client = running.client("ssm", region)
        return str(client.get_parameter(Name=name, WithDecryption=True)["Parameter"]["Value"])
    parts = source.split(":")
    asked = {"SecretId": ":".join(parts[:7])}
    key, stage, version = (*parts[7:], "", "", "")[:3]
    if stage:
        asked["VersionStage"] = stage
    if version:
        asked["VersionId"] = version
    text = str(running.client("secretsmanager", region).get_secret_value(**asked)["SecretString"])
    if not key:
        return text
    try:
        return str(json.loads(text)[key])
    except (ValueError, KeyError) as error:
        raise EmulatorError(f"the secret {asked['SecretId']} has no key {key}") from error
