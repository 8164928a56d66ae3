"""Access tokens of Cognito user pools, verified as API Gateway's authorizer does it."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from stackproof.emulator.edge.rules import UnjudgedError

EXPIRED: Final = "The incoming token has expired"
REFUSED: Final = "Unauthorized"


@dataclass(frozen=True, slots=True)
class Refused:
    """A token that opens nothing; the message is API Gateway's."""

    message: str


def check(text: str, pools: Mapping[str, Mapping[str, Any]], scopes: Sequence[str]) -> Refused | None:
    """Return why a header's token is refused, or None when it is good.

    `pools` maps ARNs of user pools to their keys. With scopes it must be an access token that has one of them, without
    an id token.

    Raises:
        UnjudgedError: the keys of a pool were not read.

    """
    from joserfc import jwt
    from joserfc.errors import JoseError
    from joserfc.jwk import KeySet

    token = text.removeprefix("Bearer ").strip()
    for keys in pools.values():
        if "keys" not in keys:
            raise UnjudgedError(str(keys.get("unread", "the user pool has no keys")))
    for arn, keys in pools.items():
        try:
            claims = jwt.decode(token, KeySet.import_key_set(dict(keys)), algorithms=["RS256"]).claims  # type: ignore[arg-type]
        except (JoseError, ValueError):
            continue
        region, pool = arn.split(":")[3], arn.rpartition("/")[2]
        if claims.get("iss") == f"https://cognito-idp.{region}.amazonaws.com/{pool}":
            return _judged(claims, scopes)
    return Refused(REFUSED)


def _judged(claims: Mapping[str, Any], scopes: Sequence[str]) -> Refused | None:
    if not isinstance(claims.get("exp"), int) or claims["exp"] <= time.time():
        return Refused(EXPIRED)
    if not scopes:
        return None if claims.get("token_use") == "id" else Refused(REFUSED)
    had = str(claims.get("scope", "")).split()
    good = claims.get("token_use") == "access" and not set(scopes).isdisjoint(had)
    return None if good else Refused(REFUSED)
