"""Preflight: what is missing, what stays unknown for it, and that not to know is never to have everything."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from stackproof.controls.judge import Case
from stackproof.engine.preflight import Lack, Preflight, after_reading, foreseen, preflight
from stackproof.engine.static import Target
from stackproof.model import Cause, Claim, Control, Finding, Inventory, Outcome, Resource, Severity, Where, control
from stackproof.sources import Deployment
from stackproof.sources.live import Aws, Fault, Identity, Ledger, Stored
from stackproof.sources.live.ledger import OK, digest
from stackproof.sources.live.needs import Need, needs_of
from stackproof.sources.live.redaction import plain

HERE = Where("storage.yml", 3)
ACCOUNT = "111122223333"
USER = f"arn:aws:iam::{ACCOUNT}:user/reader"


@control("AWS::S3::Bucket", severity=Severity.HIGH, remediation="Encrypt it.")
def is_encrypted(bucket: Resource) -> Claim:
    """A bucket of these tests is encrypted."""
    return bucket["BucketEncryption"].present()


@control("AWS::S3::Bucket", severity=Severity.HIGH, remediation="Version it.")
def is_versioned(bucket: Resource) -> Claim:
    """A bucket of these tests keeps old versions."""
    return bucket.at("VersioningConfiguration.Status").equals("Enabled")


@control("AWS::IAM::Role", severity=Severity.HIGH, remediation="Name the actions.")
def names_actions(role: Resource) -> Claim:
    """A role of these tests allows no action by a star."""
    return role["Policies"].each(lambda policy: ~policy["PolicyDocument"]["Action"].equals("*"))


@control("AWS::S3::Bucket", severity=Severity.HIGH, remediation="Retain it.")
def is_retained(bucket: Resource) -> Claim:
    """A bucket of these tests outlives its stack."""
    return bucket.attribute("DeletionPolicy").equals("Retain")


CONTROLS: tuple[Control, ...] = (is_encrypted, is_versioned, names_actions, is_retained)


def declared() -> list[Case]:
    properties: Any = {
        "BucketName": "files",
        "BucketEncryption": {"A": 1},
        "VersioningConfiguration": {"Status": "Enabled"},
    }
    bucket = Resource("data.Files", "AWS::S3::Bucket", properties, {"": HERE}, {"DeletionPolicy": "Retain"})
    policies: Any = [{"PolicyName": "own", "PolicyDocument": {"Action": "s3:GetObject"}}]
    role = Resource("data.Role", "AWS::IAM::Role", {"Policies": policies}, {"": HERE})
    bare = Resource("data.Bare", "AWS::IAM::Role", {}, {"": HERE})
    return [Case({}, Inventory((bucket, role, bare), region="eu-west-1"))]


@pytest.mark.parametrize(
    ("action", "left"),
    [
        ("s3:GetEncryptionConfiguration", {"is-encrypted/data.Files"}),
        ("s3:GetBucketVersioning", {"is-versioned/data.Files"}),
        ("s3:GetBucketCORS", set()),
        ("iam:ListRolePolicies", {"names-actions/data.Role", "names-actions/data.Bare"}),
        ("iam:GetRolePolicy", {"names-actions/data.Role"}),
        ("cloudformation:GetTemplate", {"is-retained/data.Files"}),
        (
            "cloudformation:ListStackResources",
            {f"{c}/data.Files" for c in ("is-encrypted", "is-versioned", "is-retained")}
            | {"names-actions/data.Role", "names-actions/data.Bare"},
        ),
    ],
)
def test_just_the_checks_that_need_an_action_are_foreseen(action: str, left: set[str]) -> None:
    """The readers say which properties a call answers, also one that is made for the parts of another's answer."""
    found = foreseen(declared(), CONTROLS, {action})
    assert found == ({action: sorted(left)} if left else {})


