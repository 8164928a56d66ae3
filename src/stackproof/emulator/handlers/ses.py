"""SES: identities and configuration sets."""

from __future__ import annotations

from typing import Any, ClassVar

from stackproof.emulator.handlers.base import At, Handler, Made, Properties, changed, named, only, tag_map, tag_pairs


class ConfigurationSet(Handler):
    """AWS::SES::ConfigurationSet."""

    type: ClassVar[str] = "AWS::SES::ConfigurationSet"

    def create(self, at: At, new: Properties) -> Made:
        parameters = named(new, "Name", at, 64)
        at.send("sesv2", "create_configuration_set", parameters, rename={"Name": "ConfigurationSetName"})
        return Made(parameters["Name"])

    def update(self, at: At, made: Made, new: Properties, old: Properties) -> Made:
        operations = {
            "SendingOptions": "put_configuration_set_sending_options",
            "DeliveryOptions": "put_configuration_set_delivery_options",
            "ReputationOptions": "put_configuration_set_reputation_options",
            "SuppressionOptions": "put_configuration_set_suppression_options",
        }
        only(changed(new, old), *operations, "Tags")
        _retag(at, f"configuration-set/{made.id}", new, old)
        for name in sorted(changed(new, old) - {"Tags"}):
            at.send("sesv2", operations[name], new.get(name) or {}, add={"ConfigurationSetName": made.id})
        return made

    def delete(self, at: At, made: Made, old: Properties) -> None:
        at.client("sesv2").delete_configuration_set(ConfigurationSetName=made.id)


def _retag(at: At, resource: str, new: Properties, old: Properties) -> None:
    client, arn = at.client("sesv2"), at.arn("ses", resource)
    stale = sorted(set(tag_map(old)) - set(tag_map(new)))
    if stale:
        client.untag_resource(ResourceArn=arn, TagKeys=stale)
    if new.get("Tags"):
        client.tag_resource(ResourceArn=arn, Tags=tag_pairs(new))


def _destination(new: Properties) -> dict[str, Any]:
    """An event destination by the API's names and in its cases."""
    sources = {"messagetag": "MESSAGE_TAG", "emailheader": "EMAIL_HEADER", "linktag": "LINK_TAG"}
    destination = {key: value for key, value in new["EventDestination"].items() if key != "Name"}
    watched = destination.get("CloudWatchDestination")
    if watched:
        dimensions = [
            {
                "DimensionName": d["DimensionName"],
                "DimensionValueSource": sources[d["DimensionValueSource"].lower().replace("_", "")],
                "DefaultDimensionValue": d["DefaultDimensionValue"],
            }
            for d in watched.get("DimensionConfigurations", [])
        ]
        destination["CloudWatchDestination"] = {"DimensionConfigurations": dimensions}
    return destination


class EventDestination(Handler):
    """AWS::SES::ConfigurationSetEventDestination."""

    type: ClassVar[str] = "AWS::SES::ConfigurationSetEventDestination"

    def create(self, at: At, new: Properties) -> Made:
        name = new["EventDestination"].get("Name") or at.generated(64)
        set_ = new["ConfigurationSetName"]
        wanted = {"EventDestination": _destination(new)}
        add = {"ConfigurationSetName": set_, "EventDestinationName": name}
        at.send("sesv2", "create_configuration_set_event_destination", wanted, add=add)
        return Made(f"{set_}|{name}", {"Name": name, "Set": set_})

    def update(self, at: At, made: Made, new: Properties, old: Properties) -> Made:
        if changed(new, old) != {"EventDestination"}:
            only(changed(new, old))
        wanted = {"EventDestination": _destination(new)}
        add = {"ConfigurationSetName": made.attributes["Set"], "EventDestinationName": made.attributes["Name"]}
        at.send("sesv2", "update_configuration_set_event_destination", wanted, add=add)
        return made

    def delete(self, at: At, made: Made, old: Properties) -> None:
        which = {"ConfigurationSetName": made.attributes["Set"], "EventDestinationName": made.attributes["Name"]}
        at.client("sesv2").delete_configuration_set_event_destination(**which)


class EmailIdentity(Handler):
    """AWS::SES::EmailIdentity."""

    type: ClassVar[str] = "AWS::SES::EmailIdentity"
    apart: ClassVar[tuple[str, ...]] = (
        *("ConfigurationSetAttributes", "DkimAttributes", "MailFromAttributes"),
        "FeedbackAttributes",
    )

    def create(self, at: At, new: Properties) -> Made:
        name = new["EmailIdentity"]
        set_ = (new.get("ConfigurationSetAttributes") or {}).get("ConfigurationSetName")
        add = {"ConfigurationSetName": set_} if set_ else {}
        at.send("sesv2", "create_email_identity", new, beside=self.apart, add=add)
        made = Made(name)
        self._set(at, made, new, skip_set=True)
        found = at.client("sesv2").get_email_identity(EmailIdentity=name)
        tokens = found.get("DkimAttributes", {}).get("Tokens", [])
        records = {}
        for number, token in enumerate(tokens, 1):
            records[f"DkimDNSTokenName{number}"] = f"{token}._domainkey.{name}"
            records[f"DkimDNSTokenValue{number}"] = f"{token}.dkim.amazonses.com"
        return Made(name, records)

    def update(self, at: At, made: Made, new: Properties, old: Properties) -> Made:
        only(changed(new, old), *self.apart, "Tags")
        self._set(at, made, new)
        _retag(at, f"identity/{made.id}", new, old)
        return made

    def delete(self, at: At, made: Made, old: Properties) -> None:
        at.client("sesv2").delete_email_identity(EmailIdentity=made.id)

    def _set(self, at: At, made: Made, new: Properties, *, skip_set: bool = False) -> None:
        which = {"EmailIdentity": made.id}
        operations = {
            "ConfigurationSetAttributes": "put_email_identity_configuration_set_attributes",
            "DkimAttributes": "put_email_identity_dkim_attributes",
            "MailFromAttributes": "put_email_identity_mail_from_attributes",
            "FeedbackAttributes": "put_email_identity_feedback_attributes",
        }
        for name, operation in operations.items():
            if new.get(name) and not (skip_set and name == "ConfigurationSetAttributes"):
                at.send("sesv2", operation, new[name], add=which)


HANDLERS = (ConfigurationSet(), EventDestination(), EmailIdentity())
