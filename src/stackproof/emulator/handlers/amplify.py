"""Amplify: applications, branches, domains."""

from __future__ import annotations

from typing import Any, ClassVar

from stackproof.emulator.handlers.base import At, Handler, Made, Properties, changed, only, tag_map, without


class App(Handler):
    """AWS::Amplify::App."""

    type: ClassVar[str] = "AWS::Amplify::App"
    rename: ClassVar[dict[str, str]] = {"EnableBranchAutoDeletion": "enableBranchAutoDeletion"}

    def create(self, at: At, new: Properties) -> Made:
        app = at.send("amplify", "create_app", new)["app"]
        attributes = {
            "AppId": app["appId"],
            "AppName": app["name"],
            "Arn": app["appArn"],
            "DefaultDomain": app["defaultDomain"],
        }
        return Made(app["appArn"], attributes)

    def update(self, at: At, made: Made, new: Properties, old: Properties) -> Made:
        at.send("amplify", "update_app", without(new, "Tags"), add={"appId": made.attributes["AppId"]})
        _retag(at, made.id, new, old)
        return made

    def delete(self, at: At, made: Made, old: Properties) -> None:
        at.client("amplify").delete_app(appId=made.attributes["AppId"])


def _retag(at: At, arn: str, new: Properties, old: Properties) -> None:
    stale = sorted(set(tag_map(old)) - set(tag_map(new)))
    if stale:
        at.client("amplify").untag_resource(resourceArn=arn, tagKeys=stale)
    if new.get("Tags"):
        at.client("amplify").tag_resource(resourceArn=arn, tags=tag_map(new))


class Branch(Handler):
    """AWS::Amplify::Branch."""

    type: ClassVar[str] = "AWS::Amplify::Branch"

    def create(self, at: At, new: Properties) -> Made:
        branch = at.send("amplify", "create_branch", new)["branch"]
        return Made(branch["branchArn"], {"Arn": branch["branchArn"], "BranchName": branch["branchName"]})

    def update(self, at: At, made: Made, new: Properties, old: Properties) -> Made:
        if changed(new, old) & {"AppId", "BranchName"}:
            only(changed(new, old))
        at.send("amplify", "update_branch", without(new, "Tags"))
        _retag(at, made.id, new, old)
        return made

    def delete(self, at: At, made: Made, old: Properties) -> None:
        at.client("amplify").delete_branch(appId=old["AppId"], branchName=old["BranchName"])


class Domain(Handler):
    """AWS::Amplify::Domain."""

    type: ClassVar[str] = "AWS::Amplify::Domain"

    def create(self, at: At, new: Properties) -> Made:
        domain = at.send("amplify", "create_domain_association", new)["domainAssociation"]
        return self._made(domain)

    def update(self, at: At, made: Made, new: Properties, old: Properties) -> Made:
        if changed(new, old) & {"AppId", "DomainName"}:
            only(changed(new, old))
        return self._made(at.send("amplify", "update_domain_association", new)["domainAssociation"])

    def delete(self, at: At, made: Made, old: Properties) -> None:
        at.client("amplify").delete_domain_association(appId=old["AppId"], domainName=old["DomainName"])

    def _made(self, domain: dict[str, Any]) -> Made:
        attributes = {"Arn": domain["domainAssociationArn"], "DomainName": domain["domainName"]}
        return Made(domain["domainAssociationArn"], {**attributes, "DomainStatus": domain["domainStatus"]})


HANDLERS = (App(), Branch(), Domain())
