"""Reads which names the certificates cover that are issued."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from stackproof.emulator.edge.rules import Gap

if TYPE_CHECKING:
    from stackproof.emulator.edge.reading import Clients, Settings


def read(clients: Clients, settings: Settings) -> tuple[dict[str, Any], Sequence[Gap]]:
    """Give `certificates`: the names of each by its ARN."""
    found: dict[str, tuple[str, ...]] = {}
    for region in settings.regions:
        client = clients("acm", region)
        for summary in clients.all("acm", region, "list_certificates", "CertificateSummaryList"):
            arn = summary["CertificateArn"]
            certificate = client.describe_certificate(CertificateArn=arn)["Certificate"]
            if certificate["Status"] == "ISSUED":
                named = {certificate["DomainName"], *certificate.get("SubjectAlternativeNames", [])}
                found[arn] = tuple(sorted(name.lower() for name in named))
    return {"certificates": found}, ()
