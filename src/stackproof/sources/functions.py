"""Intrinsic functions that only compute: Join, Select, Split, Cidr, Base64, ToJsonString, Length, GetAZs.

Each takes the resolved argument and returns a value, or raises `BadArgumentError` when AWS would refuse it.
"""

from __future__ import annotations

import base64
import ipaddress
import itertools
import json
from collections.abc import Callable, Mapping
from typing import Final

from stackproof.model import ABSENT, Cause, Reference, Text, Unknown, Value
from stackproof.model.matching import holes
from stackproof.sources.values import first_unknown, join, known, plain, scalar_text, split_text


class BadArgumentError(Exception):
    """The argument has a form that CloudFormation refuses."""


class OpenList(list[Value]):
    """A list whose last element is an Unknown that stands for one or more elements."""


def fn_join(argument: Value) -> Value:
    """`[delimiter, [values]]`."""
    delimiter, values = _pair(argument)
    values = _elements(values)
    if isinstance(values, Unknown):
        return values
    parts = [part for part in values if part is not ABSENT]
    if any(isinstance(part, dict | list) for part in parts):
        raise BadArgumentError("got a list or mapping among the values, expected text")
    between = [part for pair in zip(itertools.repeat(delimiter), parts, strict=False) for part in pair][1:]
    return join(between, "Fn::Join")


def fn_select(argument: Value) -> Value:
    """`[index, list]`. One element of an unknown list is unknown; of a split reference, it still points there."""
    index, values = _pair(argument)
    number = _integer(index)
    if isinstance(number, Unknown):
        return number
    if isinstance(values, Unknown):
        return Unknown(values.cause, f"{values.detail}[{number}]")
    if isinstance(values, Reference) and values.text is None:
        return Reference(values.target, f"{values.attribute}[{number}]")
    values = _elements(values)
    if isinstance(values, Unknown):
        return values
    if isinstance(values, OpenList) and number >= len(values):
        return values[-1]
    if not 0 <= number < len(values):
        raise BadArgumentError(f"Fn::Select takes element {number} of {len(values)}")
    return values[number]


def fn_split(argument: Value) -> Value:
    """`[delimiter, text]`. What comes before an undecided part is split all the same."""
    delimiter, source = _pair(argument)
    if not isinstance(delimiter, str) or not delimiter:
        raise BadArgumentError("Fn::Split needs a delimiter that is text")
    text = plain(source)
    if isinstance(text, str | int | float):
        return list(scalar_text(text).split(delimiter))
    if isinstance(source, Text) and delimiter in _NEVER_IN_IDS and next(holes(source), None) is None:
        return split_text(source, delimiter)
    if isinstance(source, Reference):
        return Reference(source.target, f"{source.attribute} split at {delimiter!r}")
    if isinstance(source, Text) and isinstance(source.parts[0], Reference) and isinstance(source.parts[0].text, str):
        source = Text((source.parts[0].text, *source.parts[1:]))
    if isinstance(source, Text) and isinstance(source.parts[0], str):
        sure = source.parts[0].split(delimiter)
        hole = first_unknown(source) or Unknown(Cause.NEEDS_LIVE, str(source))
        return OpenList([*sure[:-1], hole]) if len(sure) > 1 else hole
    if isinstance(text, Unknown):
        return text
    raise BadArgumentError("Fn::Split needs text")


def fn_base64(argument: Value) -> Value:
    """Encode text. Undecided text stays undecided."""
    text = plain(argument)
    if isinstance(text, Unknown):
        return text
    if not isinstance(text, str | int | float):
        raise BadArgumentError("Fn::Base64 needs text")
    return base64.b64encode(scalar_text(text).encode("utf-8", "surrogatepass")).decode()


