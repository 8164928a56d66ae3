"""Whether a run looks at all of a gate, or was told to look at some of it: a part is no verdict."""

from __future__ import annotations

from pathlib import Path

import pytest


def left_aside(config: pytest.Config, gate: str) -> str:
    """Say what a run's paths and options leave aside of a gate before anything is collected; empty for nothing.

    What `-k`, `-m` and `--deselect` leave out is counted one by one when it is collected, so it is not meant here.
    """
    if config.getoption("lf", default=False):
        return "what did not fail last time (--lf)"
    ignored = [
        *(config.getoption("ignore", default=None) or ()),
        *(config.getoption("ignore_glob", default=None) or ()),
    ]
    if ignored:
        return f"what is ignored ({', '.join(map(str, ignored))})"
    if config.args_source is not pytest.Config.ArgsSource.ARGS:
        return ""
    given = [arg for arg in config.args if "::" not in arg]
    folders = [path for path in (_absolute(config.invocation_params.dir, arg) for arg in given) if path.is_dir()]
    homes = [_home(config.rootpath / name, gate) for name in config.getini("testpaths")]
    whole = all(any(folder == home or folder in home.parents for folder in folders) for home in homes)
    if whole and (homes or len(folders) == len(config.args)):
        return ""
    return f"what lies outside of {' '.join(map(str, config.args))}"


def _home(tests: Path, gate: str) -> Path:
    """Where a gate's tests are: in a folder of its name, if there is one."""
    own = tests / gate
    return own if own.is_dir() else tests


def _absolute(folder: Path, name: str) -> Path:
    return (folder / name).resolve()
