"""What both tools say of documents becomes findings at the author's own lines. One real run judges them all."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path

import pytest

from stackproof.cache import Cache
from stackproof.model import Cause, Document, Finding, Outcome, Severity
from stackproof.scanners import findings, scan, source_findings
from stackproof.scanners.engines import Tool

BUCKET = """\
Parameters:
  Open: {Type: String, Default: "false"}
Resources:
  First:
    Type: AWS::S3::Bucket
  Second:
    Type: AWS::S3::Bucket
    Properties:
      PublicAccessBlockConfiguration:
        BlockPublicAcls: true
        BlockPublicPolicy: !Ref Open
        IgnorePublicAcls: true
        RestrictPublicBuckets: true
"""
DATABASE = """\
Mappings:
  Sizes: {prod: {days: 400, encrypted: false}}
Resources:
  Db:
    Type: AWS::RDS::DBInstance
    DeletionPolicy: Perhaps
    Properties:
      Engine: postgres
      BackupRetentionPeriod: !FindInMap [Sizes, prod, days]
      DBInstanceClass: db.m5.large
      StorageEncrypted: !FindInMap [Sizes, prod, encrypted]
Outputs:
  Name:
    Value: !GetAtt Db.NoSuchThing
"""
UNDECIDED = """\
Parameters:
  Cidr: {Type: String}
  Encrypted: {Type: String}
  Network: {Type: "AWS::EC2::VPC::Id"}
Resources:
  Group:
    Type: AWS::EC2::SecurityGroup
    Properties:
      GroupDescription: The hosts
      VpcId: !Ref Network
      SecurityGroupIngress:
        - {IpProtocol: tcp, FromPort: 22, ToPort: 22, CidrIp: !Ref Cidr, Description: Administrators}
  Known:
    Type: AWS::EC2::SecurityGroup
    Properties:
      GroupDescription: Which network it is in does not matter
      VpcId: !Ref Network
      SecurityGroupIngress:
        - {IpProtocol: tcp, FromPort: 22, ToPort: 22, CidrIp: 10.0.0.0/8, Description: Administrators}
  Db:
    Type: AWS::RDS::DBInstance
    Properties: {Engine: postgres, DBInstanceClass: db.m5.large, StorageEncrypted: !Ref Encrypted}
"""
SKIPPED = """\
Description: "#checkov:skip=CKV_AWS_21:the words alone"
Metadata: {cfn-lint: {config: {ignore_checks: [E3012, W3687]}}}
Resources:
  Marked:
    Type: AWS::S3::Bucket
    Metadata:
      checkov: {skip: [{id: CKV_AWS_18, comment: not now}]}
      cfn-lint: {config: {ignore_checks: [E3012]}}
    #checkov:skip=CKV_AWS_53:not now either
    Properties:
      BucketName: {not: a name}
"""
RESOLVED = """\
Parameters:
  Used: {Type: String, Default: 10.0.0.0/24}
Conditions:
  Always: !Equals [a, a]
Mappings:
  Zones: {first: {name: us-east-1a}}
Resources:
  Network: {Type: "AWS::EC2::VPC", Properties: {CidrBlock: !Ref Used}}
  Subnet:
    Type: AWS::EC2::Subnet
    Condition: Always
    Properties:
      VpcId: !Ref Network
      CidrBlock: !Sub "${Used}"
      AvailabilityZone: !Select [0, !GetAZs us-east-1]
      Tags: [{Key: Text, Value: !Sub "${!Network}"}]
"""
UNTIDY = """\
Parameters:
  Idle: {Type: String, Default: x}
Conditions:
  Never: !Equals [!Ref "AWS::Region", nowhere]
Resources:
  Topic: {Type: "AWS::SNS::Topic", Properties: {DisplayName: "${Topic}"}}
