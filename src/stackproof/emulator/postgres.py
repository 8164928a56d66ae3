"""A real PostgreSQL for the embedded database: only TLS, only with a password, on loopback."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
from pathlib import Path
from typing import Any, Final

from stackproof.emulator.certificates import Certificate
from stackproof.emulator.errors import EmulatorError
from stackproof.emulator.processes import Known, spawn

OWNER: Final = "stackproof_owner"
_MISSING: Final = "no PostgreSQL found: install the package postgresql, or this package's extra `emulator`"
_TLS: Final = """
listen_addresses = '{host}'
ssl = on
ssl_cert_file = '{certificate}'
ssl_key_file = '{key}'
"""
_BEHIND: Final = "listen_addresses = ''\n"  # a front of ours listens, see tls_front
_SETTINGS: Final = """
port = {port}
unix_socket_directories = '{folder}'
password_encryption = scram-sha-256
max_connections = 100
shared_buffers = 16MB
max_wal_senders = 0
wal_level = minimal
autovacuum = off
# nothing in here has to survive a crash
fsync = off
synchronous_commit = off
full_page_writes = off
"""
_ACCESS: Final = """
local   all {owner} trust
local   all all scram-sha-256
hostssl all all 0.0.0.0/0 scram-sha-256
"""


def binaries() -> Path:
    """Find the folder with initdb and postgres: the newest of the system's, else that of the wheel pgserver.

    Raises:
        EmulatorError: there is none.

    """
    found = shutil.which("initdb")
    candidates = [Path(found).resolve().parent] if found else []
    candidates += sorted(Path("/usr/lib/postgresql").glob("*/bin"), key=_version, reverse=True)
    candidates += [Path("/usr/local/opt/postgresql/bin"), Path("/opt/homebrew/opt/postgresql/bin")]
    candidates += _wheel()
    for folder in candidates:
        if (folder / "initdb").exists() and (folder / "postgres").exists():
            return folder
    raise EmulatorError(_MISSING)


def _version(folder: Path) -> float:
    try:
        return float(folder.parent.name)
    except ValueError:
        return 0.0


def _wheel() -> list[Path]:
    import importlib.util

    spec = importlib.util.find_spec("pgserver")
    places = list(spec.submodule_search_locations or []) if spec else []
    return [Path(place) / "pginstall" / "bin" for place in places]


def speaks_tls(programs: Path) -> bool:
    """Whether this PostgreSQL was built with TLS, which shows in the library it is linked with; the wheel's was not."""
    return b"libssl" in (programs / "postgres").read_bytes()


def _usable(programs: Path, home: Path, user: str) -> Path:
    """Programs that the server's user can reach: those of a wheel may lie in a folder that is closed to it."""
    if not user or programs not in _wheel():
        return programs
    packages, copy = programs.parents[2], home / "wheel"  # the libraries are found by their place beside each other
    shutil.copytree(programs.parent, copy / "pgserver" / "pginstall", symlinks=True)
    if (packages / "pgserver.libs").exists():
        shutil.copytree(packages / "pgserver.libs", copy / "pgserver.libs", symlinks=True)
    return copy / "pgserver" / "pginstall" / "bin"


def server_user() -> str:
    """Whom the server runs as: PostgreSQL refuses to run as root. Empty: as ourselves."""
    if os.geteuid() != 0:
        return ""
    import pwd

    names = {entry.pw_name for entry in pwd.getpwall()}
    return next((name for name in ("postgres", "nobody") if name in names), "")


def begin(folder: Path, host: str, port: int, certificate: Certificate) -> Known:
    """Make a database cluster in `folder` and start it; `ready` says when it answers.

    Raises:
        EmulatorError: there is no PostgreSQL, or it refuses.

    """
    home, user = folder / "postgres", server_user()
    home.mkdir(mode=0o700)
    for source in (certificate.file, certificate.key):
        shutil.copy(source, home)
    if user:
        for path in (home, *home.iterdir()):
            shutil.chown(path, user)
    programs = _usable(binaries(), home, user)
    script = home / "start.sh"  # one process that makes the cluster and becomes the server, while we do other things
    data = home / "data"
    script.write_text(
        f"""#!/bin/sh
set -e
'{programs}/initdb' -D '{data}' -U {OWNER} -A trust -E UTF8 --locale=C --no-sync --no-instructions >/dev/null
cat '{home}/settings' >> '{data}/postgresql.conf'
cat '{home}/access' > '{data}/pg_hba.conf'
exec '{programs}/postgres' -D '{data}'
""",
        encoding="utf-8",
    )
    names = {"certificate": home / certificate.file.name, "key": home / certificate.key.name}
    way_in = _TLS.format(host=host, **names) if speaks_tls(programs) else _BEHIND
    (home / "settings").write_text(way_in + _SETTINGS.format(port=port, folder=home), encoding="utf-8")
    access = _ACCESS.format(owner=OWNER)
    (home / "access").write_text(access if way_in != _BEHIND else access.partition("hostssl")[0], encoding="utf-8")
    environment = {"PATH": os.environ.get("PATH", "/usr/bin:/bin"), "HOME": str(home), "LC_ALL": "C"}
    log = folder / "postgres.log"
    return spawn("database", ["/bin/sh", str(script)], log, user=user, environment=environment, stop=signal.SIGINT)


def ready(folder: Path, port: int) -> bool:
    """Whether the server takes connections."""
    programs, home = binaries(), folder / "postgres"
    command = [str(programs / "pg_isready"), "-q", "-h", str(home), "-p", str(port)]
    return subprocess.run(command, check=False, capture_output=True).returncode == 0  # noqa: S603 - fixed command


def admit(socket: str, *, user: str, password: str, database: str) -> None:
    """Let a user in with a password, as owner of a database; both are made when they are not there.

    `socket` is the server's Unix socket, through which only its owner comes in.
    """
    import pg8000.native

    owner: Any = pg8000.native.Connection(OWNER, unix_sock=socket, database="postgres")
    try:
        name, base = pg8000.native.identifier(user), pg8000.native.identifier(database)
        if not owner.run("SELECT 1 FROM pg_roles WHERE rolname = :name", name=user):
            owner.run(f"CREATE ROLE {name} LOGIN CREATEDB CREATEROLE")
        owner.run(f"ALTER ROLE {name} PASSWORD {pg8000.native.literal(password)}")
        if not owner.run("SELECT 1 FROM pg_database WHERE datname = :name", name=database):
            owner.run(f"CREATE DATABASE {base} OWNER {name}")
    finally:
        owner.close()
