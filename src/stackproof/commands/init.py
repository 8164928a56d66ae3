"""`stackproof init`: draft system.yaml from templates and parameter files, and lay the thin suite beside it."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

from stackproof.commands.init_order import order_of
from stackproof.commands.init_parameters import ALONE, Nearby, absolute, conflicts, nearby, utf8
from stackproof.commands.init_text import Draft, one_line, slug, text_of
from stackproof.engine.paths import Found, find_templates
from stackproof.engine.static import declared_parameters
from stackproof.errors import MisuseError
from stackproof.reports.terminal import counted
from stackproof.sources import TemplateFile
from stackproof.system.loading import known_systems, load_system

_SUITE = {
    "tests/unit/test_templates.py": '''\
"""The unit gate: the templates, resolved for each environment, against controls, expectations and scanners."""

import pytest

from stackproof.plugin import template_checks

pytestmark = pytest.mark.unit

checks = template_checks()
''',
    "tests/integration/test_deployment.py": '''\
"""The integration gate: what is deployed, read back and judged like the templates, its drift, and the probes."""

import pytest

from stackproof.plugin import deployed_checks

pytestmark = pytest.mark.integration

checks = deployed_checks()
''',
}
_INI = """\
[pytest]
testpaths = tests
addopts = --strict-markers --strict-config --import-mode=importlib
"""
# Where pytest may be configured already, and by what: a pytest.ini beside it would silently replace that.
_CONFIGURED = {
    "pytest.ini": "",
    "pytest.toml": "",
    ".pytest.toml": "",
    ".pytest.ini": "",
    "pyproject.toml": "[tool.pytest",
    "tox.ini": "[pytest]",
    "setup.cfg": "[tool:pytest]",
}


def init(options: argparse.Namespace) -> int:
    """Write system.yaml and the suite, and say what to run next.

    Raises:
        MisuseError: there is no template that can be read, or system.yaml is there already.

    """
    folder = _home(options.path)
    target = folder / "system.yaml"
    if os.path.lexists(target):
        raise MisuseError(str(target), "a file that is there already", "none", "Edit it, or move it away first.")
    draft = _draft(options.path, folder)
    _write(target, text_of(draft))
    load_system(target)
    judged = counted(len(draft.templates) - len(draft.unread), "stack")
    print(f"wrote {target}: {judged}, {counted(len(draft.environments), 'environment')}")
    _lay_suite()
    broken = (f"unknown until it parses: {why}" for why in draft.broken.values())
    for note in (*draft.notes, *broken, *(f"NOT JUDGED, it cannot be read: {why}" for why in draft.unread.values())):
        print(f"stackproof: {one_line(note)}", file=sys.stderr)
    named = f" --system {target}" if len(known_systems(Path())) > 1 else ""
    every = " --environment all" if len(draft.environments) > 1 else ""
    print(f"next: see what says CHECK in {target}, then run\n  pytest -m unit{named}{every}")
    return 0


def _home(path: Path) -> Path:
    """The folder of system.yaml: a system's own under systems/ where the path lies in one, else the project's."""
    inside = Path(os.path.relpath(path)).parts
    own = Path(*inside[:2])
    return own if len(inside) > 1 and inside[0] == "systems" and own.is_dir() else Path()


def _draft(path: Path, folder: Path) -> Draft:
    found = find_templates([path])
    paths = _components(found.templates, path)
    files = {component: TemplateFile.read(file) for component, file in paths.items()}
    unread = {component: why for component, file in files.items() if (why := _unreadable(file))}
    read = {component: file for component, file in files.items() if component not in unread}
    broken = {component: why for component, file in read.items() if (why := _broken(file))}
    stacks = {component: file for component, file in read.items() if component not in broken}
    if not stacks:
        raise _nothing(path, found, [*unread.values(), *broken.values()])
    home, base = absolute(folder), absolute(path)
    declared = frozenset(name for file in stacks.values() for name in declared_parameters(file))
    near = nearby(paths, home if base.is_relative_to(home) else base.parent, declared)
    environments = near.environments or {ALONE: []}
    variable = next((name for name in ("AWS_REGION", "AWS_DEFAULT_REGION") if os.environ.get(name)), "")
    region = os.environ.get(variable, "us-east-1")
    order = order_of(stacks, environments, region)
    notes = [f"{files[part].name} is judged as a part of {whole}, not alone" for part, whole in order.parts.items()]
    if order.circle:
        notes.append(f"stacks import from each other, so no layers are drafted: {order.circle}")
    return Draft(
        command=f"stackproof init {path}",
        name=slug(home.name) or "system",
        layers=order.layers,
        templates={name: _relative(file, folder) for name, file in paths.items() if name not in order.parts},
        unread=unread,
        broken=broken,
        environments={name: [_relative(f.path, folder) for f in given] for name, given in environments.items()},
        region=region,
        region_from=f"what ${variable} said" if variable else "a guess",
        notes=[*notes, *_doubts(near)],
    )


def _components(templates: Sequence[Path], base: Path) -> dict[str, Path]:
    """Name each template after its file, with its folders where several are called the same."""
    stems = [slug(path.name.removesuffix(path.suffix).removesuffix(".template")) for path in templates]
    named: dict[str, Path] = {}
    for path, stem in zip(templates, stems, strict=True):
        long = slug(os.path.relpath(path, base).removesuffix(path.suffix))
        name = (stem if stems.count(stem) == 1 else long) or "stack"
        free = (f"{name}-{number}" for number in range(2, len(templates) + 2))
        named[name if name not in named else next(other for other in free if other not in named)] = path
    return named


def _unreadable(file: TemplateFile) -> str:
    if not utf8(file.name):
        return f"{file.name}: its name is not UTF-8, so YAML cannot hold it"
    try:
        _ = file.parsed
    except OSError as failed:
        return f"{file.name}: {failed.strerror or failed}"
    return ""


def _broken(file: TemplateFile) -> str:
    error = file.parsed.error
    return f"{file.name}:{error.line}: {error.message}" if error else ""


def _nothing(path: Path, found: Found, reasons: Sequence[str]) -> MisuseError:
    others = f" ({counted(found.others, 'other YAML or JSON file')})" if found.others else ""
    if reasons:
        return MisuseError(str(path), "no template that can be read", "at least one", one_line("; ".join(reasons)))
    return MisuseError(str(path), f"no template{others}", "at least one")


def _doubts(near: Nearby) -> Iterator[str]:
    for why in near.refused:
        yield f"not taken as a parameter file: {why}"
    for environment, files in near.environments.items():
        if twice := conflicts(files):
            yield (
                f"{environment}: its parameter files differ in {', '.join(twice)}, and the last one wins; "
                "what only one stack takes can stand in its own `parameters`"
            )


def _lay_suite() -> None:
    """Lay what is missing for `pytest -m unit` and `-m integration`; what is there stays."""
    for name, text in _SUITE.items():
        suite = Path(name)
        if suite.exists():
            print(f"kept {suite}, which is there already")
        else:
            _write(suite, text)
            print(f"wrote {suite}")
    configured = next((name for name, mark in _CONFIGURED.items() if _holds(Path(name), mark)), "")
    if configured:
        print(f"kept {configured}, which configures pytest; it must collect tests/unit and tests/integration")
    else:
        _write(Path("pytest.ini"), _INI)
        print("wrote pytest.ini")


def _holds(path: Path, mark: str) -> bool:
    return path.is_file() and mark in path.read_text(encoding="utf-8", errors="replace")


def _relative(path: Path, folder: Path) -> str:
    return Path(os.path.relpath(path, folder)).as_posix()


def _write(path: Path, text: str) -> None:
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.open("x", encoding="utf-8", errors="backslashreplace") as file:
            file.write(text)
    except OSError as error:
        raise MisuseError(str(path), str(error.strerror), "a place that can be written") from error
