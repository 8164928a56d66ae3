"""Probes: active questions to what is deployed. One module per service, each probe a function with its rationale.

A module of this folder registers its probes by defining them; there is no list to keep. `run_probes` asks all that a
system.yaml names and answers with findings. What could not be asked is unknown with its cause, never a pass.
"""

from __future__ import annotations

import pkgutil
from functools import cache
from importlib import import_module

from stackproof.probes.base import Answer, Probe, Probing, probe
from stackproof.probes.running import actions_for, expected_probes, permits_for, run_probes, unasked_probes

_PARTS = ("base", "running")


@cache
def all_probes() -> tuple[Probe, ...]:
    """Every probe of this folder, sorted by id.

    Raises:
        ValueError: two probes have one id.
        ImportError: a module of the folder does not load.

    """
    found: dict[str, Probe] = {}
    for module in pkgutil.iter_modules(__path__):
        if module.name in _PARTS:
            continue
        for value in vars(import_module(f"{__name__}.{module.name}")).values():
            if isinstance(value, Probe) and found.setdefault(value.id, value) is not value:
                raise ValueError(f"two probes are called {value.id}, one of them in {module.name}")
    return tuple(found[name] for name in sorted(found))


__all__ = [
    "Answer",
    "Probe",
    "Probing",
    "actions_for",
    "all_probes",
    "expected_probes",
    "permits_for",
    "probe",
    "run_probes",
    "unasked_probes",
]
