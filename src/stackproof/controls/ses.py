"""Amazon SES: signed mail, encrypted delivery, watched bounces, senders that send only as themselves."""

from __future__ import annotations

from typing import Final

from stackproof.model import Claim, Fact, Inventory, Resource, Severity, all_of, control
from stackproof.resources import policies
from stackproof.resources.policies import IDENTITY_TYPES

IDENTITY: Final = "AWS::SES::EmailIdentity"
SET: Final = "AWS::SES::ConfigurationSet"
_SENDING: Final = ("ses:SendEmail", "ses:SendRawEmail", "ses:SendTemplatedEmail", "ses:SendBulkEmail")


@control(
    IDENTITY,
    severity=Severity.MEDIUM,
    remediation="Set DkimAttributes.SigningEnabled: true.",
)
def ses_mail_is_signed(identity: Resource) -> Claim:
    """Without DKIM receivers cannot tell your mail from a forgery, and put both into spam."""
    return identity["DkimAttributes"]["SigningEnabled"].equals(True)


@control(
    SET,
    severity=Severity.MEDIUM,
    remediation="Set DeliveryOptions.TlsPolicy to REQUIRE.",
)
def ses_delivery_requires_tls(config: Resource) -> Claim:
    """By default SES falls back to sending in clear, password resets included."""
    return config["DeliveryOptions"]["TlsPolicy"].equals("REQUIRE")


@control(
    SET,
    severity=Severity.LOW,
    remediation="Set ReputationOptions.ReputationMetricsEnabled: true.",
)
def ses_reputation_measured(config: Resource) -> Claim:
    """AWS stops the account's mail when bounces and complaints rise; the metrics show it coming."""
    return config["ReputationOptions"]["ReputationMetricsEnabled"].equals(True)


@control(
    SET,
    severity=Severity.LOW,
    remediation="Add an AWS::SES::ConfigurationSetEventDestination for BOUNCE, COMPLAINT and REJECT.",
)
def ses_bounces_are_reported(config: Resource, inventory: Inventory) -> Claim:
    """Mail that bounces, such as a password reset, is otherwise gone without anybody knowing."""
    destinations = inventory.pointing_to(
        config, "AWS::SES::ConfigurationSetEventDestination", at="ConfigurationSetName"
    )
    return destinations.any(
        lambda destination: all_of(
            (
                ~destination["EventDestination"]["Enabled"].equals(False),
                destination["EventDestination"]["MatchingEventTypes"].some(lambda kind: kind.matches("(?i)bounce")),
                destination["EventDestination"]["MatchingEventTypes"].some(lambda kind: kind.matches("(?i)complaint")),
            )
        )
    )


@control(
    *IDENTITY_TYPES,
    severity=Severity.MEDIUM,
    remediation="Name the identity's ARN in Resource, or add Condition StringEquals ses:FromAddress.",
)
def ses_senders_send_as_themselves(identity: Resource) -> Claim:
    """Whoever may send as any identity of the account can write phishing mail that is properly signed."""

    def unbound(statement: Fact) -> Claim:
        address = policies.condition_on(statement, ["ses:FromAddress", "ses:FromDisplayName"])
        sends = policies.allows(statement) & policies.covers(statement, *_SENDING)
        return policies.boundless(statement) & address.absent() & sends

    documents = policies.identity_documents(identity)
    return all_of(~policies.any_statement(document).some(unbound) for document in documents)
