"""Read system.yaml, check it whole, and answer what the rest needs to know of a system."""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from stackproof.errors import MisuseError
from stackproof.model import Where
from stackproof.system.colours import wrong_colours
from stackproof.system.mistakes import joined, misuse_of, suggestion
from stackproof.system.schema import Environment, SystemFile
from stackproof.system.workloads import wrong_workloads
from stackproof.system.yaml_file import YamlFile, read_yaml

EXPECTED = "a system description (see docs/system.md)"
PROOFS = ("template", "deployed", "probe", "flow", "load", "scan", "pipeline")


@dataclass(frozen=True, slots=True)
class Requirement:
    """One statement of the design: its id, what it says, and the evidence that proves it (`template`, `flow` ...)."""

    id: str
    says: str
    proof: tuple[str, ...]
    flaw: bool = False


@dataclass(frozen=True, slots=True)
class System:
    """A loaded system.yaml. Paths in it are relative to `folder`."""

    path: Path
    file: SystemFile
    source: YamlFile
    requirements: tuple[Requirement, ...]

    @property
    def folder(self) -> Path:
        """The folder of system.yaml."""
        return self.path.parent

    def lineage(self, name: str) -> tuple[str, ...]:
        """Return an environment's name and those that it is like, nearest first: what is said of these is said of it.

        Raises:
            MisuseError: there is no such environment, or they are like each other in a circle.

        """
        chain: list[str] = []
        while name:
            if name in chain:
                circle = " -> ".join([*chain, name])
                raise MisuseError(self.where("environments", chain[0], "like"), circle, "no circle of `like`")
            if name not in self.file.environments:
                raise MisuseError(
                    self.where("environments", *chain[-1:], *(["like"] if chain else [])),
                    f"environment {name!r}",
                    f"one of {', '.join(self.file.environments)}",
                    suggestion(name, self.file.environments),
                )
            chain.append(name)
            name = self.file.environments[name].like
        return tuple(chain)

    def environment(self, name: str) -> Environment:
        """Return an environment with all that it takes over from those that it is like.

        Raises:
            MisuseError: as `lineage`.

        """
        merged: dict[str, Any] = {}
        for ancestor in reversed(self.lineage(name)):
            given = self.file.environments[ancestor]
            merged |= {field: getattr(given, field) for field in given.model_fields_set}
        return Environment.model_validate(merged)

    def account(self, environment: str) -> str:
        """Return the account's twelve digits, or "" where the variable that names it is not set."""
        text = self.environment(environment).account
        found = re.fullmatch(r"\$\{(\w+)\}", text)
        return os.environ.get(found[1], "") if found else text

    def stack_name(self, component: str, environment: str) -> str:
        """Return the deployed name of a stack: its own, or the one that `naming` gives."""
        stack = next(s for s in self.file.stacks if s.component == component)
        return self.fill(stack.name or self.file.naming, environment).replace("{component}", component)

    def fill(self, text: str, environment: str) -> str:
        """Put name, region and account of an environment into a text with `{environment}`, `{region}`, `{account}`."""
        values = {
            "environment": environment,
            "region": self.environment(environment).region,
            "account": self.account(environment),
        }
        for name, value in values.items():
            text = text.replace(f"{{{name}}}", value)
        return text

    def where(self, *location: str | int) -> str:
        """Say `file:line` of a part of system.yaml."""
        return self.source.where(location)

    def place(self, *location: str | int) -> Where:
        """The same as data, relative to the working directory where it is below that."""
        source, _, line = self.where(*location).rpartition(":")
        path = Path(source)
        shown = path.relative_to(Path.cwd()) if path.is_relative_to(Path.cwd()) else path
        return Where(shown.as_posix(), int(line))


def find_system(name: str, folder: Path) -> Path:
    """Find a system.yaml by path, by folder, or by name under `systems/`; alone in a project, without a name.

    Raises:
        MisuseError: there is none, or several and no name.

    """
    known = known_systems(folder)
    if not name:
        if len(known) == 1:
            return next(iter(known.values()))
        if not known:
            advice = "Run in the project's folder, name one with --system, or draft one with `stackproof init`."
            raise MisuseError("--system", "no system", "a system.yaml in this folder or under systems/", advice)
        raise MisuseError("--system", "no system", f"one of {', '.join(known)}")
    for path in (Path(name), Path(name) / "system.yaml", known.get(name, Path())):
        if path.is_file() and path.suffix in {".yaml", ".yml"}:
            return path
    raise MisuseError(
        "--system", repr(name), f"a path, or one of {', '.join(known) or 'no known system'}", suggestion(name, known)
    )


def known_systems(folder: Path) -> dict[str, Path]:
    """List the systems of a project by name: those under `systems/`, and one in the folder itself."""
    known = {path.parent.name: path for path in sorted(folder.glob("systems/*/system.yaml"))}
    if (alone := folder / "system.yaml").is_file():
        known.setdefault(folder.absolute().name, alone)
    return known


