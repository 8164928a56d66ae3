"""Documented defaults of DynamoDB, EventBridge and Step Functions."""

from __future__ import annotations

from typing import Final

from stackproof.model import Value

DEFAULTS: Final[dict[str, dict[str, Value]]] = {
    # API CreateTable; template reference of AWS::DynamoDB::Table.
    "AWS::DynamoDB::Table": {
        "PointInTimeRecoverySpecification.PointInTimeRecoveryEnabled": False,
        "DeletionProtectionEnabled": False,
        "BillingMode": "PROVISIONED",
        "SSESpecification.SSEEnabled": False,
    },
    "AWS::DynamoDB::GlobalTable": {
        "Replicas.PointInTimeRecoverySpecification.PointInTimeRecoveryEnabled": False,
        "Replicas.DeletionProtectionEnabled": False,
        "BillingMode": "PROVISIONED",
        "SSESpecification.SSEEnabled": False,
    },
    # API PutRule: a rule is on unless told otherwise.
    "AWS::Events::Rule": {"State": "ENABLED"},
    # Template reference, LoggingConfiguration and TracingConfiguration.
    "AWS::StepFunctions::StateMachine": {
        "LoggingConfiguration.Level": "OFF",
        "LoggingConfiguration.IncludeExecutionData": False,
        "TracingConfiguration.Enabled": False,
    },
}