def fn_cidr(argument: Value) -> Value:
    """`[block, count, host bits]`: the first `count` subnets of the block, each with that many host bits."""
    if not isinstance(argument, list) or len(argument) not in (2, 3):
        raise BadArgumentError("Fn::Cidr needs [block, count, bits]")
    hole = first_unknown(argument)
    if hole:
        return hole
    block, count, bits = plain(argument[0]), _integer(argument[1]), _integer(argument[2] if len(argument) == 3 else 8)
    if isinstance(count, Unknown) or isinstance(bits, Unknown) or not isinstance(block, str):
        raise BadArgumentError("Fn::Cidr needs [block, count, bits]")
    try:
        network = ipaddress.ip_network(block, strict=False)
        subnets = network.subnets(new_prefix=network.max_prefixlen - bits)
        found: list[Value] = [str(subnet) for subnet in itertools.islice(subnets, min(count, 256))]
    except ValueError as error:
        raise BadArgumentError(f"Fn::Cidr of {block!r}: {error}") from None
    if not 1 <= count <= 256 or len(found) < count:
        raise BadArgumentError(f"Fn::Cidr: {block} has no {count} subnets of {bits} bits (at most 256 are given)")
    return found


def fn_length(argument: Value) -> Value:
    """The number of elements of a list."""
    values = _elements(argument)
    if isinstance(values, OpenList):
        return values[-1]
    return values if isinstance(values, Unknown) else len(values)


def fn_to_json(argument: Value) -> Value:
    """A mapping or list as JSON text; undecided parts become parts of the text."""
    if isinstance(argument, Unknown):
        return argument
    if not isinstance(argument, dict | list):
        raise BadArgumentError("Fn::ToJsonString needs a mapping or list")
    return join(_json_parts(argument), "Fn::ToJsonString")


def fn_get_azs(argument: Value) -> Value:
    """The zones of a region are the account's own: known only when it is deployed."""
    region = plain(argument)
    if isinstance(region, Unknown):
        return region
    return Unknown(Cause.NEEDS_LIVE, f"availability zones of {region or 'the region'}")


# No id, name or ARN of a resource has these, so references keep their identity when a text is split at them.
_NEVER_IN_IDS: Final = (",", "|", ";", " ")

FUNCTIONS: Final[Mapping[str, Callable[[Value], Value]]] = {
    "Fn::Join": fn_join,
    "Fn::Select": fn_select,
    "Fn::Split": fn_split,
    "Fn::Base64": fn_base64,
    "Fn::Cidr": fn_cidr,
    "Fn::Length": fn_length,
    "Fn::ToJsonString": fn_to_json,
    "Fn::GetAZs": fn_get_azs,
}


def _pair(argument: Value) -> tuple[Value, Value]:
    if not isinstance(argument, list) or len(argument) != 2:
        raise BadArgumentError("expected a list of two")
    return argument[0], argument[1]


def _elements(values: Value) -> list[Value] | Unknown:
    if isinstance(values, Unknown):
        return values
    if isinstance(values, Reference) and values.text is None:
        return Unknown(Cause.NEEDS_LIVE, str(values))
    if not isinstance(values, list):
        raise BadArgumentError("expected a list of values")
    return values


def _integer(value: Value) -> int | Unknown:
    number = plain(value)
    if isinstance(number, Unknown):
        return number
    try:
        return int(number) if isinstance(number, str | int | float) and known(number) else _refuse(number)
    except (ValueError, OverflowError):
        return _refuse(number)


def _refuse(number: Value) -> int:
    raise BadArgumentError(f"got {number!r}, expected a whole number")


def _json_parts(value: Value) -> list[Value]:
    """Pieces of JSON text around the undecided parts. A text part is quoted; an unknown one may be of any kind."""
    if isinstance(value, dict):
        pieces: list[Value] = ["{"]
        for key, item in value.items():
            pieces += ["," if len(pieces) > 1 else "", f"{json.dumps(key)}:", *_json_parts(item)]
        return [*pieces, "}"]
    if isinstance(value, list):
        inner = [[*([","] if i else []), *_json_parts(item)] for i, item in enumerate(value)]
        return ["[", *itertools.chain.from_iterable(inner), "]"]
    if isinstance(value, Text):
        return ['"', *[json.dumps(part)[1:-1] if isinstance(part, str) else part for part in value.parts], '"']
    if isinstance(value, Reference):
        return ['"', value, '"']
    return [value if isinstance(value, Unknown) else json.dumps(value)]
