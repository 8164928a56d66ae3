"""A store of results by the hash of everything that decided them, so that nothing is worked out twice."""

from __future__ import annotations

import fcntl
import hashlib
import os
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

LIMIT = 500_000_000  # bytes; above it the entries that were not read for longest go
_PRUNE_EVERY = 200  # writes between two looks at the size: a look reads the whole directory
_TOUCH_AFTER = 3600.0  # seconds; an entry read again sooner than that keeps its time


def default_root() -> Path:
    """The directory named by STACKPROOF_CACHE, else `.stackproof/cache` in the working directory."""
    named = os.environ.get("STACKPROOF_CACHE")
    return Path(named) if named else Path(".stackproof", "cache")


def key_of(*parts: str | bytes) -> str:
    """Hash the parts to a key, 64 hexadecimal digits. Their borders count: ("ab", "c") is not ("a", "bc")."""
    digest = hashlib.sha256()
    for part in parts:
        data = part if isinstance(part, bytes) else part.encode("utf-8", "surrogatepass")
        digest.update(b"%d:" % len(data))
        digest.update(data)
    return digest.hexdigest()


class Cache:
    """Bytes by key below one directory, safe with several processes at once.

    An entry appears whole or not at all, and one that was damaged later is a miss. A directory that cannot be
    written is not an error: the run then works without a cache, and says so once on standard error.
    """

    def __init__(self, root: Path | None = None, limit: int = LIMIT) -> None:
        self.root = (root or default_root()).absolute()
        self._limit = limit
        self._writes = 0
        self._writable = True

    def get(self, key: str) -> bytes | None:
        """Return the bytes that were put under the key, or None."""
        path = self._path(key)
        try:
            entry = path.read_bytes()
        except OSError:
            return None
        checksum, value = entry[:32], entry[32:]
        if hashlib.sha256(value).digest() != checksum:
            return None
        self._touch(path)
        return value

    def put(self, key: str, value: bytes) -> None:
        """Keep the bytes under the key, in place of what was there."""
        if not self._writable:
            return
        path = self._path(key)
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            handle, name = tempfile.mkstemp(dir=path.parent, prefix=".new-")
            try:
                with os.fdopen(handle, "wb") as file:
                    file.write(hashlib.sha256(value).digest() + value)
                Path(name).replace(path)
            except BaseException:
                Path(name).unlink(missing_ok=True)
                raise
        except OSError as error:
            self._writable = False
            print(f"stackproof: works without a cache, {self.root}: {error.strerror}", file=sys.stderr)  # noqa: T201
            return
        self._writes += 1
        if self._writes % _PRUNE_EVERY == 0:
            self.prune()

    @contextmanager
    def lock(self, key: str) -> Iterator[None]:
        """Let one process at a time work on a key; the others wait, and then find its result."""
        path = self._path(key).with_name(f"{key[2:]}.lock")
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            file = path.open("ab")
        except OSError:  # no cache to share: each works for itself
            yield
            return
        with file:
            fcntl.flock(file, fcntl.LOCK_EX)
            yield

    def prune(self) -> None:
        """Remove the entries that were not read for longest until the rest is within the limit."""
        entries = []
        for path in self.root.glob("??/*"):
            try:
                status = path.stat()
            except OSError:
                continue  # another process was quicker
            entries.append((status.st_mtime, status.st_size, path))
        total = sum(size for _, size, _ in entries)
        for _, size, path in sorted(entries):
            if total <= self._limit:
                break
            path.unlink(missing_ok=True)
            total -= size

    def _path(self, key: str) -> Path:
        return self.root / key[:2] / key[2:]

    def _touch(self, path: Path) -> None:
        try:
            if time.time() - path.stat().st_mtime > _TOUCH_AFTER:
                os.utime(path)
        except OSError:
            self._writable = self._writable and os.access(path.parent, os.W_OK)
