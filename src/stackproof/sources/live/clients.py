"""boto3 clients, made the same way for every connection: bounded attempts, bounded waiting."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import Any, Final

_CONNECT_TIMEOUT: Final = 5  # seconds
_READ_TIMEOUT: Final = 20  # seconds
_ASKING: Final = 2  # attempts of asking who calls: where that gets no answer nothing will, and it is said soon


@dataclass(frozen=True, slots=True)
class Credentials:
    """An access key, its secret, and a session token where there is one."""

    key: str
    secret: str
    token: str = ""

    def __repr__(self) -> str:
        return f"Credentials({self.key[:4]}...)"


@dataclass(frozen=True, slots=True)
class Settings:
    """Where a client calls (empty: AWS's own addresses), how often at most, and whether it slows down if throttled."""

    endpoint: str
    attempts: int
    adaptive: bool


def new_session(credentials: Credentials | None, profile: str, region: str) -> Any:
    """A boto3 session: with these credentials, or with those of the profile or of the surroundings.

    Raises:
        botocore.exceptions.ProfileNotFound: there is no such profile.

    """
    import boto3
    from botocore.session import get_session

    base = get_session()
    base.register_component("data_loader", _models())
    if credentials:  # then AWS_PROFILE of the surroundings does not matter, nor whether there is such a profile
        base.session_var_map["profile"] = (None, None, None, None)
    return boto3.Session(
        botocore_session=base,
        aws_access_key_id=credentials.key if credentials else None,
        aws_secret_access_key=credentials.secret if credentials else None,
        aws_session_token=(credentials.token or None) if credentials else None,
        profile_name=profile or None,
        region_name=region,
    )


def new_client(session: Any, service: str, region: str, settings: Settings) -> Any:
    """A client of one service in one region."""
    from botocore.config import Config

    attempts = min(settings.attempts, _ASKING) if service == "sts" else settings.attempts
    config = Config(
        retries={"mode": "adaptive" if settings.adaptive else "standard", "total_max_attempts": attempts},
        connect_timeout=_CONNECT_TIMEOUT,
        read_timeout=_READ_TIMEOUT,
        max_pool_connections=32,
        user_agent_extra="stackproof",
        inject_host_prefix=not settings.endpoint,
        s3={"addressing_style": "path"} if settings.endpoint else None,
    )
    return session.client(service, region_name=region, endpoint_url=settings.endpoint or None, config=config)


@cache
def _models() -> Any:
    """botocore's service models, which take longer to read than a call takes: once for all connections."""
    from botocore.loaders import create_loader

    return create_loader()
