"""Judge a system in some of its environments, once per content: what was judged before is read from the cache."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

from stackproof.cache import Cache, key_of
from stackproof.controls import all_controls
from stackproof.engine.judgement import Judgement, from_bytes, lasting, still_true, to_bytes
from stackproof.engine.static import Progress, Target, declared_parameters, judge_targets
from stackproof.engine.versions import basis
from stackproof.errors import MisuseError
from stackproof.gates.marks import Adoption
from stackproof.scanners import versions
from stackproof.sources import Deployment, StackSource, TemplateFile
from stackproof.system.expectations import expectation_controls
from stackproof.system.loading import System
from stackproof.system.parameter_files import ParameterFile, read_parameters


def judge_system(
    system: System,
    environments: Sequence[str],
    cache: Cache,
    *,
    session: str = "",
    progress: Progress | None = None,
) -> list[Judgement]:
    """Judge a system's templates in each of the environments.

    The answer is taken from the cache when system.yaml, parameters, every file that was read, the scanners'
    versions and our own code are the same. Processes that ask at the same time wait for the one that judges.
    An answer in which a scanner failed is kept for the processes of one `session` only (empty: not at all).

    Raises:
        MisuseError: system.yaml or a parameter file is wrong.

    """
    key = _key(system, environments)
    with cache.lock(key):
        passing = key_of(key, session)
        for name in (key, passing) if session else (key,):
            known = cache.get(name)
            if known is not None and still_true(judgements := from_bytes(known)):
                return judgements
        targets = [target_of(system, environment, Path.cwd()) for environment in environments]
        judgements = judge_targets(targets, cache, progress=progress)
        if lasting(judgements):
            cache.put(key, to_bytes(judgements))
        elif session:
            cache.put(passing, to_bytes(judgements))
    return judgements


def target_of(system: System, environment: str, root: Path) -> Target:
    """Gather the stacks of one environment with their parameter values. Paths in findings are relative to `root`.

    Raises:
        MisuseError: the environment is unknown, or a parameter file is wrong.

    """
    settings = system.environment(environment)
    files = [read_parameters(system.folder / name, environment) for name in settings.parameters]
    given = {key: value for file in files for key, value in file.values.items()}
    layers = {layer: number for number, layer in enumerate(system.file.layers)}
    stacks = []
    for stack in system.file.stacks:
        template = TemplateFile.read(system.folder / stack.template, root)
        declared = declared_parameters(template)
        own = {name: str(value) for name, value in stack.parameters.items()}
        stacks.append(
            StackSource(
                component=stack.component,
                template=template,
                parameters={**{name: value for name, value in given.items() if name in declared}, **own},
                name=system.stack_name(stack.component, environment),
                layer=stack.layer,
                order=layers.get(stack.layer, 0),
                parameter_source=", ".join(_shown(file, root) for file in files),
            )
        )
    catalogue = {control.id: control for control in all_controls()}
    _check_severities(system, catalogue)
    adopted = system.file.inline_waivers
    return Target(
        environment=environment,
        stacks=tuple(stacks),
        deployment=Deployment(environment, settings.region, system.account(environment)),
        expectations=expectation_controls(system, environment, catalogue),
        severities=system.file.severities,
        adoption=Adoption(adopted.owner, adopted.until) if adopted else None,
    )


def _key(system: System, environments: Sequence[str]) -> str:
    """Name all that goes in, from the files' bytes alone: nothing is parsed to find out that nothing changed."""
    names = {system.file.requirements, *(stack.template for stack in system.file.stacks)}
    for environment in environments:
        names.update(system.environment(environment).parameters)
    contents = [name.encode() + b"\0" + (system.folder / name).read_bytes() for name in sorted(names) if name]
    accounts = [system.account(environment) for environment in environments]
    places = (str(Path.cwd()), str(system.path))
    described = system.path.read_bytes()
    return key_of("judgement", basis(), versions(), *places, *environments, *accounts, described, *contents)


def _check_severities(system: System, catalogue: Mapping[str, object]) -> None:
    for name in system.file.severities:
        if name not in catalogue and not name.startswith(("CKV", "E", "W")):
            raise MisuseError(system.where("severities", name), repr(name), "a control's id or a scanner's rule")


def _shown(file: ParameterFile, root: Path) -> str:
    return file.path.relative_to(root).as_posix() if file.path.is_relative_to(root) else file.path.as_posix()
