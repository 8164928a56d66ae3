"""The edge as a process: `python -m stackproof.emulator.edge --folder FOLDER`."""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import signal
from pathlib import Path

from stackproof.emulator.edge.launch import SETTINGS


def main() -> None:
    """Serve until the process is ended."""
    parser = argparse.ArgumentParser(prog="stackproof.emulator.edge")
    parser.add_argument(
        "--folder", type=Path, required=True, help="where its settings are written, and its certificate"
    )
    asyncio.run(_serve(parser.parse_args().folder))


async def _serve(folder: Path) -> None:
    from stackproof.emulator.edge.server import Edge

    ended = asyncio.Event()
    for sign in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(sign, ended.set)
    import boto3  # noqa: F401 - while the starter still waits for the workloads

    settings = folder / SETTINGS
    while not settings.exists():
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(ended.wait(), 0.02)
        if ended.is_set():
            return
    edge = Edge(folder, settings)
    await edge.start()
    await ended.wait()
    await edge.close()


if __name__ == "__main__":
    main()
