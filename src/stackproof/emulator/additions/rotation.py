"""Secrets Manager: a rotation schedule is kept as it was given, and rotates nothing when it is told not to."""

from __future__ import annotations

import re
import time
from typing import Any

from stackproof.emulator.additions.routing import Call, RefusedError, Route, Wire


def _rotate(call: Call) -> Wire:
    if call.given.get("RotateImmediately", True):
        answer = call.moto()
    else:
        secret = _secret(call)
        if call.given.get("RotationLambdaARN"):
            _check_function(call, call.given["RotationLambdaARN"])
            secret.rotation_lambda_arn = call.given["RotationLambdaARN"]
        secret.rotation_requested = secret.rotation_enabled = True
        answer = {"ARN": secret.arn, "Name": secret.name, "VersionId": secret.default_version_id}
    rules = call.given.get("RotationRules")
    if rules:
        call.kept("rotation")[answer["ARN"]] = {
            "RotationEnabled": True,
            "RotationRules": rules,
            "NextRotationDate": time.time() + _days(rules) * 86400,
        }
    return answer


def _secret(call: Call) -> Any:
    from moto.secretsmanager.models import secretsmanager_backends

    backend: Any = secretsmanager_backends[call.account][call.region]
    name = call.given["SecretId"]
    if name not in backend.secrets:
        raise RefusedError("ResourceNotFoundException", "Secrets Manager can't find the specified secret.")
    return backend.secrets[name]


def _check_function(call: Call, arn: str) -> None:
    from moto.awslambda.exceptions import UnknownFunctionException
    from moto.awslambda.utils import get_backend

    try:
        get_backend(call.account, call.region).get_function(arn)
    except UnknownFunctionException as error:
        raise RefusedError("ResourceNotFoundException", "Lambda does not exist or is inaccessible.") from error


def _days(rules: Wire) -> int:
    rate = re.fullmatch(r"rate\((\d+) (day|hour)s?\)", str(rules.get("ScheduleExpression", "")))
    if rate:
        return max(int(rate[1]) // (1 if rate[2] == "day" else 24), 1)
    return int(rules.get("AutomaticallyAfterDays", 30))


def _recall(call: Call, secret: Wire) -> None:
    kept = call.kept("rotation").get(str(secret.get("ARN")))
    if kept and secret.get("RotationLambdaARN"):
        secret.update(kept)
        secret.pop("LastRotatedDate", None)


def _describe(call: Call) -> Wire:
    answer = call.moto()
    _recall(call, answer)
    return answer


def _list(call: Call) -> Wire:
    answer = call.moto()
    for secret in answer.get("SecretList", []):
        _recall(call, secret)
    return answer


def _cancel(call: Call) -> Wire:
    answer = call.moto()
    call.kept("rotation").pop(str(answer.get("ARN")), None)
    return answer


ROUTES = (
    Route("secretsmanager", _rotate, target="secretsmanager.RotateSecret"),
    Route("secretsmanager", _describe, target="secretsmanager.DescribeSecret"),
    Route("secretsmanager", _list, target="secretsmanager.ListSecrets"),
    Route("secretsmanager", _cancel, target="secretsmanager.CancelRotateSecret"),
)
