"""AWS Backup, Amazon SES and AWS Amplify."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from stackproof.model import ABSENT, Value
from stackproof.sources.live.parts import Part
from stackproof.sources.live.reading import Reading, reads


@reads(
    "AWS::Backup::BackupVault",
    "backup:DescribeBackupVault",
    "backup:GetBackupVaultNotifications",
    "backup:GetBackupVaultAccessPolicy",
    "backup:ListTags",
)
def vault(r: Reading) -> None:
    """Notifications and policy are calls of their own, and say by an error that there is none."""
    part = r.main(r.ask("backup:DescribeBackupVault", BackupVaultName=r.id))
    none = ("ResourceNotFoundException",)
    told = r.ask("backup:GetBackupVaultNotifications", absent=none, BackupVaultName=r.id).filled()
    r.set("Notifications", told, _notifications)
    policy = r.ask("backup:GetBackupVaultAccessPolicy", "Policy", absent=none, BackupVaultName=r.id)
    r.shape("AccessPolicy", policy) if policy.value else r.set("AccessPolicy", policy, ABSENT)
    r.set("LockConfiguration", part, _lock)
    arn = part.at("BackupVaultArn")
    r.tags(arn if arn.fault else r.ask("backup:ListTags", "Tags", ResourceArn=arn.value), "BackupVaultTags")
    r.fill(part)
    r.also(arn.value)


def _notifications(found: Mapping[str, Any]) -> Value:
    topic = found.get("SNSTopicArn")
    return {"SNSTopicArn": topic, "BackupVaultEvents": found.get("BackupVaultEvents") or []} if topic else ABSENT


def _lock(found: Mapping[str, Any]) -> Value:
    names = ("MinRetentionDays", "MaxRetentionDays")
    return {name: found[name] for name in names if name in found} if found.get("Locked") else ABSENT


@reads("AWS::Backup::BackupPlan", "backup:GetBackupPlan", "backup:ListTags")
def plan(r: Reading) -> None:
    """Rules and their vault have other names in the API."""
    part = r.main(r.ask("backup:GetBackupPlan", BackupPlanId=r.id))
    renames = {
        "BackupPlan.BackupPlanRule": "Rules",
        "BackupPlan.BackupPlanRule.TargetBackupVault": "TargetBackupVaultName",
    }
    arn = part.at("BackupPlanArn")
    r.tags(arn if arn.fault else r.ask("backup:ListTags", "Tags", ResourceArn=arn.value), "BackupPlanTags")
    r.fill(part, renames)
    r.also(arn.value)


@reads("AWS::Backup::BackupSelection", "backup:GetBackupSelection")
def selection(r: Reading) -> None:
    """Its physical id holds the selection's id and the plan's; which is which, the template says."""
    first, _, second = r.id.partition("_")
    hint = r.hint("BackupPlanId")
    plan_id = hint if isinstance(hint, str) and hint else second or r.needs("BackupPlanId")[0]
    key = second if first == plan_id else first
    part = r.main(r.ask("backup:GetBackupSelection", BackupPlanId=plan_id, SelectionId=key))
    r.set("BackupPlanId", part, plan_id)
    r.fill(part)


@reads("AWS::SES::EmailIdentity", "sesv2:GetEmailIdentity")
def email_identity(r: Reading) -> None:
    """All in one answer, in blocks of its own."""
    part = r.main(r.ask("sesv2:GetEmailIdentity", EmailIdentity=r.id))
    r.set("EmailIdentity", part, r.id)
    default = part.at("ConfigurationSetName", required=False)
    r.set("ConfigurationSetAttributes", default, lambda name: {"ConfigurationSetName": name})
    r.set("FeedbackAttributes", part, lambda found: _one(found, "FeedbackForwardingStatus", "EmailForwardingEnabled"))
    keys = part.at("DkimAttributes.NextSigningKeyLength", required=False)
    r.set("DkimSigningAttributes", keys, lambda length: {"NextSigningKeyLength": length})
    r.set("DkimAttributes", part.at("DkimAttributes"), lambda found: _one(found, "SigningEnabled", "SigningEnabled"))
    r.set("MailFromAttributes", part.at("MailFromAttributes", required=False), _mail_from)
    r.fill(part)


def _one(found: Mapping[str, Any], theirs: str, ours: str) -> Value:
    return {ours: found[theirs]} if theirs in found else ABSENT


def _mail_from(found: Mapping[str, Any]) -> Value:
    names = {"MailFromDomain": "MailFromDomain", "BehaviorOnMxFailure": "BehaviorOnMxFailure"}
    return {ours: found[theirs] for theirs, ours in names.items() if found.get(theirs)} or ABSENT


@reads("AWS::SES::ConfigurationSet", "sesv2:GetConfigurationSet")
def configuration_set(r: Reading) -> None:
    """All in one answer."""
    part = r.main(r.ask("sesv2:GetConfigurationSet", ConfigurationSetName=r.id))
    r.fill(part, {"Name": "ConfigurationSetName"})


@reads("AWS::SES::ConfigurationSetEventDestination", "sesv2:GetConfigurationSetEventDestinations")
def event_destination(r: Reading) -> None:
    """Found by its name among those of the configuration set."""
    owner, name = r.needs("ConfigurationSetName", "EventDestination.Name")
    asked = {"ConfigurationSetName": owner}
    part = r.find("sesv2:GetConfigurationSetEventDestinations", "EventDestinations", asked=asked, Name=name)
    r.set("ConfigurationSetName", part, owner)
    r.set("EventDestination", part, lambda found: _with_sources(r.shaped("EventDestination", found, part.shape, {})))


def _with_sources(destination: Value) -> Value:
    """The template writes `messageTag` where the API says `MESSAGE_TAG`."""
    watched = destination.get("CloudWatchDestination") if isinstance(destination, dict) else None
    configured = watched.get("DimensionConfigurations") if isinstance(watched, dict) else None
    for item in configured if isinstance(configured, list) else ():
        if isinstance(item, dict) and isinstance(source := item.get("DimensionValueSource"), str):
            first, *rest = source.lower().split("_")
            item["DimensionValueSource"] = first + "".join(word.capitalize() for word in rest)
    return destination


@reads("AWS::Amplify::App", "amplify:GetApp")
def app(r: Reading) -> None:
    """Its physical id is the ARN."""
    part = r.main(r.ask("amplify:GetApp", "app", appId=_amplify(r.id, 1)))
    r.also(_amplify(r.id, 1))
    r.set("EnvironmentVariables", part.at("environmentVariables", required=False), _variables)
    r.tags(part.at("tags", required=False))
    r.fill(part, but=("BasicAuthConfig", "AutoBranchCreationConfig"), optional=("EnableBranchAutoDeletion",))


@reads("AWS::Amplify::Branch", "amplify:GetBranch")
def branch(r: Reading) -> None:
    """Its physical id is the ARN."""
    part = r.main(r.ask("amplify:GetBranch", "branch", appId=_amplify(r.id, 1), branchName=_amplify(r.id, 3)))
    r.set("AppId", part, _amplify(r.id, 1))
    r.set("EnvironmentVariables", part.at("environmentVariables", required=False), _variables)
    r.tags(part.at("tags", required=False))
    r.fill(part, but=("BasicAuthConfig",))


@reads("AWS::Amplify::Domain", "amplify:GetDomainAssociation")
def domain(r: Reading) -> None:
    """Its physical id is the ARN."""
    call = "amplify:GetDomainAssociation"
    part: Part = r.main(r.ask(call, "domainAssociation", appId=_amplify(r.id, 1), domainName=_amplify(r.id, 3)))
    r.set("AppId", part, _amplify(r.id, 1))
    r.set("SubDomainSettings", part.at("subDomains"), _sub_domains)
    r.fill(part)


def _sub_domains(found: list[Mapping[str, Any]]) -> Value:
    settings = [item.get("subDomainSetting") or {} for item in found]
    return [{"Prefix": s.get("prefix", ""), "BranchName": s.get("branchName", "")} for s in settings]


def _variables(found: Mapping[str, Any]) -> Value:
    return [{"Name": name, "Value": value} for name, value in found.items()] or ABSENT


def _amplify(arn: str, index: int) -> str:
    """Pick from `arn:...:apps/ID/branches/NAME`."""
    parts = arn.rpartition(":")[2].split("/")
    return parts[index] if len(parts) > index else arn
