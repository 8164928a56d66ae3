"""Who API Gateway's integrations call, and whether a Lambda function lets itself be called by an API."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import Final

from stackproof.model import Claim, Fact, Inventory, Resource, Text, Unknown, Value, all_of
from stackproof.model.matching import Answer, readable
from stackproof.resources.policy_resources import SOMETHING, names_part, takes_in
from stackproof.resources.policy_values import hole_in, skeleton

FUNCTION: Final = "AWS::Lambda::Function"
ALIAS: Final = "AWS::Lambda::Alias"
VERSION: Final = "AWS::Lambda::Version"
PERMISSION: Final = "AWS::Lambda::Permission"

_QUALIFIER: Final = re.compile(r":([\w$-]+)(/invocations)?")
# A function written out, alone or in an integration's URI: its name or ARN, and an alias or version
_WRITTEN: Final = re.compile(
    r"(?:.*/functions/)?((?:arn:[\w-]+:lambda:[\w-]+:\d{12}:function:)?[\w-]+)(?::([\w$-]+))?(?:/invocations)?"
)


def calls_function(uri: Fact, inventory: Inventory) -> Claim:
    """Hold when an integration's URI leads to a Lambda function, alias or version."""

    def leads(value: Value) -> Answer:
        target = inventory.target(_function(uri))
        if isinstance(target, Resource):
            return target.type in (FUNCTION, ALIAS, VERSION)
        text = skeleton(value) or ""
        known = re.search(r":lambda:path/|:lambda:[^:]*:[^:]*:function:", text) is not None
        return known or (hole_in(value) if text.startswith(("\ufffd", "arn:")) else False)

    return uri.claim("a Lambda function", leads)


def lets_api_call(uri: Fact, api: Resource, beneath: str | None, inventory: Inventory) -> Claim:
    """Hold when a permission lets this API call the function, alias or version behind an integration's URI.

    `beneath` is the method and path that call it, such as `GET/health`; None when they are not known here, and then
    a permission for any of the API's methods counts.
    """
    called = _identity(uri, inventory)

    def same(permission: Resource) -> Claim:
        function = permission["FunctionName"]
        return function.claim(f"what {uri.path} calls", lambda _: _equal(called, _identity(function, inventory)))

    def admits(permission: Resource) -> Claim:
        return all_of(
            (
                same(permission),
                permission["Principal"].matches(r"apigateway\.amazonaws\.com(\.cn)?"),
                permission["Action"].one_of("lambda:InvokeFunction", "lambda:*"),
                permission["SourceArn"].absent() | _from_api(permission["SourceArn"], api, beneath, inventory),
            )
        )

    return inventory.follow(_function(uri), lambda _: inventory.of_type(PERMISSION).any(admits))


def _from_api(source: Fact, api: Resource, beneath: str | None, inventory: Inventory) -> Claim:
    """The stage is not compared, so a literal one stands for itself."""
    if beneath is None:
        return names_part(source, api, inventory)
    stage = re.search(r"execute-api:[^/]*/([\w$-]+)", skeleton(source.value) or "")
    return takes_in(source, api, inventory, f"/{stage[1] if stage else SOMETHING}/{beneath}")


def _identity(pointer: Fact, inventory: Inventory) -> tuple[str, str] | Unknown:
    """The function's address, and the alias's name or version's address that a pointer names: empty for $LATEST."""
    target = inventory.target(_function(pointer))
    if isinstance(target, Unknown):
        return target
    if target.type not in (ALIAS, VERSION):
        return target.address, _qualifier(pointer.value)
    function = inventory.target(target["FunctionName"])
    if isinstance(function, Unknown):
        return function
    name = readable(target["Name"].value) if target.type == ALIAS else target.address
    return name if isinstance(name, Unknown) else (function.address, str(name))


def _function(pointer: Fact) -> Fact:
    """The same pointer, without an alias and what else stands around a function that is written out."""
    found = _WRITTEN.fullmatch(pointer.value) if isinstance(pointer.value, str) else None
    return replace(pointer, value=found[1]) if found else pointer


def _qualifier(value: Value) -> str:
    """What stands after the function's ARN or name: `:live` names an alias."""
    if isinstance(value, str):
        written = _WRITTEN.fullmatch(value)
        return (written and written[2]) or ""
    last = value.parts[-1] if isinstance(value, Text) else ""
    found = _QUALIFIER.fullmatch(last) if isinstance(last, str) else None
    return found[1] if found else ""


def _equal(called: tuple[str, str] | Unknown, other: tuple[str, str] | Unknown) -> Answer:
    if isinstance(called, Unknown):
        return called
    return other if isinstance(other, Unknown) else called == other
