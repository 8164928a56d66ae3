"""What somebody changes by hand in a deployed environment, and how it is undone."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Any

from selftest.integration.folders import Folder
from stackproof import emulator
from stackproof.emulator import PlannedStack, Running
from stackproof.system.loading import load_system

ANYBODY = [
    {"IpProtocol": "tcp", "FromPort": 5432, "ToPort": 5432, "IpRanges": [{"CidrIp": "0.0.0.0/0", "Description": "now"}]}
]
_POOL = (
    "AccountRecoverySetting",
    "AdminCreateUserConfig",
    "AutoVerifiedAttributes",
    "DeletionProtection",
    "DeviceConfiguration",
    "EmailConfiguration",
    "MfaConfiguration",
    "Policies",
    "UserAttributeUpdateSettings",
    "UserPoolAddOns",
    "UserPoolTags",
    "UserPoolTier",
    "VerificationMessageTemplate",
)
_ALARM = re.compile("(State|AlarmArn|AlarmConfigurationUpdated|EvaluationState)")


@dataclass(slots=True)
class Hand:
    """A person with an administrator's rights. Every change says how it is undone."""

    folder: Folder
    running: Running
    _undo: list[Callable[[], object]] = field(default_factory=list)

    def undo(self) -> None:
        """Undo everything, the last change first."""
        while self._undo:
            self._undo.pop()()

    def id(self, stack: str, logical: str) -> str:
        """The physical id of a resource."""
        client, name = self.running.client("cloudformation"), self.running.stacks[stack]
        detail = client.describe_stack_resource(StackName=name, LogicalResourceId=logical)["StackResourceDetail"]
        return str(detail["PhysicalResourceId"])

    def switch_encryption_off(self, stack: str, bucket: str) -> None:
        """S3's console: default encryption."""
        s3, name = self.running.client("s3"), self.id(stack, bucket)
        rules = s3.get_bucket_encryption(Bucket=name)["ServerSideEncryptionConfiguration"]
        s3.delete_bucket_encryption(Bucket=name)
        self._undo.append(lambda: s3.put_bucket_encryption(Bucket=name, ServerSideEncryptionConfiguration=rules))

    def open_to_the_world(self, stack: str, group: str) -> None:
        """EC2's console: inbound rules."""
        ec2, id_ = self.running.client("ec2"), self.id(stack, group)
        ec2.authorize_security_group_ingress(GroupId=id_, IpPermissions=ANYBODY)
        self._undo.append(lambda: ec2.revoke_security_group_ingress(GroupId=id_, IpPermissions=ANYBODY))

    def unprotect(self, stack: str, database: str) -> None:
        """RDS's console: deletion protection."""
        rds, name = self.running.client("rds"), self.id(stack, database)
        rds.modify_db_instance(DBInstanceIdentifier=name, DeletionProtection=False)
        self._undo.append(lambda: rds.modify_db_instance(DBInstanceIdentifier=name, DeletionProtection=True))

    def delete_alarm(self, stack: str, alarm: str) -> None:
        """CloudWatch's console: delete."""
        client, name = self.running.client("cloudwatch"), self.id(stack, alarm)
        (was,) = client.describe_alarms(AlarmNames=[name])["MetricAlarms"]
        tags = client.list_tags_for_resource(ResourceARN=was["AlarmArn"])["Tags"]
        given = {key: value for key, value in was.items() if not _ALARM.match(key)}
        client.delete_alarms(AlarmNames=[name])
        self._undo.append(lambda: client.put_metric_alarm(**given, Tags=tags))

    def weaken_passwords(self, stack: str, pool: str, **policy: Any) -> None:
        """Cognito's console: password policy. UpdateUserPool resets what is not said again."""
        client, id_ = self.running.client("cognito-idp"), self.id(stack, pool)
        was = client.describe_user_pool(UserPoolId=id_)["UserPool"]
        given = {key: was[key] for key in _POOL if key in was}
        weak = {**given, "Policies": {"PasswordPolicy": {**was["Policies"]["PasswordPolicy"], **policy}}}
        client.update_user_pool(UserPoolId=id_, **weak)
        self._undo.append(lambda: client.update_user_pool(UserPoolId=id_, **given))

    def add_to_stack(self, component: str, resource: str) -> None:
        """Deploy a stack with one more resource, from a template that nobody has checked in."""
        planned = self._planned(component)
        text = planned.template.read_text().replace("\nResources:\n", f"\nResources:\n  {resource}\n", 1)
        emulator.deploy_stack(self.running, replace(planned, template=self.folder.put("elsewhere.yml", text)))
        self._undo.append(lambda: emulator.deploy_stack(self.running, planned))

    def delete_stack(self, component: str) -> None:
        """Delete a whole stack."""
        planned = self._planned(component)
        emulator.delete_stack(self.running, planned.name)
        self._undo.append(lambda: emulator.deploy_stack(self.running, planned))

    def declare(self, template: str, old: str, new: str) -> None:
        """Change a template and deploy nothing: as if what is deployed had been changed from it by hand."""
        name = f"systems/mdreader/infrastructure/{template}"
        self.folder.edit(name, old, new)
        self._undo.append(lambda: self.folder.edit(name, new, old))

    def _planned(self, component: str) -> PlannedStack:
        system = load_system(self.folder.root / "systems/mdreader/system.yaml")
        plan = emulator.make_plan(system, "embedded", self.running.account)
        return next(stack for stack in plan.stacks if stack.component == component)
