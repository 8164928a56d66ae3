"""AWS IAM: who may take on a role, and what managed policies come with it."""

from __future__ import annotations

from stackproof.model import Claim, Fact, Inventory, Resource, Severity, Value, all_of, any_of, control
from stackproof.resources import policies
from stackproof.resources.iam import USERS_OF_ROLES
from stackproof.resources.policy_values import skeleton

ROLE = "AWS::IAM::Role"
_ADMIN = r"arn:[\w-]+:iam::aws:policy/(AdministratorAccess|PowerUserAccess|IAMFullAccess|AdministratorAccess-.+)"
_FULL = r"arn:[\w-]+:iam::aws:policy/(.+/)?\w*FullAccess(\w*)"

# Services whose documentation asks for aws:SourceArn or aws:SourceAccount in the trust policy of the role that they
# assume ("Cross-service confused deputy prevention" in each user guide); not those of Lambda, EC2 and API Gateway
_DEPUTIES = (
    "ecs-tasks",
    "states",
    "scheduler",
    "pipes",
    "events",
    "vpc-flow-logs",
    "glue",
    "sagemaker",
    "bedrock",
    "ses",
    "amplify",
    "config",
    "codebuild",
    "backup",
    "monitoring.rds",
    "cognito-idp",
    "iot",
    "transfer",
)


@control(
    ROLE,
    severity=Severity.CRITICAL,
    remediation="Name the principals in AssumeRolePolicyDocument, or add a Condition on aws:PrincipalOrgID.",
    same_as=("CKV_AWS_60", "CKV_AWS_61"),
)
def iam_trust_names_principals(role: Resource) -> Claim:
    """A role that everyone may assume is an open door into the account."""
    return ~policies.any_statement(role["AssumeRolePolicyDocument"]).some(policies.public)


@control(
    ROLE,
    severity=Severity.MEDIUM,
    remediation="Add Condition StringEquals sts:ExternalId (or aws:PrincipalOrgID) to the statement.",
)
def iam_trust_of_other_accounts_conditioned(role: Resource, inventory: Inventory) -> Claim:
    """A third party that acts for many customers can be talked into using your role for another one of them."""

    def held(statement: Fact) -> Claim:
        foreign = any_of(policies.foreign(p, inventory.account) for p in policies.principals(statement, "AWS"))
        shared = policies.condition_on(statement, ["sts:ExternalId", "aws:PrincipalOrgID", "aws:PrincipalOrgPaths"])
        return (shared.present() | policies.narrowed(statement)).only_if(policies.allows(statement) & foreign)

    return policies.any_statement(role["AssumeRolePolicyDocument"]).each(held)


@control(
    ROLE,
    severity=Severity.LOW,
    remediation="Add Condition aws:SourceAccount or aws:SourceArn to the statement of the trust policy.",
)
def iam_trust_of_services_held_to_source(role: Resource) -> Claim:
    """A service that acts for every customer could be made to take on this role for somebody else's resource."""

    def held(statement: Fact) -> Claim:
        deputy = any_of(policies.for_service(statement, service) for service in _DEPUTIES)
        return policies.narrowed(statement).only_if(policies.allows(statement) & deputy)

    return policies.any_statement(role["AssumeRolePolicyDocument"]).each(held)


@control(
    ROLE,
    severity=Severity.HIGH,
    remediation="Add Condition StringEquals <provider>:sub (for Cognito: cognito-identity.amazonaws.com:aud and :amr).",
)
def iam_trust_of_oidc_names_subject(role: Resource) -> Claim:
    """Every user of a public identity provider gets a token from it; only sub or aud says which of them are yours."""

    def held(statement: Fact) -> Claim:
        web = policies.covers(statement, "sts:AssumeRoleWithWebIdentity") & policies.allows(statement)
        claims = [c.values for c in policies.conditions(statement) if _names_subject(c.key) and _demands(c.operator)]
        named = any_of(values.each(lambda value: ~value.claim("*", _any_subject)) for values in claims)
        return any_of((named, *policies.hidden_conditions(statement))).only_if(web)

    return policies.any_statement(role["AssumeRolePolicyDocument"]).each(held)


@control(
    ROLE,
    severity=Severity.LOW,
    remediation="Remove from the trust policy the services that do not use the role.",
)
def iam_trusted_services_use_the_role(role: Resource, inventory: Inventory) -> Claim:
    """A service that is trusted but does not use the role is a way in that nobody watches."""
    statements = policies.statements(role["AssumeRolePolicyDocument"])
    claims = [
        any_of(inventory.pointing_to(role, kind, at=path).exists() for kind, path in users).only_if(
            any_of(policies.allows(s) & policies.for_service(s, service) for s in statements)
        )
        for service, users in USERS_OF_ROLES.items()
    ]
    return all_of(claims)


@control(
    ROLE,
    "AWS::IAM::User",
    "AWS::IAM::Group",
    severity=Severity.HIGH,
    remediation="Replace the managed policy by one with the actions and resources that are used.",
)
def iam_no_admin_managed_policy(identity: Resource) -> Claim:
    """AdministratorAccess, PowerUserAccess and IAMFullAccess each give the whole account away."""
    return identity["ManagedPolicyArns"].each(lambda arn: _not_named(arn, _ADMIN))


@control(
    ROLE,
    "AWS::IAM::User",
    "AWS::IAM::Group",
    severity=Severity.MEDIUM,
    remediation="Replace the ...FullAccess policy by one with the actions and resources that are used.",
)
def iam_no_full_access_managed_policy(identity: Resource) -> Claim:
    """A FullAccess policy holds every action of a service on every resource of it, deleting included."""
    return identity["ManagedPolicyArns"].each(lambda arn: _not_named(arn, _FULL) | ~_not_named(arn, _ADMIN))


@control(
    "AWS::IAM::OIDCProvider",
    severity=Severity.MEDIUM,
    remediation="Set ClientIdList to the one audience that asks for tokens, for example sts.amazonaws.com.",
)
def iam_oidc_provider_names_audience(provider: Resource) -> Claim:
    """Without an audience a token that was made for another service is good here too."""
    clients = provider["ClientIdList"]
    return clients.present() & clients.each(lambda client: ~client.matches(r".*\*.*"))


def _not_named(arn: Fact, pattern: str) -> Claim:
    """A reference names a policy of the system, never one of AWS's own."""
    plain = arn.claim("a policy of the system", lambda value: "\ufffc" in (skeleton(value) or ""))
    return plain | ~arn.matches(pattern)


def _names_subject(key: str) -> bool:
    return key.endswith(":sub") or key == "cognito-identity.amazonaws.com:aud"


def _demands(operator: str) -> bool:
    return operator.lower() in {"stringequals", "stringlike", "foranyvalue:stringequals", "foranyvalue:stringlike"}


def _any_subject(value: Value) -> bool:
    """`*`, `repo:*` and the like: every subject, or every repository of the provider."""
    text = skeleton(value)
    return text is not None and text.replace("*", "").rstrip(":/") in {"", "repo", "system:serviceaccount"}
