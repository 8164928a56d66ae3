"""Tokens: which are believed."""

from __future__ import annotations

import time
from typing import Any

import httpx
import pytest
from joserfc import jwt
from joserfc.jwk import RSAKey

from .conftest import Aws, Someone


def pools_key() -> RSAKey:
    """The key with which moto's pools sign."""
    from moto.utilities.utils import load_resource

    return RSAKey.import_key(load_resource("cognitoidp/resources/jwks-private.json"))


def claims(aws: Aws, someone: Someone, **changes: Any) -> dict[str, Any]:
    """What an access token of this pool says."""
    issuer = f"https://cognito-idp.us-east-1.amazonaws.com/{aws.pool}"
    good = {"iss": issuer, "sub": someone.id, "client_id": aws.client, "token_use": "access"}
    return good | {"exp": int(time.time()) + 600} | changes


def signed(content: dict[str, Any], key: RSAKey | None = None, kid: str = "dummy") -> str:
    """A token."""
    return jwt.encode({"alg": "RS256", "kid": kid}, content, key or pools_key())


def status(api: httpx.Client, token: str) -> int:
    """How the API answers to a token."""
    return int(api.get("/api/v1/auth/me", headers={"Authorization": f"Bearer {token}"}).status_code)


def test_a_token_of_the_pool_is_believed(api: httpx.Client, aws: Aws, ann: Someone) -> None:
    """A token that says all that it should, signed with the pool's key, is good."""
    assert status(api, signed(claims(aws, ann))) == 200


@pytest.mark.parametrize(
    "wrong",
    [
        {"exp": int(time.time()) - 1},
        {"iss": "https://cognito-idp.us-east-1.amazonaws.com/us-east-1_other"},
        {"client_id": "another"},
        {"token_use": "id"},
        {"sub": "11111111-1111-4111-8111-111111111111"},
    ],
)
def test_a_token_for_something_else_is_refused(
    api: httpx.Client, aws: Aws, ann: Someone, wrong: dict[str, Any]
) -> None:
    """Expired, of another pool, for another client, of another kind, of nobody: 401 each, though the key is right."""
    assert status(api, signed(claims(aws, ann, **wrong))) == 401


def test_a_token_with_another_signature_is_refused(api: httpx.Client, aws: Aws, ann: Someone) -> None:
    """Another key under the pool's key id, a key id that the pool does not have, and no signature: 401 each."""
    other, good = RSAKey.generate_key(2048), claims(aws, ann)
    assert status(api, signed(good, other)) == 401
    assert status(api, signed(good, other, kid="unknown")) == 401
    head, body, _ = signed(good).split(".")
    unsigned = "eyJhbGciOiJub25lIn0"  # {"alg":"none"}
    assert status(api, f"{unsigned}.{body}.") == 401
    assert status(api, f"{head}.{body}.") == 401
