"""Parameter values are read as their type and checked against the template's declarations."""

from __future__ import annotations

import pytest

from selftest.sources.evaluating import PROD, evaluation, messages, prop, source
from stackproof.model import Outcome
from stackproof.sources import StackSource, TemplateFile, evaluate


def checked(declaration: str, given: object) -> list[str]:
    text = f"Parameters:\n  P: {declaration}\nResources: {{R: {{Type: T}}}}\n"
    found = StackSource("app", TemplateFile.of("app.yml", text), {"P": given}, parameter_source="prod.json")
    return messages(evaluate([found], PROD))


@pytest.mark.parametrize(
    ("declaration", "given", "wanted"),
    [
        ("{Type: String, AllowedValues: [a, b]}", "c", "'c', expected one of a, b"),
        ("{Type: String, AllowedPattern: '[a-z]+'}", "A1", "'A1', expected text like [a-z]+"),
        ("{Type: String, MinLength: 3}", "ab", "'ab', expected at least 3 characters"),
        ("{Type: String, MaxLength: 3}", "abcd", "'abcd', expected at most 3 characters"),
        ("{Type: Number}", "many", "'many', expected numbers"),
        ("{Type: Number, MinValue: 5}", 4, "'4', expected at least 5"),
        ("{Type: Number, MaxValue: 5}", "5.5", "'5.5', expected at most 5"),
        ("{Type: List<Number>}", "1,x", "'1,x', expected numbers"),
        ("{Type: CommaDelimitedList, AllowedValues: [a]}", "a, z", "'a, z', expected one of a"),
        ("{Type: 'AWS::EC2::VPC::Id'}", "main", "'main', expected AWS::EC2::VPC::Id"),
        (
            "{Type: String, NoEcho: true, MinLength: 8}",
            "hunter2",
            "set to a value that is refused, expected at least 8",
        ),
    ],
)
def test_refused_value_names_file_value_and_expectation(declaration: str, given: object, wanted: str) -> None:
    """A value that AWS would refuse is a failure at the parameter file; a NoEcho value is not shown."""
    said = checked(declaration, given)
    assert len(said) == 1
    assert said[0].startswith("template-parameters-valid fail prod.json parameter P is ")
    assert wanted in said[0]
    assert "hunter2" not in said[0]


@pytest.mark.parametrize(
    ("declaration", "given"),
    [
        ("{Type: String, AllowedValues: [1, true]}", "true"),
        ("{Type: Number, MinValue: 1}", "1e3"),
        ("{Type: List<AWS::EC2::Subnet::Id>}", "subnet-0123456789abcdef0, subnet-12345678"),
        ("{Type: String, AllowedPattern: '\\p{Alpha}+'}", "x"),
    ],
)
def test_accepted_value_is_no_problem(declaration: str, given: object) -> None:
    """Values that AWS accepts are silent, also where its pattern language is not Python's."""
    assert checked(declaration, given) == []


def test_missing_and_unknown_parameters_are_reported() -> None:
    """A value for nothing is a failure at the file; a value that is nowhere is unknown at the declaration."""
    text = "Parameters:\n  Need: {Type: String}\nResources: {R: {Type: T}}\n"
    found = evaluate(
        [StackSource("app", TemplateFile.of("app.yml", text), {"Nope": 1}, parameter_source="prod.json")], PROD
    )
    assert [(p.outcome, str(p.where)) for p in found.problems] == [
        (Outcome.FAIL, "prod.json"),
        (Outcome.UNKNOWN, "app.yml:2"),
    ]


def test_secret_parameter_value_is_nowhere() -> None:
    """The value of a NoEcho parameter is in no property, document or message."""
    text = """
Parameters: {Password: {Type: String, NoEcho: true}}
Conditions: {Has: !Not [!Equals [!Ref Password, ""]]}
Resources:
  R: {Type: T, Properties: {P: !Ref Password, Url: !Sub "db://${Password}@x", Q: !If [Has, 1, 2]}}
"""
    given = {"Password": "hunter2"}
    found = evaluation(source("app", text, **given))
    world = found.worlds[0]
    assert prop(world, "app.R", "Q") == 1
    assert "hunter2" not in repr([(r.properties, r.attributes) for r in world.inventory.resources])
    assert "hunter2" not in world.documents[0].text()
