"""What AWS would refuse before it starts: parameter values, violated rules, and things that depend on themselves."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from typing import TYPE_CHECKING, Final

from stackproof.model import ABSENT, Cause, Outcome, Unknown, Value
from stackproof.sources.decisions import truth
from stackproof.sources.nodes import Map, Node, Seq
from stackproof.sources.parameters import is_list, typed
from stackproof.sources.values import known, scalar_text

if TYPE_CHECKING:
    from stackproof.sources.stack import Stack

_SECTIONS: Final = ("Parameters", "Mappings", "Conditions", "Rules", "Resources", "Outputs")
_PARAMETERS: Final = "template-parameters-valid"
_MAX_LENGTH: Final = 4096  # bytes of a parameter value (AWS: CloudFormation quotas)

# AWS: "AWS-specific parameter types". Ids have 8 or 17 hexadecimal digits.
_HEX: Final = r"-(?:[0-9a-f]{8}|[0-9a-f]{17})"
_FORMS: Final[Mapping[str, str]] = {
    "Number": r"[-+]?(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d+)?",
    "AWS::EC2::AvailabilityZone::Name": r"[a-z]{2,}(?:-[a-z0-9]+)+",
    "AWS::EC2::Image::Id": f"ami{_HEX}",
    "AWS::EC2::Instance::Id": f"i{_HEX}",
    "AWS::EC2::SecurityGroup::Id": f"sg{_HEX}",
    "AWS::EC2::Subnet::Id": f"subnet{_HEX}",
    "AWS::EC2::VPC::Id": f"vpc{_HEX}",
    "AWS::EC2::Volume::Id": f"vol{_HEX}",
    "AWS::Route53::HostedZone::Id": r"[A-Z0-9]{1,32}",
}


def check_sections(stack: Stack) -> None:
    """Report sections that are no mappings: nothing in them is read."""
    root = stack.template.root
    for name in _SECTIONS:
        if name in root and not isinstance(root[name], Map | Unknown):
            kind = "a list" if isinstance(root[name], Seq) else "empty" if root[name] is None else "a single value"
            stack.problem(
                "template-well-formed", Outcome.FAIL, root.where(name), f"{name} is {kind}, expected a mapping"
            )


def check_parameters(stack: Stack) -> None:
    """Report values that are missing, unknown to the template, or against its declarations."""
    parameters = stack.parameters
    for name in parameters.given:
        if name not in parameters:
            message = f"parameter {name} is given, but {stack.template.name} declares no such parameter"
            stack.problem(_PARAMETERS, Outcome.FAIL, parameters.origin, message)
    for name in parameters:
        where = parameters.declared.where(name)
        if not isinstance(parameters.declared[name], Map):
            stack.problem("template-well-formed", Outcome.FAIL, where, f"parameter {name} has no declaration")
            continue
        given = name in parameters.given
        value = parameters.raw(name)
        if value is ABSENT:
            if parameters.origin.source != stack.template.name:
                message = f"parameter {name} has no value in {parameters.origin.source} and no default"
                stack.problem(_PARAMETERS, Outcome.UNKNOWN, where, message, Cause.UNRESOLVED_PARAMETER)
            continue
        if known(value):
            for flaw in _flaws(stack, name, value):
                shown = "set to a value that is refused"
                if isinstance(value, str | int | float) and not parameters.secret(name):
                    shown = repr(scalar_text(value))
                message = f"parameter {name} is {shown}, expected {flaw}"
                stack.problem(_PARAMETERS, Outcome.FAIL, parameters.origin if given else where, message)


def _flaws(stack: Stack, name: str, value: Value) -> Iterator[str]:
    parameters = stack.parameters
    type_ = parameters.type_of(name)
    read = typed(value, type_)
    items = read if isinstance(read, list) else [read]
    texts = [scalar_text(item) for item in items if isinstance(item, str | int | float)]
    if len(texts) != len(items):
        yield "text"
    inner = type_.removeprefix("List<").removesuffix(">")
    form = _FORMS.get(inner)
    allowed = parameters.allowed(name)
    pattern = parameters.field(name, "AllowedPattern")
    for text in texts:
        if form and not re.fullmatch(form, text):
            yield f"{'numbers' if inner == 'Number' else inner}"
        if allowed and text not in allowed:
            yield f"one of {', '.join(allowed[:10])}{' and more' if len(allowed) > 10 else ''}"
        if isinstance(pattern, str) and len(text) <= _MAX_LENGTH and not _matches(pattern, text):
            yield f"text like {pattern}"
        if not is_list(type_):
            yield from _bounds(stack, name, type_, text)


def _bounds(stack: Stack, name: str, type_: str, text: str) -> Iterator[str]:
    unit, low, high = ("", "MinValue", "MaxValue") if type_ == "Number" else (" characters", "MinLength", "MaxLength")
    if type_ == "Number":
        if not re.fullmatch(_FORMS["Number"], text):
            return
        size = float(text)
    else:
        size = len(text)
    least, most = _number(stack.parameters.field(name, low)), _number(stack.parameters.field(name, high))
    if least is not None and size < least:
        yield f"at least {least:g}{unit}"
    if most is not None and size > most:
        yield f"at most {most:g}{unit}"


def _number(node: Node) -> float | None:
    try:
        return float(node) if isinstance(node, str | int | float) else None
    except (ValueError, OverflowError):
        return None


def _matches(pattern: str, text: str) -> bool:
    try:
        return re.fullmatch(pattern, text) is not None
    except (re.error, RecursionError, OverflowError):  # a pattern of Java's that Python has not: not ours to judge
        return True


def check_rules(stack: Stack) -> bool:
    """Evaluate the template's Rules. Return False when an assertion is violated."""
    kept = True
    for name, rule in stack.section("Rules").items():
        if not isinstance(rule, Map):
            continue
        applies = truth(stack, rule["RuleCondition"]) if "RuleCondition" in rule else True
        assertions = rule.get("Assertions")
        for assertion in assertions if isinstance(assertions, Seq) and applies is not False else ():
            if not isinstance(assertion, Map) or "Assert" not in assertion:
                continue
            holds = truth(stack, assertion["Assert"])
            said = assertion.get("AssertDescription")
            message = f"rule {name}: {said if isinstance(said, str) else 'its assertion is violated'}"
            where = assertion.where("Assert")
            if holds is False and applies is True:
                kept = False
                stack.problem("template-rules-hold", Outcome.FAIL, where, message)
            elif holds is not True:
                hole = holds if isinstance(holds, Unknown) else applies
                cause = hole.cause if isinstance(hole, Unknown) else Cause.UNRESOLVED_PARAMETER
                detail = hole.detail if isinstance(hole, Unknown) else ""
                stack.problem("template-rules-hold", Outcome.UNKNOWN, where, f"{message} (depends on {detail})", cause)
    return kept