def stored(caller: Mapping[str, Any], **answers: Any) -> Aws:
    """A connection that answers with these: who calls, and what other calls of IAM give, by the operation."""
    target = Target("prod", (), Deployment("prod", "eu-west-1", ACCOUNT), ())
    needs = needs_of([case.inventory for case in declared()], {})
    ledger = Ledger()
    batches: dict[tuple[str, ...], list[str]] = {}
    for need in needs:
        batches.setdefault(need.resources, []).append(need.action)
    asked: list[tuple[str, str, Any, Any]] = [("sts", "GetCallerIdentity", {}, caller)]
    for resources, actions in batches.items():
        given_ = {"PolicySourceArn": USER, "ActionNames": actions, "ResourceArns": list(resources)}
        asked.append(("iam", "SimulatePrincipalPolicy", given_, answers["simulated"](actions)))
    for service, operation, parameters, body in asked:
        status = 403 if "Error" in body else 200
        entry = {
            "service": service,
            "operation": operation,
            "parameters": digest(plain(parameters, None, service)),
            "region": "us-east-1" if service == "iam" else target.deployment.region,
            "role": "",
            "account": "",
            "caller": "",
            "started": "",
            "seconds": 0.0,
            "attempts": 1,
            "request_id": "",
            "outcome": OK if status == 200 else "AccessDenied",
        }
        ledger.record(entry, {"status": status, "body": body})
    return Aws("eu-west-1", account=ACCOUNT, stored=Stored(ledger))


def ask(aws: Aws) -> Preflight:
    return preflight(aws, Target("prod", (), Deployment("prod", "eu-west-1", ACCOUNT)), declared())


def decided(**others: Any) -> Any:
    """The simulator's answer: every action allowed but those named, which get what is given."""

    def simulated(actions: list[str]) -> Any:
        results = [
            {"EvalActionName": action, "EvalResourceName": "*", "EvalDecision": "allowed"}
            | others.get(action.replace(":", "_"), {})
            for action in actions
        ]
        return {"EvaluationResults": results, "IsTruncated": False}

    return simulated


ME = {"Account": ACCOUNT, "Arn": USER}


def test_what_the_simulator_refuses_is_missing_and_can_be_added() -> None:
    """Own policies can be changed by a statement; a control policy of the organisation cannot."""
    simulated = decided(
        s3_GetBucketCORS={"EvalDecision": "implicitDeny"},
        s3_GetBucketVersioning={
            "EvalDecision": "implicitDeny",
            "OrganizationsDecisionDetail": {"AllowedByOrganizations": False},
        },
    )
    found = ask(stored(ME, simulated=simulated))
    assert {lack.need.action: lack.cause for lack in found.missing} == {
        "s3:GetBucketCORS": Cause.ACCESS_DENIED,
        "s3:GetBucketVersioning": Cause.DENIED_BY_ORGANISATION,
    }
    assert found.policy == {
        "Version": "2012-10-17",
        "Statement": [{"Effect": "Allow", "Action": ["s3:GetBucketCORS"], "Resource": "arn:aws:s3:::files"}],
    }
    assert found.unsure == ""


@pytest.mark.parametrize(
    "simulated",
    [
        lambda _: {"Error": {"Code": "AccessDenied", "Message": "not authorized"}},
        lambda _: {},
        lambda actions: decided()(actions[1:]),
        decided(s3_GetBucketCORS={"MissingContextValues": ["aws:SourceIp"]}),
        decided(s3_GetBucketCORS={"EvalDecision": "perhaps"}),
    ],
    ids=["denied", "empty", "incomplete", "conditional", "another word"],
)
def test_what_the_simulator_does_not_decide_is_not_known(simulated: Any) -> None:
    """Nothing is said to be missing, and nothing is said to be there."""
    found = ask(stored(ME, simulated=simulated))
    assert (found.missing, bool(found.unsure)) == ((), True)
    assert "not known in advance" in found.text()
    assert "allowed" not in found.text()


