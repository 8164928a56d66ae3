"""Judge templates: evaluate, run the controls, let the scanners read the resolved documents, join what they found."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from threading import Event

from stackproof.cache import Cache
from stackproof.controls import all_controls
from stackproof.controls.judge import Case, expected, judge
from stackproof.engine.judgement import Judgement, digest_of
from stackproof.gates.marks import Adoption, read_marks
from stackproof.gates.merging import merge, with_severities
from stackproof.model import Cause, Control, Document, Finding, Outcome, Resource, Severity, Where
from stackproof.scanners import Scans, scan, source_findings
from stackproof.scanners import findings as scanner_findings
from stackproof.sources import Deployment, Evaluation, Problem, StackSource, TemplateFile, World, evaluate

SCANNED_WORLDS = 8  # a scanner takes about 0.1 s per document; beyond this many the rest is unknown
EVALUATES = "template-evaluates"


@dataclass(frozen=True, slots=True)
class Target:
    """What is judged together: the stacks of one environment, with the controls and severities that hold there.

    `open_world` says that the stacks are not the whole system, so what is not among them may be elsewhere.
    """

    environment: str
    stacks: tuple[StackSource, ...]
    deployment: Deployment
    expectations: tuple[Control, ...] = ()
    severities: Mapping[str, str] | None = None
    adoption: Adoption | None = None
    open_world: bool = False


Progress = Callable[[str, int, int], None]


@dataclass(frozen=True, slots=True)
class _Evaluated:
    target: Target
    evaluation: Evaluation
    files: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class _Judged:
    evaluated: _Evaluated
    findings: list[Finding]


def judge_targets(
    targets: Sequence[Target], cache: Cache, *, scanners: bool = True, progress: Progress | None = None
) -> list[Judgement]:
    """Judge every target. Documents that are equal in several targets are scanned once."""
    evaluated = [_evaluated(target) for target in targets]
    halt = Event()
    with ThreadPoolExecutor(max_workers=1) as beside:  # the scanners' processes read while the controls judge here
        try:
            scanning = beside.submit(_scan, evaluated, cache, progress, halt.is_set) if scanners else None
            judged = [_judge(one) for one in evaluated]
            scans = scanning.result() if scanning else {}
        except BaseException:
            halt.set()  # else the scanners would be waited for before Ctrl-C ends the run
            raise
    return [_joined(one, scans) for one in judged]


def _scan(
    evaluated: Sequence[_Evaluated], cache: Cache, progress: Progress | None, halted: Callable[[], bool]
) -> Scans:
    documents = [document for one in evaluated for document in _documents(one.evaluation)]
    texts = {name: text for one in evaluated for name, text in _readable(one.target.stacks).items()}
    return scan(documents, cache, sources=texts, progress=progress, halted=halted) if documents else {}


def declared_parameters(template: TemplateFile) -> frozenset[str]:
    """Names of the parameters that a template declares; none for one that cannot be read."""
    try:
        root = template.parsed.root
    except OSError:
        return frozenset()
    declared = root.get("Parameters") if root else None
    return frozenset(declared) if isinstance(declared, dict) else frozenset()


def _evaluated(target: Target) -> _Evaluated:
    evaluation = evaluate(target.stacks, target.deployment, open_world=target.open_world)
    # hashed at once: a file that is saved while the scanners read is another one in the next run
    return _Evaluated(target, evaluation, {str(path): digest_of(path) for path in evaluation.files})


def _judge(one: _Evaluated) -> _Judged:
    target, evaluation = one.target, one.evaluation
    cases = [Case(world.assumptions, world.inventory) for world in evaluation.worlds]
    controls = (*all_controls(), *target.expectations)
    wanted = expected(cases, controls)
    problems = [_problem(problem, target.environment) for problem in evaluation.problems]
    sound = _sound(target, evaluation.problems)
    found = [*problems, *sound, *judge(cases, controls)]
    answered = {(finding.control, finding.resource) for finding in found}
    missing = [lost(control, address, target.environment) for control, address in sorted(wanted - answered)]
    return _Judged(one, [*found, *missing])


def _joined(one: _Judged, scans: Scans) -> Judgement:
    target, evaluation = one.evaluated.target, one.evaluated.evaluation
    theirs = _scanned(evaluation.worlds, scans, target.environment) if scans else []
    if scans:
        for name, text in _readable(target.stacks).items():
            theirs += source_findings(name, text, scans, target.environment)
    controls = all_controls()
    merged = merge(one.findings, theirs, controls)
    resources = _resources(evaluation.worlds)
    covered = {name for control in controls for name in control.types}
    return Judgement(
        environment=target.environment,
        findings=tuple(with_severities(merged, target.severities or {})),
        expected=len(merged),
        resources=len(resources),
        uncovered=dict(Counter(r.type for r in resources if r.type not in covered)),
        marks=read_marks(resources, _texts(target.stacks), target.adoption),
        files=one.evaluated.files,
    )


def _documents(evaluation: Evaluation) -> Iterable[Document]:
    for world in evaluation.worlds[:SCANNED_WORLDS]:
        yield from world.documents


def _scanned(worlds: Sequence[World], scans: Scans, environment: str) -> list[Finding]:
    """Join what the scanners found in each world: what not every world shows depends on the assumptions."""
    seen: dict[tuple[str, str, Where], list[Finding]] = {}
    for world in worlds[:SCANNED_WORLDS]:
        here = {}
        for document in world.documents:
            for finding in scanner_findings(document, scans, environment):
                here[finding.control, finding.resource, finding.where] = finding
        for key, finding in here.items():
            seen.setdefault(key, []).append(finding)
    names = ", ".join(sorted({name for world in worlds for name in world.assumptions}))
    everywhere = min(len(worlds), SCANNED_WORLDS) if len(worlds) <= SCANNED_WORLDS else 0
    return [_agreed(findings, everywhere, names) for findings in seen.values()]


def _agreed(findings: Sequence[Finding], everywhere: int, names: str) -> Finding:
    first = findings[0]
    if len(findings) == everywhere and len({finding.outcome for finding in findings}) == 1:
        return first
    if not everywhere and first.outcome is Outcome.UNKNOWN:
        return first
    undecided = f"depends on {names}: {first.message}"
    return replace(
        first, outcome=Outcome.UNKNOWN, cause=Cause.UNRESOLVED_PARAMETER, decided_by=names, message=undecided
    )


def _resources(worlds: Sequence[World]) -> list[Resource]:
    return list({r.address: r for world in worlds for r in world.inventory.resources}.values())


def _texts(stacks: Iterable[StackSource]) -> dict[str, str]:
    """The authors' own text of each template, by the name that findings give it."""
    texts = {}
    for stack in stacks:
        template = stack.template
        content = template.content
        if content is None and template.path and template.path.is_file():
            content = template.path.read_bytes()
        texts[template.name] = (content or b"").decode("utf-8", "replace")
    return texts


