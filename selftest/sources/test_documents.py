"""Resolved documents are valid templates that hold what is known and keep what AWS decides."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

from selftest.sources.evaluating import evaluation, source
from stackproof.model import Document

TEMPLATE = """AWSTemplateFormatVersion: 2010-09-09
Description: Everything that a document may have to keep
Metadata: {cfn-lint: {config: {ignore_checks: [W3045]}}}
Parameters:
  Env: {Type: String, Default: prod}
  Cidr: {Type: String}
  Password: {Type: String, NoEcho: true}
  Ami: {Type: "AWS::SSM::Parameter::Value<AWS::EC2::Image::Id>", Default: /ami}
Mappings: {M: {prod: {days: 30}}}
Conditions: {IsProd: !Equals [!Ref Env, prod], IsDev: !Equals [!Ref Env, dev]}
Rules: {R: {Assertions: [{Assert: !Contains [[prod, dev], !Ref Env]}]}}
Resources:
  Gone: {Type: AWS::SNS::Topic, Condition: IsDev}
  Bucket:
    Type: AWS::S3::Bucket
    Condition: IsProd
    DependsOn: Gone
    DeletionPolicy: Retain
    UpdateReplacePolicy: Retain
    Metadata: {checkov: {skip: [{id: CKV_AWS_18, comment: why}]}}
    Properties:
      BucketName: !Sub "files-${Env}-${AWS::AccountId}"
      LifecycleConfiguration:
        Rules: [{Status: Enabled, ExpirationInDays: !FindInMap [M, !Ref Env, days]}]
  Group:
    Type: AWS::EC2::SecurityGroup
    DependsOn: [Gone, Bucket]
    Properties:
      GroupDescription: !Sub "${Env} of ${Bucket.Arn} and ${Cidr}"
      SecurityGroupIngress: [{IpProtocol: tcp, FromPort: 443, ToPort: 443, CidrIp: !Ref Cidr}]
  Instance:
    Type: AWS::EC2::Instance
    Properties:
      ImageId: !Ref Ami
      SubnetId: !ImportValue prod-subnet
      AvailabilityZone: !Select [0, !GetAZs ""]
      SecurityGroupIds: [!GetAtt Group.GroupId]
      UserData:
        Fn::Base64: !Sub
          - "run ${P} ${!kept} ${D}"
          - {P: !Ref Password, D: !Join ["-", [!Ref Env, !Ref Bucket]]}
  Db:
    Type: AWS::RDS::DBInstance
    DeletionPolicy: Snapshot
    UpdateReplacePolicy: Snapshot
    Properties:
      DBInstanceClass: db.t4g.micro
      Engine: postgres
      AllocatedStorage: "20"
      MasterUsername: app
      MasterUserPassword: !Sub "{{resolve:secretsmanager:${Env}/db:SecretString:password}}"
Outputs:
  Bucket: {Value: !GetAtt Bucket.Arn, Export: {Name: !Sub "${Env}-bucket"}}
  Gone: {Condition: IsDev, Value: !Ref Gone}
"""
NETWORK = """
Resources: {Subnet: {Type: AWS::EC2::Subnet, Properties: {VpcId: vpc-12345678, CidrBlock: 10.0.0.0/24}}}
Outputs: {Subnet: {Value: !Ref Subnet, Export: {Name: prod-subnet}}}
"""


def written() -> Document:
    found = evaluation(source("app", TEMPLATE), source("network", NETWORK))
    assert found.problems == ()
    return found.worlds[0].documents[0]


def test_document_holds_the_resolved_and_keeps_the_rest() -> None:
    """Known values are plain; what AWS decides keeps its intrinsic; what is not there is gone."""
    content = written().content
    assert content["Resources"] == {
        "Bucket": {
            "Type": "AWS::S3::Bucket",
            "Properties": {
                "BucketName": "files-prod-123456789012",
                "LifecycleConfiguration": {"Rules": [{"Status": "Enabled", "ExpirationInDays": 30}]},
            },
            "DeletionPolicy": "Retain",
            "UpdateReplacePolicy": "Retain",
            "Metadata": {"checkov": {"skip": [{"id": "CKV_AWS_18", "comment": "why"}]}},
            "DependsOn": [],
        },
        "Group": {
            "Type": "AWS::EC2::SecurityGroup",
            "Properties": {
                "GroupDescription": {"Fn::Sub": "prod of ${Bucket.Arn} and ${Cidr}"},
                "SecurityGroupIngress": [
                    {"IpProtocol": "tcp", "FromPort": 443, "ToPort": 443, "CidrIp": {"Ref": "Cidr"}}
                ],
            },
            "DependsOn": ["Bucket"],
        },
        "Instance": {
            "Type": "AWS::EC2::Instance",
            "Properties": {
                "ImageId": {"Ref": "Ami"},
                "SubnetId": {"Fn::ImportValue": "prod-subnet"},
                "AvailabilityZone": {"Fn::Select": [0, {"Fn::GetAZs": ""}]},
                "SecurityGroupIds": [{"Fn::GetAtt": ["Group", "GroupId"]}],
                "UserData": {
                    "Fn::Base64": {
                        "Fn::Sub": [
                            "run ${Password} ${!kept} ${Part1}",
                            {"Part1": {"Fn::Join": ["-", ["prod", {"Ref": "Bucket"}]]}},
                        ]
                    }
                },
            },
        },
        "Db": {
            "Type": "AWS::RDS::DBInstance",
            "Properties": {
                "DBInstanceClass": "db.t4g.micro",
                "Engine": "postgres",
                "AllocatedStorage": "20",
                "MasterUsername": "app",
                "MasterUserPassword": "{{resolve:secretsmanager:prod/db:SecretString:password}}",
            },
            "DeletionPolicy": "Snapshot",
            "UpdateReplacePolicy": "Snapshot",
        },
    }
    assert list(content["Parameters"]) == ["Cidr", "Password", "Ami"]  # type: ignore[call-overload]
    assert content["Outputs"] == {
        "Bucket": {"Value": {"Fn::GetAtt": ["Bucket", "Arn"]}, "Export": {"Name": "prod-bucket"}}
    }
    assert set(content) == {"AWSTemplateFormatVersion", "Description", "Metadata", "Parameters", "Resources", "Outputs"}


def test_positions_lead_back_to_the_author() -> None:
    """Resources, outputs, parameters and the file itself have their lines."""
    document = written()
    lines = TEMPLATE.splitlines()
    assert document.resources["Db"].where("MasterUserPassword").line == 1 + lines.index(
        '      MasterUserPassword: !Sub "{{resolve:secretsmanager:${Env}/db:SecretString:password}}"'
    )
    assert lines[document.positions["Outputs.Bucket.Value"].line - 1].startswith("  Bucket: {Value")
    assert document.positions["Parameters.Cidr"].line == 6
    assert str(document.positions[""]) == "app.yml:1"


def test_cfn_lint_accepts_the_document(tmp_path: Path) -> None:
    """A document is a valid template: cfn-lint finds no errors in it."""
    path = tmp_path / "app.json"
    path.write_text(written().text())
    command = shutil.which("cfn-lint", path=str(Path(sys.executable).parent)) or "cfn-lint"
    done = subprocess.run(
        [command, "--format", "parseable", "--", str(path)], capture_output=True, text=True, check=False
    )
    errors = [line for line in done.stdout.splitlines() if ":E" in line]
    assert errors == []
    assert done.stderr == ""
