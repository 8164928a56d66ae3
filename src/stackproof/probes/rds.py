"""Amazon RDS for PostgreSQL: answers with its own secret, over verified TLS, and in no other way."""

from __future__ import annotations

import contextlib
import importlib.util
import socket
import ssl
import struct
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final

from stackproof.model import Cause, Resource, Severity, Unknown, Where
from stackproof.probes.base import Answer, Probing, bad, faulty, good, joined, probe, unsure
from stackproof.probes.connecting import connect, unreachable, verified
from stackproof.probes.secret_reading import DECRYPT, READ, Opened, Pointer, attached, opened, referred

# PostgreSQL's protocol 3.0 ("Message Formats" in its manual)
_ENCRYPT: Final = struct.pack("!II", 8, 80877103)
_VERSION: Final = 196608
_NOT_IN_CLEAR: Final = ("no encryption", "SSL off", "SSL connection is required")  # new servers, old ones, proxies
_WRONG: Final = frozenset({"28P01", "28000", "3D000"})  # password, role, database: the secret does not open this


@dataclass(frozen=True, slots=True)
class Server:
    """Where a PostgreSQL listens, and as whom to sign in."""

    host: str
    port: int
    user: str
    database: str

    @property
    def place(self) -> str:
        """Host and port, for messages."""
        return f"{self.host}:{self.port}"


@probe(
    id="rds-answers-over-tls-only",
    title="A database answers a query over TLS with its secret, and refuses a plain connection",
    severity=Severity.CRITICAL,
    types=("AWS::RDS::DBInstance",),
    remediation="Set rds.force_ssl to 1 in the parameter group; let the secret hold what the database was made with.",
    permits=(READ,),
    needs=("rds:DescribeDBInstances", READ, DECRYPT),
)
def rds_answers_over_tls_only(p: Probing, database: Resource) -> Answer:
    """The secret opens the database over verified TLS, and nobody speaks to it in the clear.

    No password is ever sent without TLS: a plain connection says who it is, and must be turned away at that.
    """
    described = _described(p, database)
    if isinstance(described, Answer):
        return described
    found, seen = described
    if str(found.get("Engine", "")) != "postgres":
        said = f"the engine is {found.get('Engine')}, and only PostgreSQL is spoken here"
        return unsure(Unknown(Cause.UNSUPPORTED_TYPE, str(found.get("Engine"))), said, seen)
    endpoint = found.get("Endpoint") or {}
    if not endpoint.get("Address"):
        return unsure(Unknown(Cause.NOT_DEPLOYED, "Endpoint"), f"{database.address} has no endpoint yet", seen)
    secret = _secret(p, database, found)
    if isinstance(secret, Answer):
        return secret
    user = str(secret.fields.get("username") or found.get("MasterUsername", ""))
    name = str(secret.fields.get("dbname") or found.get("DBName") or "postgres")
    server = Server(str(endpoint["Address"]), int(endpoint["Port"]), user, name)
    return joined((query(p, server, secret.value, seen, secret.where), plain(p, server)))


def query(p: Probing, server: Server, password: str, *evidence: Where) -> Answer:
    """Sign in over verified TLS and ask the server for a number."""
    if importlib.util.find_spec("pg8000") is None:
        return unsure(Unknown(Cause.TOOL_MISSING, "pg8000"), "install the package pg8000 to ask PostgreSQL")
    asked = (*evidence, Where(f"SELECT 1 at {server.place} over TLS"))
    try:
        with contextlib.closing(connect(p, server.host, server.port)) as bare:
            bare.sendall(_ENCRYPT)
            said = bare.recv(1)
            if said == b"N":
                return bad(f"{server.place} does not offer TLS", *asked)
            if said != b"S":
                return _odd(f"{server.place} answered {said!r} when asked for TLS", *asked)
            with verified(p).wrap_socket(bare, server_hostname=server.host) as inside:
                return _select(inside, server, password, p.timeout, asked)
    except ssl.SSLCertVerificationError as error:
        return _unverified(p, server, error, asked)
    except OSError as error:
        return unreachable(error, server.place, *asked)


def plain(p: Probing, server: Server) -> Answer:
    """Begin a connection without TLS, without a password, and see what the server says."""
    asked = Where(f"PostgreSQL without TLS at {server.place}")
    words = b"".join(f"{text}\0".encode() for text in ("user", server.user, "database", server.database)) + b"\0"
    try:
        with contextlib.closing(connect(p, server.host, server.port)) as bare:
            bare.sendall(struct.pack("!II", 8 + len(words), _VERSION) + words)
            kind, content = _message(bare)
    except OSError as error:
        return unreachable(error, server.place, asked)
    if kind == b"R":
        return bad(f"{server.place} goes on without TLS: it asks for a password in the clear, or for none", asked)
    code, text = _error(content) if kind == b"E" else ("", "")
    if code == "28000" and any(words in text for words in _NOT_IN_CLEAR):
        return good(f"a connection without TLS is refused ({text})", asked)
    return _odd(f"to a connection without TLS {server.place} answered {code or kind!r} {text}".rstrip(), asked)


