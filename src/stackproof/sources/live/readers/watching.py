"""Amazon CloudWatch and CloudWatch Logs."""

from __future__ import annotations

from stackproof.model import ABSENT
from stackproof.sources.live.reading import Reading, reads


@reads("AWS::CloudWatch::Alarm", "cloudwatch:DescribeAlarms", "cloudwatch:ListTagsForResource")
def alarm(r: Reading) -> None:
    """All alarms in one list; tags one by one."""
    part = r.find("cloudwatch:DescribeAlarms", "MetricAlarms", AlarmName=r.id)
    arn = part.at("AlarmArn")
    for name in ("AlarmActions", "OKActions", "InsufficientDataActions", "Dimensions", "Metrics"):
        empty = part.at(name, required=False)
        if empty.fault is None and not empty.value:
            r.set(name, part, ABSENT)
    if arn.fault is None:
        r.also(arn.value)
        r.tags(r.ask("cloudwatch:ListTagsForResource", "Tags", ResourceARN=arn.value))
    else:
        r.tags(arn)
    r.fill(part)


@reads("AWS::CloudWatch::Dashboard", "cloudwatch:GetDashboard", "cloudwatch:ListTagsForResource")
def dashboard(r: Reading) -> None:
    """The body is a text."""
    part = r.main(r.ask("cloudwatch:GetDashboard", DashboardName=r.id))
    r.set("DashboardName", part, r.id)
    r.set("DashboardBody", part.at("DashboardBody"), str)
    arn = part.at("DashboardArn")
    r.tags(arn if arn.fault else r.ask("cloudwatch:ListTagsForResource", "Tags", ResourceARN=arn.value))


@reads("AWS::Logs::LogGroup", "logs:DescribeLogGroups", "logs:ListTagsForResource")
def log_group(r: Reading) -> None:
    """Retention is absent where logs are kept for ever."""
    part = r.find("logs:DescribeLogGroups", "logGroups", logGroupName=r.id)
    r.fill(part, optional=("BearerTokenAuthenticationEnabled", "DeletionProtectionEnabled"))
    arn = part.at("arn")
    if arn.fault is None:
        bare = str(arn.value).removesuffix(":*")
        r.also(bare, f"{bare}:*")
        r.tags(r.ask("logs:ListTagsForResource", resourceArn=bare).at("tags", required=False))
    else:
        r.tags(arn)


@reads("AWS::Logs::ResourcePolicy", "logs:DescribeResourcePolicies")
def resource_policy(r: Reading) -> None:
    """All in one list."""
    part = r.find("logs:DescribeResourcePolicies", "resourcePolicies", policyName=r.id)
    r.fill(part)
