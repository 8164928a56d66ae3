"""Deployed, read back and judged: the same controls say the same of MDReader as of its templates."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from stackproof import emulator
from stackproof.controls import all_controls
from stackproof.controls.judge import Case
from stackproof.engine.deployed import Compared, Standing, compare, drifts
from stackproof.engine.systems import target_of
from stackproof.model import Control, Inventory, Outcome
from stackproof.sources import StackSource, evaluate
from stackproof.sources.live import Aws, Credentials, LiveReading, read_system
from stackproof.system.loading import System

# Where the evidences differ although both know, reviewed: (control, resource) -> why.
# A replica takes network and groups from its source, so a template does not state them; AWS shows them all the same.
REVIEWED = {
    ("rds-admits-groups-only", "data.DatabaseReplica"),
    ("rds-subnets-private", "data.DatabaseReplica"),
    ("rds-subnets-span-zones", "data.DatabaseReplica"),
}


class Evidences:
    """MDReader as declared and as deployed."""

    def __init__(self, system: System, running: emulator.Running) -> None:
        target = target_of(system, "embedded", Path.cwd())
        self.running = running
        self.stacks: tuple[StackSource, ...] = target.stacks
        self.deployment = replace(target.deployment, account=running.account)
        self.controls: tuple[Control, ...] = (*all_controls(), *target.expectations)
        self.declared: Inventory = evaluate(self.stacks, self.deployment).worlds[0].inventory

    def read(self) -> LiveReading:
        """Read what is deployed now, with every call made anew."""
        aws = Aws(
            self.deployment.region,
            account=self.running.account,
            endpoint=self.running.endpoint,
            credentials=Credentials("testing", "testing"),
            embedded=True,
        )
        unsupported = [entry.address for entry in self.running.unsupported]
        return read_system(self.stacks, self.deployment, aws, declared=self.declared, unsupported=unsupported)


@pytest.fixture(scope="module")
def evidences(mdreader: System, deployed: emulator.Running) -> Evidences:
    return Evidences(mdreader, deployed)


@pytest.fixture(scope="module")
def reading(evidences: Evidences) -> LiveReading:
    return evidences.read()


@pytest.fixture(scope="module")
def compared(evidences: Evidences, reading: LiveReading) -> list[Compared]:
    return compare([Case({}, evidences.declared)], reading.inventory, evidences.controls)


def test_every_declared_resource_is_found_and_nothing_else(evidences: Evidences, reading: LiveReading) -> None:
    """What the templates declare is there, nothing is missing, and nothing is there that no template declares."""
    assert {r.address for r in reading.inventory.resources} == {r.address for r in evidences.declared.resources}
    assert (list(reading.missing), list(reading.extra), reading.inventory.gaps) == ([], [], ())


def test_outcomes_match_wherever_both_know(compared: list[Compared]) -> None:
    """No control passes one evidence and fails the other; what differs in applying is reviewed."""
    unlike = set()
    for pair in compared:
        assert pair.template is not None
        assert pair.deployed is not None
        sides = {pair.template.outcome, pair.deployed.outcome}
        if Outcome.UNKNOWN not in sides and len(sides) > 1:
            unlike.add((pair.control, pair.resource))
    assert unlike == REVIEWED


def test_little_is_unverified_and_never_silently(compared: list[Compared]) -> None:
    """Only what AWS never shows again, such as a password, cannot be judged from the deployment."""
    open_ = [pair.deployed for pair in compared if pair.standing is Standing.UNVERIFIED]
    assert {str(finding.cause) for finding in open_ if finding} == {"write-only"}
    assert Counter(pair.standing for pair in compared)[Standing.COMPLIANT] > 20 * len(open_)


def test_nothing_drifted(evidences: Evidences, reading: LiveReading) -> None:
    """Right after the deployment every declared property reads back as it was declared."""
    assert drifts(evidences.declared, reading.inventory) == []


@pytest.fixture
def unprotected(evidences: Evidences, reading: LiveReading) -> Iterator[str]:
    """Somebody switches the database's deletion protection off by hand; it is switched on again afterwards."""
    identifier = next(r for r in reading.inventory.resources if r.address == "data.Database")["DBInstanceIdentifier"]
    rds = evidences.running.client("rds")
    rds.modify_db_instance(DBInstanceIdentifier=identifier.value, DeletionProtection=False)
    yield "data.Database"
    rds.modify_db_instance(DBInstanceIdentifier=identifier.value, DeletionProtection=True)


def test_a_change_by_hand_is_named(evidences: Evidences, unprotected: str) -> None:
    """The drift names property, both values, the template's line and the call; the control's standing says drifted."""
    observed = evidences.read().inventory
    (drift,) = drifts(evidences.declared, observed)
    template = Path("systems/mdreader/infrastructure/data.yml")
    lines = template.read_text().splitlines()
    assert (drift.resource, drift.path, drift.declared, drift.observed) == (
        unprotected,
        "DeletionProtection",
        "true",
        "false",
    )
    assert "DeletionProtection" in lines[drift.where.line - 1]
    assert drift.call.source == "rds:DescribeDBInstances"
    drifted = {
        pair.control
        for pair in compare([Case({}, evidences.declared)], observed, evidences.controls)
        if pair.standing is Standing.DRIFTED
    }
    assert {"rds-deletion-protected", "database-survives"} <= drifted
