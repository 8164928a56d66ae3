"""AWS Lambda."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from stackproof.model import ABSENT, Cause, Unknown, Value
from stackproof.sources.live.faults import Fault
from stackproof.sources.live.parts import GoneError, Part
from stackproof.sources.live.reading import Reading, reads


@reads("AWS::Lambda::Function", "lambda:GetFunction")
def function(r: Reading) -> None:
    """Configuration, tags and reserved concurrency in one answer; the code itself is not given back."""
    answer = r.main(r.ask("lambda:GetFunction", FunctionName=r.id))
    part = answer.at("Configuration")
    r.set("ReservedConcurrentExecutions", answer, _reserved)
    r.tags(answer.at("Tags", required=False))
    r.set("Code", answer, Unknown(Cause.WRITE_ONLY, "Code"))
    layers = part.at("Layers", required=False)
    r.set("Layers", layers, lambda found: [layer["Arn"] for layer in found] or ABSENT)
    connected = bool(part.value) and bool((part.value.get("VpcConfig") or {}).get("SubnetIds"))
    if part.fault is None and not connected:  # an empty block is how AWS says that there is none
        r.set("VpcConfig", part, ABSENT)
    r.fill(part, {"ImageConfig": "ImageConfigResponse.ImageConfig"}, always=("Role", "Timeout", "MemorySize"))
    if part.value:
        r.also(part.value.get("FunctionArn"), part.value.get("FunctionName"))


def _reserved(answer: Mapping[str, Any]) -> Value:
    found: Value = (answer.get("Concurrency") or {}).get("ReservedConcurrentExecutions", ABSENT)
    return found


@reads("AWS::Lambda::Version", "lambda:GetFunctionConfiguration", "lambda:GetProvisionedConcurrencyConfig")
def version(r: Reading) -> None:
    """Its physical id is the ARN with the version's number."""
    part = r.main(r.ask("lambda:GetFunctionConfiguration", FunctionName=r.id))
    r.set("FunctionName", part.at("FunctionName"), lambda value: value)
    r.set("Description", part, lambda found: found.get("Description") or ABSENT)
    r.set("CodeSha256", part.at("CodeSha256"), lambda value: value)
    name, _, number = r.id.rpartition(":")
    _provisioned(r, name, number)


@reads("AWS::Lambda::Alias", "lambda:GetAlias", "lambda:GetProvisionedConcurrencyConfig")
def alias(r: Reading) -> None:
    """Its physical id is the ARN that ends in function and alias."""
    name, _, qualifier = r.id.rpartition(":")
    part = r.main(r.ask("lambda:GetAlias", FunctionName=name, Name=qualifier))
    r.set("FunctionName", part, name.rpartition(":")[2])
    _provisioned(r, name, qualifier)
    number = part.at("FunctionVersion")
    versions = "AWS::Lambda::Version"
    r.set("FunctionVersion", number, lambda value: r.reference(versions, f"{name}:{value}", value, "Version"))
    routing = part.at("RoutingConfig", required=False)
    if routing.fault is None and not (routing.value or {}).get("AdditionalVersionWeights"):
        r.set("RoutingConfig", part, ABSENT)
    r.fill(part)


def _provisioned(r: Reading, name: str, qualifier: str) -> None:
    none = ("ProvisionedConcurrencyConfigNotFoundException",)
    call = "lambda:GetProvisionedConcurrencyConfig"
    kept = r.ask(call, "RequestedProvisionedConcurrentExecutions", absent=none, FunctionName=name, Qualifier=qualifier)
    r.set("ProvisionedConcurrencyConfig", kept, lambda value: {"ProvisionedConcurrentExecutions": value})


@reads("AWS::Lambda::Permission", "lambda:GetPolicy")
def permission(r: Reading) -> None:
    """One statement of the function's policy: its Sid is the physical id, or the end of it."""
    named, _, sid = r.id.rpartition("|")
    target = named or r.needs("FunctionName")[0]
    parts = target.split(":")
    asked = {"FunctionName": target}
    if len(parts) == 8:  # arn:aws:lambda:region:account:function:name:qualifier
        asked = {"FunctionName": ":".join(parts[:7]), "Qualifier": parts[7]}
    text = r.main(r.ask("lambda:GetPolicy", "Policy", **asked))
    r.set("FunctionName", text, target)
    statement = text if text.fault else _statement(text, sid)
    r.set("Action", statement, lambda found: found.get("Action", ABSENT))
    r.set("Principal", statement, _principal)
    for name, key in (
        ("SourceArn", "aws:sourcearn"),
        ("SourceAccount", "aws:sourceaccount"),
        ("EventSourceToken", "lambda:eventsourcetoken"),
        ("FunctionUrlAuthType", "lambda:functionurlauthtype"),
        ("PrincipalOrgID", "aws:principalorgid"),
        ("InvokedViaFunctionUrl", "lambda:invokedviafunctionurl"),
    ):
        r.set(name, statement, _condition(key))


def _statement(text: Part, sid: str) -> Part:
    import json

    try:
        statements = json.loads(text.value)["Statement"]
    except (ValueError, KeyError, TypeError) as error:
        return Part(text.call, None, None, Fault(Cause.MALFORMED, "", str(error)), text.entry)
    found = next((item for item in statements if item.get("Sid") == sid), None)
    if found is None:
        raise GoneError(text)
    return Part(text.call, found, None, None, text.entry)


def _principal(statement: Mapping[str, Any]) -> Value:
    who = statement.get("Principal", ABSENT)
    found: Value = next(iter(who.values())) if isinstance(who, Mapping) and who else who
    return found


def _condition(wanted: str) -> Callable[[Mapping[str, Any]], Value]:
    """Read the value of a condition key, whatever the operator."""

    def read(statement: Mapping[str, Any]) -> Value:
        for keys in (statement.get("Condition") or {}).values():
            for key, value in keys.items():
                if key.lower() == wanted:
                    found: Value = value
                    return found
        return ABSENT

    return read
