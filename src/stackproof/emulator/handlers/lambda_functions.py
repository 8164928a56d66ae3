"""Lambda: functions, versions, aliases, permissions."""

from __future__ import annotations

import io
import zipfile
from typing import Any, ClassVar

from stackproof.emulator.handlers.base import At, Handler, Made, Properties, changed, named, only, tag_map, without

_APART = ("ReservedConcurrentExecutions",)


class Function(Handler):
    """AWS::Lambda::Function."""

    type: ClassVar[str] = "AWS::Lambda::Function"

    def create(self, at: At, new: Properties) -> Made:
        parameters = named(new, "FunctionName", at, 64)
        add = {"Code": _code(new["Code"], new)}
        function = at.send("lambda", "create_function", parameters, beside=("Code", *_APART), add=add)
        made = Made(function["FunctionName"], {"Arn": function["FunctionArn"]})
        self._reserve(at, made, new)
        return made

    def update(self, at: At, made: Made, new: Properties, old: Properties) -> Made:
        changes = changed(new, old)
        if changes & {"FunctionName", "PackageType"}:
            only(changes)
        client = at.client("lambda")
        if "Code" in changes:
            client.update_function_code(FunctionName=made.id, **_code(new["Code"], new))
        settings = without(new, "FunctionName", "Code", "Tags", "PackageType", "Architectures", *_APART)
        at.send("lambda", "update_function_configuration", settings, add={"FunctionName": made.id})
        self._reserve(at, made, new)
        stale = sorted(set(tag_map(old)) - set(tag_map(new)))
        if stale:
            client.untag_resource(Resource=made.attributes["Arn"], TagKeys=stale)
        if new.get("Tags"):
            client.tag_resource(Resource=made.attributes["Arn"], Tags=tag_map(new))
        return made

    def delete(self, at: At, made: Made, old: Properties) -> None:
        at.client("lambda").delete_function(FunctionName=made.id)

    def _reserve(self, at: At, made: Made, new: Properties) -> None:
        client = at.client("lambda")
        if "ReservedConcurrentExecutions" in new:
            number = int(new["ReservedConcurrentExecutions"])
            client.put_function_concurrency(FunctionName=made.id, ReservedConcurrentExecutions=number)
        else:
            client.delete_function_concurrency(FunctionName=made.id)


def _code(code: Properties, function: Properties) -> dict[str, Any]:
    """The code as the API takes it; text in the template becomes an archive with the handler's file."""
    if "ZipFile" not in code:
        return dict(code)
    suffix = ".js" if str(function.get("Runtime", "")).startswith("nodejs") else ".py"
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w") as writing:
        writing.writestr(zipfile.ZipInfo(f"index{suffix}"), code["ZipFile"])
    return {"ZipFile": archive.getvalue()}


class Version(Handler):
    """AWS::Lambda::Version."""

    type: ClassVar[str] = "AWS::Lambda::Version"

    def create(self, at: At, new: Properties) -> Made:
        version = at.send("lambda", "publish_version", new)
        arn = version["FunctionArn"]
        return Made(arn, {"Version": version["Version"], "FunctionArn": arn})

    def delete(self, at: At, made: Made, old: Properties) -> None:
        number = made.attributes["Version"]
        at.client("lambda").delete_function(FunctionName=old["FunctionName"], Qualifier=number)


class Alias(Handler):
    """AWS::Lambda::Alias."""

    type: ClassVar[str] = "AWS::Lambda::Alias"

    def create(self, at: At, new: Properties) -> Made:
        alias = at.send("lambda", "create_alias", new, beside=("ProvisionedConcurrencyConfig",))
        made = Made(alias["AliasArn"], {"AliasArn": alias["AliasArn"]})
        self._provide(at, new, {})
        return made

    def update(self, at: At, made: Made, new: Properties, old: Properties) -> Made:
        only(changed(new, old), "FunctionVersion", "Description", "RoutingConfig", "ProvisionedConcurrencyConfig")
        at.send("lambda", "update_alias", new, beside=("ProvisionedConcurrencyConfig",))
        self._provide(at, new, old)
        return made

    def delete(self, at: At, made: Made, old: Properties) -> None:
        at.client("lambda").delete_alias(FunctionName=old["FunctionName"], Name=old["Name"])

    def _provide(self, at: At, new: Properties, old: Properties) -> None:
        client, which = at.client("lambda"), {"FunctionName": new["FunctionName"], "Qualifier": new["Name"]}
        wanted = new.get("ProvisionedConcurrencyConfig")
        if wanted:
            number = int(wanted["ProvisionedConcurrentExecutions"])
            client.put_provisioned_concurrency_config(**which, ProvisionedConcurrentExecutions=number)
        elif old.get("ProvisionedConcurrencyConfig"):
            client.delete_provisioned_concurrency_config(**which)


class Permission(Handler):
    """AWS::Lambda::Permission."""

    type: ClassVar[str] = "AWS::Lambda::Permission"

    def create(self, at: At, new: Properties) -> Made:
        name = at.generated(100)
        parameters = dict(new)
        add: dict[str, Any] = {"StatementId": name}
        function, qualifier = _split(new["FunctionName"])
        if qualifier:
            parameters["FunctionName"] = function
            add["Qualifier"] = qualifier
        at.send("lambda", "add_permission", parameters, add=add)
        return Made(name, {"Id": name})

    def delete(self, at: At, made: Made, old: Properties) -> None:
        function, qualifier = _split(old["FunctionName"])
        which = {"Qualifier": qualifier} if qualifier else {}
        at.client("lambda").remove_permission(FunctionName=function, StatementId=made.id, **which)


def _split(name: str) -> tuple[str, str]:
    """A function and the qualifier at the end of its ARN, if any."""
    parts = name.split(":")
    return (":".join(parts[:7]), parts[7]) if name.startswith("arn:") and len(parts) > 7 else (name, "")


HANDLERS = (Function(), Version(), Alias(), Permission())
