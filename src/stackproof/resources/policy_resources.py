"""The Resource elements of policies: whether they take in one resource of the system, or what is in it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from stackproof.model import (
    ABSENT,
    Cause,
    Claim,
    Fact,
    Inventory,
    Reference,
    Resource,
    Text,
    Unknown,
    Value,
    all_of,
    any_of,
)
from stackproof.model.matching import Answer, readable
from stackproof.resources import policies
from stackproof.resources.policy_values import skeleton

ITSELF: Final = "\ue100"  # stands for the name or id that AWS gives the resource
SOMETHING: Final = "\ue101"  # stands for any key, path or method: only a wildcard takes it in
_HOLE: Final = "\ufffd"
_OTHER: Final = "\ufffc"  # the name of another resource
_IDENTITIES: Final = ("", "Arn", "Id", "TopicArn", "TopicName", "RestApiId", "ApiId")  # return values that identify


@dataclass(frozen=True, slots=True)
class _Naming:
    """How ARNs of a type are made: service, where the name is declared, what gives the ARN and what gives the name."""

    service: str
    declared: str
    arn: tuple[str, ...]
    name: tuple[str, ...]


# Service Authorization Reference for the ARNs; template reference for the return values ("" is Ref)
_NAMING: Final[dict[str, _Naming]] = {
    "AWS::S3::Bucket": _Naming("s3", "BucketName", ("Arn",), ("",)),
    "AWS::SNS::Topic": _Naming("sns", "TopicName", ("", "TopicArn"), ("TopicName",)),
    "AWS::ApiGateway::RestApi": _Naming("execute-api", "", (), ("", "RestApiId")),
    "AWS::ApiGatewayV2::Api": _Naming("execute-api", "", (), ("", "ApiId")),
}


def reaches(statement: Fact, resource: Resource, inventory: Inventory, beneath: str = "") -> Claim:
    """Hold when one of the statement's Resource elements takes in the resource, or all that is `beneath` it.

    The resource is a bucket, topic or API. `beneath` is the rest of the ARN after its name, such as `/` and
    `SOMETHING` for every object of a bucket. NotResource names nothing, so a statement with it does not hold.
    """
    return statement["Resource"].some(lambda item: takes_in(item, resource, inventory, beneath))


def takes_in(item: Fact, resource: Resource, inventory: Inventory, beneath: str = "") -> Claim:
    """Hold when an ARN pattern takes in the resource, or all that is `beneath` it (as in `reaches`)."""
    what = "what is in" if beneath else "the ARN of"
    return item.claim(f"{what} {resource.address}", lambda value: _matches(value, resource, inventory, beneath))


def names_part(item: Fact, resource: Resource, inventory: Inventory) -> Claim:
    """Hold when an ARN pattern takes in the whole of what is beneath the resource, or some part of it."""
    _, _, rest = (skeleton(item.value) or "").partition("/")
    return takes_in(item, resource, inventory, f"/{rest.replace('*', SOMETHING) or SOMETHING}")


def denies_http(statement: Fact, *actions: str) -> Claim:
    """Hold when the statement denies everybody these actions without TLS, under no condition besides."""
    secure = policies.condition_on(statement, ["aws:SecureTransport"], "Bool")
    alone = statement["Condition"].claim(
        "no further condition", lambda _: all(c.key == "aws:securetransport" for c in policies.conditions(statement))
    )
    return all_of(
        (
            policies.denies(statement),
            policies.admits_anyone(statement),
            *(policies.covers(statement, action) for action in actions),
            secure.some(lambda value: value.equals(False)),
            alone & ~any_of(policies.hidden_conditions(statement)),
        )
    )


def _matches(value: Value, resource: Resource, inventory: Inventory, beneath: str) -> Answer:
    naming = _NAMING[resource.type]
    parts = value.parts if isinstance(value, Text) else (value,)
    written = "".join(_written(part, resource, naming) for part in parts)
    pattern = re.compile(_glob(_without_place(written, naming.service, inventory)), re.DOTALL)
    names = list(_names(resource, naming))
    if not any(pattern.fullmatch(f"arn:{naming.service}:{name}{beneath}") for name in names):
        unknown = next((name for name in names if isinstance(name, Unknown)), False)
        return unknown if ITSELF not in written and _OTHER not in written else False
    return next((_doubt(part) for part in parts if _is_hole(part)), True)


def _written(part: Value, resource: Resource, naming: _Naming) -> str:
    if isinstance(part, Reference) and part.target == resource.address:
        if part.attribute in naming.arn:
            return f"arn:{naming.service}:{ITSELF}"
        return ITSELF if part.attribute in naming.name else _OTHER
    if isinstance(part, Reference) and part.text is not None:
        return part.text
    if _is_hole(part):
        return _HOLE
    return part if isinstance(part, str) else _OTHER


def _is_hole(part: Value) -> bool:
    """A reference by name, Ref or ARN is to that resource and to no other; any other attribute may be anything."""
    if isinstance(part, Reference):
        return part.text is None and part.attribute not in _IDENTITIES
    return isinstance(part, Unknown)


def _doubt(hole: Value) -> Unknown:
    return hole if isinstance(hole, Unknown) else Unknown(Cause.NEEDS_LIVE, str(hole))


def _without_place(written: str, service: str, inventory: Inventory) -> str:
    """Take partition, region and account out of an ARN, where they are this deployment's or wildcards."""

    def here(own: str) -> str:
        return rf"({re.escape(own)}|\*?|{_HOLE})" if own else "[^:]*"

    place = "(:|" + here(inventory.region) + ":" + here(inventory.account) + "):"
    return re.sub(rf"^arn:[^:]+:{service}:{place}", f"arn:{service}:", written)


def _names(resource: Resource, naming: _Naming) -> Iterator[str | Unknown]:
    """The names by which an ARN may mean the resource, and the unknown one that it was declared with."""
    yield ITSELF
    yield from sorted({name.rpartition(":")[2] for name in resource.names})
    declared = readable(resource[naming.declared].value) if naming.declared else ABSENT
    if isinstance(declared, str | Unknown):
        yield declared


def _glob(pattern: str) -> str:
    """A policy's pattern as a regular expression: `*` is any text, `?` one character, a hole may be any text."""
    escaped = re.escape(pattern).replace(r"\*", ".*").replace(r"\?", f"[^{ITSELF}{SOMETHING}]")
    return escaped.replace(_HOLE, ".*")
