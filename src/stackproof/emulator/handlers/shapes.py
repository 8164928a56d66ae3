"""Turns CloudFormation properties into the parameters of an API operation, guided by the service's own model.

Names differ in case (`containerDefinitions`), values in type (`"20"` and 20), tags in form (list or mapping). The model
says what is wanted, so nothing has to be written down per property; and it says what has no place, so nothing is lost.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from botocore.model import ListShape, MapShape, Shape, StructureShape

Lost = list[str]


def fitted(shape: StructureShape, properties: Mapping[str, Any], lost: Lost, path: str = "") -> dict[str, Any]:
    """Fit a mapping to a structure; the paths of what has no place in it are added to `lost`."""
    members = {name.lower(): name for name in shape.members}
    result = {}
    for key, value in properties.items():
        name = members.get(key.lower())
        where = f"{path}.{key}" if path else key
        if name is None:
            lost.append(where)
        elif value is not None:
            result[name] = _fit(shape.members[name], value, lost, where)
    return result


def _fit(shape: Shape, value: Any, lost: Lost, path: str) -> Any:
    if isinstance(shape, StructureShape):
        if not isinstance(value, Mapping):
            return value
        return dict(value) if getattr(shape, "is_document_type", False) else fitted(shape, value, lost, path)
    if isinstance(shape, ListShape):
        return _list(shape, value, lost, path)
    if isinstance(shape, MapShape):
        return _mapping(shape, value, lost, path)
    return _scalar(shape.type_name, value)


def _list(shape: ListShape, value: Any, lost: Lost, path: str) -> list[Any]:
    member = shape.member
    if isinstance(value, Mapping) and isinstance(member, StructureShape) and {"Key", "Value"} <= set(member.members):
        value = [{"Key": key, "Value": text} for key, text in value.items()]
    items = value if isinstance(value, list) else [value]
    return [_fit(member, item, lost, f"{path}[{number}]") for number, item in enumerate(items)]


def _mapping(shape: MapShape, value: Any, lost: Lost, path: str) -> dict[str, Any]:
    if isinstance(value, list):  # tags, or name and value pairs
        value = {str(item.get("Key", item.get("Name"))): item["Value"] for item in value}
    return {str(key): _fit(shape.value, item, lost, f"{path}.{key}") for key, item in value.items()}


def _scalar(type_: str, value: Any) -> Any:
    if type_ == "boolean":
        return value if isinstance(value, bool) else str(value).lower() == "true"
    if type_ in {"integer", "long"}:
        return int(value)
    if type_ in {"float", "double"}:
        return float(value)
    if type_ in {"string", "blob"}:
        return text(value)
    return value


def text(value: Any) -> str:
    """A value as text: JSON for what has structure, `true` and `false` as AWS writes them."""
    if isinstance(value, str):
        return value
    if isinstance(value, bool):
        return "true" if value else "false"
    return json.dumps(value) if isinstance(value, dict | list) else str(value)
