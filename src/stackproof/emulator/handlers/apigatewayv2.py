"""API Gateway v2: WebSocket and HTTP APIs."""

from __future__ import annotations

from typing import ClassVar

from stackproof.emulator.handlers.base import At, Handler, Made, Properties, changed, only, tag_map, without


class Api(Handler):
    """AWS::ApiGatewayV2::Api."""

    type: ClassVar[str] = "AWS::ApiGatewayV2::Api"

    def create(self, at: At, new: Properties) -> Made:
        api = at.send("apigatewayv2", "create_api", new)
        return Made(api["ApiId"], {"ApiId": api["ApiId"], "ApiEndpoint": api["ApiEndpoint"]})

    def update(self, at: At, made: Made, new: Properties, old: Properties) -> Made:
        if "ProtocolType" in changed(new, old):
            only(changed(new, old))
        at.send("apigatewayv2", "update_api", without(new, "ProtocolType", "Tags"), add={"ApiId": made.id})
        arn = f"arn:aws:apigateway:{at.region}::/apis/{made.id}"
        stale = sorted(set(tag_map(old)) - set(tag_map(new)))
        if stale:
            at.client("apigatewayv2").untag_resource(ResourceArn=arn, TagKeys=stale)
        if new.get("Tags"):
            at.client("apigatewayv2").tag_resource(ResourceArn=arn, Tags=tag_map(new))
        return made

    def delete(self, at: At, made: Made, old: Properties) -> None:
        at.client("apigatewayv2").delete_api(ApiId=made.id)


class Integration(Handler):
    """AWS::ApiGatewayV2::Integration."""

    type: ClassVar[str] = "AWS::ApiGatewayV2::Integration"

    def create(self, at: At, new: Properties) -> Made:
        made = at.send("apigatewayv2", "create_integration", new)
        return Made(made["IntegrationId"], {"IntegrationId": made["IntegrationId"]})

    def update(self, at: At, made: Made, new: Properties, old: Properties) -> Made:
        if "ApiId" in changed(new, old):
            only(changed(new, old))
        at.send("apigatewayv2", "update_integration", new, add={"IntegrationId": made.id})
        return made

    def delete(self, at: At, made: Made, old: Properties) -> None:
        at.client("apigatewayv2").delete_integration(ApiId=old["ApiId"], IntegrationId=made.id)


class Route(Handler):
    """AWS::ApiGatewayV2::Route."""

    type: ClassVar[str] = "AWS::ApiGatewayV2::Route"

    def create(self, at: At, new: Properties) -> Made:
        route = at.send("apigatewayv2", "create_route", new)
        return Made(route["RouteId"], {"RouteId": route["RouteId"]})

    def update(self, at: At, made: Made, new: Properties, old: Properties) -> Made:
        if "ApiId" in changed(new, old):
            only(changed(new, old))
        at.send("apigatewayv2", "update_route", new, add={"RouteId": made.id})
        return made

    def delete(self, at: At, made: Made, old: Properties) -> None:
        at.client("apigatewayv2").delete_route(ApiId=old["ApiId"], RouteId=made.id)


class Stage(Handler):
    """AWS::ApiGatewayV2::Stage."""

    type: ClassVar[str] = "AWS::ApiGatewayV2::Stage"

    def create(self, at: At, new: Properties) -> Made:
        stage = at.send("apigatewayv2", "create_stage", new, beside=("AccessPolicyId",))
        return Made(stage["StageName"])

    def update(self, at: At, made: Made, new: Properties, old: Properties) -> Made:
        if changed(new, old) & {"ApiId", "StageName"}:
            only(changed(new, old))
        self.delete(at, made, old)  # moto has no change of it; under its name it is the same for everybody
        return self.create(at, new)

    def delete(self, at: At, made: Made, old: Properties) -> None:
        at.client("apigatewayv2").delete_stage(ApiId=old["ApiId"], StageName=made.id)


HANDLERS = (Api(), Integration(), Route(), Stage())
