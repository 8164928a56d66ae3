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


class GateRun:
    """The run of one gate. `results` maps each environment to its decision and findings, once they are decided."""

    def __init__(self, name: str, session: Session) -> None:
        self.name = name
        self.reported: set[str] = set()
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

    def heard(self, check: str, *, failed: bool) -> None:
        """Note that a check was reported, and whether pytest counts it as failed."""
        self.reported.add(check)
        self.failed += failed

    def checks(self, reporter: Any) -> list[tuple[str, Finding]]:
        """Judge the system, or take what was judged before; return each check with its unique name.

        Raises:
            MisuseError: system.yaml or a parameter file is wrong.

        """
        return [check for named in self._judge(reporter).checks.values() for check in named.items()]

    def decide(self, seconds: float) -> None:
        """Decide each environment."""
        required = self._session.options.evidence_required
        for environment, checks in self._judge(None).checks.items():
            ran = {name: finding for name, finding in checks.items() if name in self.reported}
            missing = [name for name in checks if name not in self.reported]
            decision = decide(list(ran.values()), self.policy, seconds, missing=missing, required=required)
            found = [finding if name in ran else left_out(finding) for name, finding in checks.items()]
            self.results[environment] = (decision, found)

    def write(self, run: Mapping[str, Any]) -> None:
        """Write the gate's file.

        Raises:
            MisuseError: it cannot be written.

        """
        from stackproof.reports.gate_file import write_gate

        facts = self._judge(None).facts
        results = {name: (decision, found, facts[name]) for name, (decision, found) in self.results.items()}
        write_gate(self.file, self.name, self._session.system.file.name, results, run)

    def lines(self, screen: Screen) -> list[str]:
        """Write the verdicts for the terminal."""
        from stackproof.reports.terminal import cut, summary

        decisions = {name: decision for name, (decision, _) in self.results.items()}
        findings = [finding for _, found in self.results.values() for finding in found]
        title = f"{self._session.system.file.name} · {self.name} gate"
        told = [
            line for facts in self._judge(None).facts.values() for line in facts.get("preflight", {}).get("text", ())
        ]
        room = replace(screen, height=max(screen.height - len(told), 1)) if screen.height else screen
        written = summary(title, decisions, findings, room, blocks=self.policy.blocks)
        return [*written, *(f"  {cut(line, screen.width - 2)}" for line in told)]

    def _judge(self, reporter: Any) -> Judged:
        from stackproof.plugin.deployments import judge_deployments
        from stackproof.plugin.judging import judge_templates

        if self._judged is None:
            how = {"unit": judge_templates, "integration": judge_deployments}[self.name]
            self._judged = how(self._session, reporter)
        return self._judged
