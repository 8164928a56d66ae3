"""One gate of a session: what it judges, what was reported of it, what is decided."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from stackproof.gates.gate import Decision, Policy, decide
from stackproof.model import Finding
from stackproof.plugin.judging import Judged, left_out, policy_of

if TYPE_CHECKING:
    from stackproof.plugin.session import Session
    from stackproof.reports.terminal import Screen


Key = tuple[str, str, str]  # a test: environment, name, place; two of one name in two modules are two
JUDGES = {"unit": "template_checks", "integration": "deployed_checks"}  # gates whose checks are judged, not tested


class GateRun:
    """The run of one gate. `results` maps each environment to its decision and findings, once they are decided."""

    def __init__(self, name: str, session: Session) -> None:
        self.name = name
        self.declared = False  # whether a module that declares the gate's checks was collected
        self.reported: set[str] = set()
        self.flows: dict[Key, Finding] = {}  # expected tests; then their findings
        self.heard_flows: set[Key] = set()
        self.failed = 0
        self.results: dict[str, tuple[Decision, list[Finding]]] = {}
        self._session = session
        self._judged: Judged | None = None

    @property
    def file(self) -> Path:
        """Where the result is written."""
        return Path(self._session.options.reports) / "gates" / f"{self.name}.json"

    @cached_property
    def policy(self) -> Policy:
        """When the gate passes."""
        return policy_of(self._session.system, self.name)

    @property
    def ran(self) -> bool:
        """Whether anything of it was reported."""
        return bool(self.reported or self.heard_flows)

    @property
    def retries(self) -> int:
        """How often a flow that failed is tried again."""
        said = self._session.system.file.gates.get(self.name)
        return said.retries if said else 1

    @property
    def _colour(self) -> str:
        """The colour whose addresses the gate's tests take."""
        return "" if self.name in JUDGES else self._session.options.colour

    def expect(self, finding: Finding) -> None:
        """Count a test among what must be answered; until it is, `finding` says that it did not run."""
        self.flows.setdefault(_key(finding), finding)

    def heard(self, check: str, *, failed: bool) -> None:
        """Note that a check was reported, and whether pytest counts it as failed."""
        self.reported.add(check)
        self.failed += failed

    def heard_flow(self, finding: Finding, *, failed: bool) -> None:
        """Note what came of a test."""
        self.flows[_key(finding)] = finding
        self.heard_flows.add(_key(finding))
        self.failed += failed

    def checks(self, reporter: Any) -> list[tuple[str, Finding]]:
        """Judge the system, or take what was judged before; return each check with its unique name.

        Raises:
            MisuseError: system.yaml or a parameter file is wrong.

        """
        self.declared = True
        return [check for named in self._judge(reporter).checks.values() for check in named.items()]

    def decide(self, seconds: float) -> None:
        """Decide each environment."""
        judged = self._all().checks
        for environment in dict.fromkeys([*judged, *(key[0] for key in self.flows)]):
            ran, left = self._sorted(environment, judged.get(environment, {}))
            aside = self._session.aside(self.name)
            missing = [*(finding.key for finding in left), *self._session.uncollected, *([aside] if aside else [])]
            if self.name in JUDGES and environment not in judged:
                missing.append(f"what {JUDGES[self.name]}() declares")
            required = self._session.options.evidence_required
            decision = decide(ran, self.policy, seconds, missing=missing, required=required)
            if aside:
                decision = replace(decision, reasons=(*decision.reasons, f"the run leaves aside {aside}"))
            self.results[environment] = (decision, [*ran, *left])

    def _sorted(self, environment: str, checks: Mapping[str, Finding]) -> tuple[list[Finding], list[Finding]]:
        """The findings of what was reported, and of what the run left out."""
        ran = [finding for name, finding in checks.items() if name in self.reported]
        left = [left_out(finding) for name, finding in checks.items() if name not in self.reported]
        for key, finding in self.flows.items():
            if key[0] == environment:
                (ran if key in self.heard_flows else left).append(finding)
        return ran, left

    def write(self, run: Mapping[str, Any]) -> None:
        """Write the gate's file.

        Raises:
            MisuseError: it cannot be written.

        """
        from stackproof.reports.gate_file import write_gate

        facts, colour = self._all().facts, {"colour": self._colour} if self._colour else {}
        results = {
            name: (decision, found, {**facts.get(name, {}), **colour})
            for name, (decision, found) in self.results.items()
        }
        write_gate(self.file, self.name, self._session.system.file.name, results, run)

    def lines(self, screen: Screen) -> list[str]:
        """Write the verdicts for the terminal."""
        from stackproof.reports.terminal import cut, summary

        decisions = {name: decision for name, (decision, _) in self.results.items()}
        findings = [finding for _, found in self.results.values() for finding in found]
        title = f"{self._session.system.file.name} · {self.name} gate"
        title += f" · {self._colour}" if self._colour else ""
        told = [line for facts in self._all().facts.values() for line in facts.get("preflight", {}).get("text", ())]
        room = replace(screen, height=max(screen.height - len(told), 1)) if screen.height else screen
        written = summary(title, decisions, findings, room, blocks=self.policy.blocks)
        return [*written, *(f"  {cut(line, screen.width - 2)}" for line in told)]

    def _all(self) -> Judged:
        return self._judge(None) if self.declared else Judged({}, {})

    def _judge(self, reporter: Any) -> Judged:
        from stackproof.plugin.deployments import judge_deployments
        from stackproof.plugin.judging import judge_templates

        if self._judged is None:
            how = {"unit": judge_templates, "integration": judge_deployments}[self.name]
            self._judged = how(self._session, reporter)
        return self._judged


def _key(finding: Finding) -> Key:
    return finding.environment, finding.control, str(finding.where)
