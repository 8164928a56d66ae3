"""IAM: roles and policies."""

from __future__ import annotations

import json
from typing import Any, ClassVar

from stackproof.emulator.handlers.base import At, Handler, Made, Properties, changed, only, tag_pairs


class Role(Handler):
    """AWS::IAM::Role."""

    type: ClassVar[str] = "AWS::IAM::Role"

    def create(self, at: At, new: Properties) -> Made:
        beside = ("ManagedPolicyArns", "Policies", "AssumeRolePolicyDocument")
        add = {
            "AssumeRolePolicyDocument": json.dumps(new["AssumeRolePolicyDocument"]),
            **({} if "RoleName" in new else {"RoleName": at.generated(64)}),
        }
        role = at.send("iam", "create_role", new, beside=beside, add=add)["Role"]
        made = Made(role["RoleName"], {"Arn": role["Arn"], "RoleId": role["RoleId"]})
        self._grant(at, made, new, {})
        return made

    def update(self, at: At, made: Made, new: Properties, old: Properties) -> Made:
        iam = at.client("iam")
        only(
            changed(new, old),
            *("ManagedPolicyArns", "Policies", "AssumeRolePolicyDocument", "Tags"),
            *("Description", "MaxSessionDuration"),
        )
        document = json.dumps(new["AssumeRolePolicyDocument"])
        iam.update_assume_role_policy(RoleName=made.id, PolicyDocument=document)
        longest = int(new.get("MaxSessionDuration", 3600))
        iam.update_role(RoleName=made.id, MaxSessionDuration=longest, Description=new.get("Description", ""))
        self._grant(at, made, new, old)
        stale = {tag["Key"] for tag in tag_pairs(old)} - {tag["Key"] for tag in tag_pairs(new)}
        if stale:
            iam.untag_role(RoleName=made.id, TagKeys=sorted(stale))
        if new.get("Tags"):
            iam.tag_role(RoleName=made.id, Tags=tag_pairs(new))
        return made

    def delete(self, at: At, made: Made, old: Properties) -> None:
        self._grant(at, made, {}, old)
        iam = at.client("iam")
        for arn in iam.list_attached_role_policies(RoleName=made.id)["AttachedPolicies"]:
            iam.detach_role_policy(RoleName=made.id, PolicyArn=arn["PolicyArn"])
        for name in iam.list_role_policies(RoleName=made.id)["PolicyNames"]:
            iam.delete_role_policy(RoleName=made.id, PolicyName=name)
        iam.delete_role(RoleName=made.id)

    def _grant(self, at: At, made: Made, new: Properties, old: Properties) -> None:
        iam = at.client("iam")
        wanted, had = new.get("ManagedPolicyArns") or [], old.get("ManagedPolicyArns") or []
        for arn in set(had) - set(wanted):
            iam.detach_role_policy(RoleName=made.id, PolicyArn=arn)
        for arn in wanted:
            iam.attach_role_policy(RoleName=made.id, PolicyArn=arn)
        inline = {policy["PolicyName"]: policy["PolicyDocument"] for policy in new.get("Policies") or []}
        for policy in old.get("Policies") or []:
            if policy["PolicyName"] not in inline:
                iam.delete_role_policy(RoleName=made.id, PolicyName=policy["PolicyName"])
        for name, document in inline.items():
            iam.put_role_policy(RoleName=made.id, PolicyName=name, PolicyDocument=json.dumps(document))


class _Attached(Handler):
    """A policy that is attached to roles, users and groups."""

    kinds: ClassVar[tuple[tuple[str, str, str], ...]] = (
        ("Roles", "role", "RoleName"),
        ("Users", "user", "UserName"),
        ("Groups", "group", "GroupName"),
    )


class ManagedPolicy(_Attached):
    """AWS::IAM::ManagedPolicy."""

    type: ClassVar[str] = "AWS::IAM::ManagedPolicy"

    def create(self, at: At, new: Properties) -> Made:
        parameters: dict[str, Any] = {
            "PolicyName": new.get("ManagedPolicyName") or at.generated(128),
            "PolicyDocument": json.dumps(new["PolicyDocument"]),
            "Path": new.get("Path", "/"),
            "Description": new.get("Description", ""),
        }
        policy = at.client("iam").create_policy(**parameters)["Policy"]
        made = Made(policy["Arn"], {"PolicyArn": policy["Arn"], "PolicyId": policy["PolicyId"]})
        self._attach(at, made, new, "attach")
        return made

    def update(self, at: At, made: Made, new: Properties, old: Properties) -> Made:
        only(changed(new, old), "PolicyDocument", "Roles", "Users", "Groups")
        iam = at.client("iam")
        if new["PolicyDocument"] != old["PolicyDocument"]:
            stale = [v for v in iam.list_policy_versions(PolicyArn=made.id)["Versions"] if not v["IsDefaultVersion"]]
            for version in stale[-1:]:  # AWS keeps five
                iam.delete_policy_version(PolicyArn=made.id, VersionId=version["VersionId"])
            document = json.dumps(new["PolicyDocument"])
            iam.create_policy_version(PolicyArn=made.id, PolicyDocument=document, SetAsDefault=True)
        self._attach(
            at, made, {k: [x for x in old.get(k, []) if x not in new.get(k, [])] for k, _, _ in self.kinds}, "detach"
        )
        self._attach(at, made, new, "attach")
        return made

    def delete(self, at: At, made: Made, old: Properties) -> None:
        iam = at.client("iam")
        for role in iam.list_entities_for_policy(PolicyArn=made.id)["PolicyRoles"]:
            iam.detach_role_policy(RoleName=role["RoleName"], PolicyArn=made.id)
        iam.delete_policy(PolicyArn=made.id)

    def _attach(self, at: At, made: Made, names: Properties, verb: str) -> None:
        for kind, short, key in self.kinds:
            for name in names.get(kind) or []:
                getattr(at.client("iam"), f"{verb}_{short}_policy")(PolicyArn=made.id, **{key: name})


class Policy(_Attached):
    """AWS::IAM::Policy: an inline policy of roles, users and groups."""

    type: ClassVar[str] = "AWS::IAM::Policy"

    def create(self, at: At, new: Properties) -> Made:
        for kind, short, key in self.kinds:
            for name in new.get(kind) or []:
                put = getattr(at.client("iam"), f"put_{short}_policy")
                document = json.dumps(new["PolicyDocument"])
                put(PolicyName=new["PolicyName"], PolicyDocument=document, **{key: name})
        return Made(at.generated(64))

    def update(self, at: At, made: Made, new: Properties, old: Properties) -> Made:
        only(changed(new, old), "PolicyDocument")
        self.create(at, new)
        return made

    def delete(self, at: At, made: Made, old: Properties) -> None:
        for kind, short, key in self.kinds:
            for name in old.get(kind) or []:
                getattr(at.client("iam"), f"delete_{short}_policy")(PolicyName=old["PolicyName"], **{key: name})


HANDLERS = (Role(), ManagedPolicy(), Policy())
