"""What the integration gate judges: the deployed resources of each environment, read once for all of a run."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from stackproof.plugin.judging import Judged, settled, waivers_of

if TYPE_CHECKING:
    from stackproof.emulator import Running
    from stackproof.engine.judgement import Judgement
    from stackproof.engine.live import Survey
    from stackproof.model import Finding
    from stackproof.plugin.session import Session
    from stackproof.sources.live import Aws, Fault, Ledger
    from stackproof.system.loading import System

Progress = Callable[[str, int, int], None]
_STEPS = 4


@dataclass(frozen=True, slots=True)
class Reach:
    """How an environment is reached: the connection or why there is none, and the embedded one if it is that."""

    aws: Aws | Fault
    running: Running | None = None


def judge_deployments(session: Session, reporter: Any) -> Judged:
    """Read and judge what is deployed in the session's environments, or take what another process of it judged.

    Raises:
        MisuseError: system.yaml or a parameter file is wrong.

    """
    from stackproof.engine.live import names_of_checks
    from stackproof.plugin.progress import progress_to

    system = session.system
    with progress_to(reporter) as progress:
        judgements = [_shared(session, environment, progress) for environment in session.environments()]
    known = names_of_checks(system)
    return settled(judgements, [w for w in waivers_of(system) if w.control in known])


def evidence_folder(reports: Path, environment: str) -> Path:
    """Where the ledger of an environment's reading is written."""
    return reports / "evidence" / "integration" / environment


def _shared(session: Session, environment: str, progress: Progress | None) -> Judgement:
    """Judge once for all processes of a run: the first one reads, the others wait for it."""
    from stackproof.cache import Cache, key_of
    from stackproof.engine.judgement import from_bytes, to_bytes

    if not session.name:
        return _judged(session, environment, progress)
    cache, key = Cache(), key_of("deployed", session.name, str(session.system.path), environment)
    with cache.lock(key):
        known = cache.get(key)
        if known is not None:
            return from_bytes(known)[0]
        judgement = _judged(session, environment, progress)
        cache.put(key, to_bytes([judgement]))
    return judgement


def _judged(session: Session, environment: str, progress: Progress | None) -> Judgement:
    from stackproof.engine.live import judge_survey, survey
    from stackproof.sources.live import Ledger

    system, told = session.system, progress or _silent
    folder = evidence_folder(Path(session.options.reports), environment)
    shutil.rmtree(folder, ignore_errors=True)
    told(f"{environment}: connecting", 0, _STEPS)
    ledger = Ledger(folder)
    reach = _reach(session, environment, ledger, progress)
    try:
        told(f"{environment}: reading", 1, _STEPS)
        running = reach.running
        unsupported = [item.address for item in running.unsupported] if running else []
        account = running.account if running else ""
        seen = survey(system, environment, reach.aws, account=account, unsupported=unsupported)
        told(f"{environment}: probing", 2, _STEPS)
        probed = _probed(system, environment, seen, reach)
        told(f"{environment}: judging", 3, _STEPS)
        facts = {"embedded": running is not None, "account_read": account, "unsupported": unsupported}
        return judge_survey(seen, probed, {**facts, "evidence": folder.as_posix()})
    finally:
        ledger.close()


def _reach(session: Session, environment: str, ledger: Ledger, progress: Progress | None) -> Reach:
    from stackproof.engine.connections import connect, connect_embedded
    from stackproof.model import Cause
    from stackproof.probes import permits_for
    from stackproof.sources.live import Fault

    if not session.system.environment(environment).emulated:
        return Reach(connect(session.system, environment, ledger, permits_for(session.system, environment)))
    from stackproof.emulator import EmulatorError

    try:
        running = session.embedded.running(session.system, environment, progress)
    except EmulatorError as error:
        return Reach(Fault(Cause.TOOL_ERROR, "", f"the embedded environment does not run: {error}"))
    return Reach(connect_embedded(running, ledger), running)


def _probed(system: System, environment: str, seen: Survey, reach: Reach) -> list[Finding]:
    """Ask the probes; where nothing could be read, nothing is asked either."""
    from stackproof.model import Unknown
    from stackproof.probes import Probing, run_probes, unasked_probes
    from stackproof.sources.live import Fault

    declared, fault = seen.cases[0].inventory, seen.reading.fault
    if fault is not None or isinstance(reach.aws, Fault):
        why = fault or reach.aws
        assert isinstance(why, Fault)  # noqa: S101 - one of them is
        return unasked_probes(system, environment, declared, Unknown(why.cause, why.message))
    running = reach.running
    probing = Probing(
        aws=reach.aws,
        declared=declared,
        observed=seen.reading.inventory,
        physical=seen.reading.physical,
        environment=environment,
        base_url=system.environment(environment).base_url,
        embedded=running is not None,
        authority=running.certificate if running else None,
        regions={stack.component: stack.region for stack in system.file.stacks if stack.region},
    )
    return run_probes(system, environment, probing)


def _silent(what: str, done: int, total: int) -> None:
    """Show nothing."""
