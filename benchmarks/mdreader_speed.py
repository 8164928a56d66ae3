"""How long the unit gate takes for MDReader in three environments: from nothing, unchanged, and beside pytest."""

from __future__ import annotations

import tempfile
from pathlib import Path

from measure import row, run, tool


def main() -> None:
    """Measure and print."""
    with tempfile.TemporaryDirectory() as name:
        empty = Path(name, "test_empty.py")
        empty.write_text("def test_nothing():\n    pass\n")
        pytest = tool("pytest")
        bare = min(run([pytest, "-q", "-c", "/dev/null", "--rootdir", name, str(empty)]).seconds for _ in range(5))
        gate = [pytest, "-q", "-m", "unit", "--system", "mdreader", "--environment", "all", f"--reports={name}"]
        variables = {"STACKPROOF_CACHE": str(Path(name, "cache"))}
        cold = run(gate, variables=variables)
        unchanged = min((run(gate, variables=variables) for _ in range(5)), key=lambda r: r.seconds)
        row("pytest with one empty test", f"{bare:.2f} s")
        row("unit gate, three environments, cold", f"{cold.seconds:.1f} s", "under 30")
        row("unit gate, three environments, unchanged", f"{unchanged.seconds:.2f} s")
        row("  besides pytest itself", f"{unchanged.seconds - bare:.2f} s", "under 1")
        row("  peak of any one process, cold", f"{cold.peak:.0f} MB", "at most 400")
        print(f"exit codes {cold.code} and {unchanged.code}")


if __name__ == "__main__":
    main()
