"""The embedded environment: an AWS on loopback with a real database and cache, and a system deployed into it.

running = start(system, folder)      # or running(folder), when it was started before
running.client("rds").describe_db_instances()
running.stop()
"""

from __future__ import annotations

from pathlib import Path

from stackproof.emulator import environment as _environment
from stackproof.emulator import workloads as _workloads
from stackproof.emulator.deployment import Progress, delete_stack, deploy, deploy_stack
from stackproof.emulator.edge import launch as _edge
from stackproof.emulator.environment import running
from stackproof.emulator.errors import DeploymentError, EmulatorError
from stackproof.emulator.plan import Plan, PlannedStack, make_plan
from stackproof.emulator.running import Address, Edge, Running, Served, Unsupported, load
from stackproof.system.loading import System


def start(
    system: System,
    folder: Path,
    *,
    environment: str = "embedded",
    name: str = "embedded",
    progress: Progress | None = None,
    owner: int = 0,
    workloads: bool = True,
) -> Running:
    """Start an environment for `folder`, deploy all stacks of the system into it, and leave it running.

    `name` tells environments of one folder apart. `owner` is the number of a process: when that is gone, the
    environment ends. Without `workloads` nothing runs behind what is deployed. When anything fails, nothing is left
    running.

    Raises:
        EmulatorError: it runs already, or a part or a workload is missing or does not answer.
        DeploymentError: a stack could not be created.
        MisuseError: system.yaml, a parameter file or a template is wrong.

    """
    if progress:
        progress("starting the embedded AWS, database and cache", 0, len(system.file.stacks))
    region = system.environment(environment).region
    begun = _environment.begin(folder, name, system.file.name, region, owner)
    try:
        plan = make_plan(system, environment, begun.account)  # while the processes start
        deployed = deploy(_environment.wait(begun), plan, progress)
        if workloads:
            deployed = serve(deployed, system, progress)
        return deployed.with_(starter=None)
    except BaseException:
        (load(begun.state) or begun).stop()  # with the processes that came later
        raise


def serve(running: Running, system: System, progress: Progress | None = None) -> Running:
    """Start the system's workloads and the edge proxy before them; what runs and is unchanged is kept.

    Raises:
        EmulatorError: a workload or the proxy is missing or does not answer.

    """
    if not system.file.workloads:
        return running
    if progress:
        progress("starting workloads and edge", len(running.stacks), len(running.stacks))
    return _edge.finish(_workloads.serve(_edge.begin(running), system), system)


__all__ = [
    "Address",
    "DeploymentError",
    "Edge",
    "EmulatorError",
    "Plan",
    "PlannedStack",
    "Running",
    "Served",
    "Unsupported",
    "delete_stack",
    "deploy",
    "deploy_stack",
    "make_plan",
    "running",
    "serve",
    "start",
]
