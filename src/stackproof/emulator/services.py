"""What the embedded AWS and those who start it both know."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

HEALTH: Final = "/stackproof/health"  # answered by the server itself, whatever moto does
CHANGES: Final = "changes"  # the file, beside the others of the environment, that counts what the edge follows
ACCOUNT: Final = "123456789012"  # moto's own


@dataclass(frozen=True, slots=True)
class Services:
    """Where the database and the cache listen; zero or empty: there is none."""

    database_host: str = ""
    database_port: int = 0
    database_socket: str = ""
    database_front: bool = False  # the database has no TLS of its own
    cache_host: str = ""
    cache_port: int = 0
    cache_token_file: str = ""

    @classmethod
    def from_json(cls, content: dict[str, Any]) -> Services:
        """Read what the parent process wrote."""
        return cls(**content)
