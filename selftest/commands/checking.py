"""Templates and helpers of the tests of `stackproof check`."""

from __future__ import annotations

import json
from typing import Any

from selftest.plugin.projects import Project

HEAD = 'AWSTemplateFormatVersion: "2010-09-09"\n'
BUCKET = f"{HEAD}Resources:\n  Uploads:\n    Type: AWS::S3::Bucket\n"
SHOP = f"""\
{HEAD}Parameters:
  Environment: {{Type: String}}
  Office: {{Type: String}}
Conditions:
  IsProd: !Equals [!Ref Environment, prod]
Resources:
  Database:
    Type: AWS::RDS::DBInstance
    Properties:
      DBInstanceClass: db.t4g.medium
      Engine: postgres
      StorageEncrypted: !If [IsProd, true, false]
  Group:
    Type: AWS::EC2::SecurityGroup
    Properties:
      GroupDescription: office
      SecurityGroupIngress:
        - {{IpProtocol: tcp, FromPort: 22, ToPort: 22, CidrIp: !Ref Office, Description: office}}
"""
ENCRYPTED, WORLD = "rds-storage-encrypted", "ec2-admin-ports-closed-to-world"

Findings = list[dict[str, Any]]


def found(project: Project, *arguments: str, folder: str = ".", **variables: str) -> Findings:
    """What a check says as JSON, by our own controls alone."""
    ran = project.check("--no-scanners", "--format", "json", *arguments, folder=folder, **variables)
    assert ran.code in (0, 1, 6), ran.said
    findings: Findings = json.loads(ran.out)
    return findings


def outcomes(findings: Findings, control: str) -> dict[str, str]:
    """The outcome of one control by environment."""
    return {f["environment"]: f["outcome"] for f in findings if f["control"] == control}
