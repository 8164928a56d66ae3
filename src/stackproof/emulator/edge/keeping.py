"""Keeps the rules fresh: read again as soon as the embedded AWS says that something was changed."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Final

import aiohttp

from stackproof.emulator.edge.reading import Clients, Settings, read
from stackproof.emulator.edge.rules import Rules
from stackproof.emulator.services import CHANGES

OFTEN: Final = 0.1  # seconds between two questions whether something was changed

Changed = Callable[[Rules], Awaitable[None]]


class Keeper:
    """The rules as they are now. `changed` hears of new ones before any request is judged by them."""

    def __init__(self, file: Path, session: aiohttp.ClientSession, changed: Changed) -> None:
        self._file = file
        self._session = session
        self._changed = changed
        self._lock = asyncio.Lock()
        self._rules = Rules()
        self._state: tuple[str, int] | None = None
        self._asked = 0.0
        self.settings = Settings.load(file)
        self._clients = Clients(self.settings.endpoint)
        self.reads = 0

    async def current(self) -> Rules:
        """The rules, read anew when something was changed since."""
        async with self._lock:
            if self._state is None or time.monotonic() - self._asked > OFTEN:
                state = await self._now()
                if state is None or state != self._state:
                    self.settings = Settings.load(self._file)
                    self._rules = await asyncio.to_thread(read, self._clients, self.settings)
                    self._state = state if not self._rules.unread else None
                    self.reads += 1
                    await self._changed(self._rules)
                self._asked = time.monotonic()
            return self._rules

    async def _now(self) -> tuple[str, int] | None:
        """What the embedded AWS counts as changes, and when our settings were written; None: it does not say."""
        try:
            async with self._session.get(self.settings.endpoint + CHANGES) as answer:
                if answer.status != 200:
                    return None
                return (await answer.text(), self._file.stat().st_mtime_ns)
        except (aiohttp.ClientError, OSError):
            return None
