"""How long `stackproof check` takes on 100 templates, against the command lines of checkov and cfn-lint.

All in one run on one machine, each the quickest of three; quote the ratios, not the seconds. Takes some minutes.
"""

from __future__ import annotations

import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path

from corpus import write_corpus
from measure import Run, row, run, tool

TEMPLATES = 100
RUNS = 3


def quickest(command: Sequence[str], *variables: Mapping[str, str]) -> Run:
    """Run a command three times, with these variables, and take the run that was disturbed least."""
    given = variables or ({},) * RUNS
    return min((run(command, variables=each) for each in given), key=lambda r: r.seconds)


def main() -> None:
    """Measure and print."""
    with tempfile.TemporaryDirectory() as name:
        folder, cache = Path(name, "templates"), Path(name, "cache")
        folder.mkdir()
        paths = write_corpus(folder, TEMPLATES, seed=1)
        theirs = tool("checkov", environment=".venv-checkov")
        checkov = quickest([theirs, "-d", str(folder), "--framework", "cloudformation", "--quiet"])
        lint = quickest([tool("cfn-lint"), *map(str, paths)])
        both = checkov.seconds + lint.seconds
        report = ["--format", "json", "--output", str(Path(name, "out.json"))]
        command = [tool("stackproof"), "check", str(folder), *report]
        variables = {"STACKPROOF_CACHE": str(cache)}
        cold = quickest(command, *({"STACKPROOF_CACHE": f"{cache}{n}"} for n in range(RUNS)))
        run(command, variables=variables)
        unchanged = quickest(command, *[variables] * RUNS)
        changed = []
        for number in range(RUNS):
            paths[0].write_text(f"{paths[0].read_text()}\n# changed {number}\n")
            text = paths[0].read_text().replace("Description: ", f"Description: {number} ", 1)
            paths[0].write_text(text)
            changed.append(run(command, variables=variables))
        one = min(changed, key=lambda r: r.seconds)
        size = sum(path.stat().st_size for path in paths)
        row("templates", f"{len(paths)}", f"{size / 1000:.0f} kB")
        parts = f"{checkov.seconds:.1f} + {lint.seconds:.1f}"
        row("checkov and cfn-lint, command lines, summed wall", f"{both:.1f} s", parts)
        measured = (("cold", cold, 0.5), ("nothing changed", unchanged, 0.03), ("one changed", one, 0.25))
        for what, result, target in measured:
            verdict = "kept" if result.seconds / both <= target else "MISSED"
            row(f"stackproof check, {what}", f"{result.seconds:.2f} s")
            row(f"stackproof check, {what}: ratio", f"{result.seconds / both:.3f}", f"at most {target}: {verdict}")
            row(f"stackproof check, {what}: peak of any one process", f"{result.peak:.0f} MB", "at most 400")


if __name__ == "__main__":
    main()
