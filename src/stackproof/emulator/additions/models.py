"""Corrections inside moto's models: endpoints that lead to the real data services, and what they forget."""

from __future__ import annotations

from typing import Any

from stackproof.emulator.additions.cache_models import correct_cache
from stackproof.emulator.additions.denials import correct_denials
from stackproof.emulator.services import Services


def correct(services: Services) -> None:
    """Apply every correction. Called once, before the server answers anything."""
    if services.database_port:
        _database_endpoint(services)
    correct_cache(services)
    correct_denials()
    _performance_insights()
    _log_delivery()
    _origins()
    _dashboard_tags()
    _rule_descriptions()
    _user_pools()
    _records()


def _log_delivery() -> None:
    """Access logs may be switched on before the target's policy is there, as on AWS: delivery then waits for it."""
    from moto.s3.models import FakeBucket

    model: Any = FakeBucket
    model._log_permissions_enabled_policy = lambda *_, **__: True


def _database_endpoint(services: Services) -> None:
    from moto.rds.models import DBInstance

    model: Any = DBInstance
    named = model.address.fget

    def address(self: Any) -> str:
        return services.database_host if self.engine == "postgres" else str(named(self))

    def endpoint(self: Any) -> dict[str, Any]:
        port = services.database_port if self.engine == "postgres" else self.port
        return {"Address": address(self), "Port": port}

    model.address = property(address)
    model.endpoint = property(endpoint)


def _performance_insights() -> None:
    from moto.rds.models import DBInstance

    model: Any = DBInstance
    begin, update = model.__init__, model.update
    kept = ("performance_insights_kms_key_id", "performance_insights_retention_period")

    def remember(self: Any, given: dict[str, Any]) -> None:
        if "enable_performance_insights" in given:
            self.performance_insights_enabled = given["enable_performance_insights"]
        for name in kept:
            if given.get(name) is not None:
                setattr(self, name, given[name])

    def begun(self: Any, *args: Any, **kwargs: Any) -> None:
        begin(self, *args, **kwargs)
        remember(self, kwargs)

    def updated(self: Any, *args: Any, **kwargs: Any) -> Any:
        answer = update(self, *args, **kwargs)
        remember(self, kwargs)
        return answer

    model.__init__ = begun
    model.update = updated


def _origins() -> None:
    """CloudFront: who signs for an origin, that it is a bucket, whose certificate is shown; key groups can go."""
    from moto.cloudfront.models import Origin, ViewerCertificate
    from moto.cloudfront.responses import CloudFrontResponse
    from moto.core.responses import EmptyResult

    origin: Any = Origin
    certificate: Any = ViewerCertificate
    make_origin, make_certificate = origin.__init__, certificate.__init__

    def origin_init(self: Any, given: dict[str, Any]) -> None:
        make_origin(self, given)
        self.origin_access_control_id = given.get("OriginAccessControlId") or ""
        if "S3OriginConfig" in given:
            self.s3_origin_config = {"OriginAccessIdentity": self.s3_access_identity or ""}

    def certificate_init(self: Any, given: dict[str, Any]) -> None:
        make_certificate(self, given)
        if self.acm_certificate_arn or self.iam_certificate_id:
            self.cloud_front_default_certificate = False
            self.certificate = self.acm_certificate_arn or self.iam_certificate_id
            self.certificate_source = "acm" if self.acm_certificate_arn else "iam"

    def delete_key_group(self: Any) -> Any:
        self.backend.key_groups.pop(self._get_param("Id"), None)
        return EmptyResult()

    response: Any = CloudFrontResponse
    response.delete_key_group = delete_key_group
    origin.__init__ = origin_init
    certificate.__init__ = certificate_init


def _dashboard_tags() -> None:
    from moto.cloudwatch.responses import CloudWatchResponse

    response: Any = CloudWatchResponse
    put = response.put_dashboard

    def put_dashboard(self: Any) -> Any:
        answer = put(self)
        backend = self.cloudwatch_backend
        arn = f"arn:aws:cloudwatch::{backend.account_id}:dashboard/{self._get_param('DashboardName')}"
        tags = self._get_param("Tags")
        if tags:
            backend.tagger.delete_all_tags_for_resource(arn)
            backend.tagger.tag_resource(arn, tags)
        return answer

    response.put_dashboard = put_dashboard


def _rule_descriptions() -> None:
    """EC2: a rule's description, whether the rule is about addresses or about a group."""
    from moto.ec2.models.security_groups import SecurityGroupRule

    model: Any = SecurityGroupRule
    model.description = property(lambda self: self.ip_range.get("Description") or self.source_group.get("Description"))


def _user_pools() -> None:
    """Cognito: a change of a user pool leaves what only its creation can say, as on AWS."""
    from moto.cognitoidp.models import CognitoIdpUserPool

    model: Any = CognitoIdpUserPool
    update = model.update_extended_config
    lasting = ("AliasAttributes", "UsernameAttributes", "UsernameConfiguration")

    def updated(self: Any, given: dict[str, Any]) -> None:
        before = getattr(self, "extended_config", {})
        update(self, {**given, **{name: before[name] for name in lasting if name in before}})

    model.update_extended_config = updated


def _records() -> None:
    """Route 53: a deleted record can be created again while another with the same name is there."""
    from moto.route53.models import Route53Backend

    model: Any = Route53Backend
    change = model.change_resource_record_sets

    def named(entry: dict[str, Any]) -> tuple[str, ...]:
        record = entry["ResourceRecordSet"]
        return record["Name"].strip("."), record["Type"], record.get("SetIdentifier", "")

    def changed(self: Any, zone: str, entries: list[dict[str, Any]]) -> None:
        change(self, zone, entries)
        gone = {named(entry) for entry in entries if entry["Action"] == "DELETE"}
        journal = self.get_hosted_zone(zone).rr_changes
        journal[:] = [entry for entry in journal if named(entry) not in gone]

    model.change_resource_record_sets = changed
