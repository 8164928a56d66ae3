"""AWS WAF web ACLs: what they look for, and whether anything stands behind them."""

from __future__ import annotations

from stackproof.model import Cause, Claim, Fact, Inventory, Resource, Severity, Unknown, all_of, any_of, control
from stackproof.resources.wafv2 import MATCHES, blocks, enforced, looks_for, rules, uses_group, within

ACL = "AWS::WAFv2::WebACL"
GROUP = "AWS::WAFv2::RuleGroup"
LOGGING = "AWS::WAFv2::LoggingConfiguration"


@control(
    ACL,
    GROUP,
    severity=Severity.MEDIUM,
    remediation="Set VisibilityConfig with CloudWatchMetricsEnabled, SampledRequestsEnabled and MetricName, "
    "in the ACL and in every rule.",
)
def waf_rules_have_metrics(acl: Resource) -> Claim:
    """Without metrics nobody sees an attack or a false block; AWS refuses a rule that leaves VisibilityConfig out."""
    return _visible(acl.fact) & rules(acl).each(_visible)


@control(
    ACL,
    severity=Severity.MEDIUM,
    remediation="Add a rule with a RateBasedStatement and Action Block.",
)
def waf_limits_rates(acl: Resource) -> Claim:
    """One address that asks without end guesses passwords and takes the service away from everybody else."""
    return rules(acl).some(lambda rule: looks_for(rule, "RateBasedStatement") & blocks(rule))


@control(
    ACL,
    severity=Severity.MEDIUM,
    remediation="Add a rule with SqliMatchStatement and Action Block, or the managed group AWSManagedRulesSQLiRuleSet.",
)
def waf_blocks_sql_injection(acl: Resource) -> Claim:
    """SQL in a request is how databases are read through the application's own connection."""
    return rules(acl).some(
        lambda rule: (
            (looks_for(rule, "SqliMatchStatement") & blocks(rule)) | uses_group(rule, "AWSManagedRulesSQLiRuleSet")
        )
    )


@control(
    ACL,
    severity=Severity.MEDIUM,
    remediation="Add a rule with XssMatchStatement and Action Block, or the group AWSManagedRulesCommonRuleSet.",
)
def waf_blocks_cross_site_scripting(acl: Resource) -> Claim:
    """A script in a request that is shown to others runs in their browsers with their sessions."""
    return rules(acl).some(
        lambda rule: (
            (looks_for(rule, "XssMatchStatement") & blocks(rule)) | uses_group(rule, "AWSManagedRulesCommonRuleSet")
        )
    )


@control(
    ACL,
    severity=Severity.LOW,
    remediation="Add the managed group AWSManagedRulesKnownBadInputsRuleSet without overriding its actions.",
    same_as=("CKV_AWS_192",),
)
def waf_blocks_known_bad_inputs(acl: Resource) -> Claim:
    """Known exploits such as Log4Shell are tried against every address within hours."""
    return rules(acl).some(lambda rule: uses_group(rule, "AWSManagedRulesKnownBadInputsRuleSet"))


@control(
    ACL,
    GROUP,
    severity=Severity.HIGH,
    remediation="Add TextTransformations (at least Priority 0, Type NONE) and FieldToMatch to every match statement, "
    "also to those inside a rate rule's ScopeDownStatement.",
)
def waf_matches_are_complete(acl: Resource) -> Claim:
    """AWS refuses a match statement without its field and transformations, and the ACL is never created."""

    def complete(statement: Fact) -> Claim:
        return all_of(
            (statement[kind]["TextTransformations"].present() & statement[kind]["FieldToMatch"].present()).only_if(
                statement[kind].present()
            )
            for kind in MATCHES
        )

    return rules(acl).each(lambda rule: all_of(complete(statement) for statement in within(rule["Statement"])))


@control(
    ACL,
    severity=Severity.MEDIUM,
    remediation="Set Action: {Block: {}} on own rules, and OverrideAction: {None: {}} on rule groups.",
)
def waf_rules_act(acl: Resource) -> Claim:
    """A rule that only counts lets the attack through and tells you afterwards."""

    def acts(rule: Fact) -> Claim:
        decides = any_of(rule[word].present() for word in ("Action", "OverrideAction"))
        counts = rule["Action"]["Count"].claim("Count", lambda value: isinstance(value, dict))
        return decides & ~counts & enforced(rule)

    return rules(acl).each(acts)


