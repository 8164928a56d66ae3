"""Lambda's dead letters: an event for a function that is held (no concurrency) goes on to the function's queue at once.

Lambda sends with the function's role; what the role may not send is dropped without a word ("Adding a dead-letter
queue", Lambda developer guide). Other invocations are moto's.
"""

from __future__ import annotations

import uuid
from typing import Any

from stackproof.emulator.additions.lambda_functions import name_of
from stackproof.emulator.additions.policy_evaluation import SECURE, Decision, Question, decide
from stackproof.emulator.additions.routing import Call, Route, Wire


def _invoke(call: Call) -> Wire:
    from moto.awslambda.exceptions import UnknownFunctionException
    from moto.awslambda.utils import get_backend

    name = name_of(call)
    try:
        function: Any = get_backend(call.account, call.region).get_function(name)
    except UnknownFunctionException:
        call.pass_on()
    held = function.reserved_concurrency is not None and int(function.reserved_concurrency) == 0
    if not held or call.headers.get("X-Amz-Invocation-Type", "").lower() != "event":
        call.pass_on()
    target = call.kept("function").get(name, {}).get("DeadLetterConfig", {}).get("TargetArn", "")
    if ":sqs:" in target:
        _send(call, function.role, target)
    return {}


def _send(call: Call, role: str, target: str) -> None:
    from moto.iam.models import iam_backends
    from moto.sqs.models import sqs_backends

    *_, region, account, queue_name = target.split(":")
    backend: Any = sqs_backends[account][region]
    queue = backend.queues.get(queue_name)
    if queue is None:
        return
    iam: Any = next(iter(iam_backends[call.account].values()))
    policies = policies_of(iam.get_role_by_arn(role))
    asked = [("sqs:SendMessage", target)]
    if queue.kms_master_key_id:
        key = _key(queue.kms_master_key_id, account, region)
        asked += [("kms:GenerateDataKey", key), ("kms:Decrypt", key)]
    context = {**SECURE, "kms:viaservice": [f"sqs.{region}.amazonaws.com"]}
    if all(decide(policies, Question(*one, context=context)) is Decision.ALLOWED for one in asked):
        attributes = {
            name: {"DataType": kind, "StringValue": value}
            for name, kind, value in (
                ("RequestID", "String", str(uuid.uuid4())),
                ("ErrorCode", "Number", "429"),
                ("ErrorMessage", "String", "Rate Exceeded."),
            )
        }
        backend.send_message(queue_name, call.body.decode(), message_attributes=attributes)


def policies_of(role: Any) -> list[str]:
    """The documents of a role's own and attached policies."""
    attached = [next(v for v in p.versions if v.is_default).document for p in role.managed_policies.values()]
    return [*role.policies.values(), *attached]


def _key(key: str, account: str, region: str) -> str:
    return key if key.startswith("arn:") else f"arn:aws:kms:{region}:{account}:key/{key}"


ROUTES = (Route("lambda", _invoke, "POST", "/2015-03-31/functions/{FunctionName}/invocations", status=202),)
