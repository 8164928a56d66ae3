"""What a run leaves behind: processes, files of environments, states."""

from __future__ import annotations

import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from selftest.integration.folders import Folder


@dataclass(frozen=True, slots=True)
class Traces:
    """Looks for what belongs to the runs in one folder, whose environments lie below `scratch`."""

    folder: Folder
    scratch: Path

    def processes(self) -> list[str]:
        """Command lines of the processes that name one of the two."""
        found = []
        for file in Path("/proc").glob("[0-9]*/cmdline"):
            try:
                line = file.read_bytes().replace(b"\0", b" ").decode(errors="replace")
            except OSError:  # it has just ended
                continue
            if str(self.scratch) in line or str(self.folder.root) in line:
                found.append(line)
        return found

    def states(self) -> list[Path]:
        """Files that tell of an environment, and locks on it."""
        return list((self.folder.root / ".stackproof/embedded").glob("*"))

    def left(self) -> list[object]:
        """All that should not be there when the runs are over."""
        return [*self.processes(), *self.states(), *self.scratch.glob("stackproof-embedded-*")]


@contextmanager
def traced(folder: Folder) -> Iterator[Traces]:
    """A place for environments that has a short name and that the database's user can reach."""
    with tempfile.TemporaryDirectory(prefix="gate-") as name:
        scratch = Path(name)
        scratch.chmod(0o711)
        yield Traces(folder, scratch)


def until(holds: Callable[[], bool], seconds: float) -> None:
    """Wait for something."""
    end = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < end, "it did not come"
        time.sleep(0.05)
