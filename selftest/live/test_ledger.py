"""Every call is written down without secrets, asked once, read to the end, and can be judged again."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from selftest.live.seeding import Lab, read
from stackproof.errors import MisuseError
from stackproof.model import Cause
from stackproof.sources.live import Aws, Credentials, Ledger, Stored
from stackproof.sources.live.faults import Fault
from stackproof.sources.live.guard import kind_of
from stackproof.sources.live.paging import Pages, Plan


@pytest.fixture
def recorded(lab: Lab, tmp_path: Path) -> Iterator[tuple[Aws, Path]]:
    """A connection that writes into a folder."""
    folder = tmp_path / "run"
    ledger = Ledger(folder)
    yield Aws("us-east-1", endpoint=lab.endpoint, credentials=Credentials("AKIA0", "s3cr3t"), ledger=ledger), folder
    ledger.close()


def lines(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text().splitlines()]


def test_an_entry_says_all_about_its_call(recorded: tuple[Aws, Path]) -> None:
    """Who, what, where, when, how long, how often, and how it ended; failures too."""
    aws, folder = recorded
    aws.identity()
    aws.call("sqs", "GetQueueAttributes", {"QueueUrl": "https://x/none", "AttributeNames": ["All"]})
    first, second = lines(folder / "calls.jsonl")
    assert (first["id"], second["id"]) == (1, 2)
    assert first["operation"] == "GetCallerIdentity"
    assert first["outcome"] == "ok"
    assert "NonExistentQueue" in second["outcome"] or "QueueDoesNotExist" in second["outcome"]
    assert second["account"] == "123456789012"
    assert second["caller"].startswith("arn:aws:")
    assert second["region"] == "us-east-1"
    assert second["attempts"] == 1
    assert second["seconds"] > 0
    assert len(second["parameters"]) == len(second["answer"]) == 64
    assert second["started"].endswith("+00:00")


def test_an_answer_is_asked_for_once_by_all_threads(recorded: tuple[Aws, Path]) -> None:
    """Eight threads that ask the same get one answer, from one call."""
    aws, _ = recorded
    found: list[int] = []
    threads = [
        threading.Thread(target=lambda: found.append(id(aws.call("ec2", "DescribeVpcs").value))) for _ in range(8)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(set(found)) == 1
    assert len(aws.ledger.entries) == 1


def test_no_secret_is_written(lab: Lab, recorded: tuple[Aws, Path]) -> None:
    """Neither credentials of the caller nor of a role, nor what looks like a secret."""
    aws, folder = recorded
    ssm_value = "postgres://app:hunter2hunter2@db:5432/app"
    lab("lambda")
    lab("cloudformation").create_stack(
        StackName="plain",
        TemplateBody=json.dumps(
            {
                "Parameters": {"DbPassword": {"Type": "String"}},
                "Resources": {"T": {"Type": "AWS::SNS::Topic", "Properties": {"DisplayName": {"Ref": "DbPassword"}}}},
                "Outputs": {"Url": {"Value": ssm_value}},
            }
        ),
        Parameters=[{"ParameterKey": "DbPassword", "ParameterValue": "correct-horse-battery"}],
    )
    assert not isinstance(aws.assume("arn:aws:iam::210987654321:role/reader"), Fault)
    aws.call("cloudformation", "DescribeStacks", {"StackName": "plain"})
    written = (folder / "calls.jsonl").read_text() + (folder / "answers.jsonl").read_text()
    assert "plain" in written
    for secret in ("s3cr3t", "hunter2", "correct-horse", "AKIA0", '"SessionToken": "F'):
        assert secret not in written


def test_a_stored_run_is_read_again_without_aws(lab: Lab, recorded: tuple[Aws, Path]) -> None:
    """The same readers give the same resource, down to the ledger's lines, and failures stay failures."""
    lab("s3").create_bucket(Bucket="stored-bucket")
    aws, folder = recorded
    aws.identity()
    before = read(aws, "AWS::S3::Bucket", "stored-bucket")
    gone = aws.call("sns", "GetTopicAttributes", {"TopicArn": "arn:aws:sns:us-east-1:123456789012:none"})
    aws.ledger.close()
    again = Aws("us-east-1", stored=Stored(Ledger.load(folder)))
    assert again.identity() == aws.identity()
    after = read(again, "AWS::S3::Bucket", "stored-bucket")
    assert (after.properties, after.positions, after.names) == (before.properties, before.positions, before.names)
    assert (
        again.call("sns", "GetTopicAttributes", {"TopicArn": "arn:aws:sns:us-east-1:123456789012:none"}).fault
        == gone.fault
    )
    unasked = again.call("sqs", "ListQueues")
    assert unasked.fault is not None
    assert unasked.fault.cause is Cause.NOT_READ
    assert len(again.ledger.entries) == len(aws.ledger.entries)


