"""`stackproof up`: start the embedded environment, deploy a system into it, and leave it running."""

from __future__ import annotations

import argparse
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING

from stackproof.errors import MisuseError
from stackproof.system.loading import System, find_system, load_system

if TYPE_CHECKING:
    from stackproof.emulator import Running

FAILED = 1
_AWS = (".amazonaws.com", ".amplifyapp.com", ".cloudfront.net")  # names that AWS gives


def up(options: argparse.Namespace) -> int:
    """Start and deploy; when the environment runs already, deploy what has changed.

    Raises:
        MisuseError: the system or environment is unknown, not an emulated one, or wrong.

    """
    from stackproof import emulator

    folder = Path.cwd()
    system = load_system(find_system(options.system, folder))
    _check(system, options.environment)
    begun = time.monotonic()
    screen = _Screen(begun)
    try:
        running = emulator.running(folder, options.environment)
        if running is None:
            running = emulator.start(
                system, folder, environment=options.environment, name=options.environment, progress=screen
            )
        else:
            plan = emulator.make_plan(system, options.environment, running.account)
            running = emulator.serve(emulator.deploy(running, plan, screen), system, screen)
    except emulator.EmulatorError as error:
        screen.end()
        print(f"stackproof: {error}", file=sys.stderr)
        return FAILED
    screen.end()
    _show(running, time.monotonic() - begun)
    return 0


def _check(system: System, environment: str) -> None:
    if not system.environment(environment).emulated:
        emulated = [name for name in system.file.environments if system.environment(name).emulated]
        raise MisuseError(
            "--environment",
            f"{environment!r}, which is a real one",
            f"one with `emulated: true`: {', '.join(emulated) or 'none is there'}",
        )


def _show(running: Running, seconds: float) -> None:
    print(f"{running.system}: {len(running.stacks)} stacks in {seconds:.1f} s; end it with: stackproof down")
    print(f"  AWS       {running.endpoint}  region {running.region}, account {running.account}, any credentials")
    print(f"  database  {running.database.host}:{running.database.port}  PostgreSQL, TLS and password")
    print(f"  cache     {running.cache.host}:{running.cache.port}  Redis, TLS and token")
    print(f"  authority {running.certificate}")
    _show_edge(running)
    for item in running.unsupported:
        print(f"  not made: {item.address} ({item.type}): {item.reason}")


def _show_edge(running: Running) -> None:
    """How the system's own names are reached: every client is led to the edge in its own way."""
    for served in running.workloads:
        print(f"  workload  {served.resource}  {served.url or served.folder}")
    edge = running.edge
    if edge is None:
        return
    own = [name for name in edge.names if not name.endswith(_AWS)]
    print(f"  edge      {', '.join(f'https://{name}' for name in own)} via {edge.https.host}:{edge.https.port}")
    print(f"  status    http://{edge.http.host}:{edge.http.port}/__edge/status")
    print("  browser   chromium --user-data-dir=$(mktemp -d) \\")
    print(f"              --ignore-certificate-errors-spki-list={edge.fingerprint} \\")
    print(f'              --host-resolver-rules="{edge.rules_for((*own, "*.amazonaws.com"))}"')
    if own:
        to = f"{own[0]}:443:{edge.https.host}:{edge.https.port}"
        print(f"  curl      curl --cacert {running.certificate} --connect-to {to} https://{own[0]}/")


class _Screen:
    """One line that changes where there is a terminal; else a line per stack."""

    def __init__(self, begun: float) -> None:
        self._begun = begun
        self._live = sys.stderr.isatty()

    def __call__(self, label: str, done: int, total: int) -> None:
        line = f"{time.monotonic() - self._begun:5.1f} s  {done}/{total}  {label}"
        print(f"\r\033[K{line}" if self._live else line, end="" if self._live else "\n", file=sys.stderr, flush=True)

    def end(self) -> None:
        """Leave the terminal clean."""
        if self._live:
            print("\r\033[K", end="", file=sys.stderr, flush=True)
