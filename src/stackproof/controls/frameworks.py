"""Which requirements of which frameworks a control answers: data, in `packs/frameworks.yaml`."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from pathlib import Path


@cache
def frameworks() -> Mapping[str, Mapping[str, tuple[str, ...]]]:
    """Map each control id to its frameworks and their requirement ids."""
    import yaml

    path = Path(__file__).parent / "packs" / "frameworks.yaml"
    entries = yaml.load(path.read_text(encoding="utf-8"), getattr(yaml, "CSafeLoader", yaml.SafeLoader))  # noqa: S506 - both are safe
    return {
        control: {framework: tuple(str(i) for i in ids) for framework, ids in named.items()}
        for control, named in entries.items()
    }


def frameworks_of(control: str) -> Mapping[str, tuple[str, ...]]:
    """Return a control's frameworks with the requirement ids; empty for one that has none."""
    return frameworks().get(control, {})
