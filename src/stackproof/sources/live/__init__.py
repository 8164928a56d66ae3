"""From a deployed system to an inventory: reads AWS, writes down every call, and never takes a failure for an answer.

`Aws` is the connection, `read_system` the reading, `Ledger` the evidence, `Stored` the same evidence to judge again.
"""

from stackproof.sources.live.aws import Answer, Aws, Identity
from stackproof.sources.live.clients import Credentials
from stackproof.sources.live.faults import ADVICE, Fault
from stackproof.sources.live.guard import RefusedError
from stackproof.sources.live.ledger import Entry, Ledger, Stored
from stackproof.sources.live.needs import actions_of, permissions_for
from stackproof.sources.live.permissions import permission_of
from stackproof.sources.live.system import Extra, LiveReading, Missing, read_system

__all__ = [
    "ADVICE",
    "Answer",
    "Aws",
    "Credentials",
    "Entry",
    "Extra",
    "Fault",
    "Identity",
    "Ledger",
    "LiveReading",
    "Missing",
    "RefusedError",
    "Stored",
    "actions_of",
    "permission_of",
    "permissions_for",
    "read_system",
]
