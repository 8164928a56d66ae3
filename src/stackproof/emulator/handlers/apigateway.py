"""API Gateway: REST APIs, their stages and domain names."""

from __future__ import annotations

from typing import Any, ClassVar

from stackproof.emulator.handlers import openapi
from stackproof.emulator.handlers.base import At, Handler, Made, Properties, changed, only, tag_map, without

Patch = list[dict[str, str]]


def replacing(values: dict[str, Any]) -> Patch:
    """Patch operations that set each path to its value."""
    return [{"op": "replace", "path": path, "value": _text(value)} for path, value in values.items()]


def _text(value: Any) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


class RestApi(Handler):
    """AWS::ApiGateway::RestApi, its OpenAPI body included."""

    type: ClassVar[str] = "AWS::ApiGateway::RestApi"

    def create(self, at: At, new: Properties) -> Made:
        body = new.get("Body") or {}
        parameters = {"Name": body.get("info", {}).get("title", at.generated()), **new}
        if openapi.endpoint_disabled(body):
            parameters["DisableExecuteApiEndpoint"] = True
        api = at.send("apigateway", "create_rest_api", parameters, beside=("Body", "Parameters"))
        openapi.load(at.client("apigateway"), api["id"], body)
        return self._made(at, api["id"])

    def update(self, at: At, made: Made, new: Properties, old: Properties) -> Made:
        only(changed(new, old), "Body", "Name", "Description", "Tags", "DisableExecuteApiEndpoint")
        client = at.client("apigateway")
        values = {f"/{key[0].lower()}{key[1:]}": new[key] for key in ("Name", "Description") if key in new}
        disabled = new.get("DisableExecuteApiEndpoint") or openapi.endpoint_disabled(new.get("Body") or {})
        values["/disableExecuteApiEndpoint"] = bool(disabled)
        client.update_rest_api(restApiId=made.id, patchOperations=replacing(values))
        if new.get("Body") != old.get("Body"):
            openapi.clear(client, made.id)
            openapi.load(client, made.id, new.get("Body") or {})
        if new.get("Tags"):
            arn = f"arn:aws:apigateway:{at.region}::/restapis/{made.id}"
            client.tag_resource(resourceArn=arn, tags=tag_map(new))
        return self._made(at, made.id)

    def delete(self, at: At, made: Made, old: Properties) -> None:
        at.client("apigateway").delete_rest_api(restApiId=made.id)

    def _made(self, at: At, id_: str) -> Made:
        root = next(r for r in at.client("apigateway").get_resources(restApiId=id_)["items"] if r["path"] == "/")
        return Made(id_, {"RestApiId": id_, "RootResourceId": root["id"]})


class Deployment(Handler):
    """AWS::ApiGateway::Deployment."""

    type: ClassVar[str] = "AWS::ApiGateway::Deployment"

    def create(self, at: At, new: Properties) -> Made:
        deployment = at.send("apigateway", "create_deployment", new)
        return Made(deployment["id"], {"DeploymentId": deployment["id"]})

    def delete(self, at: At, made: Made, old: Properties) -> None:
        at.client("apigateway").delete_deployment(restApiId=old["RestApiId"], deploymentId=made.id)


_METHOD = {
    "LoggingLevel": "logging/loglevel",
    "DataTraceEnabled": "logging/dataTrace",
    "MetricsEnabled": "metrics/enabled",
    "ThrottlingRateLimit": "throttling/rateLimit",
    "ThrottlingBurstLimit": "throttling/burstLimit",
    "CachingEnabled": "caching/enabled",
    "CacheTtlInSeconds": "caching/ttlInSeconds",
    "CacheDataEncrypted": "caching/dataEncrypted",
}


