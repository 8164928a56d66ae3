"""One reader per resource type: which calls answer which properties.

A reader is a function of a `Reading`. What it does not settle is never taken for absent: a write-only property is
`unknown(write-only)`, any other `unknown(not-read)`; what a failed call should have answered is unknown with the call's
cause and names the permission.
"""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field, replace
from functools import cache
from types import MappingProxyType
from typing import Any, Protocol, TypeAlias

from stackproof.model import ABSENT, Cause, Fact, Reference, Unknown, Value, Where
from stackproof.sources.live.aws import Aws
from stackproof.sources.live.faults import Fault
from stackproof.sources.live.parts import GoneError, NoHintError, Part, computed, member_of, part_of, pick, tags
from stackproof.sources.live.schemas import Schema, schema_of
from stackproof.sources.live.shaping import look, members_of, shape_at, shaped

Reader: TypeAlias = Callable[["Reading"], None]


class Around(Protocol):
    """What is known around a resource before it is read. It says where to look; what is there, AWS says."""

    def hint(self, address: str, path: str) -> Any:
        """What the template says of a property, with references as physical ids; None where that is not known."""

    def siblings(self, *types: str) -> tuple[str, ...]:
        """The physical ids of the stacks' resources of these types."""

    def physical_id(self, address: str) -> str:
        """The physical id of the resource at an address; empty when there is none."""

    def addresses(self, *types: str) -> tuple[str, ...]:
        """The addresses of the stacks' resources of these types."""


