"""CloudFormation's schemas of resource types: which properties there are, which can be read, with which permission.

They are those that cfn-lint brings along. A type's schema is read from its file when it is first asked for: that takes
a millisecond, while importing cfn-lint takes most of a second.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from types import MappingProxyType
from typing import Any, Final

_UNIONS: Final = ("allOf", "anyOf", "oneOf")


@dataclass(frozen=True, eq=False)
class Schema:
    """What is known of a resource type. Property paths are without indexes (`Code.S3Key`)."""

    type: str
    document: Mapping[str, Any]

    @property
    def properties(self) -> Mapping[str, Any]:
        """The schema of each property."""
        return self.document.get("properties") or {}

    @property
    def write_only(self) -> frozenset[str]:
        """Paths that AWS takes and never gives back."""
        return frozenset(_paths(self.document.get("writeOnlyProperties")))

    @property
    def read_only(self) -> frozenset[str]:
        """Paths that only AWS sets."""
        return frozenset(_paths(self.document.get("readOnlyProperties")))

    @property
    def identifier(self) -> tuple[str, ...]:
        """The properties that name a resource of this type to Cloud Control, in its order."""
        return tuple(_paths(self.document.get("primaryIdentifier")))

    @property
    def permissions(self) -> tuple[str, ...]:
        """The IAM actions that Cloud Control needs to read it; empty when Cloud Control cannot."""
        return tuple(self.document.get("handlers", {}).get("read", {}).get("permissions") or ())

    def resolve(self, node: Mapping[str, Any]) -> Mapping[str, Any]:
        """Follow `$ref` and join alternatives, so that `properties`, `items` and `type` stand in one mapping."""
        for _ in range(8):
            target = node.get("$ref")
            if not isinstance(target, str):
                break
            found: Any = self.document
            for step in target.removeprefix("#/").split("/"):
                found = found.get(step, {}) if isinstance(found, Mapping) else {}
            node = found
        parts = [self.resolve(part) for union in _UNIONS for part in node.get(union) or () if isinstance(part, Mapping)]
        if not any("properties" in part for part in parts):
            return node
        properties = {key: value for part in (*parts, node) for key, value in (part.get("properties") or {}).items()}
        return {**node, "properties": properties}


def schema_of(type_: str) -> Schema | None:
    """Return the schema of a type, or None when there is none (custom resources, private types)."""
    name = _index().get(type_)
    return _read(type_, name) if name else None


@cache
def _read(type_: str, name: str) -> Schema:
    return Schema(type_, json.loads((_folder() / "resources" / f"{name}.json").read_text(encoding="utf-8")))


@cache
def _index() -> Mapping[str, str]:
    """The file of each type: us-east-1 first, which offers nearly all, then the other regions."""
    found: dict[str, str] = {}
    files = sorted((_folder() / "providers").glob("*.json"), key=lambda file: (file.stem != "us-east-1", file.stem))
    for file in files:
        if file.stem != "sam":
            found = {**json.loads(file.read_text(encoding="utf-8")), **found}
    return MappingProxyType(found)


@cache
def _folder() -> Path:
    package = find_spec("cfnlint")  # its top module is not imported
    if package is None or not package.submodule_search_locations:
        raise ModuleNotFoundError("cfn-lint is not installed, and its schemas say which properties can be read")
    return Path(next(iter(package.submodule_search_locations)), "data", "schemas")


def _paths(pointers: list[str] | None) -> Iterator[str]:
    for pointer in pointers or ():
        yield ".".join(part for part in pointer.split("/")[2:] if part != "*")
