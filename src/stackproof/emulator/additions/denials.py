"""Refusals as AWS words them, when moto enforces IAM: the permission that a call needs, and each protocol's form.

moto answers every refusal with the XML of the older services, which clients of the JSON services cannot read, takes
some settings of a bucket for listing it, and a service's permissions for those of the name that it is signed with.
"""

from __future__ import annotations

from typing import Any, Final

# Parameter of the request: permission ("Actions, resources, and condition keys for Amazon S3")
_SETTINGS: Final = {
    "encryption": "GetEncryptionConfiguration",
    "publicAccessBlock": "GetBucketPublicAccessBlock",
    "ownershipControls": "GetBucketOwnershipControls",
    "replication": "GetReplicationConfiguration",
    "object-lock": "GetBucketObjectLockConfiguration",
}
# Name that requests are signed with: prefix of the permissions
_PREFIXES: Final = {"monitoring": "cloudwatch", "tagging": "tag"}
_XML: Final = frozenset({"cloudfront", "route53", "s3"})
# Services whose code for a refusal is one of their own (each one's API reference)
_CODES: Final = {"ec2": "UnauthorizedOperation", "sns": "AuthorizationError"}


def correct_denials() -> None:
    """Correct moto. Called once, before the server answers anything."""
    from moto.iam.access_control import IAMRequest
    from moto.s3.responses import ACTION_MAP

    actions: Any = ACTION_MAP
    actions["BUCKET"]["GET"] = {**_SETTINGS, **actions["BUCKET"]["GET"]}
    actions["CONTROL"]["GET"]["publicAccessBlock"] = "GetAccountPublicAccessBlock"
    request: Any = IAMRequest
    check = request.check_action_permitted

    def check_by_prefix(self: Any, resource: str) -> None:
        service, _, action = self._action.partition(":")
        self._action = f"{_PREFIXES.get(service, service)}:{action}"
        check(self, resource)

    request.check_action_permitted = check_by_prefix
    request._raise_access_denied = _refuse


def _refuse(request: Any) -> None:
    """Raise what the service would answer to this request."""
    from moto.core.exceptions import JsonRESTError, _RESTError

    service, headers = request._service, request._headers
    message = f"User: {request._access_key.arn} is not authorized to perform: {request._action}"
    targeted = bool(headers.get("X-Amz-Target"))
    form = str(headers.get("Content-Type", "")).startswith("application/x-www-form-urlencoded")
    if not targeted and (form or service in _XML):
        refusal = _RESTError(_CODES.get(service, "AccessDenied"), message)
        refusal.code = 403
        if service != "ec2":  # the only one that has a list of errors
            refusal.description = str(refusal.description).replace("<Errors>", "").replace("</Errors>", "")
    else:
        refusal = JsonRESTError("AccessDeniedException", message)
        refusal.code = 400 if targeted else 403
    raise refusal
