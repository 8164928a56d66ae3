"""Answers as API Gateway: web ACL, method, throttling, authorizer, integration, gateway responses."""

from __future__ import annotations

import fnmatch
import json
import re
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final
from urllib.parse import unquote

from aiohttp import web

from stackproof.emulator.edge import tokens
from stackproof.emulator.edge.balancing import seen
from stackproof.emulator.edge.firewall import Firewall
from stackproof.emulator.edge.forwarding import pass_on
from stackproof.emulator.edge.gateway_responses import gateway_response, mocked
from stackproof.emulator.edge.rules import Api, Function, Method, Rules, UnjudgedError, Wire, place
from stackproof.emulator.edge.visits import Visit, own_answer

if TYPE_CHECKING:
    import aiohttp

INSPECTED: Final = 16 * 1024  # bytes of a body that WAF looks at before an API, unless its web ACL says more
LARGEST: Final = 10 * 1024 * 1024  # bytes of a request; API Gateway's limit
LONGEST: Final = 29.0  # seconds for an integration; API Gateway's limit


class Gateway:
    """All REST APIs of the environment."""

    def __init__(
        self, session: aiohttp.ClientSession, firewall: Firewall, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._session = session
        self._firewall = firewall
        self._clock = clock
        self._buckets: dict[tuple[str, str, str, str], _Bucket] = {}

    async def serve(self, visit: Visit, rules: Rules, domain: str) -> web.StreamResponse:
        """Answer a request to a custom domain name.

        Raises:
            UnjudgedError: something is deployed that is not followed.

        """
        rules.need("APIs")
        found = rules.domains[domain]
        if found.unjudged:
            raise UnjudgedError(found.unjudged)
        for base, api_id, stage in sorted(found.mappings, key=lambda m: -len(m[0])):
            prefix = "" if base == "(none)" else f"/{base}"
            if visit.path == prefix or visit.path.startswith(f"{prefix}/"):
                api = rules.apis.get((api_id, stage))
                if api is None:
                    raise UnjudgedError(f"stage {stage!r} of API {api_id} is not there")
                return await self._serve(visit, rules, api, visit.path.removeprefix(prefix))
        visit.note("no-mapping")
        return _plain(403, "Forbidden", "ForbiddenException")

    async def serve_default(self, visit: Visit, rules: Rules, api_id: str) -> web.StreamResponse:
        """Answer a request to an API's own name, whose path begins with the stage.

        Raises:
            UnjudgedError: something is deployed that is not followed.

        """
        rules.need("APIs")
        stage, _, rest = visit.path.removeprefix("/").partition("/")
        api = rules.apis.get((api_id, stage))
        if api is None or api.own_name_closed:
            visit.note("closed")
            return _plain(403, "Forbidden", "ForbiddenException")
        return await self._serve(visit.to(visit.name, f"/{rest}", visit.query), rules, api, f"/{rest}")

    async def _serve(self, visit: Visit, rules: Rules, api: Api, path: str) -> web.StreamResponse:
        if visit.port != 443:
            visit.note("no-listener")
            return own_answer(421, "API Gateway answers with TLS only")
        if api.unjudged:
            raise UnjudgedError(api.unjudged)
        refusal = self._wall(visit, rules, api)
        if refusal is not None:
            return refusal
        method = find_method(api.methods, path, visit.request.method)
        if method is None:
            visit.note("no-method")
            return gateway_response(api, "MISSING_AUTHENTICATION_TOKEN")
        if not self._take(api, method, visit.request.method):
            visit.note("throttled")
            return gateway_response(api, "THROTTLED")
        refused = _authorized(visit, rules, method)
        if refused:
            visit.note("unauthorized")
            return gateway_response(api, "UNAUTHORIZED", refused)
        if len(visit.body) > LARGEST:
            visit.note("too-large")
            return gateway_response(api, "REQUEST_TOO_LARGE")
        if method.settings.get("requestValidatorId"):
            raise UnjudgedError("request validators are not followed")
        return await self._integrate(visit, rules, api, method)

    def _wall(self, visit: Visit, rules: Rules, api: Api) -> web.Response | None:
        """What the web ACL answers in the API's place, if it does."""
        rules.need("web ACLs")
        acl = rules.acls.get(place(api.arn))
        if acl is None:
            if api.acl:
                raise UnjudgedError(f"the stage's web ACL {api.acl} was not read")
            return None
        blocked = self._firewall.judge(acl, seen(visit, rules, _inspected(acl)))
        if blocked is None:
            return None
        visit.note(f"blocked: {blocked.rule}")
        if blocked.body or blocked.status != 403:
            return web.Response(status=blocked.status, text=blocked.body, headers=blocked.headers)
        return gateway_response(api, "WAF_FILTERED")

    async def _integrate(self, visit: Visit, rules: Rules, api: Api, method: Method) -> web.StreamResponse:
        integration: Wire = method.settings.get("methodIntegration") or {}
        if integration.get("type") == "MOCK":
            visit.note("mocked")
            return mocked(integration)
        if integration.get("type") != "AWS_PROXY":
            raise UnjudgedError(f"integrations of type {integration.get('type', 'none')} are not followed")
        function = rules.functions.get(integration.get("uri", ""))
        if function is None or function.unjudged:
            raise UnjudgedError(function.unjudged if function else "the function was not read")
        if not may_invoke(function, api, method, visit.request.method):
            visit.note("not-permitted", function.resource)
            return gateway_response(api, "API_CONFIGURATION_ERROR")
        if visit.upgrades:
            raise UnjudgedError("a function does not speak WebSocket")
        visit.note("forwarded", function.resource)
        limit = min(LONGEST, function.timeout)
        answer = await pass_on(self._session, visit, function.url, limit)
        if visit.notes["decision"] == "timed-out":
            return gateway_response(api, "INTEGRATION_TIMEOUT")
        return gateway_response(api, "INTEGRATION_FAILURE") if visit.notes["decision"] == "unreachable" else answer

    def _take(self, api: Api, method: Method, verb: str) -> bool:
        """Take one from the method's bucket; without limits there is none."""
        own = f"{method.path.removeprefix('/')}/{verb}"
        named = {key.removeprefix("/"): settings for key, settings in api.throttling.items()}
        settings = named.get(own) or named.get("*/*")
        if settings is None or float(settings["throttlingRateLimit"]) < 0:
            return True
        key = (api.id, api.stage, method.path, verb)
        rate, burst = float(settings["throttlingRateLimit"]), float(settings.get("throttlingBurstLimit", 0))
        bucket = self._buckets.setdefault(key, _Bucket(burst, self._clock()))
        return bucket.take(rate, burst, self._clock())


@dataclass(slots=True)
class _Bucket:
    left: float
    at: float

    def take(self, rate: float, burst: float, now: float) -> bool:
        self.left = min(burst, self.left + (now - self.at) * rate)
        self.at = now
        if self.left < 1:
            return False
        self.left -= 1
        return True


def find_method(methods: Sequence[Method], path: str, verb: str) -> Method | None:
    """The method of the most exact resource that fits a path; `ANY` where the verb has none of its own."""
    asked = [unquote(part) for part in path.removeprefix("/").removesuffix("/").split("/")]
    best: dict[tuple[int, ...], list[Method]] = {}
    for method in methods:
        rank = _rank(method.path.strip("/").split("/"), asked)
        if rank is not None:
            best.setdefault(rank, []).append(method)
    if not best:
        return None
    found = {method.verb: method for method in best[min(best)]}
    return found.get(verb) or found.get("ANY")


def _rank(pattern: Sequence[str], asked: Sequence[str]) -> tuple[int, ...] | None:
    """How exactly a resource fits, smaller is better: per part 0 for the same text, 1 for any, 2 for all the rest."""
    rank: list[int] = []
    for number, part in enumerate(pattern):
        greedy = part.startswith("{") and part.endswith("+}")
        if number >= len(asked) or (part.startswith("{") and not asked[number]):
            return None
        if greedy:
            return (*rank, 2)
        if not part.startswith("{") and part != asked[number]:
            return None
        rank.append(1 if part.startswith("{") else 0)
    return tuple(rank) if len(pattern) == len(asked) else None


def _authorized(visit: Visit, rules: Rules, method: Method) -> str:
    """Nothing when the request may pass, else API Gateway's message."""
    if method.settings.get("apiKeyRequired"):
        raise UnjudgedError("API keys are not followed")
    kind = method.settings.get("authorizationType", "NONE")
    if kind == "NONE":
        return ""
    if kind != "COGNITO_USER_POOLS" or not method.pools:
        raise UnjudgedError(f"authorization by {kind} is not followed")
    token = visit.headers.get(method.header.lower(), "")
    keys = {arn: rules.pools.get(arn, {}) for arn in method.pools}
    refused = tokens.check(token, keys, method.settings.get("authorizationScopes", []))
    return refused.message if refused else ""


def may_invoke(function: Function, api: Api, method: Method, verb: str) -> bool:
    """Whether the function's policy lets this method of the API call it."""
    sources = {f"{api.id}/{api.stage}/{name}{method.path}" for name in (verb, method.verb)}
    return any(_allows(statement, sources) for statement in function.policy)


def _allows(statement: Wire, sources: set[str]) -> bool:
    principal = statement.get("Principal", {})
    service = principal.get("Service") if isinstance(principal, Mapping) else principal
    if statement.get("Effect") != "Allow" or service not in {"apigateway.amazonaws.com", "*"}:
        return False
    if statement.get("Action") not in {"lambda:InvokeFunction", "lambda:*", "*"}:
        return False
    conditions: Mapping[str, Mapping[str, str]] = statement.get("Condition") or {}
    for kind, values in conditions.items():
        for key, value in values.items():
            if kind not in {"ArnLike", "StringLike", "ArnEquals"} or key.lower() != "aws:sourcearn":
                return False  # what is not understood permits nothing
            pattern = str(value).split(":", 5)[-1]
            if not any(fnmatch.fnmatchcase(source, pattern.replace("[", "[[]")) for source in sources):
                return False
    return True


def _inspected(acl: Wire) -> int:
    config = acl.get("AssociationConfig", {}).get("RequestBody", {}).get("API_GATEWAY", {})
    found = re.fullmatch(r"KB_(\d+)", config.get("DefaultSizeInspectionLimit", ""))
    return int(found[1]) * 1024 if found else INSPECTED


def _plain(status: int, message: str, kind: str) -> web.Response:
    text = json.dumps({"message": message})
    return web.Response(status=status, text=text, content_type="application/json", headers={"x-amzn-ErrorType": kind})
