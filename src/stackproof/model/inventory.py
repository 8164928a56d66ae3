"""Resources in one shape, whatever they came from, and the relations between them.

The shape is AWS's own: the CloudFormation resource schema, with PascalCase properties.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property

from stackproof.model.claims import Claim, Evidence, Where, all_of, any_of
from stackproof.model.facts import Fact, Origin
from stackproof.model.matching import readable
from stackproof.model.pointers import Pointers, leaves, references
from stackproof.model.values import ABSENT, Cause, Reference, Unknown, Value


@dataclass(frozen=True, slots=True, eq=False)
class Resource:
    """One resource. Read its properties as facts: `bucket["VersioningConfiguration"]["Status"]`.

    `address` names it within the system (`data.Database`: stack component and logical id). `attributes` are
    the template's words beside the properties (DeletionPolicy, UpdateReplacePolicy, DependsOn, Metadata).
    `positions` maps property paths (`Rules[0].Name`; empty for the resource itself) to where they were read.
    `names` are the texts by which others may point at it without a reference: its physical id, name or ARN.
    `unnamed` says why it may have more of them, where the call that answers them failed. `unseen` says why only its
    stack says that it is there.
    """

    address: str
    type: str
    properties: Value
    positions: Mapping[str, Where]
    attributes: Mapping[str, Value] = field(default_factory=dict)
    defaults: Mapping[str, Value] = field(default_factory=dict)
    names: frozenset[str] = frozenset()
    origin: Origin = Origin.DECLARED
    unnamed: Unknown | None = None
    unseen: Unknown | None = None

    @property
    def logical_id(self) -> str:
        """The last part of the address."""
        return self.address.rpartition(".")[2]

    @property
    def stack(self) -> str:
        """The address of the stack that declares it; empty outside one."""
        return self.address.rpartition(".")[0]

    @property
    def fact(self) -> Fact:
        """All properties as one fact."""
        return Fact("", self.properties, self.where(""), self.origin, self)

    def __getitem__(self, key: str) -> Fact:
        return self.fact[key]

    def at(self, path: str) -> Fact:
        """Read a dotted property path, such as `Policies.PasswordPolicy.MinimumLength`."""
        return self.fact.at(path)

    def attribute(self, name: str) -> Fact:
        """Read a word beside the properties, such as `DeletionPolicy`."""
        return Fact(name, self.attributes.get(name, ABSENT), self.where(name), self.origin)

    def where(self, path: str) -> Where:
        """Say where the property was read, or the nearest enclosing one that is there."""
        while path and path not in self.positions:
            path = re.sub(r"(\[\d+\]|(^|\.)[^.\[\]]+)$", "", path)
        return self.positions.get(path) or Where("unknown source")

    def default(self, path: str) -> Value:
        """Return the value that AWS documents for an absent property (paths without indexes), or ABSENT."""
        return self.defaults.get(re.sub(r"\[\d+\]", "", path), ABSENT) if self.defaults else ABSENT

    def references(self) -> Iterator[tuple[str, Reference]]:
        """Every reference inside the properties, with the path that holds it."""
        for path, leaf in leaves(self.properties):
            yield from ((path, reference) for reference in references(leaf))


@dataclass(frozen=True, slots=True)
class Gap:
    """A part of the system that was not read: why, and which types may be missing because of it (empty: any)."""

    unknown: Unknown
    types: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Selection:
    """Resources found by a question, and the doubts that stop the answer from being complete."""

    question: str
    resources: tuple[Resource, ...]
    doubts: tuple[Unknown, ...]
    where: Where

    def __iter__(self) -> Iterator[Resource]:
        return iter(self.resources)

    def any(self, claim: Callable[[Resource], Claim]) -> Claim:
        """Hold when the claim holds for one of them; unknown rather than failing while there are doubts."""
        judged = any_of([*(claim(r) for r in self.resources), *self._doubtful()])
        return judged if judged.because else Claim(judged.holds, (self._evidence("none", "at least one"),))

    def each(self, claim: Callable[[Resource], Claim]) -> Claim:
        """Hold when the claim holds for all of them; unknown rather than holding while there are doubts."""
        judged = all_of([*(claim(r) for r in self.resources), *self._doubtful()])
        return judged if judged.because else Claim(judged.holds, (self._evidence("none", "none that breaks it"),))

    def exists(self) -> Claim:
        """Hold when there is at least one."""
        if any(resource.unseen is None for resource in self.resources):
            return Claim(holds=True, because=(self._evidence(self._names(), "at least one"),))
        if doubts := self._uncertain():
            return Claim(None, tuple(self._evidence("", "at least one", doubt) for doubt in doubts))
        return Claim(holds=False, because=(self._evidence("none", "at least one"),))

    def count(self, test: Callable[[int], bool], expected: str) -> Claim:
        """Hold when their number satisfies the test; unknown while there are doubts."""
        if doubts := self._uncertain():
            return Claim(None, tuple(self._evidence("", expected, doubt) for doubt in doubts))
        found = f"{len(self.resources)} ({self._names()})"
        return Claim(test(len(self.resources)), (self._evidence(found, expected),))

    def that(self, keep: Callable[[Resource], Claim]) -> Selection:
        """Narrow to those for which the claim holds; where it is unknown, a doubt remains."""
        kept, doubts = [], list(self.doubts)
        for resource in self.resources:
            claim = keep(resource)
            if claim.holds:
                kept.append(resource)
            elif claim.holds is None:
                doubts.extend(e.unknown for e in claim.because if e.unknown)
        return Selection(self.question, tuple(kept), tuple(dict.fromkeys(doubts)), self.where)

    def _uncertain(self) -> tuple[Unknown, ...]:
        """The doubts, and why some of those that were found may not be there."""
        return tuple(dict.fromkeys([*self.doubts, *(r.unseen for r in self.resources if r.unseen is not None)]))

    def _doubtful(self) -> Iterator[Claim]:
        for doubt in self.doubts:
            yield Claim(None, (self._evidence("", "all of them to be known", doubt),))

    def _names(self) -> str:
        return ", ".join(r.address for r in self.resources) or "none"

    def _evidence(self, found: str, expected: str, unknown: Unknown | None = None) -> Evidence:
        return Evidence(self.question, found, expected, self.where, unknown)


@dataclass(frozen=True, eq=False)
class Inventory:
    """All resources of one system in one environment, with what was not read (`gaps`).

    A control asks it for relations; while there are gaps, "there is none" is unknown, never false.
    """

    resources: tuple[Resource, ...]
    gaps: tuple[Gap, ...] = ()
    region: str = ""
    account: str = ""
    environment: str = ""

    def get(self, address: str) -> Resource | None:
        """Return the resource at this address, or None."""
        return self._by_address.get(address)

    def of_type(self, *types: str) -> Selection:
        """All resources of these types; all of them when no type is named."""
        found = tuple(r for t in types for r in self._by_type.get(t, ())) if types else self.resources
        return Selection(_plural(types), found, self._doubts(types), self._somewhere)

    def follow(self, fact: Fact, claim: Callable[[Resource], Claim]) -> Claim:
        """Judge the resource that a fact points at; unknown when it points outside the inventory."""
        found = self.target(fact)
        if isinstance(found, Resource):
            return claim(found)
        return Claim(None, (Evidence(fact.path, "", "a resource that was read", fact.where, found),))

    def target(self, fact: Fact) -> Resource | Unknown:
        """Find the resource that a fact points at by reference, name or ARN, or say why it cannot be found."""
        if isinstance(fact.value, Unknown):
            return fact.value
        for reference in references(fact.value):
            resource = self.get(reference.target) or next(iter(self._by_name.get(reference.target, ())), None)
            if resource:
                return resource
        text = readable(fact.value)
        if isinstance(text, Unknown):
            return text
        named = self._by_name.get(str(text), ())
        return named[0] if named else Unknown(Cause.OUT_OF_SCOPE, f"{fact.path} names {text!r}, which was not read")

    def pointing_to(self, resource: Resource, *types: str, at: str = "") -> Selection:
        """Resources of these types that point at this one, anywhere or at one property path (no indexes).

        A pointer whose value is unknown may be meant for it, so it becomes a doubt; so does an unknown around the path,
        and that some of its names are not known.
        """
        kinds = tuple(dict.fromkeys(types)) or tuple(self._by_type)
        numbers = self._pointers.to(resource, at)
        found = [self.resources[n] for n in sorted(numbers) if self.resources[n].type in kinds]
        doubts = list(self._doubts(types))
        if at:
            doubts.extend(doubt for kind in kinds for doubt in self._pointers.doubts(kind, at, numbers))
        if resource.unnamed is not None:
            doubts.append(resource.unnamed)
        question = f"{_plural(types)} of {resource.address}"
        return Selection(question, tuple(found), tuple(dict.fromkeys(doubts)), resource.where(""))

    def may_name(self, fact: Fact) -> Unknown | None:
        """Why an observed text may be the name of a resource of ours; None where all names are known."""
        return self._unnamed if fact.origin is Origin.OBSERVED else None

    @cached_property
    def _unnamed(self) -> Unknown | None:
        unread = (resource.unnamed for resource in self.resources if resource.unnamed is not None)
        return next((gap.unknown for gap in self.gaps), None) or next(unread, None)

    def _doubts(self, types: tuple[str, ...]) -> tuple[Unknown, ...]:
        return tuple(g.unknown for g in self.gaps if not g.types or not types or g.types & set(types))

    @cached_property
    def _by_address(self) -> dict[str, Resource]:
        return {r.address: r for r in self.resources}

    @cached_property
    def _by_type(self) -> dict[str, tuple[Resource, ...]]:
        return _grouped((r.type, r) for r in self.resources)

    @cached_property
    def _by_name(self) -> dict[str, tuple[Resource, ...]]:
        return _grouped((name, r) for r in self.resources for name in r.names)

    @cached_property
    def _pointers(self) -> Pointers:
        return Pointers.of(self.resources)

    @cached_property
    def _somewhere(self) -> Where:
        return self.resources[0].where("") if self.resources else Where("an empty inventory")


def _grouped(pairs: Iterable[tuple[str, Resource]]) -> dict[str, tuple[Resource, ...]]:
    groups: defaultdict[str, list[Resource]] = defaultdict(list)
    for key, resource in pairs:
        groups[key].append(resource)
    return {key: tuple(members) for key, members in groups.items()}


def _plural(types: tuple[str, ...]) -> str:
    return " or ".join(types) if types else "resources"
