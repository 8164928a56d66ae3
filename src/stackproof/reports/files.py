"""Report files are written whole or not at all."""

from __future__ import annotations

import tempfile
from pathlib import Path

from stackproof.errors import MisuseError


def write_atomically(path: Path, text: str) -> None:
    """Write a file so that a reader sees the old content or the new, never a part.

    Raises:
        MisuseError: the folder cannot be written.

    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.NamedTemporaryFile("w", dir=path.parent, delete=False, encoding="utf-8") as file:
            file.write(text)
        Path(file.name).chmod(0o644)
        Path(file.name).replace(path)
    except OSError as error:
        raise MisuseError(str(path), str(error.strerror), "a place that can be written", "See --reports.") from error
