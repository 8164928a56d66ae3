"""What a reading would not know without some permissions, found out without AWS: the readers read specimens.

A specimen answers every call in the form that botocore's model gives the answer, with one of everything; a call that
needs one of the permissions is denied. What then stays unknown for it is what the permission is needed for.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import replace
from functools import cache
from typing import Any, Final

from stackproof.model import ABSENT, Cause, Origin, Reference, Resource, Text, Unknown, Value
from stackproof.model.matching import holes
from stackproof.resources import naming
from stackproof.sources.live.aws import Answer, Aws
from stackproof.sources.live.cloudcontrol import read_generic
from stackproof.sources.live.faults import Fault
from stackproof.sources.live.needs import actions_of
from stackproof.sources.live.parts import ODD, GoneError, NoHintError
from stackproof.sources.live.permissions import permission_of
from stackproof.sources.live.reading import Reading, readers, schema_for
from stackproof.sources.live.system import has_more_names

_WORD: Final = "specimen"
_ARN: Final = "arn:aws:x:us-east-1:123456789012:a/b/c/d"
# Physical ids have many forms, and what answers hold must be found by them: the word in the answers, and the id.
_FORMS: Final = ((_WORD, _WORD), (_WORD, f"{_WORD}|{_WORD}|{_WORD}"), (_ARN, _ARN), (_WORD, _ARN))
_DEPTH: Final = 7  # of an answer; what lies deeper is left out


def without(resource: Resource, denied: Collection[str]) -> Resource:
    """A declared resource as it would be read when these actions are denied: what stays unknown names its action.

    What no permission makes known is unknown too. An action that is only needed for the parts of a property is not
    needed where none is declared. Where a type cannot be read in a specimen, all its properties are taken to need
    every action of the type.
    """
    if not isinstance(resource.properties, dict):
        return resource
    form = next((form for form in _FORMS if _read(resource, *form, ()) is not None), None)
    known: dict[str, Value] = {**resource.properties, **_never_read(resource, form)}
    wanted = [action for action in actions_of(resource.type) if action in denied]
    read = _read(resource, *form, denied) if form and wanted else None
    if read is not None:
        refused, unseen = _refused(resource, read, known), read.unseen
    elif wanted:
        unseen = Unknown(Cause.ACCESS_DENIED, wanted[0])
        refused = dict.fromkeys(_all_read(resource.type), unseen)
    else:
        return replace(resource, properties=known)
    if not refused and unseen is None:
        return replace(resource, properties=known)
    named = naming.by_id(resource.type, _WORD, lambda path: Unknown(Cause.ACCESS_DENIED, path))
    more = has_more_names(resource.type, naming.Place("aws", "us-east-1", "123456789012"), named)
    return replace(
        resource,
        properties={**known, **refused},
        origin=Origin.OBSERVED,
        unseen=unseen,
        unnamed=unseen if more else None,
    )


def _refused(resource: Resource, read: Reading, known: Mapping[str, Value]) -> dict[str, Unknown]:
    found = {}
    for name, value in read.properties.items():
        hole = next((hole for hole in holes(value) if hole.cause is Cause.ACCESS_DENIED), None)
        never = isinstance(known.get(name), Unknown)
        if hole and not never and (isinstance(value, Unknown) or resource[name].value is not ABSENT):
            found[name] = hole
    return found


def _never_read(resource: Resource, form: tuple[str, str] | None) -> dict[str, Unknown]:
    """The properties of a resource that no permission makes known."""
    allowed = _read(resource, *form, ()) if form else None
    if allowed is None:
        return {name: Unknown(Cause.WRITE_ONLY, name) for name in schema_for(resource.type).write_only}
    never = (Cause.WRITE_ONLY, Cause.NOT_READ)
    return {n: v for n, v in allowed.properties.items() if isinstance(v, Unknown) and v.cause in never}


def _all_read(type_: str) -> list[str]:
    schema = schema_for(type_)
    return [name for name in schema.properties if name not in schema.read_only | schema.write_only]


def _read(resource: Resource, word: str, id_: str, denied: Collection[str]) -> Reading | None:
    """Read one specimen; None where the reader does not find its way in it."""
    aws = _Specimens(word, denied)
    around = _Around(resource, word, id_)
    r = Reading(aws, resource.address, resource.type, id_, aws.region, schema_for(resource.type), around)
    reader = readers().get(resource.type)
    try:
        reader.read(r) if reader else read_generic(r)
    except (GoneError, NoHintError, *ODD):
        return None
    r.finish()
    return r


class _Specimens(Aws):
    """A connection to nowhere."""

    def __init__(self, word: str, denied: Collection[str]) -> None:
        super().__init__("us-east-1")
        self._word = word
        self._denied = denied

    def call(
        self, service: str, operation: str, parameters: Mapping[str, Any] | None = None, *, region: str = ""
    ) -> Answer:
        """Answer with a specimen, or with a denial."""
        del parameters, region
        call = f"{service}:{operation}"
        shape = _model(service).operation_model(operation).output_shape
        if {permission_of(call)} & set(self._denied):
            return Answer(call, None, shape, Fault(Cause.ACCESS_DENIED, "AccessDenied", ""), 0)
        return Answer(call, _specimen(shape, self._word, 0), shape, None, 0)


class _Around:
    """One other resource of each type stands in the stacks, with the same id."""

    def __init__(self, resource: Resource, word: str, id_: str) -> None:
        self._resource = resource
        self._word = word
        self._id = id_

    def hint(self, address: str, path: str) -> Any:
        """A value of the declared form."""
        value = self._resource.at(path).value if address == self._resource.address else self._word
        return _like(value, self._word)

    def siblings(self, *types: str) -> tuple[str, ...]:
        """None: what is found by its name stands for itself."""
        del types
        return ()

    def physical_id(self, address: str) -> str:
        """The same id for all."""
        del address
        return self._id

    def addresses(self, *types: str) -> tuple[str, ...]:
        """None."""
        del types
        return ()


def _like(value: Value, word: str) -> Any:
    """A value of the same form, with the word for every text."""
    if isinstance(value, dict):
        return {key: _like(item, word) for key, item in value.items()}
    if isinstance(value, list):
        return [_like(item, word) for item in value]
    if isinstance(value, str | Reference | Text | Unknown):
        return word
    return value if isinstance(value, int | float) else None


def _specimen(shape: Any, word: str, depth: int) -> Any:
    """One of everything that a shape of botocore's has."""
    kind = getattr(shape, "type_name", "")
    if depth > _DEPTH:
        return None
    if kind == "structure":
        made = {name: _specimen(member, word, depth + 1) for name, member in shape.members.items()}
        return {name: value for name, value in made.items() if value is not None}
    if kind == "list":
        inner = _specimen(shape.member, word, depth + 1)
        return [] if inner is None else [inner]
    if kind == "map":
        return {word: _specimen(shape.value, word, depth + 1)}
    if kind in ("integer", "long", "float", "double"):
        return 1
    return True if kind == "boolean" else word


@cache
def _model(service: str) -> Any:
    """botocore's model of a service."""
    from botocore.loaders import create_loader
    from botocore.model import ServiceModel

    return ServiceModel(create_loader().load_service_model(service, "service-2"), service)
