"""Access tokens that must open nothing."""

from __future__ import annotations

import base64
import gzip
import json
import os
import time
from importlib import resources
from typing import TYPE_CHECKING, Any

from stackproof.model import Cause
from stackproof.plugin.flows import unknown

if TYPE_CHECKING:
    from stackproof.browser.sites import Site

KEPT = "MDREADER_EXPIRED_TOKEN"  # where a real user pool is: a token that was kept until it expired


def expired(site: Site, token: str) -> str:
    """Return a token that was good until an hour ago, signed by the pool's own key.

    The embedded pool's key is part of the emulator. Only a real pool can sign its tokens, and it gives none that are
    good for less than five minutes; there one is taken that somebody has kept.
    """
    if site.edge is not None:
        claims = claims_of(token)
        return signed_by_emulator({**claims, "iat": claims["iat"] - 7200, "exp": claims["exp"] - 7200})
    kept = os.environ.get(KEPT, "")
    if not kept:
        unknown(Cause.NO_CREDENTIALS, f"{KEPT} holds no token of this user pool that has expired")
    assert claims_of(kept)["exp"] < time.time(), f"the token in {KEPT} has not expired yet"
    assert claims_of(kept)["iss"] == claims_of(token)["iss"], f"the token in {KEPT} is of another user pool"
    return kept


def prolonged(token: str) -> str:
    """Return a token that says to be good for longer, with the signature of what it said before."""
    head, _, signature = token.split(".")
    claims = claims_of(token)
    return ".".join([head, _encoded({**claims, "exp": claims["exp"] + 86_400}), signature])


def claims_of(token: str) -> dict[str, Any]:
    """Return what a token says, unverified."""
    part = token.split(".")[1]
    claims: dict[str, Any] = json.loads(base64.urlsafe_b64decode(part + "=" * (-len(part) % 4)))
    return claims


def signed_by_emulator(claims: dict[str, Any]) -> str:
    """Sign as the embedded user pool does."""
    from joserfc import jwt
    from joserfc.jwk import RSAKey

    packed = resources.files("moto.cognitoidp.resources").joinpath("jwks-private.json.gz").read_bytes()
    key = RSAKey.import_key(json.loads(gzip.decompress(packed)))
    return jwt.encode({"kid": "dummy", "alg": "RS256"}, claims, key)


def _encoded(claims: dict[str, Any]) -> str:
    return base64.urlsafe_b64encode(json.dumps(claims).encode()).rstrip(b"=").decode()
