"""Only reads leave: which operations of AWS's APIs may be called towards an environment that is not the embedded one.

An operation is let through when its name begins with a reading verb and is not among the reads that hand out secrets
or other people's data, or when it is one of the named exceptions. Everything else is refused before a request is made.
"""

from __future__ import annotations

import re
from collections.abc import Collection
from enum import StrEnum
from typing import Any, Final

_READS: Final = re.compile(r"(Get|List|Describe|Head|BatchGet|BatchDescribe|Lookup)(?=[A-Z0-9])")

# Reads by name whose answer is a credential, a signed address or stored content. They need a permit of their own.
_CONFIDENTIAL: Final = re.compile(
    r"SecretValue|Credentials?(?!Report|Provider|s?Locker|Names)|Token(?!Balance|Status|Vault)|Password(?!Policy)|"
    r"ApiKey(?!Credential)|AccessKeys$|AccountBinding|[Uu][Rr][Ll]s?$|DownloadLink|UrlForLayer|BackendAuth$|OpenId(?!Connect)|"
    r"^GetId$|(Get|BatchGet)(Object|Item|Items|Records|Object\w*Torrent|Media|MediaForFragmentList)$|"
    r"(Message|Document)(s|Content|Media)?$|LogEvents$|LogObject$|QueryResults$|StatementResult|WorkUnitResults|LatestConfiguration|"
    r"^GetConfiguration$|^GetSnapshotBlock$|ConsoleOutput|ConsoleScreenshot|^GetRecord$|^GetParameters?(ByPath|History)?$"
)
# Reads whose verb is none of the above, by service.
_NAMED: Final = frozenset(
    {
        ("accessanalyzer", "CheckAccessNotGranted"),
        ("accessanalyzer", "CheckNoNewAccess"),
        ("accessanalyzer", "CheckNoPublicAccess"),
        ("accessanalyzer", "ValidatePolicy"),
        ("config", "SelectResourceConfig"),
        ("iam", "ListAccessKeys"),  # ids and dates, no keys
        ("iam", "SimulateCustomPolicy"),
        ("iam", "SimulatePrincipalPolicy"),
        ("sqs", "GetQueueUrl"),  # a name, not a signed address
        ("lambda", "GetFunctionUrlConfig"),
    }
)
# Asked before anything is known of the environment; it answers with the caller's own keys only.
ASSUME_ROLE: Final = "sts:AssumeRole"


class Kind(StrEnum):
    """What an operation is, as far as this guard is concerned."""

    READ = "read"
    CONFIDENTIAL = "confidential"  # a read whose answer is a secret or stored content
    OTHER = "other"  # it changes something, or is not known not to


class RefusedError(Exception):
    """A call that is not an allowed read was stopped before it left."""

    def __init__(self, call: str, kind: Kind) -> None:
        self.call = call
        self.kind = kind
        super().__init__(f"{call} was stopped: it is not a read that is allowed here ({kind})")


def kind_of(service: str, operation: str) -> Kind:
    """Classify an operation by boto3's service name and the API's operation name (`rds`, `DescribeDBInstances`)."""
    if (service, operation) in _NAMED:
        return Kind.READ
    if not _READS.match(operation):
        return Kind.OTHER
    return Kind.CONFIDENTIAL if _CONFIDENTIAL.search(operation) else Kind.READ


class ReadOnly:
    """A botocore handler of `before-call` that raises for all but reads and what `permits` names (`sts:AssumeRole`)."""

    def __init__(self, permits: Collection[str] = ()) -> None:
        self.permits = frozenset(permits)

    def check(self, service: str, operation: str) -> None:
        """Let an operation pass.

        Raises:
            RefusedError: it is neither a read nor permitted by name.

        """
        kind = kind_of(service, operation)
        call = f"{service}:{operation}"
        if kind is not Kind.READ and call not in self.permits:
            raise RefusedError(call, kind)

    def attach(self, client: Any, service: str) -> None:
        """Put this guard before every call of a boto3 client."""

        def before_call(model: Any, **_: Any) -> None:
            self.check(service, model.name)

        client.meta.events.register_first("before-call", before_call)
