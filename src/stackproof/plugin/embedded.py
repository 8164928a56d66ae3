"""The embedded environments of one session: those that `stackproof up` left running, else its own, ended with it."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from stackproof.emulator import Running
    from stackproof.emulator.deployment import Progress
    from stackproof.system.loading import System


class Embedded:
    """Finds and starts embedded environments for `folder`. What was started is ended by the process `owner`."""

    def __init__(self, folder: Path, owner: int) -> None:
        self._folder = folder
        self._owner = owner

    def running(self, system: System, environment: str, progress: Progress | None = None) -> Running:
        """Take the environment that runs, or start one.

        Raises:
            EmulatorError: it cannot be started, or a stack cannot be deployed into it.
            MisuseError: system.yaml, a parameter file or a template is wrong.

        """
        from stackproof import emulator
        from stackproof.cache import Cache, key_of

        found = emulator.running(self._folder, environment)
        if found is not None and found.system == system.file.name:
            return found
        name = self._name(environment)
        with Cache().lock(key_of("embedded", str(self._folder), name)):  # several processes of a run may want it
            return emulator.running(self._folder, name) or emulator.start(
                system, self._folder, environment=environment, name=name, progress=progress, owner=self._owner
            )

    def end(self) -> None:
        """End what this session started."""
        from stackproof.emulator.environment import end
        from stackproof.emulator.running import STATES

        for lock in (self._folder / STATES).glob(f"{self._name('*')}.lock"):  # what has begun has one
            end(self._folder, lock.stem)
            lock.unlink(missing_ok=True)

    def _name(self, environment: str) -> str:
        return f"{environment}-of-{self._owner}"
