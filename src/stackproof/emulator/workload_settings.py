"""What is deployed of a function, service or web application for its workload: variables, secrets, the role."""

from __future__ import annotations

import hashlib
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
    """The deployed configuration. `copies` is how many the service wants; `digest` is that of what is deployed."""

    kind: str
    id: str
    region: str
    variables: Mapping[str, str] = field(default_factory=dict)
    role: str = ""
    copies: int = 1
    digest: str = ""


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
    variables = found.get("Environment", {}).get("Variables", {})
    return Settings(FUNCTION, name, region, variables, found.get("Role", ""), digest=digest_of_function(found))


def _service(running: Running, arn: str, region: str) -> Settings:
    client = running.client("ecs", region)
    cluster = arn.split("/")[1]
    service = client.describe_services(cluster=cluster, services=[arn])["services"][0]
    task = client.describe_task_definition(taskDefinition=service["taskDefinition"])["taskDefinition"]
    container = _container(service, task)
    variables = {entry["name"]: entry["value"] for entry in container.get("environment", [])}
    for entry in container.get("secrets", []):
        variables[entry["name"]] = _secret(running, entry["valueFrom"], region)
    role, digest = task.get("taskRoleArn", ""), digest_of_service(service, task)
    return Settings(SERVICE, arn, region, variables, role, service["desiredCount"], digest)


def digest_of_function(configuration: Mapping[str, Any]) -> str:
    """Tell one configuration of a function from another, as far as its workload depends on it."""
    return digest(configuration.get("Environment", {}).get("Variables", {}), configuration.get("Role", ""))


def digest_of_service(service: Mapping[str, Any], task: Mapping[str, Any]) -> str:
    """Tell one configuration of a service from another, as far as its workload depends on it."""
    container = _container(service, task)
    return digest(container.get("environment", []), container.get("secrets", []), task.get("taskRoleArn", ""))


def digest(*parts: object) -> str:
    """A digest of plain JSON."""
    return hashlib.sha256(json.dumps(parts, sort_keys=True).encode()).hexdigest()


def _container(service: Mapping[str, Any], task: Mapping[str, Any]) -> Mapping[str, Any]:
    """The container that the load balancer leads to, else the first."""
    front = {balancer.get("containerName") for balancer in service.get("loadBalancers", [])}
    containers: list[Mapping[str, Any]] = task["containerDefinitions"]
    return next((container for container in containers if container["name"] in front), containers[0])


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
