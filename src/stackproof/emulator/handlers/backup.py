"""AWS Backup: vaults, plans, selections."""

from __future__ import annotations

from typing import Any, ClassVar

from stackproof.emulator.handlers.base import At, Handler, Made, Properties, changed, only, without


class Vault(Handler):
    """AWS::Backup::BackupVault."""

    type: ClassVar[str] = "AWS::Backup::BackupVault"
    apart: ClassVar[tuple[str, ...]] = ("LockConfiguration", "Notifications", "AccessPolicy")

    def create(self, at: At, new: Properties) -> Made:
        vault = at.send("backup", "create_backup_vault", new, beside=self.apart)
        attributes = {"BackupVaultName": vault["BackupVaultName"], "BackupVaultArn": vault["BackupVaultArn"]}
        made = Made(vault["BackupVaultName"], attributes)
        self._set(at, made, new, {})
        return made

    def update(self, at: At, made: Made, new: Properties, old: Properties) -> Made:
        only(changed(new, old), "LockConfiguration", "Notifications", "BackupVaultTags")
        self._set(at, made, new, old)
        arn = made.attributes["BackupVaultArn"]
        at.client("backup").tag_resource(ResourceArn=arn, Tags=dict(new.get("BackupVaultTags") or {}))
        return made

    def delete(self, at: At, made: Made, old: Properties) -> None:
        at.client("backup").delete_backup_vault(BackupVaultName=made.id)

    def _set(self, at: At, made: Made, new: Properties, old: Properties) -> None:
        client, which = at.client("backup"), {"BackupVaultName": made.id}
        if new.get("AccessPolicy"):
            raise ValueError("access policies of vaults are not made")
        if new.get("LockConfiguration"):
            at.send("backup", "put_backup_vault_lock_configuration", new["LockConfiguration"], add=which)
        elif old.get("LockConfiguration"):
            client.delete_backup_vault_lock_configuration(**which)
        if new.get("Notifications"):
            at.send("backup", "put_backup_vault_notifications", new["Notifications"], add=which)
        elif old.get("Notifications"):
            client.delete_backup_vault_notifications(**which)


def _plan(plan: Properties) -> dict[str, Any]:
    """A plan by the API's names."""
    names = {"TargetBackupVault": "TargetBackupVaultName"}
    rules = [{names.get(key, key): value for key, value in rule.items()} for rule in plan["BackupPlanRule"]]
    return {**without(plan, "BackupPlanRule"), "Rules": rules}


class Plan(Handler):
    """AWS::Backup::BackupPlan."""

    type: ClassVar[str] = "AWS::Backup::BackupPlan"

    def create(self, at: At, new: Properties) -> Made:
        wanted = {**new, "BackupPlan": _plan(new["BackupPlan"])}
        plan = at.send("backup", "create_backup_plan", wanted)
        return self._made(plan)

    def update(self, at: At, made: Made, new: Properties, old: Properties) -> Made:
        only(changed(new, old), "BackupPlan", "BackupPlanTags")
        wanted = {"BackupPlan": _plan(new["BackupPlan"])}
        plan = at.send("backup", "update_backup_plan", wanted, add={"BackupPlanId": made.id})
        tags = dict(new.get("BackupPlanTags") or {})
        at.client("backup").tag_resource(ResourceArn=plan["BackupPlanArn"], Tags=tags)
        return self._made(plan)

    def delete(self, at: At, made: Made, old: Properties) -> None:
        at.client("backup").delete_backup_plan(BackupPlanId=made.id)

    def _made(self, plan: Properties) -> Made:
        keys = ("BackupPlanId", "BackupPlanArn", "VersionId")
        return Made(plan["BackupPlanId"], {key: plan[key] for key in keys})


class Selection(Handler):
    """AWS::Backup::BackupSelection."""

    type: ClassVar[str] = "AWS::Backup::BackupSelection"

    def create(self, at: At, new: Properties) -> Made:
        selection = at.send("backup", "create_backup_selection", new)
        attributes = {key: selection[key] for key in ("BackupPlanId", "SelectionId")}
        return Made(f"{selection['SelectionId']}_{selection['BackupPlanId']}", attributes)

    def delete(self, at: At, made: Made, old: Properties) -> None:
        at.client("backup").delete_backup_selection(**made.attributes)


HANDLERS = (Vault(), Plan(), Selection())
