"""What a property can hold besides plain JSON: an unknown, a reference to a resource, a text with such parts.

A resolved property is a tree of dict, list, str, int, float, bool and these three leaves.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import Enum, StrEnum
from typing import Final, TypeAlias


class Cause(StrEnum):
    """Why a fact could not be had. Every `unknown` outcome carries one."""

    UNRESOLVED_PARAMETER = "unresolved-parameter"  # a parameter or dynamic reference without a known value
    UNRESOLVED_IMPORT = "unresolved-import"  # Fn::ImportValue of an export that no known stack has
    OUT_OF_SCOPE = "out-of-scope"  # it may be declared in a template that was not given
    NEEDS_LIVE = "needs-live"  # AWS decides it at deployment
    NEEDS_TEMPLATE = "needs-template"  # AWS takes it and never gives it back, and the template answers it
    UNSUPPORTED_TYPE = "unsupported-type"  # no reader, schema or backend for this resource type
    UNSUPPORTED_FUNCTION = "unsupported-function"  # an intrinsic, macro or transform that is not evaluated
    PARSE_ERROR = "parse-error"  # the document or value has no readable form
    CONTROL_ERROR = "control-error"  # the control itself crashed
    TOOL_MISSING = "tool-missing"  # an outside scanner is not installed
    TOOL_ERROR = "tool-error"  # an outside scanner crashed, or its answer could not be read
    NOT_RUN = "not-run"  # the run left the check out
    ACCESS_DENIED = "access-denied"  # the caller's own policies do not allow the read
    DENIED_BY_RESOURCE = "denied-by-resource"  # the resource's policy denies it
    DENIED_BY_ORGANISATION = "denied-by-organisation"  # a service or resource control policy denies it
    THROTTLED = "throttled"
    TIMEOUT = "timeout"
    NOT_DEPLOYED = "not-deployed"
    NO_CREDENTIALS = "no-credentials"
    EXPIRED_CREDENTIALS = "expired-credentials"
    WRONG_ACCOUNT = "wrong-account"  # the credentials are of another account than the environment's
    REGION_OFF = "region-off"  # the region is not enabled in the account
    ENDPOINT_OFF = "endpoint-off"  # nothing answers at the endpoint
    SERVICE_ERROR = "service-error"  # AWS answered with an error of its own (5xx), or one that says nothing else
    MALFORMED = "malformed-answer"  # the answer is cut off, or is not what the API is documented to give
    WRITE_ONLY = "write-only"  # AWS takes the property and never gives it back
    NOT_READ = "not-read"  # no read call that this harness makes answers it


class Absent(Enum):
    """The type of `ABSENT`: the property is known not to be there, which is not the same as unknown."""

    ABSENT = "absent"

    def __repr__(self) -> str:
        return "not set"


ABSENT: Final = Absent.ABSENT


@dataclass(frozen=True, slots=True)
class Unknown:
    """A value that could not be had: its cause, and the parameter, attribute or permission that decides it."""

    cause: Cause
    detail: str

    def __str__(self) -> str:
        return f"{self.cause}: {self.detail}"


@dataclass(frozen=True, slots=True)
class Reference:
    """Points at a resource of the inventory: `target` is its address, `attribute` is empty for `Ref`.

    What is set but never readable is one too: a secret by a dynamic reference (`resolve:secretsmanager:...`, where
    `target` may be the secret's name or ARN) and a NoEcho parameter (`NoEcho`).
    `text` is what AWS will put there when the declared properties settle it (a declared name), else None.
    Two references to the same target and attribute are equal, whatever is known of their text.
    """

    target: str
    attribute: str = ""
    text: str | None = field(default=None, compare=False)

    def __str__(self) -> str:
        return f"{self.target}.{self.attribute}" if self.attribute else self.target


@dataclass(frozen=True, slots=True)
class Text:
    """A string with parts that only the deployment fills in, such as `${Bucket.Arn}/*`."""

    parts: tuple[str | Reference | Unknown, ...]

    def __str__(self) -> str:
        return "".join(part if isinstance(part, str) else f"${{{part}}}" for part in self.parts)


Value: TypeAlias = (
    str | int | float | bool | Unknown | Reference | Text | list["Value"] | dict[str, "Value"] | Absent | None
)
