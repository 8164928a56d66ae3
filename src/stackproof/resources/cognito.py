"""Amazon Cognito: documented defaults, and how long tokens live."""

from __future__ import annotations

from typing import Final

from stackproof.model import Claim, Resource, Value, any_of

POOL: Final = "AWS::Cognito::UserPool"
CLIENT: Final = "AWS::Cognito::UserPoolClient"

DEFAULTS: Final[dict[str, dict[str, Value]]] = {
    POOL: {
        # Cognito API reference, CreateUserPool
        "MfaConfiguration": "OFF",
        "DeletionProtection": "INACTIVE",
        "UserPoolAddOns.AdvancedSecurityMode": "OFF",
    },
    CLIENT: {
        # Cognito API reference, CreateUserPoolClient: without TokenValidityUnits a refresh token counts in days,
        # access and id tokens in hours
        "TokenValidityUnits.RefreshToken": "days",
        "TokenValidityUnits.AccessToken": "hours",
        "TokenValidityUnits.IdToken": "hours",
        "RefreshTokenValidity": 30,
        "AccessTokenValidity": 1,
        "IdTokenValidity": 1,
        "GenerateSecret": False,
        "PreventUserExistenceErrors": "LEGACY",
        "EnableTokenRevocation": True,
    },
    "AWS::Cognito::IdentityPool": {"AllowClassicFlow": False},  # Cognito API reference, CreateIdentityPool
}

_SECONDS: Final = {"seconds": 1, "minutes": 60, "hours": 3600, "days": 86400}


def lives_at_most(client: Resource, token: str, seconds: int) -> Claim:
    """Hold when a token (`Access`, `Id`, `Refresh`) is valid for at most this long, counted in its unit."""
    unit, number = client["TokenValidityUnits"][f"{token}Token"], client[f"{token}TokenValidity"]
    return any_of(unit.equals(name) & number.at_most(seconds / size) for name, size in _SECONDS.items())
