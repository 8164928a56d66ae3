"""AWS IAM. Policies come decoded from botocore."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from stackproof.model import ABSENT, Cause, Unknown, Value
from stackproof.sources.live.parts import GoneError, NoHintError
from stackproof.sources.live.reading import Reading, reads


@reads("AWS::IAM::Role", "iam:GetRole", "iam:ListRolePolicies", "iam:GetRolePolicy", "iam:ListAttachedRolePolicies")
def role(r: Reading) -> None:
    """Inline policies that are resources of their own in a stack are left to those."""
    part = r.main(r.ask("iam:GetRole", "Role", RoleName=r.id))
    names = r.ask("iam:ListRolePolicies", "PolicyNames", RoleName=r.id)
    others = {r.around.hint(address, "PolicyName") for address in r.around.addresses("AWS::IAM::Policy")}
    inline: list[Value] = []
    for name in () if names.fault else names.value:
        if name not in others:
            document = r.ask("iam:GetRolePolicy", "PolicyDocument", RoleName=r.id, PolicyName=name)
            content = document.unknown if document.fault else document.value
            inline.append({"PolicyName": name, "PolicyDocument": content})
    r.set("Policies", names, inline or ABSENT)
    attached = r.ask("iam:ListAttachedRolePolicies", "AttachedPolicies", RoleName=r.id)
    r.set("ManagedPolicyArns", attached, lambda found: [p["PolicyArn"] for p in found] or ABSENT)
    r.tags(part.at("Tags", required=False))
    r.fill(part, {"PermissionsBoundary": "PermissionsBoundary.PermissionsBoundaryArn"})
    if part.value:
        r.also(part.value.get("Arn"))


@reads("AWS::IAM::ManagedPolicy", "iam:GetPolicy", "iam:GetPolicyVersion", "iam:ListEntitiesForPolicy")
def managed_policy(r: Reading) -> None:
    """The default version counts."""
    part = r.main(r.ask("iam:GetPolicy", "Policy", PolicyArn=r.id))
    version = part.at("DefaultVersionId")
    if version.fault is None:
        call = "iam:GetPolicyVersion"
        version = r.ask(call, "PolicyVersion.Document", PolicyArn=r.id, VersionId=version.value)
    r.set("PolicyDocument", version, lambda value: value)
    entities = r.ask("iam:ListEntitiesForPolicy", PolicyArn=r.id)
    for name, member, key in (
        ("Roles", "PolicyRoles", "RoleName"),
        ("Users", "PolicyUsers", "UserName"),
        ("Groups", "PolicyGroups", "GroupName"),
    ):
        r.set(name, entities.at(member), _names(key))
    r.fill(part, {"ManagedPolicyName": "PolicyName"})


def _names(key: str) -> Callable[[Any], Value]:
    return lambda items: [item[key] for item in items] or ABSENT


@reads("AWS::IAM::Policy", "iam:GetRolePolicy")
def inline_policy(r: Reading) -> None:
    """The template says its name and which roles have it; users and groups are not read."""
    name = r.needs("PolicyName")[0]
    roles = r.hint("Roles")
    if not isinstance(roles, list) or not roles or not all(roles):
        raise NoHintError("Roles")
    parts = [r.ask("iam:GetRolePolicy", "PolicyDocument", RoleName=str(who), PolicyName=name) for who in roles]
    holders = [who for who, part in zip(roles, parts, strict=True) if part.fault is None]
    failed = next((part for part in parts if part.fault and not part.fault.gone), None)
    if not holders and failed is None:
        raise GoneError(parts[0])
    first = next((part for part in parts if part.fault is None), failed or parts[0])
    r.main(first)
    r.set("PolicyName", first, name)
    r.set("PolicyDocument", first, _same([part.value for part in parts if part.fault is None]))
    r.set("Users", first, ABSENT if r.hint("Users") is None else Unknown(Cause.NOT_READ, "Users"))
    r.set("Groups", first, ABSENT if r.hint("Groups") is None else Unknown(Cause.NOT_READ, "Groups"))
    unread: list[Value] = [failed.unknown] if failed and holders else []
    r.set("Roles", first, [*holders, *unread])


def _same(documents: list[Any]) -> Value:
    """One document stands in every role; where they differ, one that differs is shown."""
    found: Value = next((found for found in documents if found != documents[0]), documents[0] if documents else ABSENT)
    return found
