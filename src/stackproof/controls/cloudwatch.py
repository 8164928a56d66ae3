"""Amazon CloudWatch alarms: that they measure something that exists, and that somebody hears them."""

from __future__ import annotations

import re

from stackproof.model import Claim, Fact, Inventory, Resource, Severity, Value, all_of, any_of, control, not_applicable
from stackproof.model.matching import Answer, readable
from stackproof.model.values import Unknown
from stackproof.resources.alarms import ALARM, COMPOSITE, heard, metrics, names_existing, topics
from stackproof.resources.policy_values import skeleton
from stackproof.resources.sns import key_admits, policy_admits

# Metrics that AWS publishes for an account as a whole, without dimensions (service user guides, "metrics")
_ACCOUNT_WIDE = (
    "ConcurrentExecutions",
    "UnreservedConcurrentExecutions",
    "ClaimedAccountConcurrency",
    "Send",
    "Bounce",
    "Complaint",
    "Delivery",
    "Reject",
    "Reputation.BounceRate",
    "Reputation.ComplaintRate",
    "NumberOfBackupJobsFailed",
    "NumberOfBackupJobsCompleted",
    "NumberOfBackupJobsExpired",
    "NumberOfCopyJobsFailed",
    "NumberOfRestoreJobsFailed",
    "CallCount",
)


@control(
    ALARM,
    COMPOSITE,
    severity=Severity.HIGH,
    remediation="Set AlarmActions to a topic that people subscribe to, or name the alarm in a composite alarm.",
)
def alarm_has_action(alarm: Resource, inventory: Inventory) -> Claim:
    """An alarm without an action turns red on a page that nobody has open."""
    return alarm["AlarmActions"].present() | heard(alarm, inventory)


@control(
    ALARM,
    COMPOSITE,
    severity=Severity.HIGH,
    remediation="Remove ActionsEnabled: false.",
    same_as=("CKV_AWS_319",),
)
def alarm_actions_enabled(alarm: Resource) -> Claim:
    """An alarm whose actions are off changes its colour and tells nobody."""
    return alarm["ActionsEnabled"].equals(True)


@control(
    ALARM,
    COMPOSITE,
    severity=Severity.HIGH,
    remediation="Add a subscription to the topic in AlarmActions.",
)
def alarm_is_heard(alarm: Resource, inventory: Inventory) -> Claim:
    """An action that names a topic without a subscriber is the same as none."""
    return heard(alarm, inventory)


@control(
    ALARM,
    COMPOSITE,
    severity=Severity.HIGH,
    remediation="Encrypt the topic with a customer-managed key whose policy allows cloudwatch.amazonaws.com "
    "kms:Decrypt and kms:GenerateDataKey*.",
)
def alarm_topic_key_admits_cloudwatch(alarm: Resource, inventory: Inventory) -> Claim:
    """CloudWatch may not use the key alias/aws/sns: with it, or a key that leaves CloudWatch out, alarms vanish."""
    return topics(alarm, inventory).each(lambda topic: key_admits(topic, "cloudwatch", inventory))


@control(
    ALARM,
    COMPOSITE,
    severity=Severity.HIGH,
    remediation="Allow cloudwatch.amazonaws.com sns:Publish in the topic's policy.",
)
def alarm_topic_policy_admits_cloudwatch(alarm: Resource, inventory: Inventory) -> Claim:
    """A topic policy replaces the default one; if it leaves CloudWatch out, no alarm arrives."""
    return topics(alarm, inventory).each(lambda topic: policy_admits(topic, "cloudwatch", inventory))


@control(
    ALARM,
    severity=Severity.HIGH,
    remediation="Let each dimension name a resource by Ref or GetAtt.",
)
def alarm_measures_what_exists(alarm: Resource, inventory: Inventory) -> Claim:
    """An alarm on a resource that is not there has no data, so it never fires."""
    dimensions = [d for metric in metrics(alarm) for d in metric["Dimensions"].items()]
    if not dimensions:
        return not_applicable("the alarm's metrics have no dimensions", alarm.where("Dimensions"))
    return all_of(d["Name"].present() & names_existing(d["Name"], d["Value"], inventory) for d in dimensions)


@control(
    ALARM,
    severity=Severity.MEDIUM,
    remediation="Set Dimensions to the resource that the alarm is about.",
)
def alarm_metric_has_dimensions(alarm: Resource) -> Claim:
    """Without dimensions a metric is the sum over the whole account, or is not published at all and never alarms."""
    return all_of(
        metric["Dimensions"]
        .present()
        .only_if(metric["Namespace"].matches(r"AWS/.*") & ~metric["MetricName"].one_of(*_ACCOUNT_WIDE))
        for metric in metrics(alarm)
    )


