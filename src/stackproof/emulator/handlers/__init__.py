"""Resource handlers: for each CloudFormation type, how to make, change and unmake it by API calls."""

from __future__ import annotations

from collections.abc import Mapping

from stackproof.emulator.handlers import (
    acm,
    amplify,
    apigateway,
    apigatewayv2,
    backup,
    cloudfront,
    cloudwatch,
    cognito,
    ec2,
    ec2_groups,
    ecr,
    ecs,
    elasticache,
    elbv2,
    iam,
    kms,
    lambda_functions,
    logs,
    messaging,
    rds,
    route53,
    s3,
    secretsmanager,
    ses,
    wafv2,
)
from stackproof.emulator.handlers.base import Handler
from stackproof.emulator.services import Services

_MODULES = (
    *(acm, amplify, apigateway, apigatewayv2, backup, cloudfront, cloudwatch, cognito, ec2, ec2_groups, ecr, ecs),
    *(elbv2, iam, kms, lambda_functions, logs, messaging, route53, s3, secretsmanager, ses, wafv2),
)


def all_handlers(services: Services) -> Mapping[str, Handler]:
    """Every handler by the type it makes."""
    found: list[Handler] = [handler for module in _MODULES for handler in module.HANDLERS]
    found += rds.handlers(services)
    found += elasticache.handlers(services)
    return {handler.type: handler for handler in found}
