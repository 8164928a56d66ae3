"""Documented defaults of API Gateway, REST and HTTP/WebSocket."""

from __future__ import annotations

from typing import Final

from stackproof.model import Value

DEFAULTS: Final[dict[str, dict[str, Value]]] = {
    # API CreateStage, UpdateStage (method settings), PutMethod and CreateDomainName of API Gateway.
    "AWS::ApiGateway::Stage": {
        "TracingEnabled": False,
        "CacheClusterEnabled": False,
        "MethodSettings.LoggingLevel": "OFF",
        "MethodSettings.DataTraceEnabled": False,
        "MethodSettings.CacheDataEncrypted": False,
    },
    "AWS::ApiGateway::Method": {"AuthorizationType": "NONE"},
    # API CreateApi and CreateRoute of API Gateway v2.
    "AWS::ApiGatewayV2::Route": {"AuthorizationType": "NONE"},
    "AWS::ApiGatewayV2::Stage": {"AutoDeploy": False, "DefaultRouteSettings.LoggingLevel": "OFF"},
    "AWS::ApiGatewayV2::Integration": {"ConnectionType": "INTERNET"},
}
