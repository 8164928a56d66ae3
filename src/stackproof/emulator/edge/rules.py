"""The deployed rules, as far as the edge follows them: names, load balancers, APIs, web applications, web ACLs."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

Wire = Mapping[str, Any]  # as AWS's API tells it
OUTDATED = "{} runs with a configuration that is no longer deployed; `stackproof up` starts it anew"


class UnjudgedError(Exception):
    """What is deployed cannot be judged by the edge, or was not read: the request is answered with 502."""


@dataclass(frozen=True, slots=True)
class Gap:
    """Something that is deployed and that the edge does not do. `refused`: requests that need it are answered 502."""

    where: str
    reason: str
    refused: bool


@dataclass(frozen=True, slots=True)
class Way:
    """Where a name leads. `kind` is balancer, api, site, default-api, aws or unjudged.

    `id` is the load balancer's ARN, the domain name of the API, the application's id, the API's id, nothing for AWS's
    own services, or the reason why it is not judged.
    """

    kind: str
    id: str = ""


@dataclass(frozen=True, slots=True)
class Record:
    """One record of a name. `weight` is None where the record is the only one."""

    way: Way
    label: str = ""
    weight: int | None = None
    needs_health: bool = False


@dataclass(frozen=True, slots=True)
class TargetGroup:
    """A target group; `targets` maps addresses of workloads to their URLs, `lacking` says why services have none."""

    arn: str
    settings: Wire
    targets: Mapping[str, str]
    lacking: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Listener:
    """Rules in their order, the default one last; ARNs of its certificates; why nobody can use it, if so."""

    port: int
    protocol: str
    rules: tuple[Wire, ...]
    certificates: tuple[str, ...] = ()
    closed: str = ""
    unjudged: str = ""


@dataclass(frozen=True, slots=True)
class Balancer:
    """An application load balancer. `idle` is its idle timeout in seconds."""

    arn: str
    dns: str
    listeners: tuple[Listener, ...]
    idle: float = 60.0


@dataclass(frozen=True, slots=True)
class Method:
    """A method of an API: `pools` are the ARNs of the user pools that its authorizer takes tokens of."""

    path: str
    verb: str
    settings: Wire
    pools: tuple[str, ...] = ()
    header: str = "Authorization"


@dataclass(frozen=True, slots=True)
class Api:
    """A stage of a REST API. `responses` maps types of gateway responses to their settings."""

    id: str
    stage: str
    arn: str
    methods: tuple[Method, ...]
    responses: Mapping[str, Wire]
    throttling: Mapping[str, Wire]
    unjudged: str = ""
    own_name_closed: bool = False  # only custom domain names lead to it
    acl: str = ""  # the web ACL that the stage names


@dataclass(frozen=True, slots=True)
class Domain:
    """A custom domain name of APIs: base path, API and stage of each mapping, and the ARN of its certificate."""

    mappings: tuple[tuple[str, str, str], ...]
    certificate: str
    unjudged: str = ""


@dataclass(frozen=True, slots=True)
class Function:
    """A function as an integration calls it: the workload's URL, or why there is none; how long it may take."""

    url: str
    resource: str
    timeout: float
    unjudged: str = ""
    policy: tuple[Wire, ...] = ()


@dataclass(frozen=True, slots=True)
class Site:
    """A web application: its rewriting rules, headers by pattern, built files, and the variables it was built with."""

    id: str
    resource: str
    folder: str
    rules: tuple[Wire, ...]
    headers: tuple[tuple[str, Mapping[str, str]], ...]
    variables: Mapping[str, str]
    unjudged: str = ""


def place(arn: str) -> str:
    """An ARN without its partition, which is not everywhere told alike."""
    return arn.split(":", 2)[2]


@dataclass(frozen=True, slots=True)
class Rules:
    """All of them. `unread` maps a part that could not be read to the reason.

    `acls` are web ACLs by `place` of what they guard.
    """

    names: Mapping[str, tuple[Record, ...]] = field(default_factory=dict)
    balancers: Mapping[str, Balancer] = field(default_factory=dict)
    groups: Mapping[str, TargetGroup] = field(default_factory=dict)
    domains: Mapping[str, Domain] = field(default_factory=dict)
    apis: Mapping[tuple[str, str], Api] = field(default_factory=dict)
    functions: Mapping[str, Function] = field(default_factory=dict)  # by the integration's URI
    sites: Mapping[str, Site] = field(default_factory=dict)
    acls: Mapping[str, Wire] = field(default_factory=dict)
    ip_sets: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    certificates: Mapping[str, tuple[str, ...]] = field(default_factory=dict)  # names by the ARN
    pools: Mapping[str, Wire] = field(default_factory=dict)  # keys for tokens, by the pool's ARN
    gaps: tuple[Gap, ...] = ()
    unread: Mapping[str, str] = field(default_factory=dict)

    def need(self, *parts: str) -> None:
        """Refuse to judge without these parts.

        Raises:
            UnjudgedError: one was not read.

        """
        for part in parts:
            if part in self.unread:
                raise UnjudgedError(f"{part} could not be read: {self.unread[part]}")
