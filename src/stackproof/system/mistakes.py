"""Mistakes in system.yaml: pydantic's findings in our words, with the line, what was expected, and what was meant."""

from __future__ import annotations

import difflib
from collections.abc import Iterable
from typing import Any

from pydantic import ValidationError

from stackproof.errors import MisuseError
from stackproof.system.schema import SystemFile
from stackproof.system.yaml_file import YamlFile


def suggestion(name: str, known: Iterable[str]) -> str:
    """Ask whether a near name was meant; empty where none is near."""
    near = difflib.get_close_matches(name, list(known), n=1)
    return f"Did you mean {near[0]!r}?" if near else ""


def misuse_of(error: ValidationError, source: YamlFile) -> MisuseError:
    """Say of each mistake that pydantic found where it is; all of them in one exception."""
    problems = []
    for detail in error.errors():
        location = [step for step in detail["loc"] if step != "[key]"]
        name = ".".join(str(step) for step in location) or "the file"
        if detail["type"] == "extra_forbidden":
            known = _fields_at(location[:-1])
            advice = suggestion(str(location[-1]), known)
            expected = f"one of {', '.join(known)}" if known else "only known fields"
            problems.append(MisuseError(source.where(location), f"unknown field {name!r}", expected, advice))
        elif detail["type"] == "missing":
            problems.append(MisuseError(source.where(location), f"no {name!r}", "it: the field is required"))
        else:
            message = detail["msg"].removeprefix("Value error, ").removeprefix("Input should be ")
            problems.append(MisuseError(source.where(location), f"{name} = {detail['input']!r}", message))
    return joined(problems)


def _fields_at(location: list[int | str]) -> list[str]:
    """List the fields that the schema knows at a place, by walking its JSON schema."""
    schema = SystemFile.model_json_schema()
    node: dict[str, Any] = schema
    for step in location:
        node = _resolved(node, schema)
        if isinstance(step, int):
            node = node.get("items", {})
        else:
            node = node.get("properties", {}).get(step) or node.get("additionalProperties") or {}
    return list(_resolved(node, schema).get("properties", {}))


def _resolved(node: dict[str, Any], schema: dict[str, Any]) -> dict[str, Any]:
    for option in node.get("anyOf", ()):
        if "$ref" in option:
            node = option
    if "$ref" in node:
        found: dict[str, Any] = schema["$defs"][node["$ref"].rpartition("/")[2]]
        return found
    return node


def joined(problems: list[MisuseError]) -> MisuseError:
    """Make one exception of several: the first, and the others below it."""
    if len(problems) == 1:
        return problems[0]
    first, *rest = problems
    advice = "; also:\n" + "\n".join(f"  {problem}" for problem in rest)
    return MisuseError(first.where, first.got, f"{first.expected}{'. ' + first.advice if first.advice else ''}{advice}")
