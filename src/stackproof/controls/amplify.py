"""AWS Amplify Hosting apps and branches."""

from __future__ import annotations

from stackproof.model import Claim, Inventory, Reference, Resource, Severity, Value, control
from stackproof.model.matching import Answer
from stackproof.resources.secret_values import no_plain_secret, parts_of

APP = "AWS::Amplify::App"
BRANCH = "AWS::Amplify::Branch"


@control(
    APP,
    severity=Severity.HIGH,
    remediation="Set AccessToken to a dynamic reference: {{resolve:secretsmanager:name:SecretString:token}}.",
)
def amplify_token_is_a_secret_reference(app: Resource) -> Claim:
    """A repository token in a template or parameter file gives whoever reads it the source code."""
    tokens = (app["AccessToken"], app["OauthToken"])
    first, second = (t.claim("a reference to a secret", _from_secret) | t.absent() for t in tokens)
    return (first & second).only_if(tokens[0].present() | tokens[1].present())


@control(
    APP,
    BRANCH,
    severity=Severity.HIGH,
    remediation="Remove the secret from EnvironmentVariables: what the build reads ends up in the public bundle.",
)
def amplify_environment_has_no_secrets(holder: Resource, inventory: Inventory) -> Claim:
    """Environment variables of a front end are built into files that every visitor downloads."""
    return holder["EnvironmentVariables"].each(
        lambda variable: (
            variable["Name"].present() & no_plain_secret(str(variable["Name"].value), variable["Value"], inventory)
        )
    )


@control(
    BRANCH,
    severity=Severity.LOW,
    remediation="Set EnableAutoBuild: true.",
)
def amplify_branch_builds_itself(branch: Resource) -> Claim:
    """A branch that is built by hand shows an older version than its commit says."""
    return branch["EnableAutoBuild"].equals(True)


@control(
    BRANCH,
    severity=Severity.MEDIUM,
    remediation="Set Stage: PRODUCTION on the branch that users see, and EnablePullRequestPreview: false on it.",
)
def amplify_previews_not_from_production(branch: Resource) -> Claim:
    """Previews of a production branch build anybody's pull request with production's variables and roles."""
    production = branch["Stage"].equals("PRODUCTION")
    return (~branch["EnablePullRequestPreview"].equals(True)).only_if(production)


def _from_secret(value: Value) -> Answer:
    return any(isinstance(part, Reference) and part.attribute.startswith("resolve:") for part in parts_of(value))