def _described(p: Probing, database: Resource) -> tuple[dict[str, Any], Where] | Answer:
    which = {"DBInstanceIdentifier": p.id_of(database)}
    answer = p.aws.call("rds", "DescribeDBInstances", which, region=p.region_of(database))
    seen = Where(answer.call, answer.entry)
    if answer.fault:
        return faulty(answer.fault, answer.call, seen)
    found = answer.value.get("DBInstances") or []
    if not found:
        return unsure(Unknown(Cause.MALFORMED, answer.call), f"{answer.call} shows no {p.id_of(database)}", seen)
    return dict(found[0]), seen


def _secret(p: Probing, database: Resource, found: dict[str, Any]) -> Opened | Answer:
    """The database's own secret; a replica has its source's."""
    source = p.declared.target(database["SourceDBInstanceIdentifier"])
    owner = source if isinstance(source, Resource) else database
    managed = found.get("MasterUserSecret") or {}
    pointer = referred(p, owner["MasterUserPassword"].value) or attached(p, owner)
    if pointer is None and managed.get("SecretArn"):
        pointer = Pointer(str(managed["SecretArn"]), "password")
    if pointer is None:
        said = f"{owner.address} names no secret: no dynamic reference, no attachment, none managed by RDS"
        return unsure(Unknown(Cause.NOT_RUN, f"the secret of {owner.address}"), said)
    return opened(p, pointer, p.region_of(owner))


def _select(inside: ssl.SSLSocket, server: Server, password: str, timeout: float, asked: tuple[Where, ...]) -> Answer:
    import pg8000.native

    try:
        connection = pg8000.native.Connection(
            server.user, password=password, database=server.database, sock=inside, ssl_context=False, timeout=timeout
        )
        rows = connection.run("SELECT 1")
        connection.close()
    except pg8000.native.DatabaseError as error:
        details = error.args[0] if error.args and isinstance(error.args[0], dict) else {}
        code, text = str(details.get("C", "")), str(details.get("M", error))
        if code in _WRONG:
            return bad(f"its own secret does not open {server.place}: {text}", *asked)
        return _odd(f"{server.place} answered {code}: {text}", *asked)
    except pg8000.native.InterfaceError as error:
        if isinstance(error.__cause__, OSError):
            return unreachable(error.__cause__, server.place, *asked)
        return _odd(f"{server.place}: {error}", *asked)
    if rows != [[1]]:
        return _odd(f"SELECT 1 gave {rows!r}", *asked)
    return good(f"{server.place} answers a query over verified TLS, signed in with its own secret", *asked)


def _unverified(p: Probing, server: Server, error: ssl.SSLCertVerificationError, asked: tuple[Where, ...]) -> Answer:
    """Without an authority it may be only that this machine does not know RDS's; with one, the server is at fault."""
    said = f"the certificate of {server.place} does not verify: {error.verify_message}"
    if p.authority:
        return bad(said, *asked)
    return unsure(Unknown(Cause.NOT_RUN, "the authority of RDS"), f"{said}. Give RDS's bundle to verify with", *asked)


def _odd(said: str, *asked: Where) -> Answer:
    return unsure(Unknown(Cause.SERVICE_ERROR, str(asked[-1])), said, *asked)


def _message(bare: socket.socket) -> tuple[bytes, bytes]:
    """One message of the server: its kind and content; both empty when it hung up."""
    head = _exactly(bare, 5)
    if len(head) < 5:
        return b"", b""
    length = struct.unpack("!I", head[1:])[0] - 4
    return head[:1], _exactly(bare, min(length, 10_000))


def _exactly(bare: socket.socket, size: int) -> bytes:
    found = b""
    while len(found) < size and (part := bare.recv(size - len(found))):
        found += part
    return found


def _error(content: bytes) -> tuple[str, str]:
    """Code and message of an ErrorResponse."""
    fields = dict(_fields(content))
    return fields.get("C", ""), fields.get("M", "")


def _fields(content: bytes) -> Iterator[tuple[str, str]]:
    for field in content.split(b"\0"):
        if field:
            yield chr(field[0]), field[1:].decode("utf-8", "replace")
