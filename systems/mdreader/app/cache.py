"""Redis: signed-out sessions, failed sign-ins, and the news that collaboration servers tell each other."""

from __future__ import annotations

import json
import logging
from collections.abc import Iterator
from typing import Any
from urllib.parse import urlsplit
from uuid import UUID

import redis
from redis.backoff import ExponentialBackoff
from redis.credentials import CredentialProvider
from redis.retry import Retry

from app.aws_secrets import Secrets
from app.settings import Settings

NEWS = "news"  # a stream, because a reader that was cut off goes on where it was; pub/sub would lose what came then
KEPT_NEWS = 10_000
ATTEMPTS, WINDOW = 10, 300  # failed sign-ins of one address, in seconds
_log = logging.getLogger(__name__)


class Cache:
    """A client that connects when it is first used. All methods raise redis.RedisError when Redis does not answer."""

    def __init__(self, client: redis.Redis) -> None:
        self._client: Any = client

    def close(self) -> None:
        """End all connections."""
        self._client.close()

    def answers(self) -> bool:
        """Whether Redis answers."""
        try:
            return bool(self._client.ping())
        except redis.RedisError as error:
            _log.warning("the cache does not answer: %s", error)
            return False

    # --- sessions -------------------------------------------------------------------------------------------

    def revoke(self, session: str, seconds: int) -> None:
        """Remember a session as signed out, for as long as its token would be good."""
        self._client.set(f"revoked:{session}", "1", ex=max(seconds, 1))

    def revoked(self, session: str) -> bool:
        """Whether the session was signed out."""
        return bool(self._client.exists(f"revoked:{session}"))

    # --- failed sign-ins ------------------------------------------------------------------------------------

    def wait_before_sign_in(self, who: str) -> int:
        """Seconds to wait before the next attempt; 0 as long as there were few failures."""
        if int(self._client.get(f"attempts:{who}") or 0) < ATTEMPTS:
            return 0
        return max(int(self._client.ttl(f"attempts:{who}")), 1)

    def sign_in_failed(self, who: str) -> None:
        """Count a failure."""
        with self._client.pipeline() as pipeline:
            pipeline.incr(f"attempts:{who}")
            pipeline.expire(f"attempts:{who}", WINDOW)
            pipeline.execute()

    def sign_in_succeeded(self, who: str) -> None:
        """Forget the failures."""
        self._client.delete(f"attempts:{who}")

    # --- news -----------------------------------------------------------------------------------------------

    def tell(self, document: UUID, kind: str, data: bytes = b"", sender: str = "") -> None:
        """Tell all collaboration servers: `edited`, `deleted`, `presence` (with data), `who` (asks for presence)."""
        head = json.dumps({"document": str(document), "kind": kind, "sender": sender})
        self._client.xadd(NEWS, {"head": head, "data": data}, maxlen=KEPT_NEWS, approximate=True)

    def tell_signed_out(self, session: str) -> None:
        """Tell all collaboration servers that a session has ended."""
        self._client.xadd(NEWS, {"head": json.dumps({"session": session, "kind": "signed-out"})}, maxlen=KEPT_NEWS)

    def latest(self) -> bytes:
        """Where the news ends now."""
        last = self._client.xrevrange(NEWS, count=1)
        return bytes(last[0][0]) if last else b"0-0"

    def news(self, after: bytes, milliseconds: int) -> Iterator[tuple[bytes, dict[str, str], bytes]]:
        """What came after that place, waiting for it at most so long: place, head and data of each."""
        for _, entries in self._client.xread({NEWS: after}, block=milliseconds, count=500) or []:
            for place, fields in entries:
                yield place, json.loads(fields[b"head"]), fields.get(b"data", b"")


class Token(CredentialProvider):
    """The AUTH token, read whenever a connection is made: a rotation needs no restart."""

    def __init__(self, secrets: Secrets, arn: str) -> None:
        self._secrets, self._arn = secrets, arn

    def get_credentials(self) -> tuple[str]:
        """The token alone; there is no user name."""
        return (self._secrets.read(self._arn)["token"],)


def connect(settings: Settings, secrets: Secrets) -> Cache:
    """A cache by its secret: `url`, which must be rediss://, and `token_secret`, the name of the secret with the token.

    Raises:
        ValueError: the URL is not one with TLS.

    """
    secret = secrets.read(settings.redis_secret)
    url = urlsplit(secret["url"])
    if url.scheme != "rediss":
        raise ValueError(f"the cache's URL begins with {url.scheme}://, expected rediss://")
    client = redis.Redis(
        host=url.hostname or "",
        port=url.port or 6379,
        db=int(url.path.strip("/") or 0),
        credential_provider=Token(secrets, secret["token_secret"]),
        ssl=True,
        ssl_check_hostname=True,
        ssl_ca_certs=str(settings.authority) if settings.authority else None,
        socket_connect_timeout=2,
        socket_timeout=5,
        protocol=2,
        retry=Retry(ExponentialBackoff(cap=0.2, base=0.05), 2),  # the client's own waits for seconds
    )
    return Cache(client)
