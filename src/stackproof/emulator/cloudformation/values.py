"""Resolves, while a stack is being deployed, what only the deployment knows: Ref, GetAtt, ImportValue, secrets."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

from stackproof.sources.functions import FUNCTIONS, BadArgumentError

_HOLE: Final = re.compile(r"\$\{([^}]*)\}")
_DYNAMIC: Final = re.compile(r"\{\{resolve:(ssm|ssm-secure|secretsmanager):([^}]*)\}\}")


class UnresolvedError(Exception):
    """A value cannot be had; the message says which and why."""


@dataclass(frozen=True, slots=True)
class Live:
    """Where live values come from. Each function raises `UnresolvedError` for what is not there."""

    ref: Callable[[str], Any]
    attribute: Callable[[str, str], Any]
    imported: Callable[[str], Any]
    secret: Callable[[str], str]
    parameter: Callable[[str], str]

    def resolve(self, node: Any) -> Any:
        """Resolve a tree of plain JSON with functions in it.

        Raises:
            UnresolvedError: something in it cannot be resolved.

        """
        if isinstance(node, str):
            return _DYNAMIC.sub(self._dynamic, node) if "{{resolve:" in node else node
        if isinstance(node, list):
            return [self.resolve(item) for item in node]
        if not isinstance(node, Mapping):
            return node
        if len(node) == 1:
            name, argument = next(iter(node.items()))
            if name == "Ref" or name.startswith("Fn::"):
                return self._call(name, argument)
        return {key: self.resolve(value) for key, value in node.items()}

    def _call(self, name: str, argument: Any) -> Any:
        if name == "Ref":
            return self.ref(argument)
        if name == "Fn::GetAtt":
            parts = argument.split(".") if isinstance(argument, str) else [self.resolve(part) for part in argument]
            return self.attribute(parts[0], ".".join(map(str, parts[1:])))
        if name == "Fn::ImportValue":
            return self.imported(self.resolve(argument))
        if name == "Fn::Sub":
            return self.resolve(self._sub(argument))
        resolved = self.resolve(argument)
        if name == "Fn::GetAZs":
            return zones(resolved or self.ref("AWS::Region"))
        if name not in FUNCTIONS:
            raise UnresolvedError(f"{name} is not evaluated")
        try:
            return self.resolve(_plain(FUNCTIONS[name](resolved)))
        except BadArgumentError as error:
            raise UnresolvedError(f"{name}: {error}") from error

    def _sub(self, argument: Any) -> str:
        text, variables = argument if isinstance(argument, list) else (argument, {})

        def piece(match: re.Match[str]) -> str:
            name = match[1]
            if name.startswith("!"):
                return "${" + name[1:] + "}"
            if name in variables:
                return _text(self.resolve(variables[name]))
            resource, dot, attribute = name.partition(".")
            return _text(self.attribute(resource, attribute) if dot else self.ref(name))

        return _HOLE.sub(piece, text)

    def _dynamic(self, match: re.Match[str]) -> str:
        return self.secret(match[2]) if match[1] == "secretsmanager" else self.parameter(match[2])


def zones(region: str) -> list[str]:
    """The zones of a region as moto has them: the first three letters."""
    return [f"{region}{letter}" for letter in "abc"]


def secret_value(reference: str, get_secret: Callable[..., Mapping[str, Any]]) -> str:
    """Read what `{{resolve:secretsmanager:...}}` names: id, "SecretString", JSON key, version stage, version id.

    Raises:
        UnresolvedError: there is no such key in the secret.

    """
    parts = reference.split(":")
    length = 7 if reference.startswith("arn:") else 1
    name, rest = ":".join(parts[:length]), parts[length:]
    rest += [""] * (4 - len(rest))
    which = {"VersionStage": rest[2]} if rest[2] else {"VersionId": rest[3]} if rest[3] else {}
    text: str = get_secret(SecretId=name, **which)["SecretString"]
    if not rest[1]:
        return text
    content = json.loads(text)
    if rest[1] not in content:
        raise UnresolvedError(f"secret {name} has no key {rest[1]}")
    return _text(content[rest[1]])


def references(node: Any) -> Iterator[str]:
    """Names of all that a tree refers to: resources, parameters and pseudo parameters."""
    if isinstance(node, list):
        for item in node:
            yield from references(item)
    elif isinstance(node, Mapping):
        for key, value in node.items():
            if key == "Ref" and isinstance(value, str):
                yield value
            elif key == "Fn::GetAtt":
                yield value.split(".")[0] if isinstance(value, str) else value[0]
            elif key == "Fn::Sub":
                text = value[0] if isinstance(value, list) else value
                yield from (name.split(".")[0] for name in _HOLE.findall(text))
            yield from references(value)


def _plain(value: Any) -> Any:
    if not isinstance(value, str | int | float | bool | list | dict | None):
        raise UnresolvedError(f"{value} is not known")
    return value


def _text(value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, dict | list):
        raise UnresolvedError("a list or mapping stands where text is expected")
    return str(value)
