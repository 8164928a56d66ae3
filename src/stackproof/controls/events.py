"""EventBridge: buses, and rules whose targets really hear of the event."""

from __future__ import annotations

from stackproof.model import Claim, Fact, Inventory, Resource, Severity, control

RULE, BUS, BUS_POLICY = "AWS::Events::Rule", "AWS::Events::EventBus", "AWS::Events::EventBusPolicy"


@control(
    BUS,
    severity=Severity.LOW,
    remediation="Add an AWS::Events::EventBusPolicy for the bus, or set its Policy.",
)
def events_bus_has_policy(bus: Resource, inventory: Inventory) -> Claim:
    """A policy of its own says who may send to the bus; without it every role of the account may be made to."""
    return bus["Policy"].present() | inventory.pointing_to(bus, BUS_POLICY, at="EventBusName").exists()


@control(
    BUS,
    BUS_POLICY,
    severity=Severity.HIGH,
    remediation="Name accounts as Principal, or add a Condition on aws:PrincipalOrgID.",
)
def events_bus_not_public(resource: Resource) -> Claim:
    """A bus that takes events from everyone lets strangers start whatever its rules start."""
    if resource.type == BUS:
        return resource["Policy"]["Statement"].each(lambda statement: ~_for_everyone(statement))
    plain = resource["Principal"].equals("*") & resource["Condition"].absent()
    statement = resource["Statement"]
    return ~plain & (statement.absent() | ~_for_everyone(statement))


def _for_everyone(statement: Fact) -> Claim:
    principal = statement["Principal"]
    mapping = principal.claim("a mapping", lambda value: isinstance(value, dict))
    anyone = principal.equals("*") | (mapping & principal["AWS"].contains("*"))
    return statement["Effect"].equals("Allow") & anyone & statement["Condition"].absent()


@control(
    RULE,
    severity=Severity.HIGH,
    remediation="Add an AWS::Lambda::Permission with Principal events.amazonaws.com and SourceArn of the rule.",
)
def events_rule_may_invoke(rule: Resource, inventory: Inventory) -> Claim:
    """A rule that may not invoke its function fires into nothing, and no error shows in the function."""
    to_functions = rule["Targets"].some(lambda target: _is_function(target, inventory))

    def permitted(target: Fact) -> Claim:
        return inventory.follow(target["Arn"], lambda function: _admits(function, rule, inventory)).only_if(
            _is_function(target, inventory)
        )

    return rule["Targets"].each(permitted).only_if(to_functions)


def _is_function(target: Fact, inventory: Inventory) -> Claim:
    found = inventory.target(target["Arn"])
    kinds = ("AWS::Lambda::Function", "AWS::Lambda::Alias", "AWS::Lambda::Version")
    if isinstance(found, Resource):
        return target["Arn"].claim("a function", lambda _: found.type in kinds)
    return target["Arn"].matches(r"arn:[\w-]+:lambda:.*")


def _admits(function: Resource, rule: Resource, inventory: Inventory) -> Claim:
    permissions = inventory.pointing_to(function, "AWS::Lambda::Permission", at="FunctionName")

    def for_rule(permission: Resource) -> Claim:
        source = permission["SourceArn"]
        of_rule = inventory.follow(source, lambda found: found.fact.claim("the rule", lambda _: found is rule))
        return permission["Principal"].equals("events.amazonaws.com") & (source.absent() | of_rule)

    return permissions.any(for_rule)


@control(
    RULE,
    severity=Severity.LOW,
    remediation="Set DeadLetterConfig.Arn of each target to a queue.",
)
def events_target_keeps_failures(rule: Resource) -> Claim:
    """An event that cannot be delivered for a day is dropped without a word unless a queue takes it."""
    targets = rule["Targets"]
    return targets.each(lambda target: target["DeadLetterConfig"]["Arn"].present()).only_if(targets.present())


@control(
    RULE,
    severity=Severity.MEDIUM,
    remediation="Add Targets to the rule, or remove it.",
)
def events_rule_has_target(rule: Resource) -> Claim:
    """A rule without targets looks like a reaction that nobody ever gets."""
    return rule["Targets"].present().only_if(rule["State"].one_of("ENABLED"))