def check_cycles(stack: Stack) -> None:
    """Report resources that depend on each other in a circle."""
    for members in cycles(stack.edges):
        where = stack.resources.where(members[0])
        path = " -> ".join([*members, members[0]])
        stack.problem("template-no-cycles", Outcome.FAIL, where, f"resources depend on each other: {path}")


def cycles(edges: Mapping[str, Iterable[str]]) -> list[list[str]]:
    """Find one circle in each group of nodes that reach each other (Tarjan's strongly connected components)."""
    index: dict[str, int] = {}
    low: dict[str, int] = {}
    waiting: list[str] = []
    on_stack: set[str] = set()
    found: list[list[str]] = []
    for root in edges:
        work = [(root, iter(edges.get(root, ())))] if root not in index else []
        while work:
            node, targets = work[-1]
            if node not in index:
                index[node] = low[node] = len(index)
                waiting.append(node)
                on_stack.add(node)
            deeper = next((target for target in targets if target not in index or target in on_stack), None)
            if deeper is not None:
                if deeper not in index:
                    work.append((deeper, iter(edges.get(deeper, ()))))
                else:
                    low[node] = min(low[node], index[deeper])
                continue
            work.pop()
            if work:
                low[work[-1][0]] = min(low[work[-1][0]], low[node])
            if low[node] == index[node]:
                group: list[str] = []
                while not group or group[-1] != node:
                    group.append(waiting.pop())
                on_stack.difference_update(group)
                if len(group) > 1 or node in edges.get(node, ()):
                    found.append(_circle(edges, sorted(group)))
    return sorted(found)


def _circle(edges: Mapping[str, Iterable[str]], group: list[str]) -> list[str]:
    """Return the shortest way from the group's first node back to itself."""
    members, start = set(group), group[0]
    ways: list[list[str]] = [[start]]
    seen: set[str] = set()
    for way in ways:
        for target in edges.get(way[-1], ()):
            if target == start:
                return way
            if target in members and target not in seen:
                seen.add(target)
                ways.append([*way, target])
    return group
