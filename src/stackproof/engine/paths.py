"""Judge templates without a system.yaml, each alone, in as many environments as there are parameter sets."""

from __future__ import annotations

import re
import subprocess
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from stackproof.cache import Cache, key_of
from stackproof.engine.judgement import Judgement, from_bytes, lasting, still_true, to_bytes
from stackproof.engine.static import Progress, Target, declared_parameters, judge_targets
from stackproof.engine.versions import basis
from stackproof.errors import MisuseError
from stackproof.scanners import versions
from stackproof.sources import Deployment, StackSource, TemplateFile
from stackproof.system.parameter_files import ParameterFile

SUFFIXES = (".yml", ".yaml", ".json", ".template")
CHUNK = 200  # templates judged together: enough to keep the scanners busy, few enough to bound memory
_STAGES = ("Environment", "EnvironmentName", "Env", "Stage")
_SKIPPED_FOLDERS = {".git", "node_modules", ".venv", "venv", ".aws-sam", "cdk.out.staging", ".stackproof"}
_LOOKS = re.compile(rb"AWSTemplateFormatVersion|AWS::[A-Za-z0-9]+::[A-Za-z0-9]+|AWS::Serverless-")


@dataclass(frozen=True, slots=True)
class Variant:
    """One set of parameter values: what `--environment` and `--parameters` give."""

    environment: str
    files: tuple[ParameterFile, ...] = ()
    region: str = ""


@dataclass(frozen=True, slots=True)
class Found:
    """Templates found under the given paths, and how many other files of the same kinds lie in the folders."""

    templates: tuple[Path, ...]
    others: int


def find_templates(paths: Sequence[Path]) -> Found:
    """Find the templates: every file that is named, and in folders those that look like a template.

    Raises:
        MisuseError: a path does not exist.

    """
    templates: dict[Path, None] = {}
    others = 0
    for path in paths:
        if not path.exists():
            raise MisuseError(str(path), "no such file or folder", "a template or a folder with templates")
        if path.is_dir():
            for file in _files(path):
                if _looks_like_template(file):
                    templates[file] = None
                else:
                    others += 1
        else:
            templates[path] = None
    return Found(tuple(templates), others)


def changed(paths: Sequence[Path]) -> list[Path]:
    """List the files under these paths that differ from the last commit, staged or not, new ones included.

    Raises:
        MisuseError: this is not a git repository, or git is missing.

    """
    commands = (["diff", "--name-only", "-z", "--diff-filter=d", "HEAD"], ["ls-files", "-oz", "--exclude-standard"])
    try:
        top = _git(["rev-parse", "--show-toplevel"], Path.cwd()).strip()
        names = {name for command in commands for name in _git(command, Path(top)).split("\0") if name}
    except (OSError, subprocess.CalledProcessError) as error:
        raise MisuseError("--changed", "no git repository with a commit here", "one, to compare with") from error
    scope = [path.resolve() for path in paths]
    files = (Path(top) / name for name in sorted(names))
    return [
        _relative(file)
        for file in files
        if file.is_file() and any(file.is_relative_to(path) for path in scope) and _looks_like_template(file)
    ]


def judge_paths(
    templates: Sequence[Path],
    variants: Sequence[Variant],
    cache: Cache,
    *,
    scanners: bool = True,
    progress: Progress | None = None,
) -> Iterator[tuple[Path, list[Judgement]]]:
    """Judge each template in each variant, and yield it as soon as its part of the work is done.

    What was judged before with the same content, parameters, code and tools is read from the cache.
    """
    tools = versions() if scanners else "no scanners"
    for start in range(0, len(templates), CHUNK):
        part = templates[start : start + CHUNK]
        keys = {path: _key(path, variants, tools) for path in part}
        known = {path: _recall(cache, keys[path]) for path in part}
        new = [path for path in part if known[path] is None]
        targets = [_target(path, variant) for path in new for variant in variants]
        judged = iter(judge_targets(targets, cache, scanners=scanners, progress=progress)) if targets else iter(())
        for path in part:
            remembered = known[path]
            if remembered is None:
                remembered = [next(judged) for _ in variants]
                if lasting(remembered):
                    cache.put(keys[path], to_bytes(remembered))
            yield path, remembered


def _target(path: Path, variant: Variant) -> Target:
    template = TemplateFile.read(path)
    declared = declared_parameters(template)
    given: dict[str, object] = {}
    for file in variant.files:
        given |= {name: value for name, value in file.values.items() if name in declared}
    if variant.environment:
        given |= {name: variant.environment for name in _STAGES if name in declared and name not in given}
    stack = StackSource(
        component=re.sub(r"[^A-Za-z0-9-]+", "-", path.stem),
        template=template,
        parameters=given,
        parameter_source=", ".join(str(file.path) for file in variant.files),
    )
    deployment = Deployment(variant.environment, variant.region)
    return Target(variant.environment, (stack,), deployment, open_world=True)


def _key(path: Path, variants: Sequence[Variant], tools: str) -> str:
    try:
        content = path.read_bytes()
    except OSError as error:
        content = str(error).encode()
    values = [f"{v.environment} {v.region} {[sorted(f.values.items()) for f in v.files]!r}" for v in variants]
    return key_of("check", basis(), tools, str(path), content, *values)


def _recall(cache: Cache, key: str) -> list[Judgement] | None:
    content = cache.get(key)
    if content is None:
        return None
    judgements = from_bytes(content)
    return judgements if still_true(judgements) else None


def _files(folder: Path) -> Iterator[Path]:
    for path in sorted(folder.iterdir()):
        if path.is_dir() and not path.is_symlink():
            if path.name not in _SKIPPED_FOLDERS:
                yield from _files(path)
        elif path.suffix in SUFFIXES:
            yield path


def _looks_like_template(path: Path) -> bool:
    """Say whether a file in a folder is meant as a template. One that cannot be read is: it must not vanish."""
    if path.suffix not in SUFFIXES:
        return False
    try:
        return _LOOKS.search(path.read_bytes()) is not None
    except OSError:
        return True


def _git(arguments: Iterable[str], folder: Path) -> str:
    command = ["git", *arguments]
    asked = subprocess.run(command, capture_output=True, text=True, check=True, cwd=folder)  # noqa: S603
    return asked.stdout


def _relative(path: Path) -> Path:
    return path.relative_to(Path.cwd()) if path.is_relative_to(Path.cwd()) else path
