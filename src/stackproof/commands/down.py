"""`stackproof down`: end the embedded environment of this folder."""

from __future__ import annotations

import argparse
from pathlib import Path


def down(options: argparse.Namespace) -> int:
    """End every process of the environment and remove what it left; nothing running is fine."""
    from stackproof.emulator.environment import end

    ended = end(Path.cwd(), options.environment)
    print(f"{options.environment}: {'ended' if ended else 'was not running'}")
    return 0
