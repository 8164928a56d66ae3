"""What is known of AWS's services beyond their schemas: documented defaults, and analyses that controls share.

A module that has defaults names them `DEFAULTS`: type -> dotted property path without indexes -> the value that
AWS documents for the property when it is absent.
"""

from __future__ import annotations

import pkgutil
from collections.abc import Mapping
from functools import cache
from importlib import import_module

from stackproof.model import Value


@cache
def all_defaults() -> Mapping[str, Mapping[str, Value]]:
    """Gather the documented defaults of every type.

    Raises:
        ValueError: two modules give defaults for one type.

    """
    found: dict[str, Mapping[str, Value]] = {}
    for module in sorted(pkgutil.iter_modules(__path__), key=lambda module: module.name):
        declared: dict[str, dict[str, Value]] = getattr(import_module(f"{__name__}.{module.name}"), "DEFAULTS", {})
        for kind, values in declared.items():
            if kind in found:
                raise ValueError(f"defaults of {kind} are given twice, again in {module.name}")
            found[kind] = values
    return found


def defaults_of(kind: str) -> Mapping[str, Value]:
    """Return the documented defaults of one resource type: property path -> value; empty when none are known."""
    return all_defaults().get(kind, {})
