"""With IAM enforced: the printed policy is enough to read all of MDReader, all of it is needed, and preflight knows."""

from __future__ import annotations

import json
import urllib.request
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import pytest

from stackproof import emulator
from stackproof.controls import all_controls
from stackproof.controls.judge import Case, judge
from stackproof.engine.preflight import Preflight, after_reading, preflight
from stackproof.engine.static import Target
from stackproof.engine.systems import target_of
from stackproof.model import Cause, Finding, Outcome
from stackproof.sources import evaluate
from stackproof.sources.live import Aws, Credentials, LiveReading, permission_of, read_system
from stackproof.sources.live.needs import Need, denied_calls, needs_of
from stackproof.sources.live.policies import documents, statements
from stackproof.system.loading import System

ROLE = "reader"


class Reader:
    """Reads MDReader as a role that has the printed policy, but for some actions."""

    def __init__(self, system: System, running: emulator.Running) -> None:
        target = target_of(system, "embedded", Path.cwd())
        self.running = running
        self.target: Target = replace(target, deployment=replace(target.deployment, account=running.account))
        self.cases = [Case({}, evaluate(target.stacks, self.target.deployment).worlds[0].inventory)]
        self.needs: Sequence[Need] = needs_of(
            [self.cases[0].inventory], {stack.component: stack.name for stack in target.stacks}
        )

    def read(self, *stripped: str) -> tuple[Preflight, LiveReading, dict[str, Finding]]:
        """What preflight says beforehand, what is read, and what the controls say of it."""
        with self._role(stripped) as credentials:
            aws = Aws(
                self.running.region,
                account=self.running.account,
                endpoint=self.running.endpoint,
                credentials=credentials,
                embedded=True,
            )
            before = preflight(aws, self.target, self.cases)
            declared = self.cases[0].inventory
            unsupported = [entry.address for entry in self.running.unsupported]
            found = read_system(
                self.target.stacks, self.target.deployment, aws, declared=declared, unsupported=unsupported
            )
        controls = (*all_controls(), *self.target.expectations)
        return before, found, {f.key: f for f in judge([Case({}, found.inventory)], controls)}

    @contextmanager
    def _role(self, stripped: Sequence[str]) -> Iterator[Credentials]:
        iam, sts = self.running.client("iam"), self.running.client("sts")
        trust = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Principal": {"AWS": "*"}, "Action": "*"}]}
        made = iam.create_role(RoleName=ROLE, Path="/audit/", AssumeRolePolicyDocument=json.dumps(trust))["Role"]
        kept = [need for need in self.needs if need.action not in stripped]
        names = []
        for number, document in enumerate(documents(statements(kept))):
            names.append(f"read-{number}")
            iam.put_role_policy(RoleName=ROLE, PolicyName=names[-1], PolicyDocument=json.dumps(document))
        given = sts.assume_role(RoleArn=made["Arn"], RoleSessionName="gate")["Credentials"]
        self._enforce("0")
        try:
            yield Credentials(given["AccessKeyId"], given["SecretAccessKey"], given["SessionToken"])
        finally:
            self._enforce("inf")
            for name in names:
                iam.delete_role_policy(RoleName=ROLE, PolicyName=name)
            iam.delete_role(RoleName=ROLE)

    def _enforce(self, after: str) -> None:
        """Tell the emulator after how many calls it checks permissions."""
        address = f"{self.running.endpoint}/moto-api/reset-auth"
        request = urllib.request.Request(address, after.encode(), {"Content-Type": "text/plain"}, method="POST")  # noqa: S310 - our own server
        urllib.request.urlopen(request, timeout=10).close()  # noqa: S310 - our own server


@pytest.fixture(scope="module")
def reader(mdreader: System, deployed: emulator.Running) -> Reader:
    return Reader(mdreader, deployed)


