"""What is known about AWS's resource types: documented defaults, names and ARNs, one module per service."""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Mapping
from functools import cache
from types import MappingProxyType
from typing import Final

from stackproof.model import Value

_NOTHING: Final[Mapping[str, Value]] = MappingProxyType({})


def defaults_for(type_: str) -> Mapping[str, Value]:
    """Return the values that AWS documents for absent properties of a type: dotted path without indexes to value.

    They come from the `DEFAULTS` of the modules in this package.

    Raises:
        ValueError: two modules give defaults for the same type.

    """
    return _all_defaults().get(type_, _NOTHING)


@cache
def _all_defaults() -> Mapping[str, Mapping[str, Value]]:
    gathered: dict[str, Mapping[str, Value]] = {}
    origin: dict[str, str] = {}
    for module in sorted(pkgutil.iter_modules(__path__), key=lambda found: found.name):
        defaults = getattr(importlib.import_module(f"{__name__}.{module.name}"), "DEFAULTS", {})
        for type_, values in defaults.items():
            if type_ in gathered:
                raise ValueError(f"defaults of {type_} are in {origin[type_]} and in {module.name}, expected one place")
            gathered[type_], origin[type_] = MappingProxyType(dict(values)), module.name
    return MappingProxyType(gathered)
