"""Amazon Cognito."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from stackproof.model import ABSENT, Value
from stackproof.sources.live.parts import GoneError, NoHintError, Part
from stackproof.sources.live.reading import Reading, reads


@reads("AWS::Cognito::UserPool", "cognito-idp:DescribeUserPool", "cognito-idp:GetUserPoolMfaConfig")
def user_pool(r: Reading) -> None:
    """Which second factors are on is a call of its own."""
    part = r.main(r.ask("cognito-idp:DescribeUserPool", "UserPool", UserPoolId=r.id))
    factors = r.ask("cognito-idp:GetUserPoolMfaConfig", UserPoolId=r.id)
    mode = factors.at("MfaConfiguration")
    r.set("MfaConfiguration", mode, lambda value: value)
    r.set("EnabledMfas", mode if mode.fault else factors, _factors)
    r.fill(part, {"UserPoolName": "Name", "Schema": "SchemaAttributes"}, but=("Policies.SignInPolicy",))
    if part.value:
        r.also(part.value.get("Arn"))
        r.also(_provider(part.value.get("Arn")), attribute="ProviderName")


def _factors(found: Mapping[str, Any]) -> Value:
    on = []
    if (found.get("SoftwareTokenMfaConfiguration") or {}).get("Enabled"):
        on.append("SOFTWARE_TOKEN_MFA")
    if found.get("SmsMfaConfiguration"):
        on.append("SMS_MFA")
    if found.get("EmailMfaConfiguration"):
        on.append("EMAIL_OTP")
    return list(on) or ABSENT


def _provider(arn: object) -> str:
    parts = str(arn).split(":")
    return f"cognito-idp.{parts[3]}.amazonaws.com/{parts[-1].rpartition('/')[2]}" if len(parts) == 6 else ""


@reads("AWS::Cognito::UserPoolClient", "cognito-idp:DescribeUserPoolClient")
def user_pool_client(r: Reading) -> None:
    """Its pool is not in its physical id."""
    pool = _pool(r)
    call = "cognito-idp:DescribeUserPoolClient"
    part = r.main(r.ask(call, "UserPoolClient", UserPoolId=pool, ClientId=r.id))
    r.set("UserPoolId", part, pool)
    r.set("GenerateSecret", part, lambda found: bool(found.get("ClientSecret")))
    r.fill(
        part,
        {"CallbackURLs": "CallbackURLs", "LogoutURLs": "LogoutURLs"},
        optional=("EnablePropagateAdditionalUserContextData",),
    )


def _pool(r: Reading) -> str:
    hint = r.hint("UserPoolId")
    pools = r.around.siblings("AWS::Cognito::UserPool")
    if isinstance(hint, str) and hint:
        return hint
    if len(pools) == 1:
        return pools[0]
    raise NoHintError("UserPoolId")


@reads("AWS::Cognito::UserPoolDomain", "cognito-idp:DescribeUserPoolDomain")
def user_pool_domain(r: Reading) -> None:
    """A domain that is not there is described by nothing."""
    part = r.main(r.ask("cognito-idp:DescribeUserPoolDomain", "DomainDescription", Domain=r.id), bare=True)
    if part.fault is None and not part.value.get("UserPoolId"):
        raise GoneError(part)
    r.fill(part)


@reads("AWS::Cognito::IdentityPool", "cognito-identity:DescribeIdentityPool")
def identity_pool(r: Reading) -> None:
    """All in one answer."""
    part = r.main(r.ask("cognito-identity:DescribeIdentityPool", IdentityPoolId=r.id))
    r.fill(part, optional=("AllowClassicFlow",))


@reads("AWS::Cognito::IdentityPoolRoleAttachment", "cognito-identity:GetIdentityPoolRoles")
def identity_pool_roles(r: Reading) -> None:
    """A pool without roles has no attachment."""
    pools = r.around.siblings("AWS::Cognito::IdentityPool")
    hint = r.hint("IdentityPoolId")
    pool = hint if isinstance(hint, str) and hint else r.id if ":" in r.id else pools[0] if len(pools) == 1 else ""
    if not pool:
        raise NoHintError("IdentityPoolId")
    part: Part = r.main(r.ask("cognito-identity:GetIdentityPoolRoles", IdentityPoolId=pool))
    if part.fault is None and not part.value.get("Roles"):
        raise GoneError(part)
    r.set("IdentityPoolId", part, pool)
    r.fill(part)
