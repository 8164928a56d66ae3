"""An answer of another form than botocore's model documents is malformed, not one that says nothing."""

from __future__ import annotations

from typing import Any

import pytest
from botocore.loaders import create_loader
from botocore.model import ServiceModel

from stackproof.sources.live.redaction import HIDDEN
from stackproof.sources.live.shaping import fits


def shape(service: str, operation: str) -> Any:
    model = ServiceModel(create_loader().load_service_model(service, "service-2"), service)
    return model.operation_model(operation).output_shape


ALARMS = shape("cloudwatch", "DescribeAlarms")
ROLE = shape("iam", "GetRole")
TOPIC = shape("sns", "GetTopicAttributes")


@pytest.mark.parametrize(
    ("documented", "answer", "good"),
    [
        (ALARMS, {"MetricAlarms": [{"AlarmName": "a", "ActionsEnabled": True, "Threshold": 1.5}]}, True),
        (ALARMS, {"MetricAlarms": []}, True),
        (ALARMS, {}, True),
        (ALARMS, {"MetricAlarms": None}, True),
        (ALARMS, {"MetricAlarms": "none"}, False),
        (ALARMS, {"MetricAlarms": {"AlarmName": "a"}}, False),
        (ALARMS, {"MetricAlarms": [{"AlarmName": ["a"]}]}, False),
        (ALARMS, {"MetricAlarms": [{"Threshold": {}}]}, False),
        (ALARMS, [], False),
        (ALARMS, "", False),
        (ROLE, {"Role": {"AssumeRolePolicyDocument": {"Statement": []}}}, True),
        (ROLE, {"Role": {"AssumeRolePolicyDocument": [1]}}, False),
        (ROLE, {"Role": HIDDEN}, True),
        (TOPIC, {"Attributes": {"KmsMasterKeyId": "k"}}, True),
        (TOPIC, {"Attributes": ["KmsMasterKeyId"]}, False),
    ],
)
def test_form(documented: Any, answer: Any, good: bool) -> None:
    """Lists, structures and texts are told apart; a policy may come parsed, and what is hidden has no form."""
    assert fits(answer, documented) is good
