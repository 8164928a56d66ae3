"""PostgreSQL: pooled connections with TLS, and the schema, which is brought up to date before the first use."""

from __future__ import annotations

import logging
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import psycopg
from psycopg.rows import DictRow, dict_row
from psycopg_pool import ConnectionPool

from app.aws_secrets import Secrets
from app.settings import Settings

Connection = psycopg.Connection[DictRow]

PATIENCE = 3.0  # seconds until a database that does not answer is given up
MIGRATIONS = Path(__file__).parent / "migrations"
_LOCK = 7_304_221_905  # any number, as long as it is the same in every copy
_CREATE = "CREATE TABLE IF NOT EXISTS migrations (name text PRIMARY KEY, applied timestamptz DEFAULT now())"
_log = logging.getLogger(__name__)


class Database:
    """A pool that connects when it is first used. Nothing fails before that, so /health can say what is wrong."""

    def __init__(self, settings: Settings, secrets: Secrets) -> None:
        self._settings, self._secrets = settings, secrets
        self._migrated = False
        self._migrating = threading.Lock()
        self._pool = ConnectionPool(
            kwargs=self._parameters,
            connection_class=psycopg.Connection[DictRow],
            min_size=0,
            max_size=settings.connections,
            timeout=PATIENCE,
            max_idle=300,
            check=ConnectionPool.check_connection,  # a database that failed over leaves dead connections behind
            open=False,
        )

    def open(self) -> None:
        """Begin: bring the schema up to date if the database answers; else the first use does it."""
        self._pool.open()
        try:
            self._migrate()
        except psycopg.OperationalError as error:
            _log.warning("the database does not answer yet: %s", error)

    def close(self) -> None:
        """End all connections."""
        self._pool.close()

    @contextmanager
    def connection(self, timeout: float | None = None) -> Iterator[Connection]:
        """One transaction: committed at the end, rolled back when something raises.

        Raises:
            psycopg.OperationalError: the database does not answer within `timeout` seconds (PATIENCE).

        """
        if not self._migrated:
            self._migrate(timeout)
        with self._pool.connection(timeout) as connection:
            yield connection

    def answers(self) -> bool:
        """Whether a query is answered, within two seconds."""
        try:
            with self.connection(2) as connection:
                connection.execute("SELECT 1")
        except psycopg.Error as error:
            _log.warning("the database does not answer: %s", error)
            return False
        return True

    def _parameters(self) -> dict[str, Any]:
        secret = self._secrets.read(self._settings.database_secret)
        authority = self._settings.authority
        tls = {"sslmode": "verify-full", "sslrootcert": str(authority)} if authority else {"sslmode": "require"}
        return {
            "host": secret["host"],
            "port": secret["port"],
            "user": secret["username"],
            "password": secret["password"],
            "dbname": secret.get("dbname") or secret["database"],
            "connect_timeout": 3,
            "application_name": "mdreader",
            "row_factory": dict_row,
            **tls,
        }

    def _migrate(self, timeout: float | None = None) -> None:
        with self._migrating:
            if self._migrated:
                return
            with self._pool.connection(timeout) as connection:
                migrate(connection)
            self._migrated = True


def migrate(connection: Connection, folder: Path = MIGRATIONS) -> list[str]:
    """Apply the migrations that are not applied yet, in the order of their names, and return these.

    All in one transaction and one at a time: several copies may start at once.
    """
    connection.execute("SELECT pg_advisory_xact_lock(%s)", (_LOCK,))
    connection.execute(_CREATE)
    done = {row["name"] for row in connection.execute("SELECT name FROM migrations")}
    new = [path for path in sorted(folder.glob("*.sql")) if path.stem not in done]
    for path in new:
        connection.execute(path.read_bytes())
        connection.execute("INSERT INTO migrations (name) VALUES (%s)", (path.stem,))
    return [path.stem for path in new]
