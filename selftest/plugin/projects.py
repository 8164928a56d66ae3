"""A small system to run the gate on, the way a user does: in a folder of its own, in a process of its own."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

SYSTEM = """\
name: shop
naming: "shop-{environment}-{component}"
layers: [base, data]
requirements: requirements.yaml
stacks:
  - {component: network, template: network.yml, layer: base}
  - {component: data, template: data.yml, layer: data}
environments:
  dev: {region: eu-west-1, account: "111122223333", parameters: dev.json}
  prod: {region: eu-west-1, account: "111122223333", parameters: prod.json}
expectations:
  - id: database-encrypted
    proves: SHOP-1
    resource: {type: AWS::RDS::DBInstance}
    expect: {StorageEncrypted: true}
    severity: critical
gates:
  unit: {budget: 5m, blocks: critical}
severities: {rds-storage-encrypted: low}
"""

REQUIREMENTS = """\
- {id: SHOP-1, says: databases are encrypted, proof: [template]}
- {id: SHOP-2, says: pages load in a second, proof: [load]}
- {id: SHOP-3, says: nothing is lost, proof: [template, deployed]}
"""

NETWORK = """\
AWSTemplateFormatVersion: "2010-09-09"
Parameters:
  Environment: {Type: String}
Resources:
  Vpc:
    Type: AWS::EC2::VPC
    Properties: {CidrBlock: 10.0.0.0/16}
  Group:
    Type: AWS::EC2::SecurityGroup
    Properties:
      GroupDescription: the database
      VpcId: !Ref Vpc
      SecurityGroupIngress:
        - {IpProtocol: tcp, FromPort: 5432, ToPort: 5432, CidrIp: 10.0.0.0/16, Description: services}
Outputs:
  GroupId:
    Value: !GetAtt Group.GroupId
    Export: {Name: !Sub "shop-${Environment}-group"}
"""

DATA = """\
AWSTemplateFormatVersion: "2010-09-09"
Parameters:
  Environment: {Type: String}
Conditions:
  IsProd: !Equals [!Ref Environment, prod]
Resources:
  Database:
    Type: AWS::RDS::DBInstance
    DeletionPolicy: Snapshot
    UpdateReplacePolicy: Snapshot
    Properties:
      DBInstanceClass: db.t4g.medium
      Engine: postgres
      AllocatedStorage: "20"
      MasterUsername: shop
      ManageMasterUserPassword: true
      StorageEncrypted: !If [IsProd, true, false]
      PubliclyAccessible: false
      VPCSecurityGroups: [!ImportValue {"Fn::Sub": "shop-${Environment}-group"}]
  Uploads:
    Type: AWS::S3::Bucket
  Alarm:
    Type: AWS::CloudWatch::Alarm
    Properties:
      Namespace: AWS/RDS
      MetricName: FreeStorageSpace
      Dimensions: [{Name: DBInstanceIdentifier, Value: !Ref Database}]
      Statistic: Minimum
      ComparisonOperator: LessThanThreshold
      Threshold: 1000000000
      Period: 300
      EvaluationPeriods: 1
"""

GATE = """\
import pytest

from stackproof.plugin import template_checks

pytestmark = pytest.mark.unit

checks = template_checks()
"""

INI = """\
[pytest]
testpaths = tests
addopts = --strict-markers --strict-config --import-mode=importlib
filterwarnings = error
"""

FILES: Mapping[str, str] = {
    "pytest.ini": INI,
    "tests/unit/test_templates.py": GATE,
    "systems/shop/system.yaml": SYSTEM,
    "systems/shop/requirements.yaml": REQUIREMENTS,
    "systems/shop/network.yml": NETWORK,
    "systems/shop/data.yml": DATA,
    "systems/shop/dev.json": '[{"ParameterKey": "Environment", "ParameterValue": "dev"}]',
    "systems/shop/prod.json": '[{"ParameterKey": "Environment", "ParameterValue": "prod"}]',
}

# Settings of the run that runs these tests must not reach the runs that they start
_FOREIGN = ("STACKPROOF_", "PYTEST_", "NO_COLOR", "FORCE_COLOR", "COLUMNS", "CI", "GITHUB_")


@dataclass(frozen=True, slots=True)
class Ran:
    """What came of a command."""

    code: int
    out: str
    err: str

    @property
    def said(self) -> str:
        """Both outputs together."""
        return self.out + self.err


@dataclass(frozen=True, slots=True)
class Project:
    """A folder with files, and the commands that are run in it. Projects of one test run share one cache."""

    root: Path
    cache: Path

    def put(self, name: str, content: str | bytes) -> Path:
        """Write one file and the folders that it needs."""
        path = self.root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content.encode() if isinstance(content, str) else content)
        return path

    def edit(self, name: str, old: str, new: str) -> None:
        """Replace a text that must be there."""
        text = (self.root / name).read_text()
        assert old in text, f"{old!r} is not in {name}"
        self.put(name, text.replace(old, new, 1))

    def gate(self, *arguments: str, **variables: str) -> Ran:
        """Run `pytest -m unit` with further arguments."""
        return self.pytest("-m", "unit", *arguments, **variables)

    def pytest(self, *arguments: str, **variables: str) -> Ran:
        """Run `pytest`."""
        return self.run(sys.executable, "-m", "pytest", *arguments, **variables)

    def check(self, *arguments: str, folder: str = ".", **variables: str) -> Ran:
        """Run `stackproof check`."""
        return self.run(sys.executable, "-m", "stackproof.cli", "check", *arguments, folder=folder, **variables)

    def run(self, *command: str, folder: str = ".", **variables: str) -> Ran:
        """Run a command in the project; one that takes over two minutes hangs."""
        done = subprocess.run(
            command,
            cwd=self.root / folder,
            env=self.environment(**variables),
            capture_output=True,
            text=True,
            check=False,
            timeout=120,
        )
        return Ran(done.returncode, done.stdout, done.stderr)

    def environment(self, **variables: str) -> dict[str, str]:
        """The variables of a run: no scanner but cfn-lint, since checkov takes seconds to start."""
        kept = {name: value for name, value in os.environ.items() if not name.startswith(_FOREIGN)}
        ours = {
            "STACKPROOF_CACHE": str(self.cache),
            "STACKPROOF_CHECKOV_PYTHON": "/nonexistent/python",
            "PYTHONDONTWRITEBYTECODE": "1",
            "COLUMNS": "100",
        }
        return {**kept, **ours, **variables}

    def result(self, environment: str, folder: str = "reports") -> dict[str, Any]:
        """What `reports/gates/unit.json` says of one environment."""
        content = json.loads((self.root / folder / "gates/unit.json").read_text())
        found: dict[str, Any] = content["environments"][environment]
        return found


def new_project(root: Path, cache: Path, files: Mapping[str, str] = FILES) -> Project:
    """Lay the small system into a folder."""
    project = Project(root, cache)
    for name, text in files.items():
        project.put(name, text)
    return project
