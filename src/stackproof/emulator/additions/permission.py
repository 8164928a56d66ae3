"""Who may call an added action, when moto enforces IAM (`POST /moto-api/reset-auth`): the same policies decide."""

from __future__ import annotations

import functools
import re
from collections.abc import Mapping
from typing import Any, Final

from stackproof.emulator.models_once import shared_loader

_MODELS: Final = {"ses": "sesv2"}  # signed with one name, modelled under another


def denial(service: str, method: str, path: str, target: str, headers: Mapping[str, Any], account: str) -> str:
    """Say why the caller may not do this; empty when it may, or when nothing is enforced."""
    from moto import settings
    from moto.core.authorization import ActionAuthenticatorMixin
    from moto.iam.access_control import IAMRequest
    from werkzeug.exceptions import HTTPException

    if ActionAuthenticatorMixin.request_count < settings.INITIAL_NO_AUTH_ACTION_COUNT:
        return ""
    action = target.rpartition(".")[2] or _operation(service, method, path)
    request: Any = IAMRequest
    try:
        request(account, method, path, {}, b"", dict(headers), action).check_action_permitted("*")
    except HTTPException as error:
        return str(getattr(error, "message", error.description))
    return ""


def _operation(service: str, method: str, path: str) -> str:
    """The operation that a REST request is, by the service's model."""
    for name, verb, pattern in _operations(_MODELS.get(service, service)):
        if verb == method and pattern.fullmatch(path.rstrip("/")):
            return name
    return "UnknownOperation"  # which no policy allows but those that allow everything


@functools.cache
def _operations(model: str) -> tuple[tuple[str, str, re.Pattern[str]], ...]:
    """Every operation of a service: name, method, path; those with fewer parameters in the path first."""
    found = []
    for name, operation in shared_loader().load_service_model(model, "service-2")["operations"].items():
        uri = operation["http"]["requestUri"].partition("?")[0].rstrip("/")
        parts = re.split(r"(\{[^}]+\})", uri)
        holes = [
            ".+" if part.endswith("+}") else "[^/]+" if part.startswith("{") else re.escape(part) for part in parts
        ]
        found.append((name, operation["http"]["method"], re.compile("".join(holes))))
    return tuple(sorted(found, key=lambda item: item[2].pattern.count("[^/]+")))
