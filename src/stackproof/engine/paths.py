"""Judge templates without a system.yaml, each alone, in as many environments as there are parameter sets."""

from __future__ import annotations

import codecs
import os
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
from stackproof.files import content_of
from stackproof.scanners import versions
from stackproof.sources import Deployment, StackSource, TemplateFile
from stackproof.system.parameter_files import ParameterFile

SUFFIXES = (".yml", ".yaml", ".json", ".template")
CHUNK = 200  # templates judged together: enough to keep the scanners busy, few enough to bound memory
_STAGES = ("Environment", "EnvironmentName", "Env", "Stage")
_EMPTY_TREE = "4b825dc642cb6eb9a060e54bf8d69288fbee4904"  # git's own id for a commit without files
_SKIPPED_FOLDERS = {".git", "node_modules", ".venv", "venv", ".aws-sam", "cdk.out.staging", ".stackproof"}
_VERSION = "AWSTemplateFormatVersion"
_RESOURCES = r"""(?m)^Resources["']?\s*:|["']Resources["']\s*:"""
_TYPE = r"(AWS|Alexa|Custom)::[A-Za-z0-9]"


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


def changed(paths: Sequence[Path], beside: Iterable[Path] = ()) -> list[Path]:
    """List the templates under these paths (none: in the repository) that differ from the last commit.

    Staged or not, new ones included. Where one of the files `beside` them differs, which all of them are judged
    with, all are listed.

    Raises:
        MisuseError: this is not a git repository, or git is missing.

    """
    top = _top()
    last = "HEAD" if _git(["rev-parse", "--quiet", "--verify", "HEAD"], top, check=False) else _EMPTY_TREE
    names = _git(["diff", "--name-only", "-z", "--no-renames", last], top)
    names += _git(["ls-files", "-oz", "--exclude-standard"], top)
    files = {top / os.fsdecode(name) for name in names.split(b"\0") if name}
    scope = [path.resolve() for path in paths] or [top]
    if any(path.resolve() in files for path in beside):
        return [file for folder in scope for file in find_templates([_shown(folder)]).templates]
    return [
        _shown(file)
        for file in sorted(files)
        if (file.exists() or file.is_symlink())
        and any(file.is_relative_to(path) for path in scope)
        and _looks_like_template(file)
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
        content = content_of(path)
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
    try:
        entries = sorted(folder.iterdir())
    except OSError as error:
        raise MisuseError(str(folder), str(error.strerror), "a folder that can be read") from error
    for path in entries:
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
        content = content_of(path)
    except OSError:
        return True
    text = content.decode("utf-16" if content[:2] in (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE) else "utf-8", "replace")
    return _VERSION in text or (re.search(_TYPE, text) is not None and re.search(_RESOURCES, text) is not None)


def _top() -> Path:
    try:
        return Path(os.fsdecode(_git(["rev-parse", "--show-toplevel"], Path.cwd()).rstrip(b"\n")))
    except OSError as error:
        raise MisuseError("--changed", f"git: {error.strerror}", "git, to compare with the last commit") from error
    except subprocess.CalledProcessError as error:
        said = error.stderr.decode("utf-8", "replace").strip().partition("\n")[0]
        raise MisuseError("--changed", said, "a git repository, to compare with its last commit") from error


def _git(arguments: Iterable[str], folder: Path, *, check: bool = True) -> bytes:
    command = ["git", *arguments]
    return subprocess.run(command, capture_output=True, check=check, cwd=folder).stdout  # noqa: S603


def _shown(path: Path) -> Path:
    """Name a file the way a user here would."""
    return Path(os.path.relpath(path))
