"""No pass and no failure comes of a fact that was not read: all of MDReader, judged from evidence that is spoiled.

The evidence is recorded once in the embedded environment. Every call meets every fault; one call of each service at a
time, so that a control that needs one of them is not hidden by another that it needs too.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import pytest

from selftest.emulator import disturbing
from stackproof import emulator
from stackproof.controls import all_controls
from stackproof.controls.judge import Case, judge
from stackproof.engine.live import judge_survey
from stackproof.engine.survey import Survey, declare, survey
from stackproof.model import Finding, Outcome
from stackproof.sources import evaluate
from stackproof.sources.live import Aws, Credentials, Ledger, LiveReading, Stored, stacks
from stackproof.sources.live.ledger import digest
from stackproof.system.loading import System

FINE = (Outcome.PASS, Outcome.NOT_APPLICABLE)
Judged = Mapping[str, Finding]


class Evidence:
    """What MDReader's reading recorded, and what is said of it when some of it is spoiled."""

    def __init__(self, system: System, running: emulator.Running) -> None:
        self.region = running.region
        self.templates = declare(system, "embedded", running.account)
        self.controls = (*all_controls(), *self.templates.target.expectations)
        self.unsupported = [entry.address for entry in running.unsupported]
        self.ledger = Ledger()
        credentials = Credentials(running.access_key, running.secret_key)
        self._read(
            Aws(running.region, endpoint=running.endpoint, credentials=credentials, embedded=True, ledger=self.ledger)
        )
        self.groups = disturbing.together(disturbing.calls_of(self.ledger))
        self.sound = self.judged(self.ledger)[1]

    def judged(self, ledger: Ledger) -> tuple[LiveReading, Judged]:
        """Read again from a ledger, and judge by the controls."""
        found = self._read(Aws(self.region, stored=Stored(ledger), embedded=True)).reading
        return found, {f.key: f for f in judge([Case({}, found.inventory)], self.controls)}

    def gated(self, ledger: Ledger) -> Judged:
        """Read again from a ledger, and judge as the gate does: beside the templates, with presence and drift."""
        seen = self._read(Aws(self.region, stored=Stored(ledger), embedded=True))
        return {f.key: f for f in judge_survey(seen).findings}

    def _read(self, aws: Aws) -> Survey:
        return survey(self.templates, aws, unsupported=self.unsupported)


@pytest.fixture(scope="module")
def evidence(mdreader: System, deployed: emulator.Running) -> Iterator[Evidence]:
    """Deployed templates are evaluated once for each content: most faults leave them as they are."""
    known: dict[str, object] = {}

    def once(sources, deployment):  # type: ignore[no-untyped-def]
        mark = digest([[s.component, s.name, s.parameters, s.template.content.decode()] for s in sources])
        if mark not in known:
            known[mark] = evaluate(sources, deployment)
        return known[mark]

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(stacks, "evaluate", once)
        yield Evidence(mdreader, deployed)


def wrong(before: Finding, after: Finding) -> bool:
    """Say whether an answer became another one. A demand that holds anyway may pass where it did not even apply."""
    if Outcome.UNKNOWN in (before.outcome, after.outcome) or before.outcome is after.outcome:
        return False
    holds_anyway = before.outcome is Outcome.NOT_APPLICABLE and after.outcome is Outcome.PASS
    return not (holds_anyway and after.message != after.control)


@pytest.mark.parametrize("fault", disturbing.FAULTS)
def test_a_fault_changes_an_answer_to_unknown_or_not_at_all(evidence: Evidence, fault: str) -> None:
    """Whatever call is met by it. That AWS says that a thing is not there is a failure by itself, and never a pass."""
    odd, met = [], 0
    for calls in disturbing.met_by(fault, evidence.groups):
        ledger, hit = disturbing.spoiled(evidence.ledger, calls, disturbing.FAULTS[fault])
        if not hit:
            continue
        met += len(hit)
        found, findings = evidence.judged(ledger)
        gone = fault == "not found"
        odd += [f"{one.address} is gone ({one.message})" for one in found.missing if not gone]
        for key, after in findings.items():
            before = evidence.sound.get(key)
            if before is None:
                odd += [f"{key} is new: {after.outcome}"] if after.outcome is not Outcome.UNKNOWN else []
            elif wrong(before, after) and not (gone and after.outcome is not Outcome.PASS):
                odd.append(f"{key}: {before.outcome} became {after.outcome}: {after.message}")
    assert not odd, "\n".join(odd)
    assert met


def test_every_call_meets_every_kind_of_fault(evidence: Evidence) -> None:
    """None of them is left out: each is met by two of the faults that are alike, and by all of the others."""
    every = {(entry.service, entry.operation) for entry in evidence.ledger.entries} - {("sts", "GetCallerIdentity")}
    assert {call for group in evidence.groups for call in group} == every
    for calls in evidence.groups:
        faults = [fault for fault in disturbing.FAULTS if calls in disturbing.met_by(fault, evidence.groups)]
        assert len(faults) == 2 + len(disturbing.FAULTS) - len(disturbing.ALIKE)


def test_the_gate_takes_no_denial_for_an_answer(evidence: Evidence) -> None:
    """Nor do presence and drift: whichever calls are denied, a known answer is the one without a denial."""
    sound, odd = evidence.gated(evidence.ledger), []
    for calls in evidence.groups:
        found = evidence.gated(disturbing.spoiled(evidence.ledger, calls, disturbing.FAULTS["access denied"])[0])
        assert found.keys() >= sound.keys()
        odd += [
            f"{key} without {calls}: {sound[key].outcome} became {after.outcome}: {after.message}"
            for key, after in found.items()
            if (wrong(sound[key], after) if key in sound else after.outcome is not Outcome.UNKNOWN)
        ]
    assert not odd, "\n".join(odd)


@pytest.mark.parametrize("turn", [0, 1])
def test_an_answer_without_a_fact_is_right_whatever_the_fact_is(evidence: Evidence, turn: int) -> None:
    """What is answered while a call is denied is what is answered when that call says something else."""
    odd = []
    for number, calls in enumerate(evidence.groups[turn::2]):
        spoil = disturbing.otherwise((disturbing.switched, disturbing.stripped)[number % 2])
        other, hit = disturbing.spoiled(evidence.ledger, calls, spoil)
        denied, _ = disturbing.spoiled(evidence.ledger, hit, disturbing.FAULTS["access denied"])
        blind, seen = evidence.judged(denied)[1], evidence.judged(other)[1]
        for key in blind.keys() & seen.keys():
            sides = (blind[key].outcome, seen[key].outcome)
            if Outcome.UNKNOWN not in sides and (sides[0] in FINE) != (sides[1] in FINE):
                odd.append(f"{key}: {sides[0]} without {hit}, {sides[1]} with another answer: {seen[key].message}")
    assert not odd, "\n".join(odd)
