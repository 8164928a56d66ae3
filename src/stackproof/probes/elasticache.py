"""Amazon ElastiCache for Redis: nobody gets in without its token, and nobody speaks to it in the clear."""

from __future__ import annotations

import contextlib
import secrets
import ssl
from typing import Any, Final

from stackproof.model import Cause, Resource, Severity, Unknown, Where
from stackproof.probes.base import Answer, Probing, bad, faulty, good, joined, probe, unsure
from stackproof.probes.connecting import connect, unreachable, verified
from stackproof.probes.secret_reading import DECRYPT, READ, opened, referred

_PING: Final = (b"PING",)
_WRONG: Final = (b"-WRONGPASS", b"-ERR invalid password")  # Redis 6 and newer, and before
_NO_TOKEN: Final = (
    b"+OK",
    b"-ERR AUTH <password> called without any password",
    b"-ERR Client sent AUTH, but no password",
)
_ALERT: Final = b"\x15\x03"  # how a TLS server says that this is no TLS


@probe(
    id="elasticache-needs-auth",
    title="A cache answers only with its token, and only over TLS",
    severity=Severity.CRITICAL,
    types=("AWS::ElastiCache::ReplicationGroup",),
    remediation="Set AuthToken from a secret, TransitEncryptionEnabled: true and TransitEncryptionMode: required.",
    permits=(READ,),
    needs=("elasticache:DescribeReplicationGroups", READ, DECRYPT),
)
def elasticache_needs_auth(p: Probing, group: Resource) -> Answer:
    """The network keeps strangers away until the day it does not; then the token is what is left.

    Asked are a command without a token, a wrong token, the right one, and a command without TLS.
    """
    which = {"ReplicationGroupId": p.id_of(group)}
    answer = p.aws.call("elasticache", "DescribeReplicationGroups", which, region=p.region_of(group))
    seen = Where(answer.call, answer.entry)
    if answer.fault:
        return faulty(answer.fault, answer.call, seen)
    endpoint = _endpoint(answer.value)
    if not endpoint:
        return unsure(Unknown(Cause.NOT_DEPLOYED, "an endpoint"), f"{group.address} has no endpoint yet", seen)
    pointer = referred(p, group["AuthToken"].value)
    if pointer is None:
        said = f"AuthToken of {group.address} comes from no secret, so the right token is not known"
        return joined((*closed(p, *endpoint), unsure(Unknown(Cause.NOT_RUN, "AuthToken"), said, seen)))
    secret = opened(p, pointer, p.region_of(group))
    if isinstance(secret, Answer):
        return joined((*closed(p, *endpoint), secret))
    return joined((*closed(p, *endpoint), opens(p, *endpoint, secret.value, seen, secret.where)))


def closed(p: Probing, host: str, port: int) -> tuple[Answer, ...]:
    """Ask as somebody who does not know the token: without one, with a wrong one, and without TLS."""
    place = f"{host}:{port}"
    guess = secrets.token_hex(16).encode()
    bare, guessed = Where(f"PING at {place} without a token"), Where(f"AUTH at {place} with a wrong token")
    try:
        without = _exchange(p, host, port, _PING)[0]
        wrong = _exchange(p, host, port, (b"AUTH", guess))[0]
    except OSError as error:
        return (unreachable(error, place, bare, guessed),)  # and without TLS a silence would then say nothing
    return (
        _judged(without, (b"-NOAUTH",), (b"+PONG",), "a command without a token", bare),
        _judged(wrong, _WRONG, _NO_TOKEN, "a wrong token", guessed),
        in_clear(p, host, port),
    )


def opens(p: Probing, host: str, port: int, token: str, *evidence: Where) -> Answer:
    """Sign in with the right token and ask for a sign of life."""
    place = f"{host}:{port}"
    asked = (*evidence, Where(f"PING at {place} with the token of its secret"))
    try:
        signed, alive = _exchange(p, host, port, (b"AUTH", token.encode()), _PING)
    except OSError as error:
        return unreachable(error, place, *asked)
    if signed.startswith(_WRONG):
        return bad(f"its own secret does not open {place}", *asked)
    if signed.startswith(b"+OK") and alive.startswith(b"+PONG"):
        return good(f"{place} answers over verified TLS, with the token of its secret", *asked)
    return _odd(f"with the right token {place} answered {_shown(signed)}, {_shown(alive)}", *asked)


def in_clear(p: Probing, host: str, port: int) -> Answer:
    """Only a server that was just heard over TLS, and takes the connection, refuses by hanging up."""
    asked = Where(f"PING at {host}:{port} without TLS")
    try:
        bare = connect(p, host, port)
    except OSError as error:
        return unreachable(error, f"{host}:{port}", asked)
    with contextlib.closing(bare):
        try:
            bare.sendall(_command(_PING))
            heard = bare.recv(100)
        except ConnectionError:
            heard = b""
        except OSError as error:
            return unreachable(error, f"{host}:{port}", asked)
    if heard[:1] in (b"+", b"-", b"$", b":", b"*"):
        return bad(f"{host}:{port} answers without TLS: {_shown(heard)}", asked)
    if not heard or heard.startswith(_ALERT):
        return good("a command without TLS is refused", asked)
    return _odd(f"without TLS {host}:{port} answered {_shown(heard)}", asked)


def _judged(heard: bytes, refused: tuple[bytes, ...], admitted: tuple[bytes, ...], what: str, asked: Where) -> Answer:
    if heard.startswith(refused):
        return good(f"{what} is refused", asked)
    if heard.startswith(admitted):
        return bad(f"{what} is not refused: {_shown(heard)}", asked)
    return _odd(f"to {what} the answer was {_shown(heard)}", asked)


def _exchange(p: Probing, host: str, port: int, *commands: tuple[bytes, ...]) -> list[bytes]:
    """Send commands over verified TLS, and return the line that each is answered with."""
    heard = []
    with contextlib.closing(connect(p, host, port)) as bare:
        bare.settimeout(p.timeout)
        with verified(p).wrap_socket(bare, server_hostname=host) as inside, inside.makefile("rb") as lines:
            for command in commands:
                inside.sendall(_command(command))
                heard.append(_line(lines))
    return heard


def _line(lines: Any) -> bytes:
    try:
        return bytes(lines.readline(1000))
    except ssl.SSLEOFError:
        return b""


def _command(words: tuple[bytes, ...]) -> bytes:
    """A command as Redis's protocol has it (RESP, "Sending commands to a Redis server")."""
    return b"*%d\r\n" % len(words) + b"".join(b"$%d\r\n%s\r\n" % (len(word), word) for word in words)


def _endpoint(value: dict[str, Any]) -> tuple[str, int] | None:
    group = (value.get("ReplicationGroups") or [{}])[0]
    nodes = group.get("NodeGroups") or [{}]
    found = group.get("ConfigurationEndpoint") or nodes[0].get("PrimaryEndpoint") or {}
    return (str(found["Address"]), int(found["Port"])) if found.get("Address") and found.get("Port") else None


def _shown(heard: bytes) -> str:
    return heard[:80].decode("utf-8", "replace").strip() or "nothing"


def _odd(said: str, *asked: Where) -> Answer:
    return unsure(Unknown(Cause.SERVICE_ERROR, str(asked[-1])), said, *asked)
