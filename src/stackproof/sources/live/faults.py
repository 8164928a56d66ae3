"""What can go wrong with a call, sorted into causes at this one place, each with what to do about it."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from stackproof.model import Cause, Unknown

_DENIED: Final = frozenset(
    {
        "AccessDenied",
        "AccessDeniedException",
        "AuthorizationError",
        "AuthorizationErrorException",
        "Forbidden",
        "ForbiddenException",
        "NotAuthorized",
        "UnauthorizedAccess",
        "UnauthorizedException",
        "UnauthorizedOperation",
        "403",
    }
)
# botocore's own list of throttling codes (botocore.retries.standard), kept here because it is not public
_THROTTLED: Final = frozenset(
    {
        "BandwidthLimitExceeded",
        "EC2ThrottledException",
        "PriorRequestNotComplete",
        "ProvisionedThroughputExceededException",
        "RequestLimitExceeded",
        "RequestThrottled",
        "RequestThrottledException",
        "SlowDown",
        "ThrottledException",
        "Throttling",
        "ThrottlingException",
        "TooManyRequestsException",
        "429",
    }
)
_EXPIRED: Final = frozenset({"ExpiredToken", "ExpiredTokenException", "RequestExpired", "TokenRefreshRequired"})
_BAD_KEY: Final = frozenset(
    {
        "AuthFailure",
        "InvalidAccessKeyId",
        "InvalidClientTokenId",
        "SignatureDoesNotMatch",
        "UnrecognizedClientException",
    }
)
_REGION: Final = frozenset({"OptInRequired", "RegionDisabledException", "SubscriptionRequiredException"})
_UNSUPPORTED: Final = frozenset(
    {
        "NotImplemented",
        "NotImplementedException",
        "TypeNotFoundException",
        "UnsupportedActionException",
        "UnknownAction",
    }
)
# The words in which AWS says that a thing is not there. A bare 404 may be a proxy's, or an action that is not served.
_GONE: Final = re.compile(
    r"(NotFound|NotFoundException|NotFoundFault|NotFoundError|DoesNotExist|DoesNotExistFault)$|^NoSuch|Non[Ee]xist"
)

ADVICE: Final[dict[Cause, str]] = {
    Cause.ACCESS_DENIED: "Add the permission to the policies of the reading role (stackproof permissions prints them).",
    Cause.DENIED_BY_RESOURCE: "Let the resource's own policy allow the reading role.",
    Cause.DENIED_BY_ORGANISATION: "A control policy of the organisation denies it; the account cannot allow it.",
    Cause.THROTTLED: "Run again, or with fewer workers; the account's API rate is used up.",
    Cause.TIMEOUT: "Run again; look at the network between here and AWS.",
    Cause.NOT_DEPLOYED: "Deploy the stack, or name the environment in which it is.",
    Cause.NO_CREDENTIALS: "Give credentials: AWS_PROFILE, aws sso login, or a role in the pipeline.",
    Cause.EXPIRED_CREDENTIALS: "Renew the credentials: aws sso login, or assume the role again.",
    Cause.WRONG_ACCOUNT: "Use credentials of the environment's account, or correct `account` in system.yaml.",
    Cause.REGION_OFF: "Enable the region in the account, or correct `region` in system.yaml.",
    Cause.ENDPOINT_OFF: "Nothing answers there: look at the endpoint, the proxy and the name resolution.",
    Cause.SERVICE_ERROR: "AWS failed to answer. Run again; the request id is in the evidence.",
    Cause.MALFORMED: "The answer is not what the API documents. Run again; a proxy or an emulator may have cut it.",
    Cause.UNSUPPORTED_TYPE: "There is no reader for this type here, or the emulator has no backend for it.",
    Cause.WRITE_ONLY: "AWS never gives this property back; judge it on the template.",
    Cause.NOT_READ: "No call that is made answers this property; judge it on the template.",
}
# Faults of the connection, not of one call: the next call to the same place would end the same way.
LASTING: Final = frozenset({Cause.NO_CREDENTIALS, Cause.EXPIRED_CREDENTIALS, Cause.ENDPOINT_OFF, Cause.WRONG_ACCOUNT})

# Faults that take long to find out: every attempt waits.
SPENDING: Final = frozenset({Cause.THROTTLED, Cause.TIMEOUT})


@dataclass(frozen=True, slots=True)
class Fault:
    """Why a call gave no answer: the cause, AWS's error code and message. `gone` says that the thing is not there."""

    cause: Cause
    code: str
    message: str
    gone: bool = False

    def unknown(self, permission: str) -> Unknown:
        """The unknown that everything becomes which this call should have answered; it names the permission."""
        return Unknown(self.cause, permission)


