"""What can be wrong with the workloads of a system.yaml beyond their fields."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from stackproof.errors import MisuseError
from stackproof.system.schema import SystemFile


def wrong_workloads(file: SystemFile, where: Callable[..., str]) -> Iterator[MisuseError]:
    """List workloads of stacks that are not there, and resources that have two. `where` says `file:line` of a place."""
    components = [stack.component for stack in file.stacks]
    resources = [workload.resource for workload in file.workloads]
    for index, resource in enumerate(resources):
        place = where("workloads", index, "resource")
        component = resource.partition(".")[0]
        if component not in components:
            yield MisuseError(place, f"stack {component!r}", f"one of {', '.join(components)}")
        if resources.index(resource) != index:
            yield MisuseError(place, f"{resource!r} again", "each resource once")
