"""What the application works with, opened once per process."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from app import cache
from app.aws_secrets import Secrets
from app.cache import Cache
from app.database import Database
from app.identity import Claims, Identity, not_signed_in
from app.settings import Settings


@dataclass(frozen=True, slots=True)
class Services:
    """Settings, database, cache, user pool, and S3."""

    settings: Settings
    database: Database
    cache: Cache
    identity: Identity
    storage: Any

    @classmethod
    def open(cls, settings: Settings) -> Services:
        """Make the clients; the database is migrated if it answers."""
        import boto3
        from botocore.config import Config

        config = Config(retries={"max_attempts": 3, "mode": "standard"}, connect_timeout=3, read_timeout=10)
        secrets = Secrets(boto3.client("secretsmanager", config=config))
        identity = Identity(settings, secrets, boto3.client("cognito-idp", config=config))
        database = Database(settings, secrets)
        database.open()
        storage = boto3.client("s3", config=config.merge(Config(signature_version="s3v4")))
        return cls(settings, database, cache.connect(settings, secrets), identity, storage)

    def close(self) -> None:
        """End all connections."""
        self.database.close()
        self.cache.close()

    def claims(self, token: str) -> Claims:
        """Verify a token and that its session was not ended.

        Raises:
            Problem: 401 if it is not good.

        """
        claims = self.identity.verify(token)
        if self.cache.revoked(claims.session):
            raise not_signed_in()
        return claims
