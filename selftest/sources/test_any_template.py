"""Whatever a template holds, evaluation ends, raises nothing, and knows all that can be known."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from selftest.sources.evaluating import PROD, evaluation, messages, source
from stackproof.model import Absent, Cause, Resource, Unknown, Value
from stackproof.model.matching import holes
from stackproof.sources import Deployment, StackSource, TemplateFile, evaluate

NAMES = st.sampled_from(["A", "B", "C", "P", "Q", "L", "M", "Env", "x"])
SCALARS = NAMES | st.integers(-3, 300) | st.booleans() | st.none() | st.text(max_size=5)
FUNCTIONS = [
    "Ref", "Condition", "Fn::If", "Fn::Sub", "Fn::GetAtt", "Fn::Join", "Fn::Select", "Fn::Split",
    "Fn::FindInMap", "Fn::Cidr", "Fn::Base64", "Fn::Length", "Fn::ToJsonString", "Fn::GetAZs",
    "Fn::ImportValue", "Fn::Equals", "Fn::And", "Fn::Or", "Fn::Not", "Fn::Contains", "Fn::Transform",
    "Fn::ForEach::X", "Fn::Odd", "Fn::ValueOf", "Properties",
]  # fmt: skip


def wrapped(children: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    texts = st.sampled_from(
        ["${A}", "${A.Arn}-${Env}", "${!x}", "{{resolve:ssm:/a}}", "{{resolve:secretsmanager:${A}:b}}"]
    )
    return (
        st.lists(children, max_size=4)
        | st.dictionaries(NAMES | st.sampled_from(FUNCTIONS), children, max_size=3)
        | st.builds(lambda name, child: {name: child}, st.sampled_from(FUNCTIONS), children)
        | st.builds(lambda text: {"Fn::Sub": text}, texts)
    )


ANYTHING = st.recursive(SCALARS, wrapped, max_leaves=12)
RESOURCE = ANYTHING | st.fixed_dictionaries(
    {"Type": st.sampled_from(["T", "AWS::S3::Bucket", "AWS::CloudFormation::Stack", "AWS::Serverless::Function"])},
    optional={"Properties": ANYTHING, "Condition": ANYTHING, "DependsOn": ANYTHING, "DeletionPolicy": ANYTHING},
)
PARAMETER = ANYTHING | st.fixed_dictionaries(
    {"Type": st.sampled_from(["String", "Number", "CommaDelimitedList", "AWS::SSM::Parameter::Value<String>", "Odd"])},
    optional={
        "Default": ANYTHING,
        "AllowedValues": ANYTHING,
        "NoEcho": ANYTHING,
        "AllowedPattern": ANYTHING,
        "MinValue": ANYTHING,
    },
)
OUTPUT = ANYTHING | st.fixed_dictionaries({"Value": ANYTHING}, optional={"Export": ANYTHING, "Condition": ANYTHING})
TEMPLATES = st.fixed_dictionaries(
    {"Resources": ANYTHING | st.dictionaries(NAMES, RESOURCE, max_size=4)},
    optional={
        "Parameters": ANYTHING | st.dictionaries(NAMES, PARAMETER, max_size=3),
        "Mappings": ANYTHING,
        "Conditions": ANYTHING | st.dictionaries(NAMES, ANYTHING, max_size=3),
        "Rules": ANYTHING | st.dictionaries(NAMES, st.fixed_dictionaries({"Assertions": ANYTHING}), max_size=2),
        "Outputs": ANYTHING | st.dictionaries(NAMES, OUTPUT, max_size=2),
        "Transform": st.sampled_from(["AWS::LanguageExtensions", "Odd", ["AWS::Include"]]) | ANYTHING,
        "Metadata": ANYTHING,
    },
)


@given(st.lists(TEMPLATES, min_size=1, max_size=2), st.dictionaries(NAMES, SCALARS, max_size=2), st.booleans())
@settings(max_examples=400, deadline=None)
def test_any_template_is_evaluated(
    templates: list[dict[str, Any]], given_values: dict[str, Any], open_world: bool
) -> None:
    """No template raises; every document is plain JSON, and every resource is read as facts."""
    sources = [
        StackSource(f"s{i}", TemplateFile.of(f"s{i}.json", json.dumps(template)), given_values)
        for i, template in enumerate(templates)
    ]
    found = evaluate(sources, Deployment(), open_world=open_world)
    assert 1 <= len(found.worlds) <= 64
    for world in found.worlds:
        assert all(json.loads(document.text()) == document.content for document in world.documents)
        for resource in world.inventory.resources:
            assert not isinstance(resource.properties, Absent)
            assert all(fact.where.line >= 1 for fact in (resource[key] for key in names(resource)))
            assert list(resource.references()) is not None


def names(resource: Resource) -> tuple[str, ...]:
    return resource.fact.keys()


KNOWN = st.sampled_from(["dev", "prod", "1", ""])
CONDITION = st.recursive(
    st.sampled_from(["P", "Q"]).flatmap(lambda p: KNOWN.map(lambda v: {"Fn::Equals": [{"Ref": p}, v]})),
    lambda inner: (
        st.lists(inner, min_size=2, max_size=3).map(lambda items: {"Fn::And": items})
        | st.lists(inner, min_size=2, max_size=3).map(lambda items: {"Fn::Or": items})
        | inner.map(lambda item: {"Fn::Not": [item]})
    ),
    max_leaves=5,
)
VALUE = st.recursive(
    KNOWN | st.sampled_from([{"Ref": "P"}, {"Ref": "Q"}, {"Ref": "AWS::NoValue"}, {"Ref": "AWS::StackName"}]),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(NAMES, inner, max_size=3)
        | st.tuples(st.sampled_from(["C", "D"]), inner, inner).map(lambda parts: {"Fn::If": list(parts)})
    ),
    max_leaves=10,
)


@given(CONDITION, CONDITION, VALUE, KNOWN, KNOWN)
@settings(max_examples=300, deadline=None)
def test_with_every_parameter_given_nothing_is_undecided(c: Any, d: Any, tree: Any, p: str, q: str) -> None:
    """Conditions and values agree with a direct reading of the template, and nothing stays unresolved."""
    template = {
        "Parameters": {"P": {"Type": "String"}, "Q": {"Type": "String"}},
        "Conditions": {"C": c, "D": d},
        "Resources": {"R": {"Type": "T", "Properties": {"V": [tree]}}},
    }
    found = evaluation(source("app", json.dumps(template), P=p, Q=q))
    assert messages(found) == []
    resource = found.worlds[0].inventory.get("app.R")
    assert resource is not None
    facts = {"P": p, "Q": q, "AWS::StackName": "prod-app"}
    assert resource["V"].value == direct([tree], {"C": decided(c, facts), "D": decided(d, facts)}, facts)
    assert [hole for hole in holes(resource.properties) if hole.cause is Cause.UNRESOLVED_PARAMETER] == []


@given(CONDITION, CONDITION, VALUE, KNOWN, KNOWN)
@settings(max_examples=150, deadline=None)
def test_worlds_cover_every_deployment(c: Any, d: Any, tree: Any, p: str, q: str) -> None:
    """Whatever values are chosen at deployment, one of the worlds agrees with what comes of them."""
    template = {
        "Parameters": {"P": {"Type": "String"}, "Q": {"Type": "String"}},
        "Conditions": {"C": c, "D": d},
        "Resources": {"R": {"Type": "T", "Properties": {"V": [tree]}}},
    }
    deployed = evaluation(source("app", json.dumps(template), P=p, Q=q)).worlds[0].inventory.get("app.R")
    assert deployed is not None
    worlds = evaluation(source("app", json.dumps(template))).worlds
    there = [resource for world in worlds if (resource := world.inventory.get("app.R"))]
    assert any(resource["V"].equals(deployed["V"].value).holds is not False for resource in there)


def direct(node: Any, conditions: dict[str, bool], facts: dict[str, str]) -> Value:
    """Read a template value by the CloudFormation reference, as simply as possible."""
    kept = list(items(node, conditions, facts))
    return kept[0] if kept else None


def items(node: Any, conditions: dict[str, bool], facts: dict[str, str]) -> Iterator[Value]:
    if isinstance(node, list):
        yield [value for item in node for value in items(item, conditions, facts)]
    elif isinstance(node, dict) and set(node) == {"Fn::If"}:
        name, yes, no = node["Fn::If"]
        yield from items(yes if conditions[name] else no, conditions, facts)
    elif isinstance(node, dict) and set(node) == {"Ref"}:
        if node["Ref"] != "AWS::NoValue":
            yield facts[node["Ref"]]
    elif isinstance(node, dict):
        yield {key: value for key, item in node.items() for value in items(item, conditions, facts)}
    else:
        yield node


def decided(node: Any, facts: dict[str, str]) -> bool:
    ((name, argument),) = node.items()
    if name == "Fn::Equals":
        return bool(facts[argument[0]["Ref"]] == argument[1])
    answers = [decided(item, facts) for item in argument]
    return bool({"Fn::And": all(answers), "Fn::Or": any(answers), "Fn::Not": not answers[0]}[name])


def test_long_chains_end() -> None:
    """Names and conditions that depend on each other over a thousand steps end in a problem, not in a crash."""
    chain = "".join(
        f"  R{n}: {{Type: AWS::S3::Bucket, Properties: {{BucketName: !Sub '${{R{n + 1}}}x'}}}}\n" for n in range(1000)
    )
    conditions = "".join(f"  C{n}: !Not [!Condition C{n + 1}]\n" for n in range(1000))
    last = "  R1000: {Type: AWS::S3::Bucket, Condition: C0}\n"
    text = f"Conditions:\n{conditions}  C1000: !Equals [a, a]\nResources:\n{chain}{last}"
    found = evaluate([StackSource("app", TemplateFile.of("app.yml", text))], PROD)
    assert any("too many levels" in message for message in messages(found))
    assert len(found.worlds) <= 64


def test_texts_that_double_end() -> None:
    """Texts that are made of each other over many stacks end in an unknown, not in memory without end."""
    first = source("s0", "Resources: {R: {Type: T}}\nOutputs: {O: {Value: xxxxxxxx, Export: {Name: s0}}}")
    imports = "{Value: !Join ['', [" + ", ".join(["!ImportValue sA"] * 9) + "]], Export: {Name: sB}}"
    template = f"Resources: {{R: {{Type: T}}}}\nOutputs: {{O: {imports}}}"
    others = [source(f"s{n}", template.replace("sA", f"s{n - 1}").replace("sB", f"s{n}")) for n in range(1, 12)]
    found = evaluation(first, *others)
    last = found.worlds[0].inventory.get("s11")
    assert last is not None
    assert isinstance(last.at("Outputs[0].OutputValue").value, Unknown)
