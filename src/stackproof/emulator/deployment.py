"""Deploys stacks as a pipeline does it on AWS: created when new, else changed by a change set."""

from __future__ import annotations

import io
import time
import uuid
import zipfile
from collections.abc import Callable
from typing import Any, Final

from botocore.exceptions import ClientError

from stackproof.emulator.cloudformation.stack import LACKING
from stackproof.emulator.errors import DeploymentError, EmulatorError
from stackproof.emulator.plan import Plan, PlannedStack, secret_text
from stackproof.emulator.running import Running, Unsupported

Progress = Callable[[str, int, int], None]
CAPABILITIES: Final = ("CAPABILITY_IAM", "CAPABILITY_NAMED_IAM", "CAPABILITY_AUTO_EXPAND")
PATIENCE: Final = 120.0  # seconds for one stack
_LONGEST: Final = 51_200  # characters of a template in the request itself; CloudFormation's own limit
_UNCHANGED: Final = "didn't contain changes"


def deploy(running: Running, plan: Plan, progress: Progress | None = None) -> Running:
    """Deploy every stack of a plan. `progress` hears the stack's name, how many are done, and how many there are.

    Raises:
        DeploymentError: a stack failed; the reasons are those of its events.

    """
    _seed(running, plan)
    unsupported: list[Unsupported] = []
    stacks: dict[str, str] = {}
    for number, stack in enumerate(plan.stacks):
        if progress:
            progress(stack.name, number, len(plan.stacks))
        deploy_stack(running, stack)
        stacks[stack.component] = stack.name
        unsupported += _unsupported(running, stack)
    if progress:
        progress("deployed", len(plan.stacks), len(plan.stacks))
    return running.with_(stacks=stacks, unsupported=tuple(unsupported))


def deploy_stack(running: Running, stack: PlannedStack) -> str:
    """Create or change one stack and wait for it; return its status.

    Raises:
        DeploymentError: it failed; nothing to change is no failure.

    """
    client = running.client("cloudformation", stack.region)
    parameters = [{"ParameterKey": key, "ParameterValue": value} for key, value in stack.parameters.items()]
    request = {
        "StackName": stack.name,
        "Parameters": parameters,
        "Capabilities": list(CAPABILITIES),
        **_template(running, stack),
    }
    try:
        if _status(client, stack.name):
            return _change(client, stack.name, request)
        client.create_stack(**request, OnFailure="ROLLBACK")
    except ClientError as error:
        raise DeploymentError(stack.name, (str(error),)) from error
    return _settled(client, stack.name, "CREATE_COMPLETE")


def delete_stack(running: Running, name: str, region: str = "") -> None:
    """Delete a stack and wait until it is gone.

    Raises:
        DeploymentError: it cannot be deleted.

    """
    client = running.client("cloudformation", region)
    try:
        id_ = client.describe_stacks(StackName=name)["Stacks"][0]["StackId"]
        client.delete_stack(StackName=name)
    except ClientError as error:
        raise DeploymentError(name, (str(error),)) from error
    _settled(client, id_, "DELETE_COMPLETE")


def _change(client: Any, name: str, request: dict[str, Any]) -> str:
    plan = f"stackproof-{uuid.uuid4().hex[:12]}"
    client.create_change_set(ChangeSetName=plan, ChangeSetType="UPDATE", **request)
    described = client.describe_change_set(ChangeSetName=plan, StackName=name)
    if described["Status"] == "FAILED":
        client.delete_change_set(ChangeSetName=plan, StackName=name)
        if _UNCHANGED in described.get("StatusReason", ""):
            return _status(client, name)
        raise DeploymentError(name, (described.get("StatusReason", ""),))
    client.execute_change_set(ChangeSetName=plan, StackName=name)
    return _settled(client, name, "UPDATE_COMPLETE")


def _status(client: Any, name: str) -> str:
    try:
        return str(client.describe_stacks(StackName=name)["Stacks"][0]["StackStatus"])
    except ClientError as error:
        if "does not exist" in str(error):
            return ""
        raise


def _settled(client: Any, name: str, wanted: str) -> str:
    until, wait = time.monotonic() + PATIENCE, 0.02
    while (status := _status(client, name)).endswith("IN_PROGRESS"):
        if time.monotonic() > until:
            raise EmulatorError(f"{name} is still {status} after {PATIENCE:.0f} s")
        time.sleep(wait)
        wait = min(wait * 1.5, 0.2)
    if status != wanted:
        raise DeploymentError(name, (status, *_reasons(client, name)))
    return status


def _reasons(client: Any, name: str) -> tuple[str, ...]:
    """What the events say of the resources that failed, first one first."""
    events = client.describe_stack_events(StackName=name)["StackEvents"][::-1]
    failed = [e for e in events if e["ResourceStatus"].endswith("_FAILED") and e.get("ResourceStatusReason")]
    return tuple(f"{e['LogicalResourceId']} ({e['ResourceType']}): {e['ResourceStatusReason']}" for e in failed)


def _template(running: Running, stack: PlannedStack) -> dict[str, str]:
    body = stack.template.read_text(encoding="utf-8")
    if len(body) <= _LONGEST:
        return {"TemplateBody": body}
    s3, bucket, key = running.client("s3"), "stackproof-templates", f"{stack.name}-{uuid.uuid4().hex}"
    _bucket(s3, bucket)
    s3.put_object(Bucket=bucket, Key=key, Body=body.encode())
    return {"TemplateURL": f"https://{bucket}.s3.amazonaws.com/{key}"}


def _unsupported(running: Running, stack: PlannedStack) -> list[Unsupported]:
    """What the events of a stack say of resources that the backend could not make whole."""
    client = running.client("cloudformation", stack.region)
    found = []
    for page in client.get_paginator("list_stack_resources").paginate(StackName=stack.name):
        for resource in page["StackResourceSummaries"]:
            reason = resource.get("ResourceStatusReason") or ""
            if reason.startswith(LACKING):
                address = f"{stack.component}.{resource['LogicalResourceId']}"
                found.append(Unsupported(address, resource["ResourceType"], reason.removeprefix(LACKING)))
    return found


# --- what is there before the first stack -------------------------------------------------------------------


def _seed(running: Running, plan: Plan) -> None:
    """Put in place what pipelines and people do: built code, secrets by hand, parameters."""
    s3, secrets, ssm = running.client("s3"), running.client("secretsmanager"), running.client("ssm")
    for bucket, key in plan.artifacts:
        _bucket(s3, bucket)
        s3.put_object(Bucket=bucket, Key=key, Body=_archive())
    for name, keys in plan.secrets.items():
        try:
            secrets.create_secret(Name=name, SecretString=secret_text(keys))
        except secrets.exceptions.ResourceExistsException:
            continue
    for name in plan.values:
        ssm.put_parameter(Name=name, Value="put-in-by-hand", Type="String", Overwrite=True)


def _bucket(s3: Any, name: str) -> None:
    region = s3.meta.region_name
    place = {} if region == "us-east-1" else {"CreateBucketConfiguration": {"LocationConstraint": region}}
    try:
        s3.create_bucket(Bucket=name, **place)
    except (s3.exceptions.BucketAlreadyOwnedByYou, s3.exceptions.BucketAlreadyExists):
        return


def _archive() -> bytes:
    """An archive as a build leaves it, with no more in it than a file."""
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w") as archive:
        archive.writestr(zipfile.ZipInfo("README"), "stands for the built function\n")
    return content.getvalue()
