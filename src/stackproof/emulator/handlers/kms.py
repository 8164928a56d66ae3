"""KMS: keys and aliases."""

from __future__ import annotations

import json
from typing import ClassVar

from stackproof.emulator.handlers.base import At, Handler, Made, Properties, changed, only, tag_pairs


def _tags(properties: Properties) -> list[dict[str, str]]:
    return [{"TagKey": tag["Key"], "TagValue": tag["Value"]} for tag in tag_pairs(properties)]


class Key(Handler):
    """AWS::KMS::Key."""

    type: ClassVar[str] = "AWS::KMS::Key"

    def create(self, at: At, new: Properties) -> Made:
        beside = ("KeyPolicy", "EnableKeyRotation", "RotationPeriodInDays", "PendingWindowInDays", "Enabled", "Tags")
        add: dict[str, object] = {"Tags": _tags(new)} if new.get("Tags") else {}
        if new.get("KeyPolicy"):
            add["Policy"] = json.dumps(new["KeyPolicy"])
        key = at.send("kms", "create_key", new, beside=beside, add=add)["KeyMetadata"]
        made = Made(key["KeyId"], {"Arn": key["Arn"], "KeyId": key["KeyId"]})
        self._switch(at, made, new)
        return made

    def update(self, at: At, made: Made, new: Properties, old: Properties) -> Made:
        kms = at.client("kms")
        only(
            changed(new, old),
            *("KeyPolicy", "EnableKeyRotation", "RotationPeriodInDays"),
            *("PendingWindowInDays", "Enabled", "Description", "Tags"),
        )
        if new.get("KeyPolicy") != old.get("KeyPolicy"):
            kms.put_key_policy(KeyId=made.id, PolicyName="default", Policy=json.dumps(new["KeyPolicy"]))
        if new.get("Description") != old.get("Description"):
            kms.update_key_description(KeyId=made.id, Description=new.get("Description", ""))
        stale = {tag["TagKey"] for tag in _tags(old)} - {tag["TagKey"] for tag in _tags(new)}
        if stale:
            kms.untag_resource(KeyId=made.id, TagKeys=sorted(stale))
        if new.get("Tags"):
            kms.tag_resource(KeyId=made.id, Tags=_tags(new))
        self._switch(at, made, new)
        return made

    def delete(self, at: At, made: Made, old: Properties) -> None:
        window = int(old.get("PendingWindowInDays", 30))
        at.client("kms").schedule_key_deletion(KeyId=made.id, PendingWindowInDays=window)

    def _switch(self, at: At, made: Made, new: Properties) -> None:
        kms = at.client("kms")
        if str(new.get("EnableKeyRotation", False)).lower() == "true":
            period = new.get("RotationPeriodInDays")
            kms.enable_key_rotation(KeyId=made.id, **({"RotationPeriodInDays": int(period)} if period else {}))
        elif new.get("KeySpec", "SYMMETRIC_DEFAULT") == "SYMMETRIC_DEFAULT":
            kms.disable_key_rotation(KeyId=made.id)
        if "Enabled" in new:
            enabled = str(new["Enabled"]).lower() == "true"
            (kms.enable_key if enabled else kms.disable_key)(KeyId=made.id)


class Alias(Handler):
    """AWS::KMS::Alias."""

    type: ClassVar[str] = "AWS::KMS::Alias"

    def create(self, at: At, new: Properties) -> Made:
        at.send("kms", "create_alias", new)
        return Made(new["AliasName"])

    def update(self, at: At, made: Made, new: Properties, old: Properties) -> Made:
        only(changed(new, old), "TargetKeyId")
        at.send("kms", "update_alias", new)
        return made

    def delete(self, at: At, made: Made, old: Properties) -> None:
        at.client("kms").delete_alias(AliasName=made.id)


HANDLERS = (Key(), Alias())
