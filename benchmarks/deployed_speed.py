"""How long the integration gate takes on the embedded AWS: MDReader from nothing, and a system of 1,000 resources."""

from __future__ import annotations

import json
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from measure import ROOT, Run, row, run, tool

TRUST = {
    "Version": "2012-10-17",
    "Statement": [{"Effect": "Allow", "Principal": {"Service": "lambda.amazonaws.com"}, "Action": "sts:AssumeRole"}],
}
STACKS = 10  # each with 10 buckets, 30 queues, 30 log groups and 30 roles


def main() -> None:
    """Measure and print."""
    with tempfile.TemporaryDirectory() as name:
        place = Path(name)
        up = run([tool("stackproof"), "up", "--system", str(ROOT / "systems/mdreader")], cwd=place)
        run([tool("stackproof"), "down"], cwd=place)
        gate = judge(place, ROOT / "systems/mdreader")
        row("stackproof up, MDReader's stacks, from nothing", f"{up.seconds:.1f} s", "under 20")
        row("pytest -m integration, environment and all", f"{gate.seconds:.1f} s", "under 60")
        told(place, "at most 2")
        thousand = many(place / "many")
        up = run([tool("stackproof"), "up", "--system", str(thousand)], cwd=place)
        row("stackproof up, 1,000 resources in ten stacks", f"{up.seconds:.1f} s")
        gate = judge(place, thousand)
        run([tool("stackproof"), "down"], cwd=place)
        row("pytest -m integration, 1,000 resources", f"{gate.seconds:.1f} s", "under 60")
        row("  peak of any one process", f"{gate.peak:.0f} MB")
        told(place)


def judge(place: Path, system: Path) -> Run:
    """Run the gate on a system, its reports below `place`."""
    command = [tool("pytest"), "-q", "-c", str(ROOT / "pytest.ini"), "--rootdir", str(ROOT), str(ROOT / "tests")]
    command += ["-m", "integration", f"--system={system}", "--environment=embedded", f"--reports={place / 'reports'}"]
    return run(command, cwd=place)


def told(place: Path, most: str = "") -> None:
    """Print what the gate's result says of the run; `most` is the target for the calls."""
    gate = json.loads((place / "reports/gates/integration.json").read_text(encoding="utf-8"))
    found = gate["environments"]["embedded"]
    row("  resources read", str(found["resources"]))
    row("  calls for each, counted from the ledger", f"{found['calls'] / found['resources']:.2f}", most)
    row("  checks judged", f"{found['judged']} of {found['expected']}")


def many(folder: Path) -> Path:
    """Lay a system of 1,000 resources into a folder and return its system.yaml."""
    (folder / "stacks").mkdir(parents=True)
    stacks = []
    for number in range(STACKS):
        template = {"Resources": dict(resources(number))}
        (folder / f"stacks/part{number}.json").write_text(json.dumps(template))
        stacks.append({"component": f"part{number}", "template": f"stacks/part{number}.json"})
    system = {
        "name": "many",
        "stacks": stacks,
        "environments": {"embedded": {"region": "us-east-1", "emulated": True}},
    }
    file = folder / "system.yaml"
    file.write_text(json.dumps(system))  # JSON is YAML
    return file


def resources(stack: int) -> list[tuple[str, Mapping[str, Any]]]:
    """The resources of one stack."""
    made: list[tuple[str, Mapping[str, Any]]] = []
    for number in range(stack * 30, stack * 30 + 30):
        made += [
            (f"Queue{number}", {"Type": "AWS::SQS::Queue", "Properties": {"QueueName": f"queue{number}"}}),
            (f"Log{number}", {"Type": "AWS::Logs::LogGroup", "Properties": {"LogGroupName": f"/app/{number}"}}),
            (f"Role{number}", {"Type": "AWS::IAM::Role", "Properties": {"AssumeRolePolicyDocument": TRUST}}),
        ]
        if number % 3 == 0:
            made.append((f"Bucket{number}", {"Type": "AWS::S3::Bucket", "Properties": {}}))
    return made


if __name__ == "__main__":
    main()