"""


@pytest.fixture(scope="module")
def found(
    checkov: Tool,
    evaluate_text: Callable[..., Document],
    write_document: Callable[..., Document],
    tmp_path_factory: pytest.TempPathFactory,
) -> Mapping[str, tuple[Finding, ...]]:
    """The findings of each document, all scanned in one run."""
    assert checkov
    texts = {"bucket": BUCKET, "database": DATABASE, "undecided": UNDECIDED, "skipped": SKIPPED, "resolved": RESOLVED}
    documents = {name: evaluate_text(text, f"{name}.yml") for name, text in texts.items()}
    mac = {
        "Type": "AWS::EC2::Instance",
        "Properties": {"InstanceType": "mac1.metal", "ImageId": "ami-0a1b2c3d4e5f60718"},
    }
    documents |= {
        "crash": write_document({"Odd": {"Type": {"Rain": "Module"}}, "Fine": {"Type": "AWS::S3::Bucket"}}),
        "unread": write_document({"Odd": {"Type": "AWS::S3::Bucket", "Properties": ["a", "list"]}}),
        "rule": write_document({"Db": {"Type": "AWS::RDS::DBInstance", "Properties": {"Engine": 5}}}),
        "offered": write_document({"Mac": mac}, "us-east-1"),
        "elsewhere": write_document({"Mac": mac}, "ca-west-1"),
        "empty": write_document({"Topic": {"Type": "Custom::Nothing", "Properties": {"ServiceToken": "x"}}}),
    }
    scans = scan(documents.values(), Cache(tmp_path_factory.mktemp("cache")), sources={"untidy.yml": UNTIDY}, workers=2)
    answers = {name: findings(document, scans, "prod") for name, document in documents.items()}
    return answers | {"untidy": source_findings("untidy.yml", UNTIDY, scans, "prod")}


def one(found: tuple[Finding, ...], control: str, resource: str = "") -> Finding:
    """The only finding of this control and resource."""
    (finding,) = (f for f in found if f.control == control and f.resource == resource)
    return finding


@pytest.mark.parametrize(
    ("document", "control", "resource", "line"),
    [
        ("bucket", "CKV_AWS_54", "bucket.First", 4),  # nothing is written: the resource's own line
        ("bucket", "CKV_AWS_54", "bucket.Second", 11),
        ("database", "CKV_AWS_16", "database.Db", 11),
        ("database", "E3719", "database.Db", 9),
        ("database", "E3035", "database.Db", 6),
        ("database", "E6101", "", 14),
    ],
)
def test_a_failure_is_at_the_authors_line(
    found: Mapping[str, tuple[Finding, ...]], document: str, control: str, resource: str, line: int
) -> None:
    """Values that were resolved, things that are missing and parts outside resources lead back to the template."""
    finding = one(found[document], control, resource)
    assert finding.outcome is Outcome.FAIL
    assert (finding.where.source, finding.where.line) == (f"{document}.yml", line)


def test_a_finding_says_everything(found: Mapping[str, tuple[Finding, ...]]) -> None:
    """A failure names engine, level, type, environment and the value that was found."""
    finding = one(found["database"], "CKV_AWS_16", "database.Db")
    assert (finding.engine, finding.severity, finding.type, finding.environment) == (
        "checkov",
        Severity.HIGH,
        "AWS::RDS::DBInstance",
        "prod",
    )
    assert "StorageEncrypted is false" in finding.message


def test_an_undecided_value_is_no_clean_result(found: Mapping[str, tuple[Finding, ...]]) -> None:
    """A rule that passes a placeholder, as CKV_AWS_24 does here, leaves the resource unknown with the parameter."""
    finding = one(found["undecided"], "checkov", "undecided.Group")
    assert (finding.outcome, finding.cause, finding.where.line) == (Outcome.UNKNOWN, Cause.UNRESOLVED_PARAMETER, 12)
    assert finding.decided_by == "undecided.Cidr"


def test_which_network_it_is_does_not_matter(found: Mapping[str, tuple[Finding, ...]]) -> None:
    """A parameter that names a thing of AWS leaves nothing open."""
    assert not [f for f in found["undecided"] if f.resource == "undecided.Known" and f.outcome is Outcome.UNKNOWN]


def test_a_failure_over_an_undecided_value_is_unknown(found: Mapping[str, tuple[Finding, ...]]) -> None:
    """A rule that fails just because it saw a placeholder has not seen a failure."""
    finding = one(found["undecided"], "CKV_AWS_16", "undecided.Db")
    assert (finding.outcome, finding.decided_by) == (Outcome.UNKNOWN, "undecided.Encrypted")


def test_a_crash_costs_one_document(found: Mapping[str, tuple[Finding, ...]]) -> None:
    """What crashes checkov is one unknown of that document; cfn-lint and all other documents are judged."""
    finding = one(found["crash"], "checkov")
    assert (finding.outcome, finding.cause) == (Outcome.UNKNOWN, Cause.TOOL_ERROR)
    assert "unhashable" in finding.message
    assert one(found["crash"], "E3001", "odd.Odd").outcome is Outcome.FAIL
    assert one(found["bucket"], "checkov").outcome is Outcome.PASS


def test_what_was_not_read_is_unknown(found: Mapping[str, tuple[Finding, ...]]) -> None:
    """A document that checkov passes over in silence is no pass."""
    finding = one(found["unread"], "checkov")
    assert (finding.outcome, finding.cause) == (Outcome.UNKNOWN, Cause.TOOL_ERROR)
    assert "Odd was not read" in finding.message


def test_the_crash_of_one_rule_is_unknown(found: Mapping[str, tuple[Finding, ...]]) -> None:
    """checkov hides that a check crashed; here it is an unknown under the check's id, and the other checks count."""
    finding = one(found["rule"], "CKV_AWS_16", "odd.Db")
    assert (finding.outcome, finding.cause) == (Outcome.UNKNOWN, Cause.TOOL_ERROR)
    assert one(found["rule"], "CKV_AWS_118", "odd.Db").outcome is Outcome.FAIL


