"""API definitions in OpenAPI form, as API Gateway imports them and SAM writes them."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import Final, Literal

from stackproof.model import Claim, Fact, Text, Unknown, Value, all_of
from stackproof.model.matching import Answer, readable
from stackproof.resources.entries import last_key, leaves

ANY_METHOD: Final = "x-amazon-apigateway-any-method"
_METHODS: Final = ("get", "put", "post", "delete", "patch", "head", "trace", "options", ANY_METHOD)

# A path whose only purpose is to say that the application is well tells a stranger nothing.
HEALTH: Final = r"(.*/)?(health|healthz|healthcheck|live|livez|ready|readyz|ping|status|version)/?"

# Places of a definition that hold one text, so that an unknown there hides no header.
_SINGLE: Final = frozenset(
    {
        *("uri", "credentials", "type", "httpMethod", "title", "version", "description", "providerARNs", "name", "in"),
        *("connectionId", "connectionType", "authorizerUri", "authorizerCredentials", "identitySource"),
        *("passthroughBehavior", "payloadFormatVersion", "timeoutInMillis", "statusCode"),
    }
)


def each_operation(body: Fact, claim: Callable[[str, str, Fact], Claim]) -> Claim:
    """Hold when the claim holds for every operation; it gets the path, the method in lower case and the operation.

    What is undecided in the definition stays unknown. A definition without paths holds.
    """
    paths = body["paths"]
    if not isinstance(paths.value, dict):
        return paths.absent()
    claims = []
    for path in paths.value:
        item = paths[path]
        if not isinstance(item.value, dict):
            claims.append(item.absent())
            continue
        claims += [claim(path, method, item[method]) for method in item.value if method in _METHODS]
    return all_of(claims) if claims else body["paths"].claim("operations", lambda _: True)


def is_authorized(body: Fact, operation: Fact) -> Claim:
    """Hold when the operation demands an authorizer of the definition, or AWS credentials.

    API Gateway reads `security` of each operation only, and an API key says who pays, not who may.
    """
    by_authorizer = operation["security"].some(lambda demand: demand.claim("an authorizer", _names_one(body)))
    return by_authorizer | operation["x-amazon-apigateway-auth"]["type"].equals("AWS_IAM")


def is_open_on_purpose(path: str, method: str, operation: Fact) -> Claim:
    """Hold when the definition says itself that the operation needs no authorizer, or it is a health check."""
    stated = operation["security"].claim("security that says none", _says_none)
    health = operation.claim("a health check", lambda _: method in ("get", "head") and _is_health(path))
    return stated | health


def security_schemes(body: Fact) -> Iterator[tuple[str, Fact]]:
    """The authorizers that a definition declares, in OpenAPI 2 or 3, by name."""
    for schemes in _declared(body):
        names = schemes.keys()
        yield from ((name, schemes[name]) for name in names if _is_authorizer(schemes[name]))


def schemes_known(body: Fact) -> Claim:
    """Hold when the definition says which authorizers it has, be it none; unknown when that part was not read."""
    return body.claim("authorizers that are known", lambda _: _unread(body) or True)


def demands(operation: Fact, name: str) -> Claim:
    """Hold when the operation demands the scheme of this name."""
    return operation["security"].some(
        lambda demand: demand.claim(f"a demand for {name}", lambda value: isinstance(value, dict) and name in value)
    )


def allowed_origins(definition: Fact) -> list[Fact]:
    """Every value of an Access-Control-Allow-Origin header in a tree, and every unknown that may hold one."""
    return [leaf for leaf in leaves(definition) if _is_origin(leaf) or _may_hold_headers(leaf)]


def is_any_origin(value: Value) -> Answer:
    """Say whether an allowed origin is `*`, with or without API Gateway's own quotes, or any host of a scheme."""
    plain = readable(value)
    if isinstance(plain, Unknown):
        known = "".join(part for part in value.parts if isinstance(part, str)) if isinstance(value, Text) else ""
        return False if known.strip("'\" *") else plain
    return isinstance(plain, str) and plain.strip("'\" ") in ("*", "https://*", "http://*")


def _declared(body: Fact) -> tuple[Fact, Fact]:
    return body["securityDefinitions"], body["components"]["securitySchemes"]


def _unread(body: Fact) -> Unknown | Literal[False]:
    """The part that may declare another authorizer, if one was not read."""
    parts = [part for schemes in _declared(body) for part in (schemes, *(schemes[name] for name in schemes.keys()))]  # noqa: SIM118
    return next((part.value for part in parts if isinstance(part.value, Unknown)), False)


def _names_one(body: Fact) -> Callable[[Value], Answer]:
    names = {name for name, _ in security_schemes(body)}
    unread = _unread(body)
    return lambda demand: isinstance(demand, dict) and (any(name in names for name in demand) or unread)


def _is_authorizer(scheme: Fact) -> bool:
    keys = scheme.keys()
    return "x-amazon-apigateway-authorizer" in keys or "x-amazon-apigateway-authtype" in keys


def _is_health(path: str) -> bool:
    return re.fullmatch(HEALTH, path) is not None


def _is_origin(leaf: Fact) -> bool:
    return last_key(leaf).lower() == "access-control-allow-origin" and not isinstance(leaf.value, bool)


def _may_hold_headers(leaf: Fact) -> bool:
    return isinstance(leaf.value, Unknown) and last_key(leaf) not in _SINGLE


def _says_none(security: Value) -> Answer:
    """An empty list, or a demand for nothing: `{}`, or `NONE` as SAM writes it."""
    if not isinstance(security, list):
        return False
    unread = next((demand for demand in security if isinstance(demand, Unknown)), None)
    if any(isinstance(demand, dict) and set(demand) - {"NONE"} for demand in security):
        return False
    return unread or all(isinstance(demand, dict) for demand in security)
