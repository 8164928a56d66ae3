"""Signed in once, used by many tests: storage states by key, shared by the processes of one run."""

from __future__ import annotations

import fcntl
import hashlib
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any


class States:
    """Keeps the storage state of each key below a private folder, made by whoever needs it first."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._known: dict[str, Any] = {}

    def get(self, key: str, make: Callable[[], Any]) -> Any:
        """Return the state of a key; `make` returns it (plain JSON) where there is none yet.

        Other processes that want the same one wait for it. What `make` raises is raised, and nothing is kept.
        """
        if key in self._known:
            return self._known[key]
        self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        file = self._folder / f"{hashlib.sha256(key.encode()).hexdigest()[:16]}.json"
        with file.with_suffix(".lock").open("ab") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            if not file.exists():
                state = json.dumps(make())
                file.touch(mode=0o600)
                file.write_text(state, encoding="utf-8")
            self._known[key] = json.loads(file.read_text(encoding="utf-8"))
        return self._known[key]
