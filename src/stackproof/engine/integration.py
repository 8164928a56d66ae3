"""The steps of judging one deployed environment, in their order: declare, ask who calls, read, probe, judge."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from stackproof.engine.connections import Reach
from stackproof.engine.judgement import Judgement
from stackproof.engine.live import judge_survey
from stackproof.engine.preflight import after_reading, preflight
from stackproof.engine.static import Progress
from stackproof.engine.survey import Survey, declare, survey
from stackproof.model import Finding, Unknown
from stackproof.probes import Probing, run_probes, unasked_probes
from stackproof.sources.live import Aws
from stackproof.system.loading import System

_STEPS = 4


def evidence_folder(reports: Path, environment: str) -> Path:
    """Where the ledger of an environment's reading is written."""
    return reports / "evidence" / "integration" / environment


def judge_environment(
    system: System, environment: str, reach: Reach, progress: Progress, *, again: bool = False
) -> Judgement:
    """Judge what is deployed in one environment.

    `again` judges from stored answers: nobody is asked for permissions, and no probe is sent.

    Raises:
        MisuseError: system.yaml or a parameter file is wrong.

    """
    progress(f"{environment}: evaluating the templates", 0, _STEPS)
    templates = declare(system, environment, reach.account)
    asks = not reach.embedded and not again
    before = preflight(reach.aws, templates.target, templates.cases) if asks and isinstance(reach.aws, Aws) else None
    progress(f"{environment}: reading what is deployed", 1, _STEPS)
    seen = survey(templates, reach.aws, unsupported=reach.unsupported)
    progress(f"{environment}: probing", 2, _STEPS)
    probed = [] if again else _probed(system, environment, seen, reach)
    progress(f"{environment}: judging", 3, _STEPS)
    judgement = judge_survey(seen, probed, _facts(reach))
    if before is None:
        return judgement
    after = after_reading(before, seen.reading.ledger, judgement.findings)
    told = after.text().splitlines() if after.missing or after.unsure else []
    return replace(judgement, facts={**judgement.facts, "preflight": {**after.data(), "text": told}})


def _facts(reach: Reach) -> Mapping[str, Any]:
    """What it takes to judge again from the ledger."""
    return {"embedded": reach.embedded, "account_read": reach.account, "unsupported": list(reach.unsupported)}


def _probed(system: System, environment: str, seen: Survey, reach: Reach) -> Sequence[Finding]:
    """Ask the probes; where nothing could be read, nothing is asked either."""
    declared, fault = seen.templates.cases[0].inventory, seen.reading.fault
    if fault is not None:
        return unasked_probes(system, environment, declared, Unknown(fault.cause, fault.message))
    assert isinstance(reach.aws, Aws)  # noqa: S101 - else the reading has a fault
    probing = Probing(
        aws=reach.aws,
        declared=declared,
        observed=seen.reading.inventory,
        physical=seen.reading.physical,
        environment=environment,
        base_url=system.environment(environment).base_url,
        embedded=reach.embedded,
        authority=reach.authority,
        resolve=reach.resolve,
        regions=seen.templates.regions,
    )
    return run_probes(system, environment, probing)
