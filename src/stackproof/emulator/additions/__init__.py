"""What moto lacks and the embedded AWS has: added API actions, and corrections of its models."""

from __future__ import annotations

from stackproof.emulator.additions import (
    amplify,
    backup,
    lambda_functions,
    models,
    rotation,
    services_of_tasks,
    ses,
    targets,
)
from stackproof.emulator.additions.routing import Additions, wsgi
from stackproof.emulator.services import Services

_MODULES = (amplify, backup, lambda_functions, rotation, services_of_tasks, ses, targets)


def install(services: Services, account: str) -> Additions:
    """Correct moto's models and return the added actions. Called once, before the server answers anything."""
    models.correct(services)
    return Additions([route for module in _MODULES for route in module.ROUTES], account)


__all__ = ["Additions", "install", "wsgi"]
