"""MDReader from its first deployment to its last: every handler changes in place, and every handler unmakes."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from stackproof.emulator import (
    DeploymentError,
    Plan,
    PlannedStack,
    Running,
    delete_stack,
    deploy_stack,
    make_plan,
    start,
)
from stackproof.system.loading import System


@pytest.fixture(scope="module")
def alone(mdreader: System, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    """An environment that no other test looks at."""
    running = start(mdreader, tmp_path_factory.mktemp("life"))
    yield running
    running.stop()


@pytest.fixture(scope="module")
def plan(mdreader: System, alone: Running) -> Plan:
    """What is deployed there."""
    return make_plan(mdreader, "embedded", alone.account)


def ids(running: Running, stack: str) -> dict[str, str]:
    client = running.client("cloudformation")
    pages = client.get_paginator("list_stack_resources").paginate(StackName=stack)
    rows = [row for page in pages for row in page["StackResourceSummaries"]]
    return {row["LogicalResourceId"]: row["PhysicalResourceId"] for row in rows}


def rewritten(stack: PlannedStack, folder: Path, *changes: tuple[str, str]) -> PlannedStack:
    """The stack with its template changed."""
    text = stack.template.read_text(encoding="utf-8")
    for old, new in changes:
        assert old in text, old
        text = text.replace(old, new)
    file = folder / stack.template.name
    file.write_text(text, encoding="utf-8")
    return replace(stack, template=file)


def test_every_tag_changes_in_place(alone: Running, plan: Plan, tmp_path: Path) -> None:
    """A changed tag on everything that has tags replaces nothing but task definitions, which always are revised."""
    replaced = set()
    for stack in plan.stacks:
        text = stack.template.read_text(encoding="utf-8")
        spelled = ("{Key: Application, Value: mdreader}", "Application: mdreader\n")
        changes = [(one, one.replace("mdreader", "reader")) for one in spelled if one in text]
        before = ids(alone, stack.name)
        deploy_stack(alone, rewritten(stack, tmp_path, *changes))
        after = ids(alone, stack.name)
        assert set(after) == set(before)
        replaced |= {f"{stack.component}.{name}" for name in before if after[name] != before[name]}
    assert replaced == {"websocket.BlueTaskDefinition", "websocket.GreenTaskDefinition"}
    found = alone.client("rds").list_tags_for_resource(
        ResourceName=f"arn:aws:rds:us-east-1:{alone.account}:db:{ids(alone, alone.stacks['data'])['Database']}"
    )["TagList"]
    assert {"Key": "Application", "Value": "reader"} in found


def test_the_last_day(alone: Running, plan: Plan) -> None:
    """Stacks go in reverse; a protected database holds its stack until the protection is off, and leaves a snapshot."""
    stacks = list(reversed(plan.stacks))
    last = next(number for number, stack in enumerate(stacks) if stack.component == "data")
    for stack in stacks[:last]:
        delete_stack(alone, stack.name)
    with pytest.raises(DeploymentError, match="Cannot delete protected DB Instance"):
        delete_stack(alone, stacks[last].name)
    client = alone.client("rds")
    for database in client.describe_db_instances()["DBInstances"]:
        client.modify_db_instance(DBInstanceIdentifier=database["DBInstanceIdentifier"], DeletionProtection=False)
    for stack in stacks[last:]:
        delete_stack(alone, stack.name)
    assert alone.client("cloudformation").describe_stacks()["Stacks"] == []
    assert client.describe_db_instances()["DBInstances"] == []
    assert len(client.describe_db_snapshots(SnapshotType="manual")["DBSnapshots"]) == 1
    keys = alone.client("kms").list_keys()["Keys"]
    assert len(keys) >= 8  # retained, for without them nothing under them can be read