def test_a_failure_of_the_connection_is_replayed(tmp_path: Path) -> None:
    """A closed port has the same cause when it is read again."""
    ledger = Ledger(tmp_path / "off")
    off = Aws("us-east-1", endpoint="http://127.0.0.1:9", credentials=Credentials("a", "b"), ledger=ledger, attempts=1)
    fault = off.call("sns", "ListTopics").fault
    ledger.close()
    again = Aws("us-east-1", stored=Stored(Ledger.load(tmp_path / "off"))).call("sns", "ListTopics").fault
    assert fault is not None
    assert again is not None
    assert (again.cause, again.code) == (fault.cause, fault.code) == (Cause.ENDPOINT_OFF, "EndpointConnectionError")


def test_evidence_that_was_changed_is_refused(recorded: tuple[Aws, Path]) -> None:
    """An answer that is not the one that was stored is no evidence; nor is a second run in the same folder."""
    aws, folder = recorded
    aws.identity()
    aws.ledger.close()
    answers = folder / "answers.jsonl"
    answers.write_text(answers.read_text().replace("123456789012", "999999999999"))
    with pytest.raises(MisuseError, match="no true answer"):
        Ledger.load(folder)
    with pytest.raises(MisuseError, match="another run"):
        Ledger(folder).record(ENTRY, {})
    with pytest.raises(MisuseError):
        Ledger.load(folder / "none")


ENTRY = {
    "service": "s3",
    "operation": "ListBuckets",
    "parameters": "",
    "region": "",
    "role": "",
    "account": "",
    "caller": "",
    "started": "",
    "seconds": 0.0,
    "attempts": 1,
    "request_id": "",
    "outcome": "ok",
}


def test_lists_are_read_to_their_end(lab: Lab, aws: Aws) -> None:
    """60 log groups come in several pages, and all of them are there."""
    assert kind_of("logs", "DescribeLogGroups").value == "read"
    for number in range(60):
        lab("logs").create_log_group(logGroupName=f"/many/{number:03}")
    answer = aws.call("logs", "DescribeLogGroups")
    names = [group["logGroupName"] for group in answer.value["logGroups"]]
    assert sum(name.startswith("/many/") for name in names) == 60
    assert len(aws.ledger.entries) > 1


TOKENS = Plan(("Marker",), ("NextMarker",), ("Items",), "IsTruncated")


@pytest.mark.parametrize(
    "pages",
    [
        [{"Items": [1], "IsTruncated": True}],
        [
            {"Items": [1], "IsTruncated": True, "NextMarker": "a"},
            {"Items": [2], "IsTruncated": True, "NextMarker": "a"},
        ],
    ],
    ids=["no token for the rest", "the same page again"],
)
def test_half_a_list_is_a_fault(pages: list[dict[str, Any]]) -> None:
    """A list that says that there is more and does not say how to get it is malformed, never short."""
    whole = Pages(TOKENS)
    results = [whole.add(page) for page in pages]
    assert isinstance(results[-1], Fault)
    assert results[-1].cause is Cause.MALFORMED


def test_an_empty_page_is_not_the_end() -> None:
    """AWS may answer with nothing and a token: the rest comes later."""
    whole = Pages(TOKENS)
    assert whole.add({"Items": [], "IsTruncated": True, "NextMarker": "x"}) == {"Marker": "x"}
    assert whole.add({"Items": [1], "IsTruncated": False}) == {}
    assert whole.value["Items"] == [1]


def test_pages_are_joined() -> None:
    """Lists inside structures too."""
    whole = Pages(Plan(("Marker",), ("List.NextMarker",), ("List.Items",), "List.IsTruncated"))
    assert whole.add({"List": {"Items": [1], "IsTruncated": True, "NextMarker": "x"}}) == {"Marker": "x"}
    assert whole.add({"List": {"Items": [2], "IsTruncated": False}}) == {}
    assert whole.value["List"]["Items"] == [1, 2]
