"""What moto lacks and the embedded AWS has: added API actions, and corrections of its models."""

from __future__ import annotations

from stackproof.emulator.additions import (
    amplify,
    backup,
    dead_letters,
    iam_simulation,
    lambda_functions,
    models,
    policy_evaluation,
    rotation,
    services_of_tasks,
    ses,
    strangers,
    targets,
)
from stackproof.emulator.additions.routing import Additions, wsgi
from stackproof.emulator.services import Services

_MODULES = (amplify, backup, dead_letters, lambda_functions, rotation, services_of_tasks, ses, targets)


def install(services: Services, account: str) -> Additions:
    """Correct moto's models and return the added actions. Called once, before the server answers anything."""
    models.correct(services)
    policy_evaluation.correct()
    strangers.correct()
    iam_simulation.correct()
    return Additions([route for module in _MODULES for route in module.ROUTES], account)


__all__ = ["Additions", "install", "wsgi"]
