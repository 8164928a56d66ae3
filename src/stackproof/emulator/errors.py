"""What goes wrong in the embedded environment itself, as against in the system that is deployed into it."""

from __future__ import annotations


class EmulatorError(Exception):
    """The embedded environment could not be started, reached or used; the message says what to do."""


class DeploymentError(EmulatorError):
    """A stack could not be created, updated or deleted. `stack` is its name, `reasons` what its events say."""

    def __init__(self, stack: str, reasons: tuple[str, ...]) -> None:
        self.stack = stack
        self.reasons = reasons
        super().__init__(f"{stack}: " + "; ".join(reasons or ("no reason given",)))
