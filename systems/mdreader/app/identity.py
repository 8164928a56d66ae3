"""Who somebody is: the Cognito user pool keeps passwords and signs tokens; here they are asked for and verified."""

from __future__ import annotations

import hashlib
import json
import time
import urllib.request
from dataclasses import dataclass
from functools import cached_property
from typing import Any
from uuid import UUID

from joserfc import jwt
from joserfc.errors import InvalidKeyIdError, JoseError
from joserfc.jwk import KeySet

from app.aws_secrets import Secrets
from app.problems import Problem
from app.settings import Settings

_KEYS_AGAIN = 30.0  # seconds before the keys are fetched again for a token that names an unknown one


@dataclass(frozen=True, slots=True)
class Claims:
    """What a verified token says: whose it is, until when (seconds since 1970), and a name for its session."""

    person: UUID
    expires: int
    session: str


class Identity:
    """The user pool. Password rules and how long tokens are good are the pool's."""

    def __init__(self, settings: Settings, secrets: Secrets, client: Any) -> None:
        self._settings, self._secrets, self._client = settings, secrets, client
        self._keys: KeySet | None = None
        self._fetched = 0.0

    # --- passwords ------------------------------------------------------------------------------------------

    def register(self, email: str, password: str) -> None:
        """Make a user with this password.

        Raises:
            Problem: 409 if there is one, 422 if the pool refuses the password.

        """
        errors = self._client.exceptions
        try:
            self._create(email, password)
            self._client.admin_set_user_password(
                UserPoolId=self._pool["user_pool_id"], Username=email, Password=password, Permanent=True
            )
        except errors.InvalidPasswordException as error:
            reason = "use 8 characters or more, with upper case, lower case, a number and a symbol"
            raise Problem(422, "The password is too weak.", [("body.password", reason)]) from error

    def sign_in(self, email: str, password: str) -> tuple[str, int]:
        """Exchange a password for an access token and the seconds that it is good for.

        Raises:
            Problem: 401 for a wrong name or password; they look the same.

        """
        errors = self._client.exceptions
        refused = Problem(401, "E-mail address or password is wrong.")
        try:
            answer = self._client.admin_initiate_auth(
                UserPoolId=self._pool["user_pool_id"],
                ClientId=self._pool["client_id"],
                AuthFlow="ADMIN_USER_PASSWORD_AUTH",
                AuthParameters={"USERNAME": email, "PASSWORD": password},
            )
        except (errors.NotAuthorizedException, errors.UserNotFoundException) as error:
            raise refused from error
        if "AuthenticationResult" not in answer:  # a password that was never made permanent, or a second factor
            raise refused
        result = answer["AuthenticationResult"]
        return result["AccessToken"], int(result["ExpiresIn"])

    def _create(self, email: str, password: str) -> None:
        """Make the user; or find one whose registration broke off, which nobody has ever signed in with."""
        errors, pool = self._client.exceptions, self._pool["user_pool_id"]
        try:
            self._client.admin_create_user(
                UserPoolId=pool,
                Username=email,
                TemporaryPassword=password,
                MessageAction="SUPPRESS",
                UserAttributes=[{"Name": "email", "Value": email}],
            )
        except errors.UsernameExistsException as error:
            found = self._client.admin_get_user(UserPoolId=pool, Username=email)
            if found["UserStatus"] != "FORCE_CHANGE_PASSWORD":
                taken = "this address is taken; sign in instead"
                raise Problem(409, "Somebody has signed up with this address.", [("body.email", taken)]) from error

    # --- tokens ---------------------------------------------------------------------------------------------

    def verify(self, token: str) -> Claims:
        """Verify an access token of this pool and client: signature, issuer, kind and time.

        Raises:
            Problem: 401, whatever is wrong with it.

        """
        try:
            claims = self._decode(token)
            jwt.JWTClaimsRegistry(
                iss={"essential": True, "value": self._pool["issuer"]},
                client_id={"essential": True, "value": self._pool["client_id"]},
                token_use={"essential": True, "value": "access"},
                exp={"essential": True},
                sub={"essential": True},
            ).validate(claims)
            name = hashlib.sha256(token.encode()).hexdigest()
            return Claims(UUID(claims["sub"]), int(claims["exp"]), name)
        except (JoseError, ValueError) as error:
            raise not_signed_in() from error

    def _decode(self, token: str) -> dict[str, Any]:
        keys = self._keys or self._fetch()
        try:
            return jwt.decode(token, keys, algorithms=["RS256"]).claims
        except InvalidKeyIdError:  # the pool may have a new key
            if time.monotonic() - self._fetched < _KEYS_AGAIN:
                raise
            return jwt.decode(token, self._fetch(), algorithms=["RS256"]).claims

    def _fetch(self) -> KeySet:
        pool = self._pool
        base = (
            f"{self._settings.aws_endpoint}/{pool['user_pool_id']}" if self._settings.aws_endpoint else pool["issuer"]
        )
        try:
            with urllib.request.urlopen(f"{base}/.well-known/jwks.json", timeout=5) as answer:  # noqa: S310 - our pool
                keys = KeySet.import_key_set(json.load(answer))
        except OSError as error:
            raise Problem(503, "The user pool does not answer. Try again soon.") from error
        self._keys, self._fetched = keys, time.monotonic()
        return keys

    @cached_property
    def _pool(self) -> dict[str, Any]:
        return self._secrets.read(self._settings.cognito_secret)


def not_signed_in() -> Problem:
    """The answer to who is not, or no longer, signed in."""
    return Problem(401, "Sign in and send the access token.", headers={"WWW-Authenticate": "Bearer"})
