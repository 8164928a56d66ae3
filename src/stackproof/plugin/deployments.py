"""What the integration gate judges: the deployed resources of each environment, read once for all of a run."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import TYPE_CHECKING, Any

from stackproof.errors import MisuseError
from stackproof.plugin.judging import Judged, settled, waivers_of

if TYPE_CHECKING:
    from stackproof.emulator import Running
    from stackproof.engine.connections import Reach
    from stackproof.engine.judgement import Judgement
    from stackproof.engine.static import Progress
    from stackproof.plugin.session import Session
    from stackproof.sources.live import Ledger


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


def _shared(session: Session, environment: str, progress: Progress | None) -> Judgement:
    """Judge once for all processes of a run: the first one reads, the others wait for it.

    They share it beside the evidence, which can be written in every run, and not where later runs look.
    """
    from stackproof.cache import Cache, key_of
    from stackproof.engine.judgement import from_bytes, to_bytes

    if not session.name:
        return _judged(session, environment, progress or _silent)
    cache, key = Cache(session.shared), key_of("deployed", str(session.system.path), environment)
    with cache.lock(key):
        known = cache.get(key)
        if known is not None:
            return from_bytes(known)[0]
        judgement = _judged(session, environment, progress or _silent)
        cache.put(key, to_bytes([judgement]))
    return judgement


def _judged(session: Session, environment: str, progress: Progress) -> Judgement:
    from stackproof.engine.integration import evidence_folder, judge_environment
    from stackproof.sources.live import Ledger

    folder = evidence_folder(Path(session.options.reports), environment)
    shutil.rmtree(folder, ignore_errors=True)
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise MisuseError("--reports", f"{folder}: {error.strerror}", "a folder that can be written") from error
    ledger = Ledger(folder)
    try:
        return judge_environment(session.system, environment, _reach(session, environment, ledger, progress), progress)
    finally:
        ledger.close()


def _reach(session: Session, environment: str, ledger: Ledger, progress: Progress) -> Reach:
    from stackproof.emulator import EmulatorError
    from stackproof.engine.connections import Reach, connect
    from stackproof.model import Cause
    from stackproof.probes import permits_for
    from stackproof.sources.live import Fault

    if not session.system.environment(environment).emulated:
        return connect(session.system, environment, ledger, permits=permits_for(session.system, environment))
    try:
        return _embedded(session.embedded.running(session.system, environment, progress), ledger)
    except EmulatorError as error:
        return Reach(Fault(Cause.TOOL_ERROR, "", f"the embedded environment does not run: {error}"), embedded=True)


def _embedded(running: Running, ledger: Ledger) -> Reach:
    from stackproof.engine.connections import Reach
    from stackproof.sources.live import Aws, Credentials

    aws = Aws(
        running.region,
        account=running.account,
        endpoint=running.endpoint,
        credentials=Credentials(running.access_key, running.secret_key),
        embedded=True,
        ledger=ledger,
    )
    unsupported = tuple(item.address for item in running.unsupported)
    edge = running.edge
    resolve = dict.fromkeys(edge.names, (edge.https.host, edge.https.port)) if edge else {}
    return Reach(aws, True, running.account, unsupported, running.certificate, resolve)


def _silent(what: str, done: int, total: int) -> None:
    """Show nothing."""
