"""IAM: the policy simulator, which moto lacks, and what keeps moto from enforcing policies on REST services.

Simulator and enforcement decide by the same reading of the caller's policies: identity policies with their resources
and conditions; no boundaries, no policies of organisations.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, Final

from stackproof.emulator.additions.policy_evaluation import Question, condition_keys, decide

_BODILESS: Final = ("GET", "HEAD", "DELETE")


def correct() -> None:
    """Correct moto. Called once, before the server answers anything."""
    from moto.iam.responses import IamResponse

    response: Any = IamResponse
    response.simulate_principal_policy = _simulate_principal_policy
    _signatures()
    _api_gateway()


def _signatures() -> None:
    """A request without a body is signed for an empty one; moto takes its headers for the body."""
    from moto.iam.access_control import IAMRequestBase

    base: Any = IAMRequestBase
    make = base._create_aws_request

    def create_aws_request(self: Any) -> Any:
        given = self._data
        if self._method in _BODILESS:
            self._data = {}
        try:
            return make(self)
        finally:
            self._data = given

    base._create_aws_request = create_aws_request


def _api_gateway() -> None:
    """API Gateway's actions are HTTP methods, on the paths of its API ("Amazon API Gateway Management", SAR)."""
    from moto.iam.access_control import IAMRequest

    request: Any = IAMRequest
    check = request.check_action_permitted

    def check_action_permitted(self: Any, resource: str) -> None:
        if self._service == "apigateway":
            self._action = f"apigateway:{self._method}"
            resource = f"arn:aws:apigateway:{self._region}::{_path(self._path)}"
        check(self, resource)

    request.check_action_permitted = check_action_permitted


def _path(path: str) -> str:
    """A path as API Gateway's ARNs have it: version 2 of the API is not in them."""
    return path.partition("?")[0].removeprefix("/v2")


def _simulate_principal_policy(self: Any) -> Any:
    from moto.core.responses import ActionResult

    actions, resources = self._get_param("ActionNames", []), self._get_param("ResourceArns", []) or ["*"]
    given = self._get_param("ContextEntries", [])
    context = {entry["ContextKeyName"].lower(): entry.get("ContextKeyValues", []) for entry in given}
    policies = list(_policies(self.backend, self._get_param("PolicySourceArn")))
    questions = [Question(action, resource, None, context) for action in actions for resource in resources]
    results = [
        {
            "EvalActionName": question.action,
            "EvalResourceName": question.resource,
            "EvalDecision": decide(policies, question).value,
            "MissingContextValues": condition_keys(policies, question),
        }
        for question in questions
    ]
    return ActionResult({"EvaluationResults": results, "IsTruncated": False})


def _policies(backend: Any, arn: str) -> Iterable[Mapping[str, Any]]:
    """The policies of a user or role, its groups' too, as moto's enforcement gathers them."""
    from moto.iam.access_control import AssumedRoleAccessKey, IAMPolicy, IAMUserAccessKey
    from moto.iam.exceptions import NotFoundException

    kind, _, name = arn.rpartition(":")[2].partition("/")
    name = name.rpartition("/")[2]
    keys: Mapping[str, tuple[Any, str]] = {
        "user": (IAMUserAccessKey, "_owner_user_name"),
        "role": (AssumedRoleAccessKey, "_owner_role_name"),
    }
    if kind not in keys:
        raise NotFoundException(f"The entity {arn} cannot be found")
    backend.get_user(name) if kind == "user" else backend.get_role(name)  # raises NoSuchEntity
    made, attribute = keys[kind]
    key: Any = object.__new__(made)
    key.account_id, key.partition = backend.account_id, backend.partition
    setattr(key, attribute, name)
    for policy in key.collect_policies():
        document: Mapping[str, Any] = IAMPolicy(policy)._policy_json
        yield document
