"""The account's own watchers: AWS Config, GuardDuty, Security Hub and Budgets."""

from __future__ import annotations

from stackproof.model import Claim, Inventory, Resource, Severity, control

RECORDER = "AWS::Config::ConfigurationRecorder"
BUDGET = "AWS::Budgets::Budget"


@control(
    RECORDER,
    severity=Severity.MEDIUM,
    remediation="Set RecordingGroup: {AllSupported: true, IncludeGlobalResourceTypes: true}.",
)
def config_records_everything(recorder: Resource) -> Claim:
    """What AWS Config does not record can change without a trace, IAM above all."""
    group = recorder["RecordingGroup"]
    everything = group["AllSupported"].equals(True) & group["IncludeGlobalResourceTypes"].equals(True)
    return everything | group.absent()


@control(
    RECORDER,
    severity=Severity.HIGH,
    remediation="Add an AWS::Config::DeliveryChannel with a bucket.",
)
def config_delivers(_recorder: Resource, inventory: Inventory) -> Claim:
    """A recorder without a delivery channel does not start."""
    channels = inventory.of_type("AWS::Config::DeliveryChannel")
    return channels.any(lambda channel: channel["S3BucketName"].present())


@control(
    "AWS::GuardDuty::Detector",
    severity=Severity.HIGH,
    remediation="Set Enable of the detector to true.",
)
def guardduty_is_on(detector: Resource) -> Claim:
    """A detector that is switched off finds nothing."""
    return detector["Enable"].equals(True)


@control(
    "AWS::SecurityHub::Hub",
    severity=Severity.LOW,
    remediation="Remove EnableDefaultStandards: false and AutoEnableControls: false.",
)
def securityhub_checks_standards(hub: Resource) -> Claim:
    """Without a standard switched on Security Hub only passes on what others find."""
    return hub["EnableDefaultStandards"].equals(True) & hub["AutoEnableControls"].equals(True)


@control(
    BUDGET,
    severity=Severity.LOW,
    remediation="Add NotificationsWithSubscribers with a Notification and at least one Subscriber.",
)
def budget_tells_somebody(budget: Resource) -> Claim:
    """A budget that notifies nobody is a number on a page."""
    notices = budget["NotificationsWithSubscribers"]
    return notices.present() & notices.each(lambda notice: notice["Subscribers"].present())