@pytest.fixture(scope="module")
def whole(reader: Reader) -> tuple[Preflight, LiveReading, dict[str, Finding]]:
    """With all that the policy allows."""
    return reader.read()


def test_the_policy_is_enough(whole: tuple[Preflight, LiveReading, dict[str, Finding]]) -> None:
    """Nothing is refused, missing or a gap; before the reading the simulator says so too."""
    before, found, findings = whole
    assert (denied_calls(found.ledger), found.missing, found.inventory.gaps, found.fault) == ({}, (), (), None)
    assert Cause.ACCESS_DENIED not in {finding.cause for finding in findings.values()}
    assert (before.missing, before.unsure) == ((), "")
    assert "no call was refused" in after_reading(before, found.ledger, findings.values()).text()


def test_every_action_of_the_policy_is_needed(
    reader: Reader, whole: tuple[Preflight, LiveReading, dict[str, Finding]]
) -> None:
    """Each is asked for by a call of the reading or of its preflight, and no call needs another."""
    called = {permission_of(f"{entry.service}:{entry.operation}") for entry in whole[1].ledger.entries}
    assert called - {"sts:GetCallerIdentity"} == {need.action for need in reader.needs}


# What a resource has by another name in the deployment than in the templates, only the reading can tell (a dashboard
# names the database by its identifier), so each of these is foreseen but for the checks that are named.
STRIPPED = {
    ("kms:GetKeyPolicy",): set(),
    ("iam:GetRolePolicy",): set(),
    ("cloudformation:GetTemplate",): set(),
    ("s3:GetEncryptionConfiguration", "elasticache:DescribeCacheClusters"): set(),
    ("apigateway:GET",): {
        "apigateway-may-call-its-functions/websocket.WebSocketApi",
        "apigateway-stage-behind-firewall/backend.ApiliveStage",
        "apigatewayv2-cors-names-origins/websocket.WebSocketApi",
        "apigatewayv2-routes-authorized/websocket.WebSocketApi",
    },
    ("rds:DescribeDBInstances",): {
        "dashboard-names-what-exists/monitoring.Dashboard",
        "dashboard-shows-what-exists/monitoring.Dashboard",
    },
}


@pytest.mark.parametrize("stripped", STRIPPED, ids=",".join)
def test_what_a_missing_permission_leaves_unknown_is_foreseen(
    reader: Reader, whole: tuple[Preflight, LiveReading, dict[str, Finding]], stripped: tuple[str, ...]
) -> None:
    """The very checks that lose their answer are named before the reading, with the permission and how to add it."""
    before, found, findings = reader.read(*stripped)
    known = {key for key, finding in whole[2].items() if finding.outcome is not Outcome.UNKNOWN}
    lost = {key for key in known if key not in findings or findings[key].outcome is Outcome.UNKNOWN}
    assert lost
    assert {lack.need.action for lack in before.missing} == set(stripped)
    assert lost - {key for lack in before.missing for key in lack.leaves} == STRIPPED[stripped]
    assert before.policy is not None
    assert [action for s in before.policy["Statement"] for action in s["Action"]] == sorted(stripped)
    after = after_reading(before, found.ledger, findings.values())
    assert {lack.need.action for lack in after.missing} == set(stripped)
    assert {key for lack in after.missing for key in lack.leaves} & known == lost


def test_without_the_simulator_nothing_is_said_to_be_complete(reader: Reader) -> None:
    """Before the reading it is not known what is missing; afterwards the refused calls say it."""
    before, found, findings = reader.read("iam:SimulatePrincipalPolicy", "sns:ListSubscriptions")
    assert (before.missing, "access-denied" in before.unsure) == ((), True)
    assert "not known in advance" in before.text()
    after = after_reading(before, found.ledger, findings.values())
    assert [lack.need.action for lack in after.missing] == ["sns:ListSubscriptions", "iam:SimulatePrincipalPolicy"]
    assert len(after.missing[0].leaves) > 10