@control(
    ACL,
    severity=Severity.HIGH,
    remediation="Give each rule of the ACL a Priority of its own.",
)
def waf_priorities_are_unique(acl: Resource) -> Claim:
    """AWS refuses two rules of one priority, because it could not say which of them comes first."""
    priorities = [rule["Priority"] for rule in rules(acl).items()]
    return all_of(
        priority.present() & all_of(~priority.equals(other.value) for other in priorities if other is not priority)
        for priority in priorities
    )


@control(
    ACL,
    severity=Severity.MEDIUM,
    remediation="Add rules, or managed rule groups, to Rules.",
)
def waf_acl_has_rules(acl: Resource) -> Claim:
    """A web ACL without rules inspects nothing."""
    return rules(acl).present()


@control(
    ACL,
    severity=Severity.HIGH,
    remediation="Add an AWS::WAFv2::WebACLAssociation (load balancer, API stage, user pool), or set the distribution's "
    "WebACLId.",
)
def waf_acl_attached(acl: Resource, inventory: Inventory) -> Claim:
    """A web ACL that is attached to nothing protects nothing."""
    at_edge = inventory.pointing_to(acl, "AWS::CloudFront::Distribution", at="DistributionConfig.WebACLId").exists()
    regional = inventory.pointing_to(acl, "AWS::WAFv2::WebACLAssociation", at="WebACLArn").exists()
    edge = acl["Scope"].equals("CLOUDFRONT")
    return (at_edge & edge) | (regional & ~edge)


@control(
    ACL,
    severity=Severity.MEDIUM,
    remediation="Add an AWS::WAFv2::LoggingConfiguration whose ResourceArn is the web ACL.",
)
def waf_acl_logged(acl: Resource, inventory: Inventory) -> Claim:
    """The sampled requests are a few per minute; only the log says what was blocked and what was let through."""
    return inventory.pointing_to(acl, LOGGING, at="ResourceArn").exists()


@control(
    LOGGING,
    severity=Severity.HIGH,
    remediation="Let the name of the log group, bucket or stream start with aws-waf-logs-.",
)
def waf_log_destination_named(logging: Resource, inventory: Inventory) -> Claim:
    """AWS WAF refuses a destination whose name does not start with aws-waf-logs-."""

    def named(destination: Fact) -> Claim:
        target = inventory.target(destination)
        if isinstance(target, Resource):
            return any_of(target[at].matches(r"aws-waf-logs-.*") for at in _NAMES.get(target.type, ("Name",)))
        return destination.matches(r"arn:[\w-]+:(s3:::|logs:.*:log-group:|firehose:.*:deliverystream/)aws-waf-logs-.*")

    return logging["LogDestinationConfigs"].present() & logging["LogDestinationConfigs"].each(named)


@control(
    ACL,
    "AWS::WAFv2::IPSet",
    "AWS::WAFv2::RegexPatternSet",
    GROUP,
    severity=Severity.HIGH,
    remediation="Deploy the stack with Scope CLOUDFRONT to us-east-1.",
)
def waf_edge_scope_in_us_east_1(acl: Resource, inventory: Inventory) -> Claim:
    """CloudFront takes its web ACLs from us-east-1 only; anywhere else the scope is refused."""
    region = inventory.region or Unknown(Cause.UNRESOLVED_PARAMETER, "AWS::Region")
    here = Fact("AWS::Region", region, acl.where("Scope"))
    return here.equals("us-east-1").only_if(acl["Scope"].equals("CLOUDFRONT"))


_NAMES = {
    "AWS::Logs::LogGroup": ("LogGroupName",),
    "AWS::S3::Bucket": ("BucketName",),
    "AWS::KinesisFirehose::DeliveryStream": ("DeliveryStreamName",),
}


def _visible(holder: Fact) -> Claim:
    config = holder["VisibilityConfig"]
    return all_of(
        (
            config["CloudWatchMetricsEnabled"].equals(True),
            config["SampledRequestsEnabled"].equals(True),
            config["MetricName"].present(),
        )
    )
