"""How `stackproof check` grows with the number of stacks: MDReader's twelve templates, copied under other names.

`--scanners` runs cfn-lint and checkov as well (some minutes). Time must grow linearly and memory must not.
"""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path

from measure import ROOT, row, run, tool

TEMPLATES = sorted((ROOT / "systems/mdreader/infrastructure").glob("*.yml"))
SIZES = (250, 500, 1000)


def write_stacks(folder: Path, number: int) -> None:
    """Write that many stacks; each copy has other names, so that no two documents are equal."""
    for index in range(number):
        template = TEMPLATES[index % len(TEMPLATES)]
        text = template.read_text().replace("mdreader", f"mdreader{index // len(TEMPLATES)}")
        Path(folder, f"{index // len(TEMPLATES):03}-{template.name}").write_text(text)


def main() -> None:
    """Measure and print."""
    extra = [] if "--scanners" in sys.argv else ["--no-scanners"]
    for size in SIZES:
        with tempfile.TemporaryDirectory() as name:
            folder = Path(name, "templates")
            folder.mkdir()
            write_stacks(folder, size)
            command = [tool("stackproof"), "check", str(folder), "--environment", "prod", *extra]
            result = run(command, variables={"STACKPROOF_CACHE": str(Path(name, "cache"))})
            if result.code not in (0, 1):
                raise SystemExit(result.output)
            per = result.seconds / size * 1000
            row(f"{size} stacks", f"{result.seconds:.1f} s", f"{per:.1f} ms each, peak {result.peak:.0f} MB")


if __name__ == "__main__":
    main()
