"""WAF: web ACLs, what they stand in front of, and their logs."""

from __future__ import annotations

from typing import Any, ClassVar

from stackproof.emulator.handlers.base import At, Handler, Made, Properties, changed, named, only


class WebAcl(Handler):
    """AWS::WAFv2::WebACL."""

    type: ClassVar[str] = "AWS::WAFv2::WebACL"

    def create(self, at: At, new: Properties) -> Made:
        parameters = named(new, "Name", at, 128)
        acl = at.send("wafv2", "create_web_acl", parameters)["Summary"]
        id_ = f"{acl['Name']}|{acl['Id']}|{new['Scope']}"
        return Made(id_, {"Arn": acl["ARN"], "Id": acl["Id"]})

    def update(self, at: At, made: Made, new: Properties, old: Properties) -> Made:
        if changed(new, old) & {"Name", "Scope"}:
            only(changed(new, old))
        which = self._which(made)
        token = at.client("wafv2").get_web_acl(**which)["LockToken"]
        wanted = {key: value for key, value in new.items() if key not in {"Name", "Scope", "Tags"}}
        at.send("wafv2", "update_web_acl", wanted, add={**which, "LockToken": token})
        return made

    def delete(self, at: At, made: Made, old: Properties) -> None:
        which = self._which(made)
        token = at.client("wafv2").get_web_acl(**which)["LockToken"]
        at.client("wafv2").delete_web_acl(**which, LockToken=token)

    def _which(self, made: Made) -> dict[str, Any]:
        name, id_, scope = made.id.split("|")
        return {"Name": name, "Id": id_, "Scope": scope}


class Association(Handler):
    """AWS::WAFv2::WebACLAssociation."""

    type: ClassVar[str] = "AWS::WAFv2::WebACLAssociation"

    def create(self, at: At, new: Properties) -> Made:
        at.send("wafv2", "associate_web_acl", new)
        return Made(f"{new['WebACLArn']}|{new['ResourceArn']}")

    def update(self, at: At, made: Made, new: Properties, old: Properties) -> Made:
        only(changed(new, old), "WebACLArn")
        return self.create(at, new)

    def delete(self, at: At, made: Made, old: Properties) -> None:
        at.client("wafv2").disassociate_web_acl(ResourceArn=old["ResourceArn"])


class Logging(Handler):
    """AWS::WAFv2::LoggingConfiguration."""

    type: ClassVar[str] = "AWS::WAFv2::LoggingConfiguration"

    def create(self, at: At, new: Properties) -> Made:
        at.send("wafv2", "put_logging_configuration", {"LoggingConfiguration": dict(new)})
        return Made(new["ResourceArn"])

    def update(self, at: At, made: Made, new: Properties, old: Properties) -> Made:
        if "ResourceArn" in changed(new, old):
            only(changed(new, old))
        return self.create(at, new)

    def delete(self, at: At, made: Made, old: Properties) -> None:
        at.client("wafv2").delete_logging_configuration(ResourceArn=made.id)


HANDLERS = (WebAcl(), Association(), Logging())
