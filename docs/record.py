"""Record a command's real output as a picture for the README: python docs/record.py docs/unit-gate.svg COMMAND ...

Runs the command on a terminal of 110 columns (util-linux's `script`) and draws what it printed.
"""

from __future__ import annotations

import io
import os
import re
import subprocess
import sys
from pathlib import Path

from rich.console import Console
from rich.text import Text

COLUMNS = 110


def main() -> None:
    """Run the command and write the picture."""
    target, *command = sys.argv[1:]
    shown = " ".join(Path(word).name if word.startswith(".venv/") else word for word in command)
    typed = f"stty cols {COLUMNS} rows 48; {' '.join(command)}"
    variables = {**os.environ, "COLUMNS": str(COLUMNS), "TERM": "xterm-256color"}
    ran = subprocess.run(
        ["/usr/bin/script", "-qec", typed, "/dev/null"], capture_output=True, env=variables, check=False
    )
    output = re.sub(r"[^\n]*\r(?!\n)", "", ran.stdout.decode()).replace("\r", "").rstrip()
    console = Console(record=True, width=COLUMNS, file=io.StringIO(), force_terminal=True)
    console.print(Text(f"$ {shown}", style="bold"))
    console.print(Text.from_ansi(output))
    console.print(Text(f"$ echo $?\n{ran.returncode}", style="bold"))
    picture = console.export_svg(title="stackproof")
    alone = re.sub(r"@font-face \{.*?\}\s*", "", picture, flags=re.DOTALL)  # no fonts from elsewhere
    Path(target).write_text(alone, encoding="utf-8")


if __name__ == "__main__":
    main()
