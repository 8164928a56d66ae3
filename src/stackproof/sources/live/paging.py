"""Lists that come in pages are read to their end, or not at all: half a list is not a fact."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any, Final

from stackproof.model import Cause
from stackproof.sources.live.faults import Fault

_MAX_PAGES: Final = 2000
_TOKENS: Final = ("NextToken", "nextToken", "NextMarker", "nextMarker", "Marker", "position")


@dataclass(frozen=True, slots=True)
class Plan:
    """How an operation pages: names of the token in the request, and where they, the list and `more` are answered."""

    inputs: tuple[str, ...]
    outputs: tuple[str, ...]
    results: tuple[str, ...]
    more: str


def plan_of(service: str, operation: str, model: Any) -> Plan | None:
    """Take the plan from botocore's paginators, else from a token of the same name in request and answer."""
    known = _known(service).get(operation)
    if known:
        inputs, outputs, results = (_several(known.get(key)) for key in ("input_token", "output_token", "result_key"))
        return Plan(inputs, outputs, results, str(known.get("more_results", "")))
    members = getattr(model.output_shape, "members", None) or {}
    accepts = getattr(model.input_shape, "members", None) or {}
    tokens = tuple(name for name in _TOKENS if name in members)
    lists = tuple(name for name, shape in members.items() if shape.type_name == "list")
    return Plan(tuple(t for t in tokens if t in accepts), tokens, lists, "") if tokens else None


class Pages:
    """Joins pages as they come."""

    def __init__(self, plan: Plan | None) -> None:
        self.value: dict[str, Any] = {}
        self._plan = plan
        self._count = 0
        self._seen: set[str] = set()

    def add(self, page: Mapping[str, Any]) -> dict[str, Any] | Fault:
        """Join a page. Return what to ask for the next one, empty at the end; a fault when the list is cut off."""
        import jmespath

        self._join(page)
        if self._plan is None:
            return {}
        more = bool(jmespath.search(self._plan.more, page)) if self._plan.more else None
        if more is False:
            return {}
        found = [jmespath.search(output, page) for output in self._plan.outputs]
        tokens = {name: token for name, token in zip(self._plan.inputs, found, strict=False) if token}
        if not tokens:
            return _cut("there is more, and no token to ask for it") if more or any(found) else {}
        mark = json.dumps(tokens, sort_keys=True)
        if mark in self._seen or self._count >= _MAX_PAGES:
            return _cut("the same page comes again and again")
        self._seen.add(mark)
        return tokens

    def _join(self, page: Mapping[str, Any]) -> None:
        self._count += 1
        if self._count == 1:
            self.value = dict(page)
            return
        for path in self._plan.results if self._plan else ():
            _extend(self.value, page, path.split("."))


def _extend(whole: dict[str, Any], page: Mapping[str, Any], path: list[str]) -> None:
    key, rest = path[0], path[1:]
    if key not in page:
        return
    if rest and isinstance(page[key], Mapping):
        inner = whole[key] = dict(whole.get(key) or {})
        _extend(inner, page[key], rest)
    elif isinstance(page[key], list):
        whole[key] = [*(whole.get(key) or []), *page[key]]


def _cut(message: str) -> Fault:
    return Fault(Cause.MALFORMED, "", message)


def _several(value: Any) -> tuple[str, ...]:
    return () if value is None else (value,) if isinstance(value, str) else tuple(value)


@cache
def _known(service: str) -> Mapping[str, Mapping[str, Any]]:
    from botocore.exceptions import DataNotFoundError
    from botocore.loaders import create_loader

    try:
        found: Mapping[str, Mapping[str, Any]] = create_loader().load_service_model(service, "paginators-1")[
            "pagination"
        ]
    except DataNotFoundError:
        return {}
    return found