def fault_of(error: Exception) -> Fault | None:
    """Sort an exception of botocore; None for one that is a mistake of the calling code."""
    from botocore import exceptions as e
    from botocore.parsers import ResponseParserError

    if isinstance(error, e.ClientError):
        return _answered(error.response)
    if isinstance(error, e.ParamValidationError | e.UnknownServiceError | e.MissingParametersError):
        return None
    for kinds, cause in (
        ((e.NoCredentialsError, e.PartialCredentialsError, e.ProfileNotFound), Cause.NO_CREDENTIALS),
        ((e.TokenRetrievalError, e.SSOTokenLoadError, e.UnauthorizedSSOTokenError), Cause.EXPIRED_CREDENTIALS),
        ((e.CredentialRetrievalError,), Cause.NO_CREDENTIALS),
        ((e.ReadTimeoutError, e.ResponseStreamingError), Cause.TIMEOUT),
        ((e.ConnectionError, e.HTTPClientError, e.EndpointProviderError, e.NoRegionError), Cause.ENDPOINT_OFF),
        ((ResponseParserError, e.PaginationError), Cause.MALFORMED),
    ):
        if isinstance(error, kinds):
            return Fault(cause, type(error).__name__, str(error))
    return Fault(Cause.SERVICE_ERROR, type(error).__name__, str(error)) if isinstance(error, e.BotoCoreError) else None


def fault_in(stored: Mapping[str, Any]) -> Fault | None:
    """Sort an answer as the ledger keeps it; None for one without a fault."""
    if "fault" in stored:
        fault = stored["fault"]
        return Fault(Cause(fault["cause"]), fault["code"], fault["message"])
    if int(stored["status"]) < 300:
        return None
    return _answered({**stored["body"], "ResponseMetadata": {"HTTPStatusCode": stored["status"]}})


def _answered(response: dict[str, Any]) -> Fault:
    error = response.get("Error") or {}
    code, message = str(error.get("Code", "")), str(error.get("Message", ""))
    status = int(response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0) or 0)
    bare = code.split(":", maxsplit=1)[0].rpartition("#")[2]
    cause = _cause(bare, message, status)
    if cause is None and _GONE.search(bare):
        return Fault(Cause.NOT_DEPLOYED, code, message, gone=True)
    return Fault(cause or Cause.SERVICE_ERROR, code, message)


def _cause(code: str, message: str, status: int) -> Cause | None:
    if code in _EXPIRED or ("expired" in message.lower() and "token" in message.lower()):
        return Cause.EXPIRED_CREDENTIALS
    if code in _THROTTLED or status == 429:
        return Cause.THROTTLED
    if code in _REGION:
        return Cause.REGION_OFF
    if code in _BAD_KEY:
        return Cause.NO_CREDENTIALS
    if code in _DENIED or code.startswith("AccessDenied"):
        return _denied_by(message)
    if code in _UNSUPPORTED or status == 501:
        return Cause.UNSUPPORTED_TYPE
    if code in ("RequestTimeout", "RequestTimeoutException"):
        return Cause.TIMEOUT
    return Cause.SERVICE_ERROR if status >= 500 else None


def _denied_by(message: str) -> Cause:
    """AWS says in the message whose policy denied it ("Troubleshoot access denied error messages", IAM user guide)."""
    if re.search(r"(service|resource) control policy", message):
        return Cause.DENIED_BY_ORGANISATION
    if re.search(r"in a(n)? (resource-based|VPC endpoint) policy", message) and "no " not in message:
        return Cause.DENIED_BY_RESOURCE
    return Cause.ACCESS_DENIED
