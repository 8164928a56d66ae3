"""The embedded environment: an AWS on loopback with a real database and cache, and a system deployed into it.

running = start(system, folder)      # or running(folder), when it was started before
running.client("rds").describe_db_instances()
running.stop()
"""

from __future__ import annotations

from pathlib import Path

from stackproof.emulator import environment as _environment
from stackproof.emulator.deployment import Progress, delete_stack, deploy, deploy_stack
from stackproof.emulator.environment import running
from stackproof.emulator.errors import DeploymentError, EmulatorError
from stackproof.emulator.plan import Plan, PlannedStack, make_plan
from stackproof.emulator.running import Address, Running, Unsupported
from stackproof.system.loading import System


def start(
    system: System,
    folder: Path,
    *,
    environment: str = "embedded",
    name: str = "embedded",
    progress: Progress | None = None,
    owner: int = 0,
) -> Running:
    """Start an environment for `folder`, deploy all stacks of the system into it, and leave it running.

    `name` tells environments of one folder apart. `owner` is the number of a process: when that is gone, the
    environment ends. When anything fails, nothing is left running.

    Raises:
        EmulatorError: it runs already, or a part does not answer.
        DeploymentError: a stack could not be created.
        MisuseError: system.yaml, a parameter file or a template is wrong.

    """
    if progress:
        progress("starting the embedded AWS, database and cache", 0, len(system.file.stacks))
    region = system.environment(environment).region
    begun = _environment.begin(folder, name, system.file.name, region, owner)
    try:
        plan = make_plan(system, environment, begun.account)  # while the processes start
        return deploy(_environment.wait(begun), plan, progress).with_(starter=None)
    except BaseException:
        begun.stop()
        raise


__all__ = [
    "Address",
    "DeploymentError",
    "EmulatorError",
    "Plan",
    "PlannedStack",
    "Running",
    "Unsupported",
    "delete_stack",
    "deploy",
    "deploy_stack",
    "make_plan",
    "running",
    "start",
]
