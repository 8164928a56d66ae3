"""Parameter files of the AWS CLI, CodePipeline and SAM, read into one form."""

from __future__ import annotations

import re
import shlex
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from stackproof.errors import MisuseError
from stackproof.system.yaml_file import YamlFile, read_yaml

EXPECTED = (
    "a list of ParameterKey and ParameterValue (AWS CLI), a mapping under Parameters (CodePipeline), "
    "a plain mapping, or a samconfig file with parameter_overrides"
)


@dataclass(frozen=True, slots=True)
class ParameterFile:
    """Parameter values as they are given to CloudFormation, and the `file:line` of each."""

    path: Path
    values: Mapping[str, str | list[str]]
    where: Mapping[str, str] = field(default_factory=dict)


def read_parameters(path: Path, environment: str = "") -> ParameterFile:
    """Read a parameter file; `environment` chooses the section of a samconfig file (`default` if not given).

    Raises:
        MisuseError: the file is missing, broken, in no known form, or a value is neither text nor a list of texts.

    """
    if path.suffix == ".toml":
        return _samconfig(path, _toml(path), environment)
    source = read_yaml(path, EXPECTED)
    content = source.content
    if isinstance(content, dict) and _is_samconfig(path, content):
        return _samconfig(path, content, environment)
    given = content.get("Parameters", content) if isinstance(content, dict) else content
    base: tuple[str, ...] = ("Parameters",) if given is not content else ()
    if isinstance(given, list):
        return _from_list(path, source, given, base)
    if isinstance(given, dict):
        found = {str(key): _value(value, source.where((*base, key))) for key, value in given.items()}
        return ParameterFile(path, found, {str(key): source.where((*base, key)) for key in given})
    raise MisuseError(str(path), type(content).__name__, EXPECTED)


def _from_list(path: Path, source: YamlFile, given: Sequence[Any], base: tuple[str, ...]) -> ParameterFile:
    values: dict[str, str | list[str]] = {}
    lines: dict[str, str] = {}
    for index, entry in enumerate(given):
        where = source.where((*base, index))
        if isinstance(entry, str) and "=" in entry:
            entry = dict(zip(("ParameterKey", "ParameterValue"), entry.split("=", 1), strict=True))  # noqa: PLW2901
        if not isinstance(entry, dict) or not isinstance(entry.get("ParameterKey"), str):
            raise MisuseError(where, repr(entry), "ParameterKey with ParameterValue")
        key = entry["ParameterKey"]
        if key in values:
            raise MisuseError(where, f"{key!r} again", f"each parameter once (it stands at {lines[key]})")
        if entry.get("UsePreviousValue"):
            continue
        if "ParameterValue" not in entry:
            raise MisuseError(where, repr(entry), "ParameterKey with ParameterValue")
        values[key], lines[key] = _value(entry["ParameterValue"], where), where
    return ParameterFile(path, values, lines)


def _value(value: Any, where: str) -> str | list[str]:
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, str | int | float):
        return str(value)
    if isinstance(value, list) and all(isinstance(item, str | int) for item in value):
        return [str(item) for item in value]
    raise MisuseError(where, repr(value), "text, a number, or a list of texts")


def _toml(path: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise MisuseError(str(path), str(error.strerror), EXPECTED) from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise MisuseError(str(path), str(error), "TOML") from error


def _is_samconfig(path: Path, content: Mapping[str, Any]) -> bool:
    return path.stem == "samconfig" or ("version" in content and any(isinstance(v, dict) for v in content.values()))


def _samconfig(path: Path, content: Mapping[str, Any], environment: str) -> ParameterFile:
    sections = [name for name, section in content.items() if isinstance(section, dict)]
    name = environment or "default"
    if name not in sections:
        raise MisuseError(str(path), f"no section [{name}]", f"one of {', '.join(sections) or 'some section'}")
    found: dict[str, str | list[str]] = {}
    for command in ("global", "deploy"):
        overrides = content[name].get(command, {}).get("parameters", {}).get("parameter_overrides", [])
        for part in shlex.split(overrides) if isinstance(overrides, str) else overrides:
            key, value = _override(str(part), path)
            found[key] = value
    return ParameterFile(path, found, dict.fromkeys(found, f"{path} [{name}]"))


def _override(part: str, path: Path) -> tuple[str, str]:
    long = re.fullmatch(r"ParameterKey=([^,]+),ParameterValue=(.*)", part, re.DOTALL)
    short = re.fullmatch(r"([A-Za-z0-9]+)=(.*)", part, re.DOTALL)
    found = long or short
    if not found:
        raise MisuseError(str(path), f"parameter_overrides with {part!r}", "Key=Value")
    return found[1], found[2]
