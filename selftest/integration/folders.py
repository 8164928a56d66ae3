"""A folder as a user has it, with MDReader's description, and what the integration gate left in it."""

from __future__ import annotations

import json
import re
import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as Xml

from selftest.plugin.projects import Project, Ran

HOME = Path(__file__).parents[2]
ANSWERED = ("ok", "ServerSideEncryptionConfigurationNotFoundError")  # by which S3 says that there is none
TEMPLATES = "systems/mdreader/infrastructure"


@dataclass(frozen=True, slots=True)
class Folder(Project):
    """A folder in which the gate runs, with nothing of the surroundings' AWS settings."""

    def environment(self, **variables: str) -> dict[str, str]:
        """The variables of a run; an empty one is taken away. Nobody's credentials are found."""
        kept = {name: value for name, value in Project.environment(self).items() if not name.startswith("AWS_")}
        ours = {"HOME": str(self.root), "AWS_EC2_METADATA_DISABLED": "true", "COLUMNS": "140"}
        return {name: value for name, value in {**kept, **ours, **variables}.items() if value}

    def integration(self, *arguments: str, **variables: str) -> Ran:
        """Run `pytest -m integration`."""
        return self.pytest("-m", "integration", *arguments, **variables)

    def stackproof(self, *arguments: str, **variables: str) -> Ran:
        """Run `stackproof`."""
        import sys

        return self.run(sys.executable, "-m", "stackproof.cli", *arguments, **variables)

    def judged(self, environment: str, reports: str = "reports") -> Judged:
        """What the gate's reports say of one environment."""
        content = json.loads((self.root / reports / "gates/integration.json").read_text())
        return Judged(self, environment, reports, content["environments"][environment])

    def line(self, template: str, *marks: str) -> int:
        """The number of the line with the last mark; each mark is looked for from the one before it on."""
        lines = (self.root / TEMPLATES / template).read_text().splitlines()
        at = 0
        for mark in marks:
            at = next(number for number in range(at, len(lines)) if mark in lines[number])
        return at + 1


@dataclass(frozen=True, slots=True)
class Judged:
    """One environment in `reports/gates/integration.json`, with the evidence beside it."""

    folder: Folder
    environment: str
    reports: str
    content: dict[str, Any]

    @property
    def findings(self) -> dict[tuple[str, str], list[dict[str, Any]]]:
        """Findings by control and resource; a resource that drifted has one for each property."""
        found: dict[tuple[str, str], list[dict[str, Any]]] = {}
        for finding in self.content["findings"]:
            found.setdefault((finding["control"], finding["resource"]), []).append(finding)
        return found

    @property
    def outcomes(self) -> dict[tuple[str, str, int, str], tuple[str, str | None]]:
        """Outcome and cause of each check, by control, resource, line and the drift's property."""
        return {
            (f["control"], f["resource"], f["line"], f["message"].split(" is ")[0] if f["standing"] else ""): (
                f["outcome"],
                f["cause"],
            )
            for f in self.content["findings"]
        }

    def failures(self) -> set[tuple[str, str]]:
        """Control and resource of what failed, advice included."""
        return {key for key, same in self.findings.items() if any(f["outcome"] == "fail" for f in same)}

    def calls(self) -> list[dict[str, Any]]:
        """The entries of the evidence."""
        file = self.folder.root / self.reports / "evidence/integration" / self.environment / "calls.jsonl"
        return [json.loads(line) for line in file.read_text().splitlines()]

    def cited(self, finding: dict[str, Any]) -> list[str]:
        """The calls that a finding cites, each looked up: it is the entry that it claims to be, and was answered."""
        calls = self.calls()
        cited = []
        for text in finding["evidence"]:
            service, operation, number = text.split(":")
            entry = calls[int(number) - 1]
            assert (entry["id"], entry["service"], entry["operation"]) == (int(number), service, operation)
            assert entry["outcome"] in ANSWERED
            cited.append(f"{service}:{operation}")
        return cited

    def junit(self) -> list[tuple[str, str]]:
        """Names and messages of JUnit's failures."""
        (file,) = (self.folder.root / self.reports).glob("junit*.xml")
        cases = Xml.parse(file).getroot().iter("testcase")  # noqa: S314 - our own
        return [(case.get("name", ""), node.get("message", "")) for case in cases for node in case.iter("failure")]


def lay(root: Path, cache: Path) -> Folder:
    """Lay MDReader's description and its integration gate into a folder; what runs behind it stays out."""
    source = HOME / "systems/mdreader"
    folder = Folder(root, cache)
    text = (source / "system.yaml").read_text()
    folder.put("systems/mdreader/system.yaml", re.sub(r"(?ms)^workloads:.*?(?=^\S|\Z)", "", text))
    folder.put("systems/mdreader/requirements.yaml", (source / "requirements.yaml").read_text())
    for part in ("infrastructure", "parameters"):
        shutil.copytree(source / part, root / "systems/mdreader" / part)
    shutil.copytree(
        HOME / "tests/integration", root / "tests/integration", ignore=shutil.ignore_patterns("__pycache__")
    )
    for name in ("pytest.ini", "conftest.py"):
        shutil.copy(HOME / name, root / name)
    return folder