def _readable(stacks: Iterable[StackSource]) -> dict[str, str]:
    """The texts that are templates; what does not parse is said once, by our own reader."""
    readable = [stack for stack in stacks if stack.template.path is None or stack.template.path.is_file()]
    return _texts(stack for stack in readable if stack.template.parsed.root is not None)


def _problem(problem: Problem, environment: str) -> Finding:
    return Finding(
        control=problem.id,
        engine="stackproof",
        severity=Severity.HIGH,
        outcome=problem.outcome,
        where=problem.where,
        resource=problem.resource,
        type="template",
        environment=environment,
        message=problem.message,
        remediation="Correct the template or the parameter values at this line.",
        cause=problem.cause,
        decided_by=problem.message if problem.cause else "",
    )


def _sound(target: Target, problems: Iterable[Problem]) -> list[Finding]:
    """Say of every template without a problem that it evaluates, so that reading it is itself a judged check."""
    troubled = {problem.where.source for problem in problems}
    return [
        Finding(
            control=EVALUATES,
            engine="stackproof",
            severity=Severity.HIGH,
            outcome=Outcome.PASS,
            where=Where(stack.template.name, 1),
            resource=stack.component,
            type="template",
            environment=target.environment,
            message="every function, reference and parameter is resolved or known to need AWS",
            remediation="",
        )
        for stack in target.stacks
        if stack.template.name not in troubled
    ]


def lost(control: str, address: str, environment: str) -> Finding:
    """Say of a check that was expected and has no answer that it is unknown: a defect of ours, never silence."""
    return Finding(
        control=control,
        engine="stackproof",
        severity=Severity.HIGH,
        outcome=Outcome.UNKNOWN,
        where=Where("system"),
        resource=address,
        type="",
        environment=environment,
        message="expected, and not judged",
        remediation="Report this as a defect of stackproof.",
        cause=Cause.CONTROL_ERROR,
        decided_by=control,
    )
