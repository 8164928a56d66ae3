"""Settings, from the environment variables that the templates give to the function and to the containers."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path


class SettingsError(Exception):
    """A setting is missing or cannot be used; the message says which."""


@dataclass(frozen=True, slots=True)
class Settings:
    """Where to find things. What opens them is read from Secrets Manager when it is needed.

    `authority` is a file of certificates (PEM) to verify database and cache with; without one the database is
    encrypted but not verified, and the cache is verified with the system's authorities. `aws_endpoint` is an AWS
    other than the real one. `connections` is how many connections to the database this process may hold.
    """

    environment: str
    origin: str
    database_secret: str
    redis_secret: str
    cognito_secret: str
    uploads_bucket: str = ""
    colour: str = ""
    authority: Path | None = None
    aws_endpoint: str = ""
    static: Path | None = None
    connections: int = 8

    @classmethod
    def read(cls, variables: Mapping[str, str] = os.environ) -> Settings:
        """Read the environment variables.

        Raises:
            SettingsError: some that are needed are not set.

        """
        needed = ("APP_ORIGIN", "DATABASE_SECRET_ARN", "REDIS_SECRET_ARN", "COGNITO_SECRET_ARN")
        missing = [name for name in needed if not variables.get(name)]
        if missing:
            raise SettingsError(f"not set: {', '.join(missing)}; see the templates backend.yml and websocket.yml")
        return cls(
            environment=variables.get("ENVIRONMENT", "dev"),
            origin=variables["APP_ORIGIN"],
            database_secret=variables["DATABASE_SECRET_ARN"],
            redis_secret=variables["REDIS_SECRET_ARN"],
            cognito_secret=variables["COGNITO_SECRET_ARN"],
            uploads_bucket=variables.get("UPLOADS_BUCKET", ""),
            colour=variables.get("COLOUR", ""),
            authority=_path(variables.get("SSL_CA_FILE")),
            aws_endpoint=variables.get("AWS_ENDPOINT_URL", "").rstrip("/"),
            static=_path(variables.get("STATIC_DIR")),
            # a copy of the function serves one request at a time; all copies share the database's 100
            connections=1 if "AWS_LAMBDA_FUNCTION_NAME" in variables else 8,
        )


def _path(value: str | None) -> Path | None:
    return Path(value) if value else None
