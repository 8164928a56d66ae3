"""ACM: certificates."""

from __future__ import annotations

from typing import ClassVar

from stackproof.emulator.handlers.base import At, Handler, Made, Properties, changed, only, tag_pairs


class Certificate(Handler):
    """AWS::CertificateManager::Certificate. DNS validation succeeds at once."""

    type: ClassVar[str] = "AWS::CertificateManager::Certificate"

    def create(self, at: At, new: Properties) -> Made:
        preference = new.get("CertificateTransparencyLoggingPreference", "ENABLED")
        add = {"Options": {"CertificateTransparencyLoggingPreference": preference}}
        beside = ("CertificateTransparencyLoggingPreference", "DomainValidationOptions")
        answer = at.send("acm", "request_certificate", new, beside=beside, add=add)
        return Made(answer["CertificateArn"])

    def update(self, at: At, made: Made, new: Properties, old: Properties) -> Made:
        only(changed(new, old), "Tags")
        at.client("acm").add_tags_to_certificate(CertificateArn=made.id, Tags=tag_pairs(new))
        return made

    def delete(self, at: At, made: Made, old: Properties) -> None:
        at.client("acm").delete_certificate(CertificateArn=made.id)


HANDLERS = (Certificate(),)
