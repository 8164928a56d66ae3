"""What is undecided is gone through in every way that matters, and never guessed."""

from __future__ import annotations

from selftest.sources.evaluating import evaluation, messages, prop, source
from stackproof.model import Cause, Unknown

ENCRYPTED = """
Parameters:
  Env: {Type: String, AllowedValues: [dev, staging, prod]}
Conditions:
  IsProd: !Equals [!Ref Env, prod]
Resources:
  Db: {Type: AWS::RDS::DBInstance, Properties: {StorageEncrypted: !If [IsProd, true, false]}}
  Replica: {Type: AWS::RDS::DBInstance, Condition: IsProd}
"""


def test_allowed_values_that_decide_alike_are_one_world() -> None:
    """Only what makes a difference is told apart; values that lead to the same are named together."""
    found = evaluation(source("app", ENCRYPTED))
    assert [(dict(w.assumptions), prop(w, "app.Db", "StorageEncrypted")) for w in found.worlds] == [
        ({"app.Env": "dev or staging"}, False),
        ({"app.Env": "prod"}, True),
    ]
    assert [bool(w.inventory.get("app.Replica")) for w in found.worlds] == [False, True]


def test_free_parameter_is_a_compared_literal_or_another_value() -> None:
    """A parameter without AllowedValues may have each literal that it is compared with, or none of them."""
    found = evaluation(source("app", ENCRYPTED.replace(", AllowedValues: [dev, staging, prod]", "")))
    assert [dict(w.assumptions) for w in found.worlds] == [{"app.Env": "prod"}, {"app.Env": "another value"}]
    assert [prop(w, "app.Db", "StorageEncrypted") for w in found.worlds] == [True, False]


def test_parameter_that_only_fills_a_value_stays_unknown() -> None:
    """A free parameter that decides nothing is unknown in one world, and named."""
    found = evaluation(
        source("app", "Parameters: {Cidr: {Type: String}}\nResources: {R: {Type: T, Properties: {P: !Ref Cidr}}}")
    )
    assert [prop(w, "app.R", "P") for w in found.worlds] == [Unknown(Cause.UNRESOLVED_PARAMETER, "app.Cidr")]
    assert found.worlds[0].assumptions == {}


def test_condition_over_an_unknown_is_assumed_both_ways() -> None:
    """A condition over a value that only AWS knows is true in one world and false in another."""
    text = """
Parameters:
  Flag: {Type: "AWS::SSM::Parameter::Value<String>", Default: /flag}
Conditions:
  Wanted: !Equals [!Ref Flag, "true"]
Resources:
  R: {Type: T, Properties: {P: !If [Wanted, 1, 2]}}
"""
    found = evaluation(source("app", text))
    assert [(w.assumptions["app.Conditions.Wanted"], prop(w, "app.R", "P")) for w in found.worlds] == [
        ("true", 1),
        ("false", 2),
    ]


def test_too_many_worlds_stay_unknown_and_say_so() -> None:
    """Beyond 64 worlds conditions stay undecided: values are unknown, and a resource that may not exist is a gap."""
    names = [f"P{n}" for n in range(9)]
    text = "Parameters:\n" + "".join(f"  {n}: {{Type: String}}\n" for n in names)
    text += "Conditions:\n" + "".join(f"  C{n}: !Equals [!Ref {n}, a]\n" for n in names)
    text += "Resources:\n" + "".join(
        f"  R{n}: {{Type: T, Condition: C{n}, Properties: {{P: !If [C{n}, 1, 2]}}}}\n" for n in names
    )
    text += "  All: {Type: U, Properties: {P: [" + ", ".join(f"!If [C{n}, 1, 2]" for n in names) + "]}}\n"
    found = evaluation(source("app", text))
    assert len(found.worlds) == 64
    values = prop(found.worlds[0], "app.All", "P")
    assert isinstance(values, list)
    assert values[:6] == [1] * 6
    assert [value for value in values[6:] if not isinstance(value, Unknown)] == []
    assert found.worlds[0].inventory.of_type("T").exists().holds is True
    assert found.worlds[-1].inventory.of_type("T").exists().holds is None
    assert any(m.startswith("template-conditions-decided unknown") for m in messages(found))


def test_rules_leave_out_what_they_forbid() -> None:
    """A world in which an assertion is violated cannot be deployed, so nothing is said of it."""
    text = """
Parameters:
  Env: {Type: String, AllowedValues: [dev, prod]}
  Size: {Type: String, AllowedValues: [small, large]}
Rules:
  Prod:
    RuleCondition: !Equals [!Ref Env, prod]
    Assertions:
      - Assert: !Contains [[large], !Ref Size]
        AssertDescription: prod needs large
Resources:
  R: {Type: T, Properties: {P: !Sub "${Env} ${Size}"}}
"""
    found = evaluation(source("app", text))
    assert [prop(w, "app.R", "P") for w in found.worlds] == ["dev small", "dev large", "prod large"]
    assert found.problems == ()
    given = evaluation(source("app", text, Env="prod", Size="small"))
    assert messages(given) == ["template-rules-hold fail app.yml:9 rule Prod: prod needs large"]


def test_find_in_map_goes_through_the_keys() -> None:
    """An undecided key of a mapping is each of its rows, or another value that finds nothing known."""
    text = """
Parameters: {Env: {Type: String}}
Mappings: {M: {dev: {n: 1}, prod: {n: 2}}}
Resources: {R: {Type: T, Properties: {P: !FindInMap [M, !Ref Env, n]}}}
"""
    found = evaluation(source("app", text))
    values = [prop(w, "app.R", "P") for w in found.worlds]
    assert values == [1, 2, Unknown(Cause.UNRESOLVED_PARAMETER, "app.Env")]
