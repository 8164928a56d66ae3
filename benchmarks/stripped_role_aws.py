"""The embedded AWS with pairs of flawed and sound resources, and roles that may read more or less of it."""

from __future__ import annotations

import json
import os
import tempfile
import urllib.request
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from stripped_role_questions import Question

from stackproof import emulator
from stackproof.system.loading import load_system

SYSTEM: Final = Path(__file__).with_name("stripped") / "system.yaml"
STACK: Final = "stripped-all"
READS: Final = "arn:aws:iam::aws:policy/ReadOnlyAccess"
_NOWHERE: Final = "http://127.0.0.1:9"  # the discard port: what a tool would send to AWS itself is refused here
_SECONDS: Final = 10


@dataclass(frozen=True, slots=True)
class Role:
    """What a run may read: all that AWS's ReadOnlyAccess allows but `denied`, or nothing at all."""

    name: str
    says: str
    reads: bool = True
    denied: tuple[str, ...] = ()

    def lacks(self, question: Question) -> bool:
        """Whether the role may not read what the question asks for."""
        return not self.reads or set(question.permissions) <= set(self.denied)

    def in_the_dark(self, question: Question, logical: str) -> bool:
        """Whether nothing else that it may read answers the question for this resource either."""
        return not self.reads or question.rests_on(logical) <= set(self.denied)


@dataclass(frozen=True, slots=True)
class Lab:
    """The running AWS: its address, the physical ids by logical id, and each role's credentials as variables."""

    endpoint: str
    region: str
    physical: Mapping[str, str]
    keys: Mapping[str, Mapping[str, str]]

    def variables(self, role: Role, home: Path) -> dict[str, str]:
        """Variables of a process that has this role, and nothing else of AWS; it cannot leave this machine."""
        kept = {k: v for k, v in os.environ.items() if not k.startswith(("AWS_", "STACKPROOF_", "PYTHON"))}
        return {
            **{
                k: v for k, v in kept.items() if k.lower() not in ("http_proxy", "https_proxy", "all_proxy", "no_proxy")
            },
            **self.keys[role.name],
            "AWS_ENDPOINT_URL": self.endpoint,
            "AWS_DEFAULT_REGION": self.region,
            "AWS_REGION": self.region,
            "AWS_EC2_METADATA_DISABLED": "true",
            "AWS_CONFIG_FILE": os.devnull,
            "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
            "HTTP_PROXY": _NOWHERE,
            "HTTPS_PROXY": _NOWHERE,
            "NO_PROXY": "127.0.0.1",
            "HOME": str(home),
        }

    def may_read(self, role: Role, question: Question, logical: str) -> bool:
        """Make the call that the question rests on, with the role's credentials.

        Raises:
            botocore.exceptions.ClientError: neither an answer nor a refusal.

        """
        import boto3
        from botocore.config import Config
        from botocore.exceptions import ClientError

        service, method, parameter = question.probe
        keys = self.keys[role.name]
        client = boto3.client(
            service,
            region_name=self.region,
            endpoint_url=self.endpoint,
            aws_access_key_id=keys["AWS_ACCESS_KEY_ID"],
            aws_secret_access_key=keys["AWS_SECRET_ACCESS_KEY"],
            aws_session_token=keys["AWS_SESSION_TOKEN"],
            config=Config(retries={"total_max_attempts": 1}, connect_timeout=_SECONDS, read_timeout=_SECONDS),
        )
        asked = {parameter: self.physical[logical]} if parameter else {}
        try:
            getattr(client, method)(**asked, **question.also)
        except ClientError as error:
            code = error.response["Error"]["Code"]
            if code.startswith(("AccessDenied", "Unauthorized", "AuthorizationError")):
                return False
            if not code.startswith("NoSuch") and "NotFound" not in code:  # "there is none" is an answer
                raise
        return True


@contextmanager
def running_lab(roles: Sequence[Role]) -> Iterator[Lab]:
    """Start the embedded AWS, deploy the pairs, make the roles and switch IAM on; end it all afterwards."""
    with tempfile.TemporaryDirectory(prefix="stripped-role-") as folder:
        running = emulator.start(load_system(SYSTEM), Path(folder), owner=os.getpid())
        try:
            rows = running.client("cloudformation").describe_stack_resources(StackName=STACK)["StackResources"]
            physical = {row["LogicalResourceId"]: row["PhysicalResourceId"] for row in rows}
            keys = {role.name: _keys(running, role) for role in roles}
            _enforce(running.endpoint)
            yield Lab(running.endpoint, running.region, physical, keys)
        finally:
            running.stop()


def _keys(running: emulator.Running, role: Role) -> dict[str, str]:
    """Make a role and assume it."""
    iam, name = running.client("iam"), f"stripped-{role.name}".replace(" ", "-")
    principal = {"AWS": f"arn:aws:iam::{running.account}:root"}
    iam.create_role(RoleName=name, AssumeRolePolicyDocument=_policy("Allow", ["sts:AssumeRole"], Principal=principal))
    if role.reads:
        iam.attach_role_policy(RoleName=name, PolicyArn=READS)
    if role.denied:
        document = _policy("Deny", role.denied, Resource="*")
        iam.put_role_policy(RoleName=name, PolicyName="stripped", PolicyDocument=document)
    arn = f"arn:aws:iam::{running.account}:role/{name}"
    given = running.client("sts").assume_role(RoleArn=arn, RoleSessionName="benchmark")["Credentials"]
    return {
        "AWS_ACCESS_KEY_ID": given["AccessKeyId"],
        "AWS_SECRET_ACCESS_KEY": given["SecretAccessKey"],
        "AWS_SESSION_TOKEN": given["SessionToken"],
    }


def _policy(effect: str, actions: Sequence[str], **rest: Any) -> str:
    return json.dumps({"Version": "2012-10-17", "Statement": [{"Effect": effect, "Action": list(actions), **rest}]})


def _enforce(endpoint: str) -> None:
    """From the next call on, permissions are checked."""
    address = f"{endpoint}/moto-api/reset-auth"
    request = urllib.request.Request(address, b"0", {"Content-Type": "text/plain"}, method="POST")  # noqa: S310 - ours
    urllib.request.urlopen(request, timeout=_SECONDS).close()  # noqa: S310 - our own server
