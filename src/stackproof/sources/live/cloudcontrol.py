"""Cloud Control reads the types that have no reader of their own, in CloudFormation's shape already."""

from __future__ import annotations

import json
from typing import Final

from stackproof.model import ABSENT, Cause, Unknown
from stackproof.sources.live.permissions import permission_of
from stackproof.sources.live.reading import Reading
from stackproof.sources.live.schemas import Schema

CALL: Final = "cloudcontrol:GetResource"


def permissions(schema: Schema) -> tuple[str, ...]:
    """The IAM actions that it takes to read a type through Cloud Control; none when that is not possible."""
    return (permission_of(CALL), *schema.permissions) if schema.permissions else ()


def read_generic(r: Reading) -> None:
    """Read a resource by its physical id.

    That Cloud Control does not know a physical id is no proof that the resource is gone: for some types the id has
    several parts. It is then unknown.
    """
    if r.aws.embedded or not r.schema.permissions:
        r.fail(Unknown(Cause.UNSUPPORTED_TYPE, r.type))
        return
    part = r.ask(CALL, "ResourceDescription.Properties", TypeName=r.type, Identifier=r.id)
    if part.fault is not None:
        unsure = part.fault.gone or part.fault.code == "ValidationException"
        cause = Cause.UNSUPPORTED_TYPE if unsure else part.fault.cause
        r.fail(Unknown(cause, r.type if cause is Cause.UNSUPPORTED_TYPE else ", ".join(permissions(r.schema))))
        return
    try:
        found = json.loads(part.value)
    except (ValueError, TypeError):
        r.fail(Unknown(Cause.MALFORMED, CALL))
        return
    r.main(part)
    for name in r.schema.properties:
        if name in found:
            r.set(name, part, r.shaped(name, found[name], None, {}))
        elif name not in r.schema.write_only:
            r.set(name, part, ABSENT)
