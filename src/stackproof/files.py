"""Reading files that users name: what is not a file of a sensible size is an error at once, never a hang."""

from __future__ import annotations

import errno
import os
import stat
from pathlib import Path
from typing import Final

MOST: Final = 64_000_000  # bytes; far above any template, far below what a machine would feel


def content_of(path: Path) -> bytes:
    """Read a file whole.

    Raises:
        OSError: it is missing, unreadable, too large, or no file at all: a folder, a pipe, a device.

    """
    status = path.stat()
    if stat.S_ISDIR(status.st_mode):
        raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR), str(path))
    if not stat.S_ISREG(status.st_mode):
        raise OSError(errno.EINVAL, "Not a regular file", str(path))
    if status.st_size > MOST:
        raise OSError(errno.EFBIG, os.strerror(errno.EFBIG), str(path))
    return path.read_bytes()
