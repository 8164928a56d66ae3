"""The words of an expectation (`at_least: 30`, `absent`, `each: ...`), turned into claims about facts.

A mapping with only such words is a matcher; any other mapping goes down into the property of each key (dotted
paths allowed). Everything else is the value itself.
"""

from __future__ import annotations

import difflib
import json
import re
from collections.abc import Callable, Mapping
from typing import Any, TypeAlias

from stackproof.errors import MisuseError
from stackproof.model import (
    Cause,
    Claim,
    Demand,
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
from stackproof.model.matching import readable

Matcher: TypeAlias = Callable[[Fact, Inventory], Claim]

_SIMPLE: Mapping[str, Callable[[Fact, Any], Claim]] = {
    "equals": lambda fact, value: fact.equals(value),
    "one_of": lambda fact, values: fact.one_of(*values),
    "at_least": lambda fact, bound: fact.at_least(bound),
    "at_most": lambda fact, bound: fact.at_most(bound),
    "matches": lambda fact, pattern: fact.matches(pattern),
    "starts_with": lambda fact, prefix: fact.starts_with(prefix),
    "contains": lambda fact, value: fact.contains(value),
    "items": lambda fact, values: _just(fact, values),  # noqa: PLW0108 - defined below
    "length": lambda fact, number: fact.count(lambda n: n == number, f"{number} elements"),
}
_SIMPLE_ARGUMENTS: Mapping[str, tuple[type, ...]] = {
    "one_of": (list,),
    "items": (list,),
    "at_least": (int, float),
    "at_most": (int, float),
    "matches": (str,),
    "starts_with": (str,),
    "length": (int,),
}
_NESTED = ("not", "each", "some", "all", "any", "refers_to", "json", "keys")
WORDS = frozenset({*_SIMPLE, *_NESTED})


def matcher(expected: Any, where: str) -> Matcher:
    """Build the matcher that an expectation writes; `where` is its `file:line`, for messages.

    Raises:
        MisuseError: a word that is misspelt or has an argument of the wrong kind, or words mixed with property names.

    """
    if expected == "absent":
        return lambda fact, _: fact.absent()
    if expected == "present":
        return lambda fact, _: fact.present()
    if expected == "written":
        return lambda fact, _: fact.written()
    if not isinstance(expected, dict):
        return lambda fact, _: fact.equals(expected)
    words = [key for key in expected if key in WORDS]
    for key in expected:
        if near := _misspelt(key):
            raise MisuseError(where, repr(key), "a matcher word or a property", f"Did you mean {near!r}?")
    if words and len(words) != len(expected):
        mixed = ", ".join(str(key) for key in expected)
        raise MisuseError(where, f"the keys {mixed}", "either only matcher words or only property names")
    parts = [
        _word(key, argument, where) if key in WORDS else _below(str(key), matcher(argument, where))
        for key, argument in expected.items()
    ]
    return lambda fact, inventory: all_of(part(fact, inventory) for part in parts)


def _misspelt(key: Any) -> str:
    """The word that was meant by a key that is nearly one. Properties are not written in lower case."""
    if not isinstance(key, str) or key in WORDS or not re.fullmatch("[a-z_]+", key):
        return ""
    return next(iter(difflib.get_close_matches(key, WORDS, n=1, cutoff=0.85)), "")


def demand(count: Any, where: str) -> Demand:
    """Build the demand on a number of resources from `2`, `{at_least: 1}`, `{at_most: 3}` or both.

    Raises:
        MisuseError: anything else.

    """
    if count is None:
        return Demand(lambda n: n >= 1, "at least one")
    if isinstance(count, int) and not isinstance(count, bool):
        return Demand(lambda n: n == count, f"exactly {count}")
    if isinstance(count, dict) and count and count.keys() <= {"at_least", "at_most"}:
        low, high = count.get("at_least", 0), count.get("at_most", float("inf"))
        if isinstance(low, int) and isinstance(high, int | float):
            return Demand(
                lambda n: low <= n <= high, " and ".join(f"{k.replace('_', ' ')} {v}" for k, v in count.items())
            )
    raise MisuseError(where, f"count = {count!r}", "a whole number, at_least and at_most")


def _below(path: str, inner: Matcher) -> Matcher:
    return lambda fact, inventory: inner(fact.at(path), inventory)


def _word(word: str, argument: Any, where: str) -> Matcher:
    if word in _SIMPLE:
        return _simple(word, argument, where)
    if word in ("all", "any"):
        return _several(word, argument, where)
    if word == "refers_to":
        return _refers_to(argument, where)
    inner = matcher(argument, where)
    nested: Mapping[str, Matcher] = {
        "not": lambda fact, inventory: ~inner(fact, inventory),
        "each": lambda fact, inventory: fact.present() & fact.each(lambda item: inner(item, inventory)),
        "some": lambda fact, inventory: fact.some(lambda item: inner(item, inventory)),
        "json": lambda fact, inventory: inner(_parsed(fact), inventory),
        "keys": lambda fact, inventory: inner(_keys(fact), inventory),
    }
    return nested[word]


def _simple(word: str, argument: Any, where: str) -> Matcher:
    kinds = _SIMPLE_ARGUMENTS.get(word)
    if kinds and (not isinstance(argument, kinds) or isinstance(argument, bool)):
        raise MisuseError(where, f"{word}: {argument!r}", f"{word} with {' or '.join(k.__name__ for k in kinds)}")
    if word == "matches":
        _compiled(argument, where)
    claim = _SIMPLE[word]
    return lambda fact, _: claim(fact, argument)


def _several(word: str, argument: Any, where: str) -> Matcher:
    if not isinstance(argument, list) or not argument:
        raise MisuseError(where, f"{word}: {argument!r}", f"{word} with a list of matchers")
    inner = [matcher(part, where) for part in argument]
    join = all_of if word == "all" else any_of
    return lambda fact, inventory: join(part(fact, inventory) for part in inner)


def _refers_to(argument: Any, where: str) -> Matcher:
    """Match a pointer: `refers_to: {type: ..., id: ..., stack: ..., expect: {...}}` of the resource it points at."""
    if not isinstance(argument, dict) or not argument or not argument.keys() <= {"type", "id", "stack", "expect"}:
        raise MisuseError(where, f"refers_to: {argument!r}", "refers_to with type, id, stack or expect")
    inner = matcher(argument.get("expect", {}), where) if argument.get("expect") else None
    wanted = {key: str(argument[key]) for key in ("type", "id", "stack") if key in argument}

    def judge(target: Resource, inventory: Inventory) -> Claim:
        shown = {"type": target.type, "id": target.logical_id, "stack": target.stack}
        same = target.fact.claim(
            " and ".join(f"{key} {value}" for key, value in wanted.items()) or "a resource",
            lambda _: all(shown[key] == value for key, value in wanted.items()),
        )
        return same & inner(target.fact, inventory) if inner else same

    return lambda fact, inventory: inventory.follow(fact, lambda target: judge(target, inventory))


def _just(fact: Fact, values: list[Any]) -> Claim:
    """Hold when the list has just these elements, in any order."""
    right_number = fact.count(lambda n: n == len(values), f"just {values!r}")
    return right_number & all_of(fact.contains(value) for value in values)


def _parsed(fact: Fact) -> Fact:
    """Read a fact that holds JSON text (a secret's template, a dashboard body) as the data in it."""
    return Fact(fact.path, _from_json(fact.value), fact.where, fact.origin)


def _keys(fact: Fact) -> Fact:
    """Read a mapping as the list of its keys; anything else stays, and is then no such list."""
    value: Value = list(fact.value) if isinstance(fact.value, dict) else fact.value
    return Fact(fact.path, value, fact.where, fact.origin)


def _from_json(value: Value) -> Value:
    if isinstance(value, dict | Unknown):
        return value
    text = str(value) if isinstance(value, Text | Reference) else readable(value)
    if not isinstance(text, str):
        return text
    try:
        parsed: Value = json.loads(text)
    except ValueError as error:
        return Unknown(Cause.PARSE_ERROR, f"not JSON: {error}")
    return parsed


def _compiled(pattern: str, where: str) -> None:
    try:
        re.compile(pattern)
    except re.error as error:
        raise MisuseError(where, f"matches: {pattern!r}", f"a regular expression ({error})") from error
