"""Documented defaults of API Gateway."""

from __future__ import annotations

from typing import Final

from stackproof.model import Value

DEFAULTS: Final[dict[str, dict[str, Value]]] = {
    # API CreateStage and CreateIntegration of API Gateway v2. What else is judged of APIs has no documented default.
    "AWS::ApiGatewayV2::Stage": {"AutoDeploy": False},
    "AWS::ApiGatewayV2::Integration": {"ConnectionType": "INTERNET"},
}
