"""Stacks: their order, their parameters, and what they say to the outside."""

from __future__ import annotations

from dataclasses import replace

from stackproof.model import (
    ABSENT,
    Cause,
    Claim,
    Evidence,
    Fact,
    Inventory,
    Resource,
    Severity,
    Unknown,
    Value,
    all_of,
    control,
)
from stackproof.resources.secret_values import no_secret_pair, speaks_of_secret

STACK = "AWS::CloudFormation::Stack"


@control(
    STACK,
    severity=Severity.HIGH,
    remediation="Move what is imported into an earlier layer, or pass it the other way round as a parameter.",
)
def stack_imports_from_earlier_layers(stack: Resource, inventory: Inventory) -> Claim:
    """A stack that imports from its own or a later layer cannot be deployed, or rolled back, in the order of layers."""
    layer, order = stack.attribute("Layer"), stack.attribute("Order").value

    def earlier(export: Fact) -> Claim:
        return inventory.follow(export["From"], lambda exporter: _before(exporter, export["Name"], order))

    imports = stack.attribute("Imports")
    return imports.each(earlier).only_if(layer.present() & imports.present())


def _before(exporter: Resource, name: Fact, order: Value) -> Claim:
    theirs = exporter.attribute("Order").value
    if not isinstance(theirs, int) or not isinstance(order, int):
        return name.claim("an export of a stack with an order", lambda _: False)
    layer = exporter.attribute("Layer").value
    found = Evidence(f"{name.value}", f"exported by {exporter.address} (layer {layer})", "an earlier layer", name.where)
    return Claim(theirs < order, (found,))


@control(
    STACK,
    severity=Severity.HIGH,
    remediation="Move the shared resource into a stack that both import from.",
)
def stack_exports_make_no_cycle(stack: Resource, inventory: Inventory) -> Claim:
    """Stacks that import from each other in a circle can neither be created nor deleted in any order."""
    seen, queue, doubt = {stack.address}, [stack], None
    while queue:
        for export in queue.pop().attribute("Imports").items():
            source = inventory.target(export["From"])
            if isinstance(source, Unknown):
                doubt = doubt or source
            elif source.address == stack.address:
                return export["Name"].claim("an import that does not lead back here", lambda _: False)
            elif source.address not in seen:
                seen.add(source.address)
                queue.append(source)
    answer = doubt or True
    imports = stack.attribute("Imports")
    return imports.claim("imports that do not lead back here", lambda _: answer).only_if(imports.present())


@control(
    STACK,
    severity=Severity.HIGH,
    remediation="Give the parameter a value in the environment's parameter file, or a Default.",
)
def stack_parameters_complete(stack: Resource, inventory: Inventory) -> Claim:
    """A parameter without a value stops the deployment, and until then nobody can judge what depends on it."""
    declared = stack.attribute("ParameterDeclarations")
    given = [_given(stack, name) for name in declared.keys()]  # noqa: SIM118 - a fact is no mapping
    complete = all_of(fact.claim("a value", lambda value: value is not ABSENT) for fact in given)
    if complete.holds is False and inventory.gaps:
        return Claim(None, tuple(replace(e, unknown=inventory.gaps[0].unknown) for e in complete.because))
    return complete.only_if(declared.present())


def _given(stack: Resource, name: str) -> Fact:
    """A parameter's value; absent when it is unknown for no other reason than that nobody gave one."""
    fact = stack["Parameters"][name]
    own = Unknown(Cause.UNRESOLVED_PARAMETER, f"{stack.address}.{name}")
    return replace(fact, value=ABSENT) if fact.value == own else replace(fact, value="given")


@control(
    STACK,
    severity=Severity.HIGH,
    remediation="Put a secret's ARN into the output instead of its value.",
)
def stack_outputs_hold_no_secret(stack: Resource, inventory: Inventory) -> Claim:
    """Outputs are shown to everyone who may describe stacks, and imported where nobody expects a secret."""
    outputs = stack["Outputs"]
    return outputs.each(lambda output: no_secret_pair(output["OutputKey"], output["OutputValue"], inventory)).only_if(
        outputs.present()
    )


@control(
    STACK,
    severity=Severity.HIGH,
    remediation="Generate the secret in Secrets Manager; if it must be passed in, set NoEcho: true and no Default.",
)
def stack_parameters_hide_secrets(stack: Resource) -> Claim:
    """Without NoEcho everyone who may describe the stack reads the password; a Default puts it into the repository."""
    declared = stack.attribute("ParameterDeclarations")
    names = [name for name in declared.keys() if _is_secret(name, declared[name])]  # noqa: SIM118
    hidden = all_of(_hidden(name, declared[name]) for name in names)
    takes = declared.claim("parameters that take secrets", lambda _: bool(names))
    return (hidden & takes).only_if(takes)


def _is_secret(name: str, declaration: Fact) -> bool:
    by_ssm = str(declaration["Type"].value).startswith("AWS::SSM::")
    return not by_ssm and (speaks_of_secret(name) or declaration["NoEcho"].equals(expected=True).holds is True)


def _hidden(name: str, declaration: Fact) -> Claim:
    named = replace(declaration, path=f"Parameters.{name}")
    return named["NoEcho"].equals(expected=True) & named["Default"].absent()
