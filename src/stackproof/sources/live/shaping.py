"""Turns what an API answered into CloudFormation's shape: names by the resource's schema, structure by botocore's.

A property of the schema for which the API's model has no member is not absent: this call cannot tell. It is left out at
the top, where another call may answer it, and is unknown further down.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any, Final

from stackproof.model import Cause, Unknown, Value
from stackproof.sources.live.redaction import HIDDEN
from stackproof.sources.live.schemas import Schema

_MAX_DEPTH: Final = 40


def members_of(
    schema: Schema, shape: Any, renames: Mapping[str, str], path: str = "", node: Mapping[str, Any] | None = None
) -> dict[str, str]:
    """Which member of botocore's structure answers each property: property to member, for those that have one.

    Names are compared without case and punctuation; `renames` maps property paths to members (or dotted paths of them).
    """
    known = {_bare(name): name for name in getattr(shape, "members", None) or {}}
    properties = schema.properties if node is None else node.get("properties") or {}
    found: dict[str, str] = {}
    for name in properties:
        inner = f"{path}.{name}" if path else name
        member = renames.get(inner) or known.get(_bare(name))
        if member:
            found[name] = member
    return found


def fits(value: Any, shape: Any) -> bool:
    """Say whether an answer has the form that botocore's model documents: what is a list, a structure, a text.

    botocore itself takes many other answers for one that says nothing. A policy in a text may come parsed.
    """
    kind = getattr(shape, "type_name", "")
    if value is None or value == HIDDEN:
        return True
    if kind == "structure":
        members = shape.members
        return isinstance(value, Mapping) and all(fits(item, members.get(name)) for name, item in value.items())
    if kind == "map":
        return isinstance(value, Mapping) and all(fits(item, shape.value) for item in value.values())
    if kind == "list":
        return isinstance(value, list) and all(fits(item, shape.member) for item in value)
    return not kind or (not isinstance(value, list) and (kind == "string" or not isinstance(value, Mapping)))


def look(value: Any, path: str) -> Any:
    """Read a dotted path of members; None where it is not there."""
    for step in path.split("."):
        if not isinstance(value, Mapping):
            return None
        value = value.get(step)
    return value


def shape_at(shape: Any, path: str) -> Any:
    """botocore's shape at a dotted path of members; None where there is none."""
    for step in path.split("."):
        shape = (getattr(shape, "members", None) or {}).get(step)
    return shape


def shaped(
    schema: Schema,
    node: Mapping[str, Any],
    value: Any,
    shape: Any,
    renames: Mapping[str, str],
    path: str,
    depth: int = 0,
) -> Value:
    """Bring one value into the form that the schema's node describes. `path` is the property's, without indexes."""
    node = schema.resolve(node)
    kinds = node.get("type")
    kinds = (kinds,) if isinstance(kinds, str) else tuple(kinds or ())
    if value == HIDDEN:
        return Unknown(Cause.WRITE_ONLY, path)
    if depth > _MAX_DEPTH:
        return Unknown(Cause.MALFORMED, path)
    if isinstance(value, str):
        return _text(value, kinds)
    if "array" in kinds and isinstance(value, Mapping):
        value, shape = _as_list(value, shape)
    if isinstance(value, list):
        return _list(schema, node, value, shape, renames, path, depth)
    if isinstance(value, Mapping):
        if node.get("properties") and hasattr(shape, "members"):
            return _structure(schema, node, value, shape, renames, path, depth)
        return {str(key): plain_value(item) for key, item in value.items()}
    return plain_value(value)


def plain_value(value: Any) -> Value:
    """Read plain JSON; what was hidden is unknown."""
    if value == HIDDEN:
        return Unknown(Cause.WRITE_ONLY, "a value that AWS keeps secret")
    if isinstance(value, Mapping):
        return {str(key): plain_value(item) for key, item in value.items()}
    if isinstance(value, list):
        return [plain_value(item) for item in value]
    return value if isinstance(value, str | int | float | bool) or value is None else str(value)


def _list(
    schema: Schema,
    node: Mapping[str, Any],
    value: list[Any],
    shape: Any,
    renames: Mapping[str, str],
    path: str,
    depth: int,
) -> Value:
    items = node.get("items") or {}
    member = getattr(shape, "member", None)
    made = [shaped(schema, items, item, member, renames, path, depth + 1) for item in value]
    if path == "Tags" or path.endswith("Tags"):
        made = [tag for tag in made if not (isinstance(tag, dict) and str(tag.get("Key", "")).startswith("aws:"))]
    return made


def _structure(
    schema: Schema,
    node: Mapping[str, Any],
    value: Mapping[str, Any],
    shape: Any,
    renames: Mapping[str, str],
    path: str,
    depth: int,
) -> Value:
    members = members_of(schema, shape, renames, path, node)
    found: dict[str, Value] = {}
    for name, inner in node["properties"].items():
        where = f"{path}.{name}" if path else name
        member = members.get(name)
        if member is None:
            if where not in schema.read_only:
                cause = Cause.WRITE_ONLY if where in schema.write_only else Cause.NOT_READ
                found[name] = Unknown(cause, where)
            continue
        item = look(value, member)
        if item is not None:
            found[name] = shaped(schema, inner, item, shape_at(shape, member), renames, where, depth + 1)
    return found


def _text(value: str, kinds: tuple[str, ...]) -> Value:
    if "string" in kinds and "object" not in kinds:
        return value
    if "object" in kinds and value[:1] in "{[":
        try:
            return plain_value(json.loads(value))
        except ValueError:
            return value
    if "boolean" in kinds and value in ("true", "false"):
        return value == "true"
    if "integer" in kinds and re.fullmatch(r"-?\d+", value):
        return int(value)
    return value


def _as_list(value: Mapping[str, Any], shape: Any) -> tuple[Any, Any]:
    """Lists that an API wraps: `{Quantity, Items}` of CloudFront, `{key: value}` of tags."""
    if "Quantity" in value:
        return value.get("Items") or [], shape_at(shape, "Items")
    return [{"Key": key, "Value": item} for key, item in value.items()], None


def _bare(name: str) -> str:
    return re.sub(r"[^a-z0-9]", "", name.lower())
