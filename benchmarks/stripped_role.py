"""What a checking tool says of what it may not read: ours, Prowler and Cloud Custodian, with the same stripped roles.

`python benchmarks/stripped_role.py [--quick]` starts the embedded AWS with pairs of flawed and sound resources, asks
each tool the same questions with a role that may read all and with roles that may not, and prints the answers.
Prowler and Cloud Custodian are installed once into environments of their own, below .stackproof/benchmarks (Prowler
takes three minutes). Nothing leaves this machine but that. Ends with 1 when an answer of ours rests on nothing.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import Final

from stripped_role_aws import Lab, Role, running_lab
from stripped_role_questions import ALL, POLICY_READS, QUICK, Question
from stripped_role_table import UNFOUNDED, Asked, print_tables
from stripped_role_tools import Custodian, Prowler, Ran, Stackproof, Tool

OURS: Final = Stackproof()
TOOLS: Final[tuple[Tool, ...]] = (OURS, Prowler(), Custodian())


def main() -> int:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--quick", action="store_true", help="buckets and databases only, and a role less")
    quick: bool = parser.parse_args().quick
    questions = QUICK if quick else ALL
    roles = _roles(questions, quick=quick)
    versions = _installed(TOOLS)
    tools = [tool for tool in TOOLS if tool.name in versions]
    with tempfile.TemporaryDirectory(prefix="stripped-role-") as scratch, running_lab(roles) as lab:
        # who may read what is asked first: what a role is for must hold before anybody's answers are looked at
        readable = {(r.name, q, one): lab.may_read(r, q, one) for r in roles for q in questions for one in q.pair()}
        runs = {(t.name, r.name): _run(t, lab, r, questions, Path(scratch)) for t in tools for r in roles}
    asked = Asked(questions, roles, [tool.name for tool in tools], runs, readable)
    named = ", ".join(f"{name} {number}" for name, number in versions.items())
    print(f"{datetime.now(UTC):%d %B %Y}: {named}; embedded AWS (moto {version('moto')}), {len(questions)} questions")
    print_tables(asked)
    ours = [asked.counts(OURS.name, role) for role in roles]
    broken = any(asked.runs[OURS.name, role.name].broken for role in roles)
    return int(broken or any(counts[kind] for counts in ours for kind in UNFOUNDED))


def _roles(questions: Sequence[Question], *, quick: bool) -> list[Role]:
    """Who asks: somebody who may read all, and others who may not."""

    def needed(by: Sequence[Question]) -> tuple[str, ...]:
        return tuple(sorted({name for question in by for one in question.pair() for name in question.rests_on(one)}))

    buckets = [question for question in questions if question.resource == "Bucket"]
    settings = Role("no bucket settings", "A role that lacks the settings of buckets alone", denied=needed(buckets))
    return [
        Role("all", "A role that may read all"),
        Role("no bucket policy", "A role that lacks just the reading of bucket policies", denied=POLICY_READS),
        *([] if quick else [settings]),
        Role("stripped", "A role that lacks everything that answers a question", denied=needed(questions)),
        Role("nothing", "A role that may read nothing", reads=False),
    ]


def _installed(tools: Sequence[Tool]) -> dict[str, str]:
    """Versions of the tools that are there; what cannot be installed is said and left out."""
    versions = {}
    for tool in tools:
        try:
            versions[tool.name] = tool.install()
        except (subprocess.SubprocessError, OSError) as error:
            told = (getattr(error, "stderr", b"") or b"").decode(errors="replace").strip().splitlines()
            print(f"{tool.name} is left out, it could not be installed: {told[-1] if told else error}")
    return versions


def _run(tool: Tool, lab: Lab, role: Role, questions: Sequence[Question], scratch: Path) -> Ran:
    print(f"{tool.name} as {role.name!r} ...", file=sys.stderr, flush=True)
    folder = scratch / f"{tool.name}-{role.name}".replace(" ", "-")
    folder.mkdir()
    return tool.run(lab, role, questions, folder)


if __name__ == "__main__":
    sys.exit(main())
