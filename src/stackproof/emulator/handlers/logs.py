"""CloudWatch Logs."""

from __future__ import annotations

import json
from typing import ClassVar

from stackproof.emulator.handlers.base import At, Handler, Made, Properties, changed, only, tag_map


class LogGroup(Handler):
    """AWS::Logs::LogGroup."""

    type: ClassVar[str] = "AWS::Logs::LogGroup"

    def create(self, at: At, new: Properties) -> Made:
        name = new.get("LogGroupName") or at.generated(512)
        beside = ("LogGroupName", "RetentionInDays", "Tags")
        add = {"logGroupName": name, **({"tags": tag_map(new)} if new.get("Tags") else {})}
        at.send("logs", "create_log_group", new, beside=beside, add=add)
        made = Made(name, {"Arn": at.arn("logs", f"log-group:{name}:*")})
        self._retain(at, made, new)
        return made

    def update(self, at: At, made: Made, new: Properties, old: Properties) -> Made:
        logs = at.client("logs")
        only(changed(new, old), "RetentionInDays", "KmsKeyId", "Tags")
        self._retain(at, made, new)
        if new.get("KmsKeyId") != old.get("KmsKeyId"):
            if new.get("KmsKeyId"):
                logs.associate_kms_key(logGroupName=made.id, kmsKeyId=new["KmsKeyId"])
            else:
                logs.disassociate_kms_key(logGroupName=made.id)
        arn = made.attributes["Arn"].removesuffix(":*")
        stale = sorted(set(tag_map(old)) - set(tag_map(new)))
        if stale:
            logs.untag_resource(resourceArn=arn, tagKeys=stale)
        if new.get("Tags"):
            logs.tag_resource(resourceArn=arn, tags=tag_map(new))
        return made

    def delete(self, at: At, made: Made, old: Properties) -> None:
        at.client("logs").delete_log_group(logGroupName=made.id)

    def _retain(self, at: At, made: Made, new: Properties) -> None:
        logs = at.client("logs")
        if "RetentionInDays" in new:
            logs.put_retention_policy(logGroupName=made.id, retentionInDays=int(new["RetentionInDays"]))
        else:
            logs.delete_retention_policy(logGroupName=made.id)


class ResourcePolicy(Handler):
    """AWS::Logs::ResourcePolicy."""

    type: ClassVar[str] = "AWS::Logs::ResourcePolicy"

    def create(self, at: At, new: Properties) -> Made:
        document = new["PolicyDocument"]
        text = document if isinstance(document, str) else json.dumps(document)
        at.client("logs").put_resource_policy(policyName=new["PolicyName"], policyDocument=text)
        return Made(new["PolicyName"])

    def update(self, at: At, made: Made, new: Properties, old: Properties) -> Made:
        only(changed(new, old), "PolicyDocument")
        return self.create(at, new)

    def delete(self, at: At, made: Made, old: Properties) -> None:
        at.client("logs").delete_resource_policy(policyName=made.id)


HANDLERS = (LogGroup(), ResourcePolicy())