class Stage(Handler):
    """AWS::ApiGateway::Stage."""

    type: ClassVar[str] = "AWS::ApiGateway::Stage"
    apart: ClassVar[tuple[str, ...]] = ("AccessLogSetting", "MethodSettings")

    def create(self, at: At, new: Properties) -> Made:
        at.send("apigateway", "create_stage", new, beside=self.apart)
        made = Made(new["StageName"])
        self._set(at, new)
        return made

    def update(self, at: At, made: Made, new: Properties, old: Properties) -> Made:
        only(changed(new, old), *self.apart, "DeploymentId", "Description", "TracingEnabled", "Tags", "Variables")
        values = {
            f"/{key[0].lower()}{key[1:]}": new[key]
            for key in ("DeploymentId", "Description", "TracingEnabled")
            if key in new
        }
        which = {"restApiId": new["RestApiId"], "stageName": made.id}
        at.client("apigateway").update_stage(**which, patchOperations=replacing(values))
        self._set(at, new)
        return made

    def delete(self, at: At, made: Made, old: Properties) -> None:
        at.client("apigateway").delete_stage(restApiId=old["RestApiId"], stageName=made.id)

    def _set(self, at: At, new: Properties) -> None:
        values: dict[str, Any] = {}
        logs = new.get("AccessLogSetting")
        if logs:
            values["/accessLogSettings/destinationArn"] = logs["DestinationArn"]
            values["/accessLogSettings/format"] = logs["Format"]
        for setting in new.get("MethodSettings") or []:
            path = str(setting.get("ResourcePath", "/*")).removeprefix("/").replace("/", "~1") or "~1"
            for key, name in _METHOD.items():
                if key in setting:
                    values[f"/{path}/{setting.get('HttpMethod', '*')}/{name}"] = setting[key]
        if values:
            which = {"restApiId": new["RestApiId"], "stageName": new["StageName"]}
            at.client("apigateway").update_stage(**which, patchOperations=replacing(values))


class DomainName(Handler):
    """AWS::ApiGateway::DomainName."""

    type: ClassVar[str] = "AWS::ApiGateway::DomainName"

    def create(self, at: At, new: Properties) -> Made:
        domain = at.send("apigateway", "create_domain_name", new)
        attributes = {
            "RegionalDomainName": domain.get("regionalDomainName") or f"d-{domain['domainName']}",
            "RegionalHostedZoneId": domain.get("regionalHostedZoneId") or "Z1UJRXOUMOOFQ8",
            "DistributionDomainName": domain.get("distributionDomainName", ""),
            "DistributionHostedZoneId": domain.get("distributionHostedZoneId", ""),
        }
        return Made(domain["domainName"], attributes)

    def delete(self, at: At, made: Made, old: Properties) -> None:
        at.client("apigateway").delete_domain_name(domainName=made.id)


class BasePathMapping(Handler):
    """AWS::ApiGateway::BasePathMapping."""

    type: ClassVar[str] = "AWS::ApiGateway::BasePathMapping"

    def create(self, at: At, new: Properties) -> Made:
        mapping = at.send("apigateway", "create_base_path_mapping", new)
        path = mapping.get("basePath") or "(none)"
        return Made(f"{new['DomainName']}|{path}", {"Path": path})

    def update(self, at: At, made: Made, new: Properties, old: Properties) -> Made:
        only(changed(new, old), "RestApiId", "Stage")
        values = {"/restapiId": new["RestApiId"], "/stage": new.get("Stage", "")}
        which = {"domainName": new["DomainName"], "basePath": made.attributes["Path"]}
        at.client("apigateway").update_base_path_mapping(**which, patchOperations=replacing(values))
        return made

    def delete(self, at: At, made: Made, old: Properties) -> None:
        which = {"domainName": old["DomainName"], "basePath": made.attributes["Path"]}
        at.client("apigateway").delete_base_path_mapping(**which)


class Account(Handler):
    """AWS::ApiGateway::Account: one per account and region."""

    type: ClassVar[str] = "AWS::ApiGateway::Account"

    def create(self, at: At, new: Properties) -> Made:
        values = {"/cloudwatchRoleArn": new.get("CloudWatchRoleArn", "")}
        at.client("apigateway").update_account(patchOperations=replacing(values))
        return Made(at.generated(64))

    def update(self, at: At, made: Made, new: Properties, old: Properties) -> Made:
        self.create(at, without(new))
        return made

    def delete(self, at: At, made: Made, old: Properties) -> None:
        """Nothing: as on AWS, the account keeps its role."""


HANDLERS = (RestApi(), Deployment(), Stage(), DomainName(), BasePathMapping(), Account())
