"""With IAM enforced, added actions are refused like any other to whoever lacks the permission."""

from __future__ import annotations

import json
import urllib.request
from collections.abc import Iterator
from typing import Any

import boto3
import pytest
from botocore.exceptions import ClientError

from stackproof.emulator import Running

ASKED = {
    "amplify:ListApps": ("amplify", "list_apps", {}),
    "backup:ListBackupSelections": ("backup", "list_backup_selections", {"BackupPlanId": "none"}),
    "cognito-identity:GetIdentityPoolRoles": ("cognito-identity", "get_identity_pool_roles", {"IdentityPoolId": "a:b"}),
}


@pytest.fixture
def keys(deployed: Running) -> Iterator[dict[str, str]]:
    """Access keys of somebody who may do two of the three, while IAM is enforced."""
    iam = deployed.client("iam")
    iam.create_user(UserName="stripped")
    allowed = [action for action in ASKED if action != "backup:ListBackupSelections"]
    document = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": allowed, "Resource": "*"}]}
    iam.put_user_policy(UserName="stripped", PolicyName="two", PolicyDocument=json.dumps(document))
    made = iam.create_access_key(UserName="stripped")["AccessKey"]
    enforce(deployed, "0")
    yield {"aws_access_key_id": made["AccessKeyId"], "aws_secret_access_key": made["SecretAccessKey"]}
    enforce(deployed, "inf")
    iam.delete_access_key(UserName="stripped", AccessKeyId=made["AccessKeyId"])
    iam.delete_user_policy(UserName="stripped", PolicyName="two")
    iam.delete_user(UserName="stripped")


def enforce(running: Running, after: str) -> None:
    """Let moto check permissions after so many calls."""
    address = f"{running.endpoint}/moto-api/reset-auth"
    request = urllib.request.Request(address, after.encode(), {"Content-Type": "text/plain"}, method="POST")  # noqa: S310 - our own server
    urllib.request.urlopen(request, timeout=10).close()  # noqa: S310 - our own server


def test_only_what_is_permitted_is_answered(deployed: Running, keys: dict[str, str]) -> None:
    """The one action that the policy leaves out is refused with its name; the others answer."""
    refused: dict[str, Any] = {}
    for action, (service, operation, parameters) in ASKED.items():
        client = boto3.client(service, region_name=deployed.region, endpoint_url=deployed.endpoint, **keys)
        try:
            getattr(client, operation)(**parameters)
        except ClientError as error:
            refused[action] = (error.response["Error"]["Code"], error.response["Error"]["Message"])
    assert list(refused) == ["backup:ListBackupSelections"]
    code, message = refused["backup:ListBackupSelections"]
    assert code == "AccessDeniedException"
    assert "not authorized to perform: backup:ListBackupSelections" in message


def test_switching_enforcement_forgets_nothing(deployed: Running, keys: dict[str, str]) -> None:
    """What the added actions keep is still there after IAM was switched on and off."""
    assert keys
    enforce(deployed, "inf")
    assert len(deployed.client("amplify").list_apps()["apps"]) == 1
