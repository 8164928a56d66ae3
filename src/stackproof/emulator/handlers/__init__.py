"""Resource handlers: for each CloudFormation type, how to make, change and unmake it by API calls."""

from __future__ import annotations

from collections.abc import Mapping

from stackproof.emulator.handlers import (
    ec2,
    ecr,
    elasticache,
    iam,
    kms,
    lambda_functions,
    logs,
    messaging,
    rds,
    s3,
    secretsmanager,
)
from stackproof.emulator.handlers.base import Handler
from stackproof.emulator.handlers.services import Services

_MODULES = (ec2, ecr, iam, kms, lambda_functions, logs, messaging, s3, secretsmanager)


def all_handlers(services: Services) -> Mapping[str, Handler]:
    """Every handler by the type it makes."""
    found: list[Handler] = [handler for module in _MODULES for handler in module.HANDLERS]
    found += rds.handlers(services)
    found += elasticache.handlers(services)
    return {handler.type: handler for handler in found}
