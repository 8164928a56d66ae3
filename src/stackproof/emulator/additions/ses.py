"""SES: event destinations, and what an identity is told about DKIM, its sender domain and its configuration set."""

from __future__ import annotations

import secrets

from stackproof.emulator.additions.routing import Call, RefusedError, Route, Wire

_LETTERS = "abcdefghijklmnopqrstuvwxyz0123456789"


def _create_identity(call: Call) -> Wire:
    answer = call.moto()
    tokens = ["".join(secrets.choice(_LETTERS) for _ in range(32)) for _ in range(3)]
    signing = call.given.get("DkimSigningAttributes") or {}
    kept: Wire = {
        "DkimAttributes": {
            "SigningEnabled": True,
            "Status": "SUCCESS",
            "Tokens": tokens,
            "SigningAttributesOrigin": "AWS_SES",
            "NextSigningKeyLength": signing.get("NextSigningKeyLength", "RSA_2048_BIT"),
            "CurrentSigningKeyLength": signing.get("NextSigningKeyLength", "RSA_2048_BIT"),
        },
        "MailFromAttributes": {"MailFromDomain": "", "MailFromDomainStatus": "", "BehaviorOnMxFailure": ""},
        "FeedbackForwardingStatus": True,
        "VerifiedForSendingStatus": True,
        "VerificationStatus": "SUCCESS",
    }
    if call.given.get("ConfigurationSetName"):
        kept["ConfigurationSetName"] = call.given["ConfigurationSetName"]
    call.kept("identity")[call.given["EmailIdentity"]] = kept
    return {**answer, "VerifiedForSendingStatus": True, "DkimAttributes": kept["DkimAttributes"]}


def _get_identity(call: Call) -> Wire:
    return {**call.moto(), **call.kept("identity").get(call.given["EmailIdentity"], {})}


def _identity(call: Call) -> Wire:
    name = call.given["EmailIdentity"]
    if name not in call.kept("identity"):
        raise RefusedError("NotFoundException", f"Email identity {name} does not exist.", 404)
    found: Wire = call.kept("identity")[name]
    return found


def _put_dkim(call: Call) -> Wire:
    _identity(call)["DkimAttributes"]["SigningEnabled"] = bool(call.given.get("SigningEnabled"))
    return {}


def _put_mail_from(call: Call) -> Wire:
    domain = call.given.get("MailFromDomain", "")
    _identity(call)["MailFromAttributes"] = {
        "MailFromDomain": domain,
        "MailFromDomainStatus": "SUCCESS" if domain else "",
        "BehaviorOnMxFailure": call.given.get("BehaviorOnMxFailure", "USE_DEFAULT_VALUE"),
    }
    return {}


def _put_set(call: Call) -> Wire:
    _identity(call)["ConfigurationSetName"] = call.given.get("ConfigurationSetName", "")
    return {}


def _put_feedback(call: Call) -> Wire:
    _identity(call)["FeedbackForwardingStatus"] = bool(call.given.get("EmailForwardingEnabled"))
    return {}


def _delete_identity(call: Call) -> Wire:
    call.kept("identity").pop(call.given["EmailIdentity"], None)
    return call.moto()


# --- configuration sets -------------------------------------------------------------------------------------

_OPTIONS = {
    "sending": "SendingOptions",
    "delivery-options": "DeliveryOptions",
    "reputation-options": "ReputationOptions",
    "suppression-options": "SuppressionOptions",
}


def _create_set(call: Call) -> Wire:
    answer = call.moto()
    kept = {name: call.given[name] for name in _OPTIONS.values() if name in call.given}
    call.kept("set")[call.given["ConfigurationSetName"]] = {"SendingOptions": {"SendingEnabled": True}, **kept}
    return answer


def _get_set(call: Call) -> Wire:
    return {**call.moto(), **call.kept("set").get(call.given["ConfigurationSetName"], {})}


def _put_options(call: Call) -> Wire:
    name = call.given["ConfigurationSetName"]
    if name not in call.kept("set") or call.given["Kind"] not in _OPTIONS:
        raise RefusedError("NotFoundException", f"Configuration set {name} does not exist.", 404)
    given = {key: value for key, value in call.given.items() if key not in {"ConfigurationSetName", "Kind"}}
    call.kept("set")[name][_OPTIONS[call.given["Kind"]]] = given
    return {}


def _delete_set(call: Call) -> Wire:
    for kind in ("set", "destination"):
        call.kept(kind).pop(call.given["ConfigurationSetName"], None)
    return call.moto()


# --- event destinations -------------------------------------------------------------------------------------


def _create_destination(call: Call) -> Wire:
    name = call.given["EventDestinationName"]
    of_set = call.kept("destination").setdefault(call.given["ConfigurationSetName"], {})
    if name in of_set:
        raise RefusedError("AlreadyExistsException", f"Event destination {name} already exists.")
    of_set[name] = {"Name": name, "Enabled": False, **call.given["EventDestination"]}
    return {}


def _update_destination(call: Call) -> Wire:
    name = call.given["EventDestinationName"]
    of_set = call.kept("destination").get(call.given["ConfigurationSetName"], {})
    if name not in of_set:
        raise RefusedError("NotFoundException", f"Event destination {name} does not exist.", 404)
    of_set[name] = {**of_set[name], **call.given["EventDestination"]}
    return {}


def _list_destinations(call: Call) -> Wire:
    return {"EventDestinations": list(call.kept("destination").get(call.given["ConfigurationSetName"], {}).values())}


def _delete_destination(call: Call) -> Wire:
    of_set = call.kept("destination").get(call.given["ConfigurationSetName"], {})
    if of_set.pop(call.given["EventDestinationName"], None) is None:
        raise RefusedError("NotFoundException", "Event destination does not exist.", 404)
    return {}


_IDENTITY = "/v2/email/identities/{EmailIdentity}"
_SET = "/v2/email/configuration-sets/{ConfigurationSetName}"
_DESTINATIONS = _SET + "/event-destinations"
ROUTES = (
    Route("ses", _create_identity, "POST", "/v2/email/identities"),
    Route("ses", _get_identity, "GET", _IDENTITY),
    Route("ses", _delete_identity, "DELETE", _IDENTITY),
    Route("ses", _put_dkim, "PUT", _IDENTITY + "/dkim"),
    Route("ses", _put_mail_from, "PUT", _IDENTITY + "/mail-from"),
    Route("ses", _put_set, "PUT", _IDENTITY + "/configuration-set"),
    Route("ses", _put_feedback, "PUT", _IDENTITY + "/feedback"),
    Route("ses", _create_set, "POST", "/v2/email/configuration-sets"),
    Route("ses", _get_set, "GET", _SET),
    Route("ses", _delete_set, "DELETE", _SET),
    Route("ses", _put_options, "PUT", _SET + "/{Kind}"),
    Route("ses", _create_destination, "POST", _DESTINATIONS),
    Route("ses", _list_destinations, "GET", _DESTINATIONS),
    Route("ses", _update_destination, "PUT", _DESTINATIONS + "/{EventDestinationName}"),
    Route("ses", _delete_destination, "DELETE", _DESTINATIONS + "/{EventDestinationName}"),
)