def load_system(path: Path) -> System:
    """Read and check a system.yaml.

    Raises:
        MisuseError: anything in it is wrong; the message lists every mistake with its line.

    """
    source = read_yaml(path, EXPECTED)
    try:
        file = SystemFile.model_validate(source.content)
    except ValidationError as error:
        raise misuse_of(error, source) from error
    requirements = _requirements(path.parent / file.requirements) if file.requirements else ()
    system = System(path, file, source, requirements)
    problems = list(_contradictions(system))
    if problems:
        raise joined(problems)
    return system


def _contradictions(system: System) -> Iterable[MisuseError]:
    yield from _wrong_stacks(system)
    yield from _wrong_environments(system)
    yield from _wrong_expectations(system)
    yield from _wrong_probes(system)
    yield from wrong_workloads(system.file, system.where)
    yield from wrong_colours(system.file, system.environment, system.where)


def _wrong_stacks(system: System) -> Iterable[MisuseError]:
    components = [stack.component for stack in system.file.stacks]
    for index, stack in enumerate(system.file.stacks):
        at = ("stacks", index)
        if components.index(stack.component) != index:
            yield MisuseError(system.where(*at, "component"), f"{stack.component!r} again", "each component once")
        if not (system.folder / stack.template).is_file():
            yield MisuseError(system.where(*at, "template"), f"{stack.template!r}, which is no file", "a template")
        if stack.layer and stack.layer not in system.file.layers:
            yield _not_among(system.where(*at, "layer"), "layer", stack.layer, system.file.layers)


def _wrong_environments(system: System) -> Iterable[MisuseError]:
    file = system.file
    for name in file.environments:
        for number, parameters in enumerate(system.environment(name).parameters):
            if not (system.folder / parameters).is_file():
                where = system.where("environments", name, "parameters", number)
                yield MisuseError(where, f"{parameters!r}, which is no file", "a parameter file")
    narrowed = [("expectations", i, e.environments) for i, e in enumerate(file.expectations)]
    narrowed += [("probes", i, p.environments) for i, p in enumerate(file.probes)]
    narrowed += [("waivers", i, w.environments) for i, w in enumerate(file.waivers)]
    for kind, index, names in narrowed:
        for name in names:
            if name not in file.environments:
                yield _not_among(system.where(kind, index, "environments"), "environment", name, file.environments)


def _wrong_expectations(system: System) -> Iterable[MisuseError]:
    ids = [expectation.id for expectation in system.file.expectations]
    for index, expectation in enumerate(system.file.expectations):
        at = ("expectations", index)
        if ids.index(expectation.id) != index:
            yield MisuseError(system.where(*at, "id"), f"{expectation.id!r} again", "each id once")
        yield from _unknown_requirements(system, at, expectation.proves)
        said = (expectation.expect, expectation.attributes, expectation.related, expectation.control)
        if not any(said) and expectation.count is None:
            yield MisuseError(system.where(*at), "nothing that is expected", "expect, attributes, related or count")


def _wrong_probes(system: System) -> Iterable[MisuseError]:
    """A finding bears its entry's id, so a probe may not have an expectation's."""
    ids = [expectation.id for expectation in system.file.expectations]
    for index, entry in enumerate(system.file.probes):
        at = ("probes", index)
        if entry.id in ids:
            yield MisuseError(system.where(*at, "id"), f"{entry.id!r} again", "each id once")
        ids.append(entry.id)
        yield from _unknown_requirements(system, at, entry.proves)


def _unknown_requirements(system: System, at: tuple[str | int, ...], proves: Iterable[str]) -> Iterable[MisuseError]:
    known = [requirement.id for requirement in system.requirements]
    for requirement in proves:
        if known and requirement not in known:
            yield _not_among(system.where(*at, "proves"), "requirement", requirement, known)


def _not_among(where: str, kind: str, name: str, known: Iterable[str]) -> MisuseError:
    listed = list(known)
    expected = f"one of {', '.join(listed)}" if len(listed) <= 12 else f"one of {len(listed)} known"
    return MisuseError(where, f"{kind} {name!r}", expected, suggestion(name, listed))


def _requirements(path: Path) -> tuple[Requirement, ...]:
    source = read_yaml(path, "a list of requirements, each with id, says and proof")
    if not isinstance(source.content, list):
        raise MisuseError(str(path), type(source.content).__name__, "a list of requirements")
    found = []
    for index, entry in enumerate(source.content):
        fields: Mapping[str, Any] = entry if isinstance(entry, dict) else {}
        if not {"id", "says", "proof"} <= fields.keys() or not set(fields["proof"]) <= set(PROOFS):
            expected = f"id, says and proof (a list of {', '.join(PROOFS)})"
            raise MisuseError(source.where((index,)), repr(entry), expected)
        found.append(Requirement(fields["id"], fields["says"], tuple(fields["proof"]), bool(fields.get("flaw"))))
    return tuple(found)
