"""The statements of web ACLs: what they look at, how it is transformed, and whether they match."""

from __future__ import annotations

import html
import ipaddress
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final
from urllib.parse import parse_qsl, unquote

from stackproof.emulator.edge.attacks import is_script, is_sql
from stackproof.emulator.edge.rules import UnjudgedError, Wire


@dataclass(frozen=True, slots=True)
class Seen:
    """A request as WAF sees it. `inspected` is how many bytes of a body WAF can look at."""

    method: str
    path: str
    query: str
    headers: Mapping[str, str]  # names in lower case
    body: bytes
    client: str
    inspected: int
    ip_sets: Mapping[str, tuple[str, ...]] = field(default_factory=dict)


class _Decided(Exception):  # noqa: N818 - it is an answer
    """Too large a body decides by itself."""

    def __init__(self, *, match: bool) -> None:
        self.match = match


def holds(statement: Wire, seen: Seen, rule: str) -> bool:
    """Whether a statement matches.

    Raises:
        UnjudgedError: it is of a kind, or looks at a part, that is not evaluated here.

    """
    kind, content = next(iter(statement.items()))
    found = _KINDS.get(kind)
    if found is None:
        raise UnjudgedError(f"rule {rule}: {kind} is not evaluated")
    try:
        return found(content, seen, rule)
    except _Decided as decided:
        return decided.match


def rate_key(rate: Wire, seen: Seen, rule: str) -> str:
    """Whose requests are counted together."""
    by = rate.get("AggregateKeyType", "IP")
    if by == "CONSTANT":
        return ""
    if by == "FORWARDED_IP":
        return _forwarded(rate["ForwardedIPConfig"], seen) or seen.client
    if by != "IP":
        raise UnjudgedError(f"rule {rule}: counting by {by} is not evaluated")
    return seen.client


def _forwarded(config: Wire, seen: Seen) -> str:
    return seen.headers.get(config["HeaderName"].lower(), "").partition(",")[0].strip()


# --- what is looked at --------------------------------------------------------------------------------------


def _parts(content: Wire, seen: Seen, rule: str) -> list[bytes]:
    """The parts of a request that a statement looks at, transformed."""
    kind, details = next(iter(content["FieldToMatch"].items()))
    texts = _fields(kind, details or {}, seen, rule)
    for step in sorted(content.get("TextTransformations", []), key=lambda step: int(step["Priority"])):
        change = _TRANSFORMATIONS.get(step["Type"])
        if change is None:
            raise UnjudgedError(f"rule {rule}: the transformation {step['Type']} is not done")
        texts = [change(text) for text in texts]
    return texts


def _fields(kind: str, details: Wire, seen: Seen, rule: str) -> list[bytes]:
    if kind == "Body":
        return [_body(details, seen)]
    if kind == "UriPath":
        return [seen.path.encode()]
    if kind == "QueryString":
        return [seen.query.encode()]
    if kind == "Method":
        return [seen.method.encode()]
    if kind == "SingleHeader":
        return [value.encode() for value in [seen.headers.get(details["Name"].lower())] if value is not None]
    arguments = parse_qsl(seen.query, keep_blank_values=True)
    if kind == "SingleQueryArgument":
        return [value.encode() for name, value in arguments if name.lower() == details["Name"].lower()]
    if kind == "AllQueryArguments":
        return [part.encode() for pair in arguments for part in pair]
    raise UnjudgedError(f"rule {rule}: {kind} is not looked at")


def _body(details: Wire, seen: Seen) -> bytes:
    if len(seen.body) > seen.inspected:
        handling = details.get("OversizeHandling", "CONTINUE")
        if handling != "CONTINUE":
            raise _Decided(match=handling == "MATCH")
    return seen.body[: seen.inspected]


def _text(change: Callable[[str], str]) -> Callable[[bytes], bytes]:
    return lambda value: change(value.decode("utf-8", "surrogateescape")).encode("utf-8", "surrogateescape")


