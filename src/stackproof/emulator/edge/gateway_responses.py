"""What API Gateway says itself: gateway responses as deployed, and answers of mock integrations."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any, Final

from aiohttp import web

from stackproof.emulator.edge.rules import Api, UnjudgedError, Wire

_TYPES: Final[Mapping[str, tuple[int, str, str]]] = {  # status, message, error type; as API Gateway's reference has it
    "UNAUTHORIZED": (401, "Unauthorized", "UnauthorizedException"),
    "MISSING_AUTHENTICATION_TOKEN": (403, "Missing Authentication Token", "MissingAuthenticationTokenException"),
    "WAF_FILTERED": (403, "Forbidden", "ForbiddenException"),
    "THROTTLED": (429, "Too Many Requests", "TooManyRequestsException"),
    "REQUEST_TOO_LARGE": (413, "Request Too Long", "RequestTooLargeException"),
    "API_CONFIGURATION_ERROR": (500, "Internal server error", "InternalServerErrorException"),
    "INTEGRATION_FAILURE": (502, "Internal server error", "InternalServerErrorException"),
    "INTEGRATION_TIMEOUT": (504, "Endpoint request timed out", "InternalServerErrorException"),
}
_HEADER: Final = "gatewayresponse.header."


def gateway_response(api: Api, kind: str, message: str = "") -> web.Response:
    """The answer of one type, with the status, headers and template that are deployed for it.

    Raises:
        UnjudgedError: a header or template takes values that are not followed.

    """
    status, usual, error = _TYPES[kind]
    deployed: Wire = (
        api.responses.get(kind) or api.responses.get("DEFAULT_4XX" if status < 500 else "DEFAULT_5XX") or {}
    )
    headers = {"x-amzn-ErrorType": error}
    for name, value in (deployed.get("responseParameters") or {}).items():
        if not name.startswith(_HEADER):
            raise UnjudgedError(f"the parameter {name} of a gateway response is not followed")
        headers[name.removeprefix(_HEADER)] = literal(value)
    text = json.dumps({"message": message or usual})
    template = (deployed.get("responseTemplates") or {}).get("application/json")
    if template:
        text = template.replace("$context.error.messageString", json.dumps(message or usual))
        text = text.replace("$context.error.message", message or usual).replace("$context.error.responseType", kind)
        if "$" in text:
            raise UnjudgedError(f"the template of the gateway response {kind} is not followed")
    code = int(deployed.get("statusCode") or status)
    return web.Response(status=code, text=text, content_type="application/json", headers=headers)


def literal(value: str) -> str:
    """The text of a quoted value.

    Raises:
        UnjudgedError: it is no literal.

    """
    if len(value) >= 2 and value[0] == value[-1] == "'":
        return value[1:-1]
    raise UnjudgedError(f"the value {value} is not followed")


def mocked(integration: Wire) -> web.Response:
    """The answer of a mock integration: the request's template says the status, the response's the rest.

    Raises:
        UnjudgedError: its templates are more than plain JSON.

    """
    template = (integration.get("requestTemplates") or {}).get("application/json", "")
    try:
        status = str(json.loads(template)["statusCode"])
    except (ValueError, KeyError, TypeError) as error:
        raise UnjudgedError("the template of a mock integration is not plain JSON") from error
    responses: Mapping[str, Mapping[str, Any]] = integration.get("integrationResponses") or {}
    found = [r for r in responses.values() if r.get("selectionPattern") and re.fullmatch(r["selectionPattern"], status)]
    found += [response for response in responses.values() if not response.get("selectionPattern")]
    if not found:
        raise UnjudgedError(f"a mock integration has no response for {status}")
    headers = {
        name.removeprefix("method.response.header."): literal(value)
        for name, value in (found[0].get("responseParameters") or {}).items()
    }
    text = (found[0].get("responseTemplates") or {}).get("application/json", "")
    if "$" in text or "#" in text:
        raise UnjudgedError("the template of a mock integration's response is not followed")
    code = int(found[0].get("statusCode", status))
    return web.Response(status=code, text=text, content_type="application/json", headers=headers)
