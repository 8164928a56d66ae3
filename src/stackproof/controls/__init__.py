"""Native controls: one module per AWS service, each a demand on the resources of some types.

A module of this folder registers its controls by defining them; there is no list to keep.
"""

from __future__ import annotations

import pkgutil
from collections.abc import Iterable, Iterator
from functools import cache
from importlib import import_module
from types import ModuleType

from stackproof.model import Control


@cache
def all_controls() -> tuple[Control, ...]:
    """Every control of this folder, sorted by id.

    Raises:
        ValueError: two controls have one id; the message names both modules.
        ImportError: a module of the folder does not load. A control that is not there would judge nothing.

    """
    return collect(import_module(name) for name in _module_names())


def collect(modules: Iterable[ModuleType]) -> tuple[Control, ...]:
    """Gather the controls that these modules define, sorted by id.

    Raises:
        ValueError: two different controls have one id.

    """
    found: dict[str, tuple[Control, str]] = {}
    for module in modules:
        for candidate in controls_in(module):
            known, home = found.setdefault(candidate.id, (candidate, module.__name__))
            if known is not candidate:
                raise ValueError(f"control {candidate.id} is defined in {home} and in {module.__name__}")
    return tuple(found[key][0] for key in sorted(found))


def controls_in(module: ModuleType) -> Iterator[Control]:
    """The controls among a module's global names."""
    return (value for value in vars(module).values() if isinstance(value, Control))


def _module_names() -> list[str]:
    return sorted(f"{__name__}.{found.name}" for found in pkgutil.iter_modules(__path__))