_TRANSFORMATIONS: Final[Mapping[str, Callable[[bytes], bytes]]] = {
    "NONE": lambda value: value,
    "LOWERCASE": lambda value: value.lower(),
    "URL_DECODE": _text(lambda text: unquote(text.replace("+", " "), errors="surrogateescape")),
    "HTML_ENTITY_DECODE": _text(html.unescape),
    "COMPRESS_WHITE_SPACE": lambda value: re.sub(rb"\s+", b" ", value),
    "REMOVE_NULLS": lambda value: value.replace(b"\0", b""),
}


# --- statements ---------------------------------------------------------------------------------------------


def _bytes(content: Wire, seen: Seen, rule: str) -> bool:
    wanted = content["SearchString"]
    wanted = wanted.encode() if isinstance(wanted, str) else bytes(wanted)
    how = content["PositionalConstraint"]
    tests: Mapping[str, Callable[[bytes], bool]] = {
        "EXACTLY": lambda text: text == wanted,
        "STARTS_WITH": lambda text: text.startswith(wanted),
        "ENDS_WITH": lambda text: text.endswith(wanted),
        "CONTAINS": lambda text: wanted in text,
        "CONTAINS_WORD": lambda text: re.search(rb"(?<!\w)" + re.escape(wanted) + rb"(?!\w)", text) is not None,
    }
    if how not in tests:
        raise UnjudgedError(f"rule {rule}: {how} is not evaluated")
    return any(tests[how](text) for text in _parts(content, seen, rule))


def _size(content: Wire, seen: Seen, rule: str) -> bool:
    size = int(content["Size"])
    tests: Mapping[str, Callable[[int], bool]] = {
        "EQ": lambda n: n == size,
        "NE": lambda n: n != size,
        "LE": lambda n: n <= size,
        "LT": lambda n: n < size,
        "GE": lambda n: n >= size,
        "GT": lambda n: n > size,
    }
    return any(tests[content["ComparisonOperator"]](len(text)) for text in _parts(content, seen, rule))


def _regex(content: Wire, seen: Seen, rule: str) -> bool:
    try:
        pattern = re.compile(content["RegexString"].encode())
    except re.error as error:
        raise UnjudgedError(f"rule {rule}: {content['RegexString']} is not understood: {error}") from error
    return any(pattern.search(text) for text in _parts(content, seen, rule))


def _any(test: Callable[[str], bool]) -> Callable[[Wire, Seen, str], bool]:
    def judge(content: Wire, seen: Seen, rule: str) -> bool:
        return any(test(part.decode("utf-8", "replace")) for part in _parts(content, seen, rule))

    return judge


def _addresses(content: Wire, seen: Seen, rule: str) -> bool:
    if content["ARN"] not in seen.ip_sets:
        raise UnjudgedError(f"rule {rule}: the IP set {content['ARN']} was not read")
    forwarded = content.get("IPSetForwardedIPConfig")
    if forwarded and forwarded.get("Position", "FIRST") != "FIRST":
        raise UnjudgedError(f"rule {rule}: only the first forwarded address is looked at")
    text = _forwarded(forwarded, seen) if forwarded else seen.client
    try:
        address = ipaddress.ip_address(text)
    except ValueError:
        return bool(forwarded and forwarded["FallbackBehavior"] == "MATCH" and text)
    return any(address in ipaddress.ip_network(network, strict=False) for network in seen.ip_sets[content["ARN"]])


def _all_of(statements: Iterable[Wire], seen: Seen, rule: str) -> list[bool]:
    """Every part is evaluated, so one that cannot be is never passed over."""
    return [holds(statement, seen, rule) for statement in statements]


_KINDS: Final[Mapping[str, Callable[[Any, Seen, str], bool]]] = {
    "ByteMatchStatement": _bytes,
    "SizeConstraintStatement": _size,
    "RegexMatchStatement": _regex,
    "SqliMatchStatement": _any(is_sql),
    "XssMatchStatement": _any(is_script),
    "IPSetReferenceStatement": _addresses,
    "AndStatement": lambda content, seen, rule: all(_all_of(content["Statements"], seen, rule)),
    "OrStatement": lambda content, seen, rule: any(_all_of(content["Statements"], seen, rule)),
    "NotStatement": lambda content, seen, rule: not holds(content["Statement"], seen, rule),
}
