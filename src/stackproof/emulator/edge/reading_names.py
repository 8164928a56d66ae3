"""Reads Route 53 and finds out where each name leads."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Final

from stackproof.emulator.edge.rules import Gap, Record, Rules, Way

if TYPE_CHECKING:
    from stackproof.emulator.edge.reading import Clients, Settings

_UNSUPPORTED: Final = (
    "Region",
    "GeoLocation",
    "Failover",
    "MultiValueAnswer",
    "CidrRoutingConfig",
    "GeoProximityLocation",
)
_FOR_BROWSERS: Final = ("cognito-idp", "cognito-identity", "s3", "*.s3")  # AWS's own that web pages speak to
_LEADING: Final = ("A", "AAAA", "CNAME")


def read(clients: Clients, settings: Settings, rules: Rules) -> tuple[dict[str, tuple[Record, ...]], Sequence[Gap]]:
    """Give the records of each name. Names of load balancers, APIs and web applications are names, too."""
    region, gaps = settings.regions[0], list[Gap]()
    own, inner = _own(clients, settings, rules)
    found: dict[str, dict[str, list[dict[str, Any]]]] = {}
    for zone in clients.all("route53", region, "list_hosted_zones", "HostedZones"):
        if zone.get("Config", {}).get("PrivateZone"):
            continue
        records = clients.all(
            "route53", region, "list_resource_record_sets", "ResourceRecordSets", HostedZoneId=zone["Id"]
        )
        for record in records:
            if record["Type"] in _LEADING and not record["Name"].startswith("_"):
                found.setdefault(plain(record["Name"]), {}).setdefault(record["Type"], []).append(record)
    names: dict[str, tuple[Record, ...]] = {name: (Record(way),) for name, way in own.items()}
    own |= inner
    for name, by_type in found.items():
        led = next(by_type[type_] for type_ in _LEADING if type_ in by_type)  # as IPv4 clients see it
        if "_domainkey" not in name:
            names[name] = tuple(_record(record, own) for record in led)
    for name, all_of_name in names.items():
        gaps += [Gap(name, record.way.id, refused=True) for record in all_of_name if record.way.kind == "unjudged"]
    for region in settings.regions:
        names |= {f"{service}.{region}.amazonaws.com": (Record(Way("aws")),) for service in _FOR_BROWSERS}
    return names, gaps


def plain(name: str) -> str:
    """A name as clients say it: lower case, without the dot at its end, `*` instead of its code."""
    return name.lower().rstrip(".").replace("\\052", "*").removeprefix("dualstack.")


def _own(clients: Clients, settings: Settings, rules: Rules) -> tuple[dict[str, Way], dict[str, Way]]:
    """The names that AWS itself gives, and those that only records may lead to."""
    inner: dict[str, Way] = {}
    own = {plain(balancer.dns): Way("balancer", arn) for arn, balancer in rules.balancers.items()}
    for region in settings.regions:
        own |= _of_apis(clients, region, inner)
        for app in clients.all("amplify", region, "list_apps", "apps"):
            for branch in clients.all("amplify", region, "list_branches", "branches", appId=app["appId"]):
                own[plain(f"{branch['branchName']}.{app['defaultDomain']}")] = Way("site", app["appId"])
            domains = clients.all(
                "amplify", region, "list_domain_associations", "domainAssociations", appId=app["appId"]
            )
            for domain in domains:
                for sub in domain["subDomains"]:
                    prefix = sub["subDomainSetting"]["prefix"]
                    own[plain(f"{prefix}.{domain['domainName']}".lstrip("."))] = Way("site", app["appId"])
    for found in clients("cloudfront", settings.regions[0]).list_distributions()["DistributionList"].get("Items", []):
        text = "CloudFront distributions are not part of the edge"
        own |= {
            plain(name): Way("unjudged", text) for name in (found["DomainName"], *found["Aliases"].get("Items", []))
        }
    return own, inner


def _of_apis(clients: Clients, region: str, inner: dict[str, Way]) -> dict[str, Way]:
    own: dict[str, Way] = {}
    for domain in clients.all("apigateway", region, "get_domain_names", "items"):
        way = Way("api", domain["domainName"])
        own[plain(domain["domainName"])] = way
        for key in ("regionalDomainName", "distributionDomainName"):
            if domain.get(key):
                inner[plain(domain[key])] = way
    for api in clients.all("apigateway", region, "get_rest_apis", "items"):
        own[f"{api['id']}.execute-api.{region}.amazonaws.com"] = Way("default-api", api["id"])
    for api in clients.all("apigatewayv2", region, "get_apis", "Items"):
        text = f"{api['ProtocolType']} APIs are not part of the edge"
        own[f"{api['ApiId']}.execute-api.{region}.amazonaws.com".lower()] = Way("unjudged", text)
    return own


def _record(record: dict[str, Any], own: dict[str, Way]) -> Record:
    label, weight = record.get("SetIdentifier", ""), record.get("Weight")
    unsupported = [key for key in _UNSUPPORTED if record.get(key)]
    if unsupported:
        return Record(Way("unjudged", f"records by {unsupported[0]} are not followed"), label, weight)
    if record.get("HealthCheckId"):
        return Record(Way("unjudged", "health checks of records are not followed"), label, weight)
    if record["Type"] == "AAAA":
        return Record(Way("unjudged", "there is a record for IPv6 only"), label, weight)
    alias = record.get("AliasTarget")
    if alias:
        target, needs_health = plain(alias["DNSName"]), bool(alias.get("EvaluateTargetHealth"))
    else:
        values = [entry["Value"] for entry in record.get("ResourceRecords", [])]
        target, needs_health = plain(values[0]) if values else "", False
    way = own.get(target, Way("unjudged", f"it leads to {target}, which is not part of this environment"))
    return Record(way, label, weight, needs_health)