@dataclass(slots=True)
class Reading:
    """The resource that is being read: what is settled so far."""

    aws: Aws
    address: str
    type: str
    id: str
    region: str
    schema: Schema
    around: Around
    properties: dict[str, Value] = field(default_factory=dict)
    positions: dict[str, Where] = field(default_factory=dict)
    names: dict[str, str] = field(default_factory=dict)
    _settled: set[str] = field(default_factory=set)
    _main: Part | None = None
    _failed: Unknown | None = None

    # --- asking -------------------------------------------------------------------------------------------

    def ask(self, call: str, path: str = "", *, absent: Collection[str] = (), region: str = "", **asked: Any) -> Part:
        """Call (`s3:GetBucketCors`) and look into the answer. Error codes in `absent` mean that there is none."""
        service, _, operation = call.partition(":")
        answer = self.aws.call(service, operation, asked, region=region or self.region)
        return part_of(answer, path, absent)

    def find(
        self,
        call: str,
        path: str,
        *,
        confirm: Mapping[str, Any] | None = None,
        asked: Mapping[str, Any] | None = None,
        **match: str,
    ) -> Part:
        """Find the resource in a list that is read once for all of its kind.

        What is not in the list is asked for by itself with `confirm`, where the API can say that it is not there.

        Raises:
            GoneError: it is not there.

        """
        service, _, operation = call.partition(":")
        listed = part_of(self.aws.call(service, operation, asked, region=self.region), path)
        part = pick(listed, match)
        if part is None and confirm:
            alone = part_of(self.aws.call(service, operation, confirm, region=self.region), path)
            part = pick(alone, match)
            if part is None and alone.fault is None:
                fault = Fault(Cause.MALFORMED, "", f"{call} answered with neither the resource nor an error")
                part = replace(alone, value=None, shape=member_of(alone.shape), fault=fault)
            listed = alone
        if part is None:
            raise GoneError(listed)
        return self.main(part)

    def main(self, part: Part, *, bare: bool = False) -> Part:
        """Take this call for the one that says whether the resource is there.

        An answer with nothing in it is malformed, unless the API says so much by it (`bare`).

        Raises:
            GoneError: it is not there.

        """
        if part.fault is not None and part.fault.gone:
            raise GoneError(part)
        part = part if bare else part.filled()
        self._main = self._main or part
        return part

    def hint(self, path: str) -> Any:
        """What the template says of a property of this resource; None where that is not known."""
        return self.around.hint(self.address, path)

    def needs(self, *paths: str) -> list[str]:
        """Hints without which the resource cannot be found.

        Raises:
            NoHintError: one of them is not known.

        """
        found = [self.hint(path) for path in paths]
        for path, hint in zip(paths, found, strict=True):
            if not isinstance(hint, str | int) or hint == "":
                raise NoHintError(path)
        return [str(hint) for hint in found]

    # --- settling -----------------------------------------------------------------------------------------

    def fill(
        self,
        part: Part,
        renames: Mapping[str, str] | None = None,
        *,
        but: Collection[str] = (),
        optional: Collection[str] = (),
        always: Collection[str] = (),
    ) -> None:
        """Settle every property for which the call's answer has a member, but for those named.

        A boolean that is missing from an answer is unknown, not false, unless it is `optional`; and so is what AWS
        `always` answers.
        """
        renames = renames or {}
        for name, member in members_of(self.schema, part.shape, renames).items():
            if name in self._settled or name in but:
                continue
            if part.fault is not None:
                self.set(name, part, part.unknown)
                continue
            value = look(part.value, member)
            node = self.schema.properties[name]
            if value is None:
                boolean = self.schema.resolve(node).get("type") == "boolean"
                missing = (name in always or (boolean and name not in optional)) and part.value is not None
                self.set(
                    name, part, Unknown(Cause.MALFORMED, f"{part.call} answers no {member}") if missing else ABSENT
                )
            else:
                self.set(name, part, shaped(self.schema, node, value, shape_at(part.shape, member), renames, name))

    def set(self, name: str, part: Part, value: Value | Callable[[Any], Value]) -> None:
        """Settle one property: a value, or a function of the call's value. A failed call makes it unknown."""
        if part.fault is not None:
            value = part.unknown
        elif callable(value):
            value = computed(value, part)
        self._settled.add(name)
        self.positions[name] = part.where
        if value is not ABSENT:
            self.properties[name] = value

    def copy(self, name: str, part: Part, member: str, make: Callable[[Any], Value] | None = None) -> None:
        """Settle one property by a member of the answer; what is not there, or empty, is absent."""
        found = part.at(member, required=False)
        self.set(name, found, lambda value: ABSENT if value in ("", [], {}) else make(value) if make else value)

    def shape(self, name: str, part: Part, renames: Mapping[str, str] | None = None) -> None:
        """Settle one property by the whole value of a call."""
        node = self.schema.properties.get(name, {})
        self.set(name, part, lambda value: shaped(self.schema, node, value, part.shape, renames or {}, name))

    def shaped(self, name: str, value: Any, shape: Any, renames: Mapping[str, str]) -> Value:
        """Bring a value into the form of one property."""
        return shaped(self.schema, self.schema.properties.get(name, {}), value, shape, renames, name)

    def tags(self, part: Part, name: str = "Tags") -> None:
        """Settle the tags, as a list or a mapping as the schema has it, without those that AWS sets itself."""
        listed = self.schema.resolve(self.schema.properties.get(name, {})).get("type") == "array"
        self.set(name, part, lambda value: tags(value, listed=listed) or ABSENT)

    def value(self, path: str) -> Value:
        """What is settled at a dotted path."""
        return Fact("", self.properties, Where("")).at(path).value

    @property
    def main_part(self) -> Part | None:
        """The call that said that the resource is there."""
        return self._main

    @property
    def unseen(self) -> Unknown | None:
        """Why nobody knows whether it is there; None where a call said so."""
        return self._main.unknown if self._main is not None and self._main.fault is not None else self._failed

    def also(self, *names: Any, attribute: str = "") -> None:
        """Note texts by which others may point at it, and which attribute of `Fn::GetAtt` gives them."""
        for name in names:
            if name:
                self.names.setdefault(str(name), attribute or ("Arn" if str(name).startswith("arn:") else ""))

    def reference(self, type_: str, physical: str, text: str, attribute: str = "") -> Value:
        """A reference to the stacks' resource of this type and physical id, or the text when there is none."""
        for address in self.around.addresses(type_):
            if self.around.physical_id(address) == physical:
                return Reference(address, attribute, text)
        return text

    def finish(self) -> None:
        """Say of every property that no call settled why it is not known."""
        for name in self.schema.properties:
            if name in self._settled or name in self.schema.read_only:
                continue
            if self._main is not None and self._main.fault is not None:
                self.set(name, self._main, ABSENT)
            else:
                cause = Cause.WRITE_ONLY if name in self.schema.write_only else Cause.NOT_READ
                self.properties[name] = Unknown(cause, name)

    def fail(self, unknown: Unknown) -> None:
        """Say of every property that is not settled yet that this is why it is not known."""
        self._failed = unknown
        for name in self.schema.properties:
            if name not in self._settled and name not in self.schema.read_only:
                self.properties[name] = unknown
                self._settled.add(name)


@dataclass(frozen=True, slots=True)
class TypeReader:
    """How one resource type is read, and the calls (`rds:DescribeDBInstances`) that it takes."""

    type: str
    calls: tuple[str, ...]
    read: Reader


def reads(type_: str, *calls: str) -> Callable[[Reader], TypeReader]:
    """Make a function the reader of a type, with the calls that it makes."""
    return lambda read: TypeReader(type_, calls, read)


@cache
def readers() -> Mapping[str, TypeReader]:
    """All readers, by type.

    Raises:
        ValueError: two readers of one type.

    """
    package = importlib.import_module("stackproof.sources.live.readers")
    found: dict[str, TypeReader] = {}
    for module in pkgutil.iter_modules(package.__path__):
        for item in vars(importlib.import_module(f"{package.__name__}.{module.name}")).values():
            if isinstance(item, TypeReader):
                if item.type in found:
                    raise ValueError(f"two readers of {item.type}")
                found[item.type] = item
    return MappingProxyType(found)


def schema_for(type_: str) -> Schema:
    """The schema of a type that has a reader."""
    return schema_of(type_) or Schema(type_, {})
