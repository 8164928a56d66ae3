"""The data services beside the embedded AWS, as the handlers see them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Services:
    """Where the database and the cache listen; zero or empty: there is none."""

    database_host: str = ""
    database_port: int = 0
    database_socket: str = ""
    cache_host: str = ""
    cache_port: int = 0
    cache_token_file: str = ""

    @classmethod
    def from_json(cls, content: dict[str, Any]) -> Services:
        """Read what the parent process wrote."""
        return cls(**content)
