"""AWS Backup: selections, notifications of vaults, and changes of plans, which moto lacks."""

from __future__ import annotations

import time
import uuid
from typing import Any

from stackproof.emulator.additions.routing import Call, RefusedError, Route, Wire


def _missing(what: str) -> RefusedError:
    return RefusedError("ResourceNotFoundException", f"{what} does not exist")


def _create_selection(call: Call) -> Wire:
    plan, id_ = call.given["backupPlanId"], str(uuid.uuid4())
    call.kept("selection")[f"{plan}/{id_}"] = {
        "BackupSelection": call.given["BackupSelection"],
        "SelectionId": id_,
        "BackupPlanId": plan,
        "CreationDate": time.time(),
    }
    return {"SelectionId": id_, "BackupPlanId": plan, "CreationDate": time.time()}


def _selection(call: Call) -> tuple[str, Wire]:
    key = f"{call.given['backupPlanId']}/{call.given['selectionId']}"
    if key not in call.kept("selection"):
        raise _missing(f"Selection {key}")
    return key, call.kept("selection")[key]


def _get_selection(call: Call) -> Wire:
    return _selection(call)[1]


def _delete_selection(call: Call) -> Wire:
    del call.kept("selection")[_selection(call)[0]]
    return {}


def _list_selections(call: Call) -> Wire:
    kept = [s for s in call.kept("selection").values() if s["BackupPlanId"] == call.given["backupPlanId"]]
    shown = [
        {
            "SelectionId": s["SelectionId"],
            "SelectionName": s["BackupSelection"]["SelectionName"],
            "BackupPlanId": s["BackupPlanId"],
            "CreationDate": s["CreationDate"],
            "IamRoleArn": s["BackupSelection"]["IamRoleArn"],
        }
        for s in kept
    ]
    return {"BackupSelectionsList": shown}


def _put_notifications(call: Call) -> Wire:
    call.kept("notifications")[call.given["backupVaultName"]] = {
        "BackupVaultName": call.given["backupVaultName"],
        "BackupVaultArn": call.arn("backup", f"backup-vault:{call.given['backupVaultName']}"),
        "SNSTopicArn": call.given["SNSTopicArn"],
        "BackupVaultEvents": call.given["BackupVaultEvents"],
    }
    return {}


def _get_notifications(call: Call) -> Wire:
    kept: Any = call.kept("notifications").get(call.given["backupVaultName"])
    if kept is None:
        raise _missing(f"Notification of {call.given['backupVaultName']}")
    found: Wire = kept
    return found


def _delete_notifications(call: Call) -> Wire:
    call.kept("notifications").pop(call.given["backupVaultName"], None)
    return {}


def _get_access_policy(call: Call) -> Wire:
    raise _missing(f"Access policy of {call.given['backupVaultName']}")


def _update_plan(call: Call) -> Wire:
    from moto.backup.models import backup_backends

    backend: Any = backup_backends[call.account][call.region]
    plan = backend.plans.get(call.given["backupPlanId"])
    if plan is None:
        raise _missing(f"Plan {call.given['backupPlanId']}")
    written = call.given["BackupPlan"]
    for rule in written["Rules"]:
        rule.setdefault("RuleId", str(uuid.uuid4()))
    plan.backup_plan = {**plan.backup_plan, **written}
    plan.version_id = str(uuid.uuid4())
    return {
        "BackupPlanId": plan.backup_plan_id,
        "BackupPlanArn": plan.backup_plan_arn,
        "CreationDate": time.time(),
        "VersionId": plan.version_id,
    }


_VAULT, _PLAN = "/backup-vaults/{backupVaultName}", "/backup/plans/{backupPlanId}"
ROUTES = (
    Route("backup", _create_selection, "PUT", _PLAN + "/selections"),
    Route("backup", _list_selections, "GET", _PLAN + "/selections"),
    Route("backup", _get_selection, "GET", _PLAN + "/selections/{selectionId}"),
    Route("backup", _delete_selection, "DELETE", _PLAN + "/selections/{selectionId}"),
    Route("backup", _put_notifications, "PUT", _VAULT + "/notification-configuration"),
    Route("backup", _get_notifications, "GET", _VAULT + "/notification-configuration"),
    Route("backup", _delete_notifications, "DELETE", _VAULT + "/notification-configuration"),
    Route("backup", _get_access_policy, "GET", _VAULT + "/access-policy"),
    Route("backup", _update_plan, "POST", _PLAN),
)