def test_a_caller_that_cannot_be_simulated_is_not_known() -> None:
    """The root user has no policies, and a federated one none of its own."""
    found = ask(stored({"Account": ACCOUNT, "Arn": f"arn:aws:iam::{ACCOUNT}:root"}, simulated=decided()))
    assert "neither a user nor a role" in found.unsure


def test_another_account_is_not_asked_further() -> None:
    """The first question says it, and it is the last one."""
    found = ask(stored({"Account": "999999999999", "Arn": USER}, simulated=decided()))
    assert isinstance(found.caller, Fault)
    assert found.caller.cause is Cause.WRONG_ACCOUNT
    assert "nothing can be read" in found.text()
    assert found.data()["caller"] is None


def call(ledger: Ledger, service: str, operation: str, answer: Any, outcome: str) -> None:
    texts = dict.fromkeys(("parameters", "region", "role", "account", "caller", "started", "request_id"), "")
    ledger.record(
        {"service": service, "operation": operation, "seconds": 0.0, "attempts": 1, "outcome": outcome, **texts}, answer
    )


def test_the_reading_corrects_what_was_simulated() -> None:
    """A call that was answered was allowed after all; one that was refused is missing, whoever said otherwise."""
    simulated = decided(s3_GetBucketVersioning={"EvalDecision": "explicitDeny"})
    before = ask(stored(ME, simulated=simulated))
    assert [lack.need.action for lack in before.missing] == ["s3:GetBucketVersioning"]
    ledger = Ledger()
    call(ledger, "s3", "GetBucketVersioning", {"status": 200, "body": {"Status": "Enabled"}}, OK)
    refusal = {"Error": {"Code": "AccessDenied", "Message": "Access Denied"}}
    call(ledger, "s3", "GetBucketEncryption", {"status": 403, "body": refusal}, "AccessDenied")
    call(ledger, "s3", "GetBucketCors", {"status": 404, "body": {"Error": {"Code": "NoSuchCORSConfiguration"}}}, "404")
    permission = "s3:GetEncryptionConfiguration"
    finding = Finding(
        "is-encrypted", "stackproof", Severity.HIGH, Outcome.UNKNOWN, HERE, "data.Files", "AWS::S3::Bucket", "prod",
        "", "", Cause.ACCESS_DENIED, permission,
    )  # fmt: skip
    after = after_reading(before, ledger, [finding])
    assert [(lack.need.action, lack.leaves) for lack in after.missing] == [(permission, ("is-encrypted/data.Files",))]
    assert f"{permission} (access-denied): is-encrypted" in after.text()


words = st.sampled_from(["s3", "a-word-of-some-length", "x" * 130, "ü"])
lacks = st.builds(
    Lack,
    st.builds(Need, st.builds("{}:{}".format, words, words), st.just(frozenset({"AWS::S3::Bucket"}))),
    st.sampled_from([Cause.ACCESS_DENIED, Cause.DENIED_BY_ORGANISATION]),
    st.lists(st.builds("{}/{}".format, words, words), max_size=8).map(tuple),
)


@settings(max_examples=60)
@given(st.lists(lacks, max_size=9), st.text(max_size=20).map(lambda text: text * 20), st.booleans())
def test_the_text_fits_the_screen(missing: list[Lack], unsure: str, read: bool) -> None:
    """Twelve lines of a hundred characters at most, whatever is missing; the data is plain JSON."""
    needed = tuple(lack.need for lack in missing)
    found = Preflight("prod", ACCOUNT, "eu-west-1", Identity(ACCOUNT, USER), needed, tuple(missing), unsure, read)
    lines = found.text().splitlines()
    assert len(lines) <= 12
    assert max(len(line) for line in lines) <= 100
    assert json.loads(json.dumps(found.data())) == found.data()
    if unsure.strip() and not missing:
        assert "allowed" not in found.text()
