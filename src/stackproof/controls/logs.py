"""Amazon CloudWatch Logs groups: how long they keep, and under which key."""

from __future__ import annotations

from stackproof.model import Claim, Inventory, Resource, Severity, control
from stackproof.resources import policies
from stackproof.resources.kms import admits, follow_key

GROUP = "AWS::Logs::LogGroup"


@control(
    GROUP,
    severity=Severity.MEDIUM,
    remediation="Set RetentionInDays, for example to 30 or 365.",
    same_as=("CKV_AWS_66",),
)
def logs_retention_set(group: Resource) -> Claim:
    """Without it logs are kept, and paid for, for ever; personal data in them may not be."""
    return group["RetentionInDays"].present()


@control(
    GROUP,
    severity=Severity.LOW,
    remediation="Set KmsKeyId to a customer-managed key that admits logs.<region>.amazonaws.com.",
    same_as=("CKV_AWS_158",),
)
def logs_use_own_key(group: Resource) -> Claim:
    """Logs quote requests and errors; a key of your own decides who can read them and leaves a trace of it."""
    return group["KmsKeyId"].present()


@control(
    GROUP,
    severity=Severity.HIGH,
    remediation="Allow logs.<region>.amazonaws.com kms:Encrypt, kms:Decrypt, kms:GenerateDataKey* in the key's policy.",
)
def logs_key_admits_logs(group: Resource, inventory: Inventory) -> Claim:
    """CloudWatch Logs refuses a key whose policy does not let it encrypt, and the stack stops there."""
    needed = ("kms:Encrypt", "kms:Decrypt", "kms:GenerateDataKey")
    admitted = follow_key(group["KmsKeyId"], inventory, lambda key: admits(key, "logs", *needed))
    return admitted.only_if(group["KmsKeyId"].present())


@control(
    "AWS::Logs::ResourcePolicy",
    severity=Severity.HIGH,
    remediation="Name the service in Principal and hold it to aws:SourceAccount or aws:SourceArn.",
)
def logs_policy_not_public(policy: Resource) -> Claim:
    """Everyone can then fill the log groups, at your cost, or hide what matters among what does not."""
    return ~policies.any_statement(policy["PolicyDocument"]).some(policies.public)