@control(
    ALARM,
    severity=Severity.LOW,
    remediation="Set TreatMissingData: breaching where silence is bad (heartbeats), notBreaching where it is good.",
)
def alarm_decides_about_missing_data(alarm: Resource) -> Claim:
    """By default an alarm keeps its state while data is missing, which is when a dead system sends none."""
    return alarm["TreatMissingData"].one_of("breaching", "notBreaching", "ignore", "missing")


@control(
    ALARM,
    severity=Severity.HIGH,
    remediation="Give every entry of Metrics an Id (lower-case first letter) and one of Expression or MetricStat.",
)
def alarm_math_is_complete(alarm: Resource) -> Claim:
    """Expressions refer to metrics by their ids; an entry without one cannot be created."""

    def complete(item: Fact) -> Claim:
        named = item["Id"].matches(r"[a-z][a-zA-Z0-9_]*")
        expression, stat = item["Expression"].present(), item["MetricStat"].present()
        return named & ((expression & ~stat) | (stat & ~expression))

    return _math(alarm, alarm["Metrics"].each(complete))


@control(
    ALARM,
    severity=Severity.HIGH,
    remediation="Let expressions use only ids of the alarm's own Metrics, and no SEARCH.",
)
def alarm_math_uses_its_own_metrics(alarm: Resource) -> Claim:
    """CloudWatch refuses an alarm on an id that is not there, and on SEARCH, which may return any number of series."""
    items = alarm["Metrics"].items()

    def resolves(item: Fact) -> Claim:
        expression = item["Expression"]
        ids = [readable(other["Id"].value) for other in items]
        return expression.claim(f"an expression over {ids}", lambda value: _resolves(value, ids)).only_if(
            expression.present()
        )

    return _math(alarm, all_of(resolves(item) for item in items))


@control(
    ALARM,
    severity=Severity.HIGH,
    remediation="Set ReturnData: false on every entry of Metrics but the one that the alarm is about.",
)
def alarm_math_returns_one_series(alarm: Resource) -> Claim:
    """An alarm watches one series. ReturnData is true unless it says otherwise, so the inputs must be switched off."""
    items = alarm["Metrics"].items()
    returns = [item["ReturnData"].equals(True) for item in items]
    one = any_of(all_of(c if i == j else ~c for j, c in enumerate(returns)) for i in range(len(returns)))
    return _math(alarm, one).only_if(alarm["ThresholdMetricId"].absent())  # a band comes beside its metric


@control(
    COMPOSITE,
    severity=Severity.HIGH,
    remediation="Name the alarms in AlarmRule by reference: ALARM(${HighLatency}).",
)
def composite_alarm_names_alarms(alarm: Resource, inventory: Inventory) -> Claim:
    """A rule over an alarm that is not there cannot be created, or waits for it for ever."""
    rule = alarm["AlarmRule"]
    known = inventory.of_type(ALARM, COMPOSITE)

    def is_one(name: str) -> Claim:
        if "\ufffc" in name:  # a reference, which the evaluation has followed
            return rule.present()
        return known.any(lambda found: found["AlarmName"].equals(name))

    names = _rule_names(rule.value)
    return rule.present() & rule.claim("a rule that names alarms", lambda _: bool(names)) & all_of(map(is_one, names))


def _math(alarm: Resource, claim: Claim) -> Claim:
    return claim.only_if(alarm["Metrics"].present())


def _resolves(value: Value, ids: list[Value]) -> Answer:
    expression = readable(value)
    if not isinstance(expression, str):
        return expression if isinstance(expression, Unknown) else False
    bare = re.sub(r"'[^']*'|\"[^\"]*\"", "", expression)
    if re.search(r"\bSEARCH\s*\(", expression):
        return False
    if re.match(r"\s*SELECT\b", bare, re.IGNORECASE):  # a Metrics Insights query names metrics, not ids
        return True
    missing = set(re.findall(r"(?<![\w.])[a-z]\w*", bare)) - {str(found) for found in ids}
    unknown = next((found for found in ids if isinstance(found, Unknown)), None)
    return unknown if missing and unknown else not missing


def _rule_names(value: Value) -> list[str]:
    return [
        name.strip("\"' ")
        for name in re.findall(r"\b(?:ALARM|OK|INSUFFICIENT_DATA)\s*\(([^)]*)\)", skeleton(value) or "")
    ]
