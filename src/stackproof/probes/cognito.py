"""Amazon Cognito: which passwords a user pool takes."""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from typing import Any, Final

from stackproof.model import Cause, Resource, Severity, Unknown, Where
from stackproof.probes.base import Answer, Probing, bad, faulty, good, joined, part, probe, unsure

_CLIENT: Final = "AWS::Cognito::UserPoolClient"
_KINDS: Final = {"upper case": "QRST", "lower case": "abcd", "number": "2468", "symbol": "!$%^"}


@probe(
    id="cognito-refuses-weak-password",
    title="A user pool refuses weak passwords at sign-up",
    severity=Severity.HIGH,
    types=("AWS::Cognito::UserPool",),
    remediation="Correct Policies.PasswordPolicy of the user pool, and deploy it.",
    writes=True,
    options={"length": 8, "upper_case": True, "lower_case": True, "number": True, "symbol": True},
)
def cognito_refuses_weak_password(p: Probing, pool: Resource) -> Answer:
    """A policy counts when the pool applies it to somebody who signs up.

    One password is tried for each thing that may be wanting: the length, and each kind of character that the options
    ask for. What is accepted after all is deleted again.
    """
    client = _client(p, pool)
    if isinstance(client, Answer):
        return client
    return joined(_tried(p, pool, client, fault, password) for fault, password in _weak(p.options).items())


def _weak(options: Mapping[str, Any]) -> dict[str, str]:
    """What is wrong, and a password that has nothing else wrong."""
    length = options["length"]

    def of(kinds: list[str], size: int) -> str:
        return ("".join(_KINDS[kind][0] for kind in kinds) + _KINDS[kinds[0]] * size)[:size]

    every = list(_KINDS)
    weak = {f"of {length - 1} characters": of(every, length - 1)}
    for kind in every:
        if options[kind.replace(" ", "_")]:
            weak[f"without a {kind}" if kind in ("number", "symbol") else f"without {kind}"] = of(
                [other for other in every if other != kind], length + 4
            )
    return weak


def _client(p: Probing, pool: Resource) -> str | Answer:
    """The id of a client of the pool with which anybody signs up: one without a secret."""
    for client in p.declared.pointing_to(pool, _CLIENT, at="UserPoolId"):
        if p.id_of(client) and client["GenerateSecret"].equals(True).holds is not True:
            return p.id_of(client)
    said = f"{pool.address} has no deployed client without a secret, with which to sign up"
    return unsure(Unknown(Cause.NOT_DEPLOYED, f"{_CLIENT} of {pool.address}"), said)


def _tried(p: Probing, pool: Resource, client: str, fault: str, password: str) -> Answer:
    mail = f"stackproof-probe-{secrets.token_hex(6)}@example.com"
    by_mail = pool["UsernameAttributes"].contains("email").holds is True
    name = mail if by_mail else mail.partition("@")[0]
    attributes = [{"Name": "email", "Value": mail}]
    asked = {"ClientId": client, "Username": name, "Password": password, "UserAttributes": attributes}
    answer = p.aws.ask("cognito-idp", "SignUp", asked, region=p.region_of(pool))
    where = Where(answer.call, answer.entry)
    if answer.fault is None:
        left = _removed(p, pool, name)
        part(answer, "UserSub")
        return bad(f"the pool takes a password {fault}{left}", where)
    if answer.fault.code == "InvalidPasswordException":
        return good(f"a password {fault} is refused", where)
    return faulty(answer.fault, answer.call, where)


def _removed(p: Probing, pool: Resource, name: str) -> str:
    which = {"UserPoolId": p.id_of(pool), "Username": name}
    answer = p.aws.ask("cognito-idp", "AdminDeleteUser", which, region=p.region_of(pool))
    return "" if answer.fault is None else f"; the user {name} is left behind ({answer.fault.message})"
