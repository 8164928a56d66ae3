"""Amazon Cognito user pools, their clients, and identity pools."""

from __future__ import annotations

from stackproof.model import Cause, Claim, Resource, Severity, Unknown, Value, all_of, control
from stackproof.model.matching import Answer
from stackproof.resources.cognito import CLIENT, POOL, lives_at_most
from stackproof.resources.policy_values import hole_in, skeleton

IDENTITY_POOL = "AWS::Cognito::IdentityPool"
_DAY = 86400


@control(
    POOL,
    severity=Severity.HIGH,
    remediation="Set Policies.PasswordPolicy: MinimumLength at least 8, and all four Require... to true.",
)
def cognito_password_policy(pool: Resource) -> Claim:
    """Short passwords of one kind of character are guessed in hours; Cognito's own default asks for all kinds."""
    policy = pool["Policies"]["PasswordPolicy"]
    kinds = ("RequireUppercase", "RequireLowercase", "RequireNumbers", "RequireSymbols")
    strong = policy["MinimumLength"].at_least(8) & all_of(policy[kind].equals(True) for kind in kinds)
    return strong | policy.absent()


@control(
    POOL,
    severity=Severity.MEDIUM,
    remediation="Set MfaConfiguration to OPTIONAL or ON, and EnabledMfas to [SOFTWARE_TOKEN_MFA].",
)
def cognito_mfa_available(pool: Resource) -> Claim:
    """A password alone is as safe as the least careful site where its owner used it too; a factor must be named."""
    factor = pool["EnabledMfas"].present() | pool["SmsConfiguration"].present()
    return pool["MfaConfiguration"].one_of("OPTIONAL", "ON") & factor


@control(
    POOL,
    severity=Severity.LOW,
    remediation="Set UserPoolAddOns.AdvancedSecurityMode to ENFORCED (needs the Plus tier).",
)
def cognito_threat_protection(pool: Resource) -> Claim:
    """Threat protection refuses passwords known from leaks and sign-ins that do not look like their owner."""
    return pool["UserPoolAddOns"]["AdvancedSecurityMode"].equals("ENFORCED")


@control(
    POOL,
    severity=Severity.MEDIUM,
    remediation="Set DeletionProtection to ACTIVE.",
)
def cognito_pool_deletion_protected(pool: Resource) -> Claim:
    """A deleted user pool takes every account and password with it, and there is no backup of one."""
    return pool["DeletionProtection"].equals("ACTIVE")


@control(
    POOL,
    severity=Severity.LOW,
    remediation="Set AutoVerifiedAttributes to [email].",
)
def cognito_contact_verified(pool: Resource) -> Claim:
    """Without a verified address an account can be opened in somebody else's name, and cannot be recovered."""
    return pool["AutoVerifiedAttributes"].contains("email") | pool["AutoVerifiedAttributes"].contains("phone_number")


@control(
    CLIENT,
    severity=Severity.MEDIUM,
    remediation="Set AccessTokenValidity and IdTokenValidity to at most a day, and TokenValidityUnits beside them.",
)
def cognito_tokens_are_short(client: Resource) -> Claim:
    """An access or id token cannot be taken back everywhere; whoever steals one has it until it expires."""
    return lives_at_most(client, "Access", _DAY) & lives_at_most(client, "Id", _DAY)


@control(
    CLIENT,
    severity=Severity.MEDIUM,
    remediation="Set RefreshTokenValidity to at most 30 days, and TokenValidityUnits.RefreshToken beside it.",
)
def cognito_refresh_token_expires(client: Resource) -> Claim:
    """A refresh token is the session: 168 meant as hours is 168 days, because the unit defaults to days."""
    return lives_at_most(client, "Refresh", 30 * _DAY)


@control(
    CLIENT,
    severity=Severity.HIGH,
    remediation="Write every CallbackURL, LogoutURL and DefaultRedirectURI with https://.",
)
def cognito_urls_use_https(client: Resource) -> Claim:
    """The authorization code comes back on this URL; over http anyone on the way can take it."""
    lists = (client["CallbackURLs"], client["LogoutURLs"], client["DefaultRedirectURI"])
    return all_of(urls.each(lambda url: url.claim("https://...", _is_https)) for urls in lists)


