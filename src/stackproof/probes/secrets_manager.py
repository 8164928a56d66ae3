"""AWS Secrets Manager: who may read a secret."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from stackproof.model import Cause, Resource, Severity, Unknown, Where
from stackproof.probes.base import Answer, Probing, bad, faulty, good, joined, part, probe, unsure
from stackproof.probes.secret_reading import DECRYPT, READ

_ROLE: Final = "AWS::IAM::Role"


@dataclass(frozen=True, slots=True)
class Lock:
    """What stands before a secret besides a role's own policies.

    `key` is the ARN of its own key (empty: AWS's), `by_policies` says that the key leaves it to roles' policies.
    `allows` and `denies` say what its resource policy has statements for.
    """

    arn: str
    key: str
    by_policies: bool
    allows: bool
    denies: bool
    where: tuple[Where, ...]


@probe(
    id="secret-read-by-right-role-only",
    title="A secret may be read by the role that needs it, and not by another",
    severity=Severity.CRITICAL,
    types=("AWS::SecretsManager::Secret",),
    remediation="Name the ARNs of secret and key in the policies of the role that needs them, and in no other role's.",
    needs=(
        *("secretsmanager:DescribeSecret", "secretsmanager:GetResourcePolicy", "kms:DescribeKey", "kms:GetKeyPolicy"),
        *("iam:GetRole", "iam:SimulatePrincipalPolicy"),
    ),
    options={"reader": str, "stranger": str},
)
def secret_read_by_right_role_only(p: Probing, secret: Resource) -> Answer:
    """Which of all policies, boundaries and conditions wins is IAM's to say, so IAM is asked.

    Nobody but the service can take on a service's role, so the question is IAM's simulation of the role's deployed
    policies: it reads, changes nothing, and sees no secret. `reader` and `stranger` are addresses of roles. Resource
    policies are not in a simulation of a role; where the secret has one that could decide otherwise, nothing is known.
    """
    lock = _lock(p, secret)
    if isinstance(lock, Answer):
        return lock
    return joined((_reader(p, secret, lock), _stranger(p, secret, lock)))


def _reader(p: Probing, secret: Resource, lock: Lock) -> Answer:
    name = str(p.options["reader"])
    may = _simulated(p, name, READ, lock.arn, secret)
    if may.allowed is False and not lock.allows:
        return bad(f"{name} may not read {secret.address} ({may.said})", *lock.where, *may.where)
    if may.allowed is not True or lock.denies:
        return _open(may, f"the resource policy of {secret.address}", name, lock)
    if not lock.key:
        return good(f"{name} may read {secret.address}", *lock.where, *may.where)
    decrypts = _simulated(p, name, DECRYPT, lock.key, secret)
    seen = (*lock.where, *may.where, *decrypts.where)
    if decrypts.allowed is None or not lock.by_policies:
        return _open(decrypts, f"the policy of key {lock.key}", name, lock)
    if not decrypts.allowed:
        return bad(f"{name} may not decrypt {secret.address} with its key ({decrypts.said})", *seen)
    return good(f"{name} may read and decrypt {secret.address}", *seen)


def _stranger(p: Probing, secret: Resource, lock: Lock) -> Answer:
    name = str(p.options["stranger"])
    may = _simulated(p, name, READ, lock.arn, secret)
    if may.allowed is True and not lock.denies:
        return bad(f"{name} may read {secret.address}", *lock.where, *may.where)
    if may.allowed is False and not lock.allows:
        return good(f"{name} may not read {secret.address} ({may.said})", *lock.where, *may.where)
    return _open(may, f"the resource policy of {secret.address}", name, lock)


@dataclass(frozen=True, slots=True)
class Simulated:
    """IAM's answer for one role and action: None when it could not say, with the reason in `unknown`."""

    allowed: bool | None
    said: str
    where: tuple[Where, ...]
    unknown: Unknown | None = None


def _open(may: Simulated, decider: str, name: str, lock: Lock) -> Answer:
    """The simulation does not settle it."""
    unknown = may.unknown or Unknown(Cause.NOT_READ, decider)
    said = may.said if may.unknown else f"{decider} decides for {name}, and is not in IAM's simulation"
    return unsure(unknown, said, *lock.where, *may.where)


def _simulated(p: Probing, address: str, action: str, target: str, secret: Resource) -> Simulated:
    role = p.declared.get(address)
    if role is None or role.type != _ROLE or not p.id_of(role):
        said = f"{address} is no deployed role"
        return Simulated(None, said, (), Unknown(Cause.NOT_DEPLOYED, address))
    read = p.aws.call("iam", "GetRole", {"RoleName": p.id_of(role)})
    if read.fault:
        return _failed(faulty(read.fault, read.call, Where(read.call, read.entry)))
    via = f"secretsmanager.{p.region_of(secret)}.amazonaws.com"
    context = [
        {"ContextKeyName": "kms:ViaService", "ContextKeyValues": [via], "ContextKeyType": "string"},
        {"ContextKeyName": "aws:SecureTransport", "ContextKeyValues": ["true"], "ContextKeyType": "boolean"},
    ]
    asked = {
        "PolicySourceArn": part(read, "Role")["Arn"],
        "ActionNames": [action],
        "ResourceArns": [target],
        "ContextEntries": context,
    }
    answer = p.aws.call("iam", "SimulatePrincipalPolicy", asked)
    where = Where(answer.call, answer.entry)
    if answer.fault:
        return _failed(faulty(answer.fault, answer.call, where))
    return _decision(answer.value, action, address, where)


def _decision(value: Mapping[str, Any], action: str, address: str, where: Where) -> Simulated:
    result = (value.get("EvaluationResults") or [{}])[0]
    decision, parts = result.get("EvalDecision", ""), [result, *(result.get("ResourceSpecificResults") or [])]
    missing = [key for part in parts for key in part.get("MissingContextValues") or []]
    if decision not in ("allowed", "implicitDeny", "explicitDeny"):
        return Simulated(None, f"{where.source} gave no decision", (where,), Unknown(Cause.MALFORMED, where.source))
    if missing:
        said = f"whether {address} may {action} depends on {', '.join(missing)}"
        return Simulated(None, said, (where,), Unknown(Cause.NOT_READ, ", ".join(missing)))
    return Simulated(decision == "allowed", f"{action}: {decision}", (where,))


def _failed(answer: Answer) -> Simulated:
    unknown = Unknown(answer.cause or Cause.SERVICE_ERROR, answer.decided_by)
    return Simulated(None, answer.message, answer.evidence, unknown)


def _lock(p: Probing, secret: Resource) -> Lock | Answer:
    which, region = {"SecretId": p.id_of(secret)}, p.region_of(secret)
    described = p.aws.call("secretsmanager", "DescribeSecret", which, region=region)
    policy = p.aws.call("secretsmanager", "GetResourcePolicy", which, region=region)
    seen = [Where(described.call, described.entry), Where(policy.call, policy.entry)]
    for answer in (described, policy):
        if answer.fault:
            return faulty(answer.fault, answer.call, *seen)
    key, by_policies = str(described.value.get("KmsKeyId") or ""), True
    if key:
        named = p.aws.call("kms", "DescribeKey", {"KeyId": key}, region=region)
        guard = p.aws.call("kms", "GetKeyPolicy", {"KeyId": key, "PolicyName": "default"}, region=region)
        seen += [Where(named.call, named.entry), Where(guard.call, guard.entry)]
        for answer in (named, guard):
            if answer.fault:
                return faulty(answer.fault, answer.call, *seen)
        key = str(part(named, "KeyMetadata")["Arn"])
        by_policies = _leaves_it(_statements(part(guard, "Policy")), key.split(":")[4])
    part(policy, "ARN")  # there is no policy only in an answer that is one
    effects = {str(one.get("Effect")) for one in _statements(policy.value.get("ResourcePolicy"))}
    return Lock(str(part(described, "ARN")), key, by_policies, "Allow" in effects, "Deny" in effects, tuple(seen))


def _leaves_it(statements: list[dict[str, Any]], account: str) -> bool:
    """Whether a key's policy leaves it to IAM policies of the account, and denies nothing ("Key policies", KMS)."""
    root = {"*", account, *(f"arn:{partition}:iam::{account}:root" for partition in ("aws", "aws-cn", "aws-us-gov"))}
    allowed = False
    for statement in statements:
        principal = statement.get("Principal")
        named = _many(principal.get("AWS") if isinstance(principal, dict) else principal)
        actions = {str(action).lower() for action in _many(statement.get("Action"))}
        concerned = bool(actions & {"*", "kms:*", "kms:decrypt"}) or "NotAction" in statement
        if concerned and statement.get("Effect") == "Deny":
            return False
        allowed |= concerned and "Condition" not in statement and bool(root & set(named))
    return allowed


def _statements(text: Any) -> list[dict[str, Any]]:
    """A policy's statements; a text that cannot be read counts as one that allows and one that denies."""
    if not text:
        return []
    try:
        found = json.loads(text)["Statement"]
    except (ValueError, KeyError, TypeError):
        return [{"Effect": "Allow"}, {"Effect": "Deny"}]
    return [one for one in _many(found) if isinstance(one, dict)]


def _many(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [] if value is None else [value]
