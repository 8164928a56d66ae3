"""The parameter files that lie near templates, by environment."""

from __future__ import annotations

import os
import re
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from stackproof.commands.init_text import one_line, slug
from stackproof.errors import MisuseError
from stackproof.files import content_of
from stackproof.system.parameter_files import ParameterFile, read_parameters

_WORD = r"param(?:eter)?s?"
_NAMED = re.compile(rf"(?:(?P<before>.+)[-._])?{_WORD}(?:[-._](?P<behind>.+))?\.(?:json|ya?ml)", re.IGNORECASE)
_FOLDERS = {"parameters", "params"}
_SUFFIXES = (".json", ".yaml", ".yml")
ALONE = "prod"  # the environment of a file that names none


@dataclass(slots=True)
class Nearby:
    """Parameter files by environment, and what was found but not taken, with the reason."""

    environments: dict[str, list[ParameterFile]] = field(default_factory=dict)
    refused: list[str] = field(default_factory=list)


def nearby(templates: Mapping[str, Path], top: Path, declared: Collection[str]) -> Nearby:
    """Find the parameter files in the folders of templates (by component) and in those above, up to `top`.

    A file belongs here if it gives at least one of the `declared` parameters.
    """
    found = Nearby()
    taken = {absolute(path) for path in templates.values()}
    for path in _candidates(templates.values(), top):
        if absolute(path) in taken:
            continue
        if not utf8(str(path)):
            found.refused.append(f"{path}: its name is not UTF-8, so YAML cannot hold it")
            continue
        try:
            read = _by_environment(path, list(templates))
        except MisuseError as error:
            found.refused.append(one_line(str(error)))
            continue
        for environment, file in read.items():
            if declared & file.values.keys():
                found.environments.setdefault(environment, []).append(file)
            else:
                found.refused.append(f"{path}: gives no parameter that a template declares")
    found.environments = dict(sorted(found.environments.items()))
    return found


def conflicts(files: Sequence[ParameterFile]) -> list[str]:
    """Name the parameters to which these files of one environment give different values."""
    values: dict[str, list[object]] = {}
    for file in files:
        for name, value in file.values.items():
            values.setdefault(name, []).append(value)
    return [name for name, given in values.items() if any(value != given[0] for value in given)]


def utf8(name: str) -> bool:
    """Say whether a file's name is text; on Linux it may be any bytes."""
    return not any("\ud800" <= letter <= "\udfff" for letter in name)


def absolute(path: Path) -> Path:
    """Return the absolute path without `..`. Links are kept: a folder is where its user sees it."""
    return Path(os.path.normpath(path.absolute()))


def _candidates(templates: Iterable[Path], top: Path) -> Iterator[Path]:
    folders: dict[Path, None] = {}
    for template in templates:
        for folder in absolute(template).parents:
            folders[folder] = None
            if folder == top:
                break
    for folder in folders:
        for path in _entries(folder):
            shown = Path(os.path.relpath(path))
            if path.is_dir() and path.name.lower() in _FOLDERS:
                yield from (shown / file.name for file in _entries(path) if file.suffix in _SUFFIXES)
            elif path.name == "samconfig.toml" or (_NAMED.fullmatch(path.name) and folder.name not in _FOLDERS):
                yield shown


def _entries(folder: Path) -> list[Path]:
    try:
        return sorted(folder.iterdir())
    except OSError as error:
        raise MisuseError(str(folder), str(error.strerror), "a folder that can be read") from error


def _by_environment(path: Path, components: Sequence[str]) -> dict[str, ParameterFile]:
    """Read one file; a samconfig file holds a section for each environment.

    Raises:
        MisuseError: it cannot be read, or has no form of a parameter file.

    """
    if path.name != "samconfig.toml":
        return {_environment(path, components): read_parameters(path)}
    import tomllib

    try:
        content = tomllib.loads(content_of(path).decode())
    except (OSError, ValueError) as error:
        raise MisuseError(str(path), str(error), "TOML") from error
    sections = [name for name, section in content.items() if isinstance(section, dict)]
    unusable = [name for name in sections if slug(name) != name]
    if unusable:
        raise MisuseError(str(path), f"section [{unusable[0]}]", "lower-case words joined by hyphens")
    read = {name: read_parameters(path, name) for name in sections}
    return {name: file for name, file in read.items() if file.values}


def _environment(path: Path, components: Sequence[str]) -> str:
    """Take the environment from a file's name, without the word for parameters and the name of a stack."""
    named = _NAMED.fullmatch(path.name)
    name = slug("-".join(part for part in named.groups() if part) if named else path.stem)
    for component in components:
        if name == component:
            return ALONE
        name = name.removeprefix(f"{component}-").removesuffix(f"-{component}")
    return name or ALONE
