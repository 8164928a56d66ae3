"""Lambda: provisioned concurrency, which moto lacks, and settings that it forgets."""

from __future__ import annotations

from datetime import UTC, datetime

from stackproof.emulator.additions.routing import Call, RefusedError, Route, Wire

_FORGOTTEN = ("DeadLetterConfig", "KMSKeyArn", "LoggingConfig", "TracingConfig")


def name_of(call: Call) -> str:
    """The function's name, given as such or by an ARN, with or without a qualifier."""
    given = str(call.given.get("FunctionName", ""))
    return given.split(":", 7)[6] if given.startswith("arn:") else given.partition(":")[0]


def _remember(call: Call) -> Wire:
    answer = call.moto()
    kept = call.kept("function").setdefault(name_of(call), {})
    kept.update({key: call.given[key] for key in _FORGOTTEN if key in call.given})
    return {**answer, **kept}


def _recall(call: Call) -> Wire:
    answer = call.moto()
    kept = call.kept("function").get(name_of(call), {})
    if "Configuration" in answer:
        answer["Configuration"].update(kept)
        return answer
    return {**answer, **kept}


def _recall_all(call: Call) -> Wire:
    answer = call.moto()
    for function in answer.get("Functions", []):
        function.update(call.kept("function").get(function["FunctionName"], {}))
    return answer


def _forget(call: Call) -> Wire:
    if "Qualifier" not in call.given:
        call.kept("function").pop(name_of(call), None)
    return call.moto()


# --- provisioned concurrency --------------------------------------------------------------------------------


def _key(call: Call) -> str:
    return f"{name_of(call)}:{call.given['Qualifier']}"


def _put(call: Call) -> Wire:
    number = call.given["ProvisionedConcurrentExecutions"]
    call.kept("provisioned")[_key(call)] = {
        "RequestedProvisionedConcurrentExecutions": number,
        "AvailableProvisionedConcurrentExecutions": number,
        "AllocatedProvisionedConcurrentExecutions": number,
        "Status": "READY",
        "LastModified": datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%S+0000"),
    }
    found: Wire = call.kept("provisioned")[_key(call)]
    return found


def _get(call: Call) -> Wire:
    if call.given.get("List") == "ALL":
        return _list(call)
    if _key(call) not in call.kept("provisioned"):
        code = "ProvisionedConcurrencyConfigNotFoundException"
        raise RefusedError(code, "No Provisioned Concurrency Config found for this function", 404)
    found: Wire = call.kept("provisioned")[_key(call)]
    return found


def _list(call: Call) -> Wire:
    configs = [
        {**config, "FunctionArn": call.arn("lambda", f"function:{key}")}
        for key, config in call.kept("provisioned").items()
        if key.partition(":")[0] == name_of(call)
    ]
    return {"ProvisionedConcurrencyConfigs": configs}


def _delete(call: Call) -> Wire:
    call.kept("provisioned").pop(_key(call), None)
    return {}


_FUNCTION = "/2015-03-31/functions/{FunctionName}"
_PROVISIONED = "/2019-09-30/functions/{FunctionName}/provisioned-concurrency"
ROUTES = (
    Route("lambda", _remember, "POST", "/2015-03-31/functions", status=201),
    Route("lambda", _recall_all, "GET", "/2015-03-31/functions"),
    Route("lambda", _remember, "PUT", _FUNCTION + "/configuration"),
    Route("lambda", _recall, "GET", _FUNCTION),
    Route("lambda", _recall, "GET", _FUNCTION + "/configuration"),
    Route("lambda", _forget, "DELETE", _FUNCTION, status=204),
    Route("lambda", _put, "PUT", _PROVISIONED, status=202),
    Route("lambda", _get, "GET", _PROVISIONED),
    Route("lambda", _delete, "DELETE", _PROVISIONED, status=204),
)
