"""What security groups let in: from the whole internet to a load balancer, and from it to the services behind."""

from __future__ import annotations

import ipaddress
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from stackproof.emulator.edge.reading import Clients

_ANY: Final = {"0.0.0.0/0"}  # the edge has an address of version 4


@dataclass(frozen=True, slots=True)
class SecurityGroups:
    """The rules for incoming traffic of each group of a region, and the address ranges of its networks."""

    rules: Mapping[str, tuple[Mapping[str, Any], ...]]
    networks: Mapping[str, str]

    @classmethod
    def read(cls, clients: Clients, region: str) -> SecurityGroups:
        """Read all of a region."""
        groups = clients.all("ec2", region, "describe_security_groups", "SecurityGroups")
        networks = clients.all("ec2", region, "describe_vpcs", "Vpcs")
        return cls(
            {group["GroupId"]: tuple(group["IpPermissions"]) for group in groups},
            {network["VpcId"]: network["CidrBlock"] for network in networks},
        )

    def let_everybody_in(self, groups: Iterable[str], port: int) -> bool:
        """Whether anybody on the internet may reach a port; a rule for some addresses only does not count."""
        return any(not _ANY.isdisjoint(_ranges(rule)) for rule in self._for(groups, port))

    def let_in(self, groups: Iterable[str], port: int, sources: Iterable[str], network: str) -> bool:
        """Whether members of the `sources` groups, wherever they are in the network, may reach a port."""
        inside, wanted = self.networks.get(network, ""), set(sources)
        for rule in self._for(groups, port):
            if any(pair.get("GroupId") in wanted for pair in rule.get("UserIdGroupPairs", [])):
                return True
            if inside and any(_covers(range_, inside) for range_ in _ranges(rule)):
                return True
        return False

    def _for(self, groups: Iterable[str], port: int) -> Iterator[Mapping[str, Any]]:
        for group in groups:
            for rule in self.rules.get(group, ()):
                every = rule["IpProtocol"] == "-1"
                if every or (rule["IpProtocol"] in {"tcp", "6"} and rule["FromPort"] <= port <= rule["ToPort"]):
                    yield rule


def _ranges(rule: Mapping[str, Any]) -> set[str]:
    return {entry["CidrIp"] for entry in rule.get("IpRanges", [])}


def _covers(range_: str, inside: str) -> bool:
    outer, inner = ipaddress.ip_network(range_, strict=False), ipaddress.ip_network(inside)
    return outer.version == inner.version and inner.subnet_of(outer)  # type: ignore[arg-type]
