"""Where the evidence of a test lies: `<reports>/<gate>/<environment>/<test>/<person>/`.

Only the folder of the test that begins is emptied; nothing else is ever removed.
"""

from __future__ import annotations

import hashlib
import re
import shutil
from pathlib import Path, PurePosixPath
from typing import Final

_LONGEST: Final = 100  # characters of a folder's name; with a person's and a file's it stays within what systems take


def test_folder(reports: Path, gate: str, environment: str, nodeid: str) -> Path:
    """Return the folder of a test: one for each nodeid, readable, and not longer than file systems take."""
    return reports / gate / environment / folder_name(nodeid, gate)


def folder_name(nodeid: str, gate: str) -> str:
    """Turn `tests/e2e/test_share.py::test_two[phone]` into `test_share.test_two[phone]`.

    What is left out or changed is told apart by a short hash.
    """
    file, _, test = nodeid.partition("::")
    path = PurePosixPath(file)
    parts = list(path.with_suffix("").parts)
    kept = parts[2:] if parts[:2] == ["tests", gate] else parts
    plain = ".".join([*kept, *test.split("::")])
    name = re.sub(r"[^\w.\[\]-]+", "-", plain, flags=re.ASCII)
    if name == plain and len(name) <= _LONGEST:
        return name
    return f"{name[: _LONGEST - 9]}-{hashlib.sha256(nodeid.encode()).hexdigest()[:8]}"


def begin(folder: Path) -> None:
    """Empty the folder of a test that begins, and make it.

    Raises:
        OSError: it cannot be written.

    """
    if folder.is_symlink():
        folder.unlink()
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True, exist_ok=True)