@control(
    CLIENT,
    severity=Severity.MEDIUM,
    remediation="Remove implicit from AllowedOAuthFlows; use code with PKCE.",
)
def cognito_no_implicit_flow(client: Resource) -> Claim:
    """The implicit flow puts tokens into the address bar, from where they reach histories, logs and referrers."""
    return ~client["AllowedOAuthFlows"].contains("implicit")


@control(
    CLIENT,
    severity=Severity.MEDIUM,
    remediation="Set GenerateSecret: false for clients that run in a browser, on a phone or on a desktop.",
)
def cognito_public_client_has_no_secret(client: Resource) -> Claim:
    """Users sign in by SRP or implicit flow from their own device, where a secret is shipped to everyone."""
    flows = client["ExplicitAuthFlows"]
    on_device = (
        flows.contains("ALLOW_USER_SRP_AUTH")
        | flows.contains("USER_SRP_AUTH")
        | client["AllowedOAuthFlows"].contains("implicit")
    )
    return client["GenerateSecret"].equals(False).only_if(on_device)


@control(
    CLIENT,
    severity=Severity.MEDIUM,
    remediation="Set PreventUserExistenceErrors to ENABLED.",
)
def cognito_hides_who_is_known(client: Resource) -> Claim:
    """Different answers for a wrong name and a wrong password let anyone list who has an account."""
    return client["PreventUserExistenceErrors"].equals("ENABLED")


@control(
    CLIENT,
    severity=Severity.MEDIUM,
    remediation="Use ALLOW_USER_SRP_AUTH in place of USER_PASSWORD_AUTH and ADMIN_NO_SRP_AUTH.",
)
def cognito_passwords_stay_on_the_device(client: Resource) -> Claim:
    """In these flows the password itself goes over the wire and through the application; SRP proves it without."""
    plain = ("USER_PASSWORD_AUTH", "ALLOW_USER_PASSWORD_AUTH", "ADMIN_NO_SRP_AUTH")
    return client["ExplicitAuthFlows"].each(lambda flow: ~flow.one_of(*plain))


@control(
    CLIENT,
    severity=Severity.LOW,
    remediation="Remove EnableTokenRevocation: false.",
)
def cognito_tokens_can_be_revoked(client: Resource) -> Claim:
    """After a theft revoking the refresh token is the only way to end the session before it expires."""
    return client["EnableTokenRevocation"].equals(True)


@control(
    IDENTITY_POOL,
    severity=Severity.HIGH,
    remediation="Set AllowUnauthenticatedIdentities: false.",
    same_as=("CKV_AWS_366",),
)
def cognito_no_guests(pool: Resource) -> Claim:
    """Guest identities hand AWS credentials to everyone who asks."""
    return pool["AllowUnauthenticatedIdentities"].equals(False)


@control(
    IDENTITY_POOL,
    severity=Severity.MEDIUM,
    remediation="Remove AllowClassicFlow: true.",
)
def cognito_no_classic_flow(pool: Resource) -> Claim:
    """The classic flow lets the client choose the role, and skips the scope-down that Cognito adds."""
    return ~pool["AllowClassicFlow"].equals(True)


@control(
    IDENTITY_POOL,
    severity=Severity.LOW,
    remediation="Set ServerSideTokenCheck: true in every CognitoIdentityProviders entry.",
)
def cognito_identity_pool_checks_tokens(pool: Resource) -> Claim:
    """Without the check a user who was signed out or disabled gets AWS credentials until the token expires."""
    providers = pool["CognitoIdentityProviders"]
    return providers.each(lambda p: p["ServerSideTokenCheck"].equals(True)).only_if(providers.present())


def _is_https(value: Value) -> Answer:
    """The scheme decides, and it may be known where the host is not."""
    text = skeleton(value) or ""
    if "\ufffd" in text[: len("https://")] or "\ufffc" in text[: len("https://")]:
        return hole_in(value) or Unknown(Cause.NEEDS_LIVE, str(value))
    return text.startswith("https://")
