"""Both evidences of one environment, before anything is judged: what is declared, and what is deployed."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from stackproof.controls.judge import Case
from stackproof.engine.judgement import digest_of
from stackproof.engine.static import Target
from stackproof.engine.systems import target_of
from stackproof.model import Gap, Inventory, Resource, Unknown
from stackproof.sources import Deployment, evaluate
from stackproof.sources.live import Aws, Fault, Ledger, LiveReading, read_system
from stackproof.system.loading import System


@dataclass(frozen=True, slots=True)
class Declared:
    """What the templates of one environment declare: a case for each way in which they may turn out.

    `regions` names the region of components that lie in another one than the environment. `files` maps each file that
    was read to the SHA-256 of its content.
    """

    target: Target
    cases: Sequence[Case]
    regions: Mapping[str, str]
    files: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Survey:
    """Both evidences of one environment, before anything is judged."""

    templates: Declared
    reading: LiveReading

    @property
    def declared(self) -> Mapping[str, Resource]:
        """Every resource that the templates declare in one of their cases, by address."""
        return {r.address: r for case in self.templates.cases for r in case.inventory.resources}

    def always(self, address: str) -> bool:
        """Say whether the resource is declared however the templates' undecided parameters turn out."""
        return all(case.inventory.get(address) for case in self.templates.cases)


def declare(system: System, environment: str, account: str = "") -> Declared:
    """Evaluate the templates of an environment. `account` is the number of the embedded one.

    Raises:
        MisuseError: system.yaml or a parameter file is wrong.

    """
    target = target_of(system, environment, Path.cwd())
    target = replace(target, deployment=replace(target.deployment, account=account or target.deployment.account))
    evaluation = evaluate(target.stacks, target.deployment)
    return Declared(
        target,
        [Case(world.assumptions, world.inventory) for world in evaluation.worlds],
        {stack.component: stack.region for stack in system.file.stacks if stack.region},
        {str(path): digest_of(path) for path in evaluation.files},
    )


def survey(templates: Declared, aws: Aws | Fault, *, unsupported: Collection[str] = ()) -> Survey:
    """Read what is deployed of what the templates declare.

    A `Fault` instead of a connection says that there is nothing to read from. `unsupported` names addresses that the
    embedded environment only pretends to have.
    """
    target = templates.target
    if isinstance(aws, Fault):
        return Survey(templates, _nothing(aws, target.deployment, Ledger()))
    reading = read_system(
        target.stacks,
        target.deployment,
        aws,
        declared=templates.cases[0].inventory,
        unsupported=unsupported,
        regions=templates.regions,
    )
    if reading.fault is not None:
        reading = _nothing(reading.fault, target.deployment, reading.ledger)
    return Survey(templates, reading)


def _nothing(fault: Fault, deployment: Deployment, ledger: Ledger) -> LiveReading:
    """A reading that could not be: one gap in which everything is."""
    gap = Gap(Unknown(fault.cause, fault.message))
    inventory = Inventory((), (gap,), deployment.region, deployment.account, deployment.environment)
    return LiveReading(inventory, (), (), (), {}, ledger, fault)
