"""Amazon Route 53 records, zones and health checks."""

from __future__ import annotations

from stackproof.model import Claim, Fact, Inventory, Reference, Resource, Severity, Value, all_of, any_of, control
from stackproof.model.facts import as_number
from stackproof.model.matching import Answer, readable
from stackproof.model.values import Unknown
from stackproof.resources.policy_values import skeleton
from stackproof.resources.route53 import RECORD, RECORD_GROUP, is_routed, namesakes, records, same_name, siblings

ZONE = "AWS::Route53::HostedZone"
# Names that AWS gives out again when their owner has deleted the thing behind them
_REUSABLE = (
    r"(?i).*\.(cloudfront\.net|elasticbeanstalk\.com|s3-website[.-].*|s3\..*|s3\.amazonaws\.com|amplifyapp\.com)\.?"
)


@control(
    RECORD,
    RECORD_GROUP,
    severity=Severity.MEDIUM,
    remediation="Let the Weights of all records of one name and type sum to 100.",
)
def route53_weights_sum_to_100(holder: Resource, inventory: Inventory) -> Claim:
    """Weights are shares: only when they sum to 100 does 10 mean ten percent, and all zeros mean equal shares."""

    def complete(record: Fact) -> Claim:
        weights = [other["Weight"] for other in siblings(record, inventory)]
        total = record["Weight"].claim("weights of this name that sum to 100", lambda _: _sums(weights, 100))
        return total.only_if(record["Weight"].claim("a weight", lambda value: isinstance(value, str | int | float)))

    return all_of(complete(record) for record in records(holder))


@control(
    RECORD,
    RECORD_GROUP,
    severity=Severity.MEDIUM,
    remediation="Set AliasTarget.EvaluateTargetHealth: true, or HealthCheckId where there is no alias.",
)
def route53_routed_records_follow_health(holder: Resource) -> Claim:
    """Without a health check Route 53 goes on sending its share of visitors to the colour or region that is down."""

    def healthy(record: Fact) -> Claim:
        checked = record["AliasTarget"]["EvaluateTargetHealth"].equals(True) | record["HealthCheckId"].present()
        return checked.only_if(is_routed(record))

    return all_of(healthy(record) for record in records(holder))


@control(
    RECORD,
    RECORD_GROUP,
    severity=Severity.HIGH,
    remediation="Give a record either AliasTarget (Type A or AAAA, no TTL) or ResourceRecords with TTL.",
)
def route53_alias_or_values(holder: Resource) -> Claim:
    """Route 53 refuses a record that is both, and an alias of type CNAME to anything but a record of the zone."""

    def one_kind(record: Fact) -> Claim:
        alias, values = record["AliasTarget"].present(), record["ResourceRecords"].present()
        as_alias = alias & ~values & record["TTL"].absent() & ~record["Type"].equals("CNAME")
        return as_alias | (values & ~alias & record["TTL"].present())

    return all_of(one_kind(record) for record in records(holder))


@control(
    RECORD,
    RECORD_GROUP,
    severity=Severity.HIGH,
    remediation="Use alias records of type A and AAAA for every record of the name, or CNAME for every one.",
)
def route53_cname_stands_alone(holder: Resource, inventory: Inventory) -> Claim:
    """DNS allows no other record beside a CNAME of the same name; Route 53 refuses the second one."""

    def alone(record: Fact) -> Claim:
        return ~any_of(
            same_name(other, record) & _one_is_cname(other, record) for other in namesakes(record, inventory)
        )

    return all_of(alone(record) for record in records(holder))


@control(
    RECORD,
    RECORD_GROUP,
    severity=Severity.HIGH,
    remediation="Give each record of one name and type a SetIdentifier of its own.",
)
def route53_set_identifiers_are_unique(holder: Resource, inventory: Inventory) -> Claim:
    """Two records of one identifier overwrite each other, and the name loses a colour or a region."""

    def single(record: Fact) -> Claim:
        own = record["SetIdentifier"]
        others = [other for other in siblings(record, inventory) if other != record]
        unique = all_of(~other["SetIdentifier"].equals(own.value) for other in others)
        return (own.present() & unique).only_if(is_routed(record))

    return all_of(single(record) for record in records(holder))


@control(
    RECORD,
    RECORD_GROUP,
    severity=Severity.MEDIUM,
    remediation="Write the target as a reference to the distribution, bucket or environment of the system.",
)
def route53_targets_are_references(holder: Resource, inventory: Inventory) -> Claim:
    """A name that AWS gives out again belongs to whoever asks next, once the target is deleted and the record stays."""

    def owned(target: Fact) -> Claim:
        literal = target.claim("a literal", lambda value: _is_literal(value) and (inventory.may_name(target) or True))
        return ~(literal & target.matches(_REUSABLE))

    return all_of(
        owned(record["AliasTarget"]["DNSName"]) & record["ResourceRecords"].each(owned) for record in records(holder)
    )


def _is_literal(value: Value) -> bool:
    """A reference is none, even where it is known what it will be."""
    return not isinstance(value, Reference) and "\ufffc" not in (skeleton(value) or "")


@control(
    ZONE,
    severity=Severity.MEDIUM,
    remediation="Set QueryLoggingConfig.CloudWatchLogsLogGroupArn of the public zone.",
)
def route53_queries_logged(zone: Resource) -> Claim:
    """Only the query log shows which names are asked for, and so a takeover or data carried out in names."""
    return zone["QueryLoggingConfig"]["CloudWatchLogsLogGroupArn"].present().only_if(zone["VPCs"].absent())


@control(
    ZONE,
    severity=Severity.LOW,
    remediation="Add AWS::Route53::DNSSEC for the zone, and a key signing key.",
)
def route53_zone_signed(zone: Resource, inventory: Inventory) -> Claim:
    """An unsigned answer can be forged on its way, and the visitor lands somewhere else."""
    signed = inventory.pointing_to(zone, "AWS::Route53::DNSSEC", at="HostedZoneId").exists()
    return signed.only_if(zone["VPCs"].absent())


@control(
    "AWS::Route53::HealthCheck",
    severity=Severity.LOW,
    remediation="Set HealthCheckConfig.Type to HTTPS or HTTPS_STR_MATCH, with the health endpoint's port and path.",
)
def route53_health_check_uses_https(check: Resource) -> Claim:
    """A check over http or a bare connection stays green when TLS or the application is broken."""
    return ~check["HealthCheckConfig"]["Type"].one_of("HTTP", "HTTP_STR_MATCH", "TCP")


def _one_is_cname(left: Fact, right: Fact) -> Claim:
    return (left["Type"].equals("CNAME") & ~right["Type"].equals("CNAME")) | (
        right["Type"].equals("CNAME") & ~left["Type"].equals("CNAME")
    )


def _sums(weights: list[Fact], expected: float) -> Answer:
    total = 0.0
    for weight in weights:
        plain: Value = readable(weight.value)
        if isinstance(plain, Unknown):
            return plain
        total += as_number(plain) or 0
    return total == expected
