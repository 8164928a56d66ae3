"""What a remembered answer depends on besides its input: our own code, and the day."""

from __future__ import annotations

import datetime
import hashlib
from functools import cache
from pathlib import Path

from stackproof import __version__


def basis() -> str:
    """Name what an answer rests on besides its input. The day counts: a runtime is supported until a date."""
    return f"{code_digest()} {datetime.date.today().isoformat()}"


@cache
def code_digest() -> str:
    """SHA-256 over our own source and data files: other code may judge otherwise."""
    home = Path(__file__).parent.parent
    digest = hashlib.sha256(__version__.encode())
    for path in sorted(home.rglob("*")):
        if path.suffix in {".py", ".csv", ".yaml", ".json"}:
            digest.update(path.relative_to(home).as_posix().encode() + b"\0" + path.read_bytes())
    return digest.hexdigest()
