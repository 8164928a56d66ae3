"""Keeps the rules fresh: read again as soon as the embedded AWS says that something was changed."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path

from stackproof.emulator.edge.reading import Clients, Settings, read
from stackproof.emulator.edge.rules import Rules
from stackproof.emulator.services import CHANGES

Changed = Callable[[Rules], Awaitable[None]]


class Keeper:
    """The rules as they are now. `changed` hears of new ones before any request is judged by them."""

    def __init__(self, file: Path, changed: Changed) -> None:
        self._file = file
        self._changed = changed
        self._lock = asyncio.Lock()
        self._rules = Rules()
        self._state: tuple[bytes, int] | None = None
        self.written = 0  # when the settings were written that the rules were read with
        self.settings = Settings.load(file)
        self._clients = Clients(self.settings.endpoint)
        self.reads = 0

    async def current(self) -> Rules:
        """The rules, read anew when something was changed since; when they could not be read, with every question."""
        async with self._lock:
            state = self._now()
            if state != self._state:
                self.settings = Settings.load(self._file)
                self._rules = await asyncio.to_thread(read, self._clients, self.settings)
                self._state = None if self._rules.unread else state
                self.written = state[1]
                self.reads += 1
                await self._changed(self._rules)
            return self._rules

    def _now(self) -> tuple[bytes, int]:
        """The number that the embedded AWS counts its changes with, and when our own settings were written."""
        return self._file.with_name(CHANGES).read_bytes(), self._file.stat().st_mtime_ns