@pytest.mark.parametrize("control", ["CKV_AWS_18", "CKV_AWS_21", "CKV_AWS_53", "E3012"])
def test_marks_in_the_template_hide_nothing(found: Mapping[str, tuple[Finding, ...]], control: str) -> None:
    """Suppressions become waivers elsewhere; the scanners report what they find all the same."""
    assert any(f.control == control and f.outcome is Outcome.FAIL for f in found["skipped"])


def test_resolving_adds_no_warnings(found: Mapping[str, tuple[Finding, ...]]) -> None:
    """Used parameters, mappings and conditions that resolving took away are not reported as unused."""
    assert [f.control for f in found["resolved"] if f.engine == "cfn-lint"] == ["cfn-lint"]


def test_the_authors_text_is_judged_too(found: Mapping[str, tuple[Finding, ...]]) -> None:
    """What only the author's own words show is found there, with its line."""
    lines = {f.control: f.where.line for f in found["untidy"] if f.outcome is Outcome.FAIL}
    assert lines == {"W2001": 2, "W8001": 4, "E1029": 6}


def test_a_region_changes_the_answer(found: Mapping[str, tuple[Finding, ...]]) -> None:
    """The same text is judged by what the region offers."""
    assert not [f for f in found["offered"] if f.control == "E3628"]
    assert one(found["elsewhere"], "E3628", "odd.Mac").outcome is Outcome.FAIL


def test_every_engine_answers_for_every_document(found: Mapping[str, tuple[Finding, ...]]) -> None:
    """A gate can count: each document has one finding per engine that says whether it was judged."""
    for name, answers in found.items():
        if name != "untidy":
            assert [f.control for f in answers if f.resource == "" and f.control == f.engine] == ["cfn-lint", "checkov"]


def test_no_rule_is_no_pass(found: Mapping[str, tuple[Finding, ...]]) -> None:
    """A document for which checkov has no rule was not found clean."""
    assert one(found["empty"], "checkov").outcome is Outcome.NOT_APPLICABLE


def test_equal_documents_are_read_once(checkov: Tool, write_document: Callable[..., Document], tmp_path: Path) -> None:
    """Two stacks of the same content cost one scan, and each has its own findings."""
    assert checkov
    bucket = {"Bucket": {"Type": "AWS::S3::Bucket"}}
    documents = [write_document(bucket, stack="left"), write_document(bucket, stack="right")]
    seen: list[tuple[str, int, int]] = []
    scans = scan(documents, Cache(tmp_path), workers=1, progress=lambda *step: seen.append(step))
    assert sorted(seen) == [("cfn-lint", 1, 1), ("checkov", 1, 1)]
    addresses = [{f.resource for f in findings(d, scans, "prod")} - {""} for d in documents]
    assert addresses == [{"left.Bucket"}, {"right.Bucket"}]


def test_what_is_too_large_is_not_begun(write_document: Callable[..., Document], tmp_path: Path) -> None:
    """A document far above CloudFormation's own limits is unknown at once, not after minutes."""
    many = write_document({f"Queue{n}": {"Type": "AWS::SQS::Queue"} for n in range(1001)})
    long = write_document({"Topic": {"Type": "AWS::SNS::Topic", "Properties": {"DisplayName": "x" * 1_000_001}}})
    scans = scan([many, long], Cache(tmp_path), sources={"long.yml": "#" * 1_000_001})
    assert len(scans) == 5
    assert all(answer.unknown and "too large" in answer.unknown.detail for answer in scans.values())
