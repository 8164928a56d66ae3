"""Intrinsic functions give what CloudFormation gives."""

from __future__ import annotations

import pytest

from selftest.sources.evaluating import evaluation, messages, prop, resource, source, value, world
from stackproof.model import ABSENT, Cause, Reference, Text, Unknown

HEAD = """
Parameters:
  Env: {Type: String, Default: prod}
  Names: {Type: CommaDelimitedList, Default: "a, b ,c"}
  Cidr: {Type: String}
  Password: {Type: String, NoEcho: true, Default: hunter2}
  Ami: {Type: "AWS::SSM::Parameter::Value<AWS::EC2::Image::Id>", Default: /ami/latest}
Mappings:
  Sizes: {prod: {days: 30, list: [x, y]}, dev: {days: 1, list: [z]}}
Conditions:
  IsProd: !Equals [!Ref Env, prod]
  IsDev: !Not [!Condition IsProd]
  Either: !Or [!Condition IsDev, !And [!Condition IsProd, !Equals [!Ref "AWS::Region", eu-west-1]]]
  HasPassword: !Not [!Equals [!Ref Password, ""]]
"""
CIDR = Unknown(Cause.UNRESOLVED_PARAMETER, "app.Cidr")


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        ("!Ref Env", "prod"),
        ("!Ref Names", ["a", "b", "c"]),
        ("!Ref AWS::Region", "eu-west-1"),
        ("!Ref AWS::AccountId", "123456789012"),
        ("!Ref AWS::StackName", "prod-app"),
        ("!Ref AWS::URLSuffix", "amazonaws.com"),
        ("!If [IsProd, yes-it-is, no]", "yes-it-is"),
        ("!If [IsDev, 1, 2]", 2),
        ("!If [Either, in, out]", "in"),
        ("!If [HasPassword, in, out]", "in"),
        ("!If [IsDev, 1, !If [IsProd, {A: 1}, 2]]", {"A": 1}),
        ("[1, !If [IsDev, 2, !Ref AWS::NoValue], 3]", [1, 3]),
        ("!FindInMap [Sizes, !Ref Env, days]", 30),
        ("!FindInMap [Sizes, !Ref Env, list]", ["x", "y"]),
        ("!FindInMap [Sizes, nope, days, DefaultValue: 7]", 7),
        ("!Sub '${Env}-${AWS::Region}-${!Literal}'", "prod-eu-west-1-${Literal}"),
        ("!Sub ['${A}/${Env}', {A: !Select [1, !Ref Names]}]", "b/prod"),
        ("!Join ['-', [!Ref Env, 1, true]]", "prod-1-true"),
        ("!Join [',', !Ref Names]", "a,b,c"),
        ("!Select ['2', [x, y, z]]", "z"),
        ("!Split [':', 'a:b:c']", ["a", "b", "c"]),
        ("!Base64 hello", "aGVsbG8="),
        ("!Cidr [10.0.0.0/16, 3, 8]", ["10.0.0.0/24", "10.0.1.0/24", "10.0.2.0/24"]),
        ("!Cidr ['2001:db8::/56', 2, 64]", ["2001:db8::/64", "2001:db8:0:1::/64"]),
        ("{'Fn::Length': !Ref Names}", 3),
        ("{'Fn::ToJsonString': {a: !Ref Env, b: [1, true]}}", '{"a":"prod","b":[1,true]}'),
        ("!Ref Cidr", CIDR),
        ("!Sub 'x ${Cidr}'", Text(("x ", CIDR))),
        ("!Join ['', [!Ref Cidr]]", CIDR),
        ("!Select [0, !Split ['/', !Sub 'vpc/${Cidr}']]", "vpc"),
        ("!Select [1, !GetAZs '']", Unknown(Cause.NEEDS_LIVE, "availability zones of eu-west-1[1]")),
        ("!Ref Ami", Unknown(Cause.UNRESOLVED_PARAMETER, "app.Ami (SSM parameter /ami/latest)")),
        ("!Ref Password", Reference("app.Password", "NoEcho")),
        ("'{{resolve:ssm:/db/host:3}}'", Unknown(Cause.UNRESOLVED_PARAMETER, "resolve:ssm:/db/host:3")),
        (
            "!Sub '{{resolve:secretsmanager:${Env}/db:SecretString:password}}'",
            Reference("prod/db", "resolve:secretsmanager:prod/db:SecretString:password"),
        ),
        ("2012-10-17", "2012-10-17"),
        ("yes", True),
        ("0123", 83),
        ("012345678901", "012345678901"),
        ("!!str 0123", "0123"),
        ("190:20:30", 685230),
    ],
)
def test_function_gives_what_cloudformation_gives(expression: str, expected: object) -> None:
    """Each expression has the value that the CloudFormation reference documents."""
    assert value(expression, HEAD) == expected


def test_no_value_removes_a_property() -> None:
    """A property whose value is AWS::NoValue is not set."""
    assert value("!If [IsDev, 1, !Ref AWS::NoValue]", HEAD) is ABSENT


def test_reference_keeps_target_and_text() -> None:
    """A GetAtt points at the resource, and has the text that a declared name settles."""
    found = world("""
Resources:
  Bucket: {Type: AWS::S3::Bucket, Properties: {BucketName: !Sub "${AWS::AccountId}-files"}}
  Role: {Type: AWS::IAM::Role}
  R:
    Type: Test::It
    Properties:
      Arn: !Sub "${Bucket.Arn}/*"
      Role: !GetAtt Role.Arn
      Account: !Select [4, !Split [":", !GetAtt Role.Arn]]
      Json: {"Fn::ToJsonString": {bucket: !Ref Bucket}}
""")
    arn = prop(found, "app.R", "Arn")
    assert arn == Text((Reference("app.Bucket", "Arn"), "/*"))
    assert isinstance(arn, Text)
    assert isinstance(arn.parts[0], Reference)
    assert arn.parts[0].text == "arn:aws:s3:::123456789012-files"
    assert prop(found, "app.R", "Role") == Reference("app.Role", "Arn")
    account = prop(found, "app.R", "Account")
    assert isinstance(account, Reference)
    assert account.target == "app.Role"
    assert prop(found, "app.R", "Json") == Text(('{"bucket":"', Reference("app.Bucket"), '"}'))
    assert "arn:aws:s3:::123456789012-files" in resource(found, "app.Bucket").names


def test_dynamic_reference_to_own_secret_points_at_it() -> None:
    """A secret read by a dynamic reference is followed to the secret's own resource, and is never readable."""
    found = world("""
Resources:
  Secret: {Type: AWS::SecretsManager::Secret}
  Db:
    Type: AWS::RDS::DBInstance
    Properties: {MasterUserPassword: !Sub "{{resolve:secretsmanager:${Secret}:SecretString:password}}"}
""")
    password = resource(found, "app.Db")["MasterUserPassword"]
    assert found.inventory.target(password) is found.inventory.get("app.Secret")
    assert password.present().holds is True
    assert password.equals("hunter2").holds is None


def test_positions_are_the_authors_lines() -> None:
    """Every property has the line of its key, also inside a chosen branch and after a removed element."""
    found = world("""Parameters:
  Env: {Type: String, Default: prod}
Conditions:
  IsProd: !Equals [!Ref Env, prod]
Resources:
  R:
    Type: Test::It
    DeletionPolicy: Retain
    Properties:
      Rules:
        - !If [IsProd, !Ref AWS::NoValue, {Name: gone}]
        - Name: kept
      Versioning:
        Fn::If:
          - IsProd
          - Status: Enabled
          - !Ref AWS::NoValue
""")
    there = resource(found, "app.R")
    lines = {path: there.where(path).line for path in ("", "DeletionPolicy", "Rules[0].Name", "Versioning.Status")}
    assert lines == {"": 6, "DeletionPolicy": 8, "Rules[0].Name": 12, "Versioning.Status": 16}
    assert str(there.where("Versioning")) == "app.yml:13"


@pytest.mark.parametrize(
    ("expression", "said"),
    [
        ("!Ref Nope", "template-references-resolve fail app.yml:6 refers to Nope, which is not declared"),
        ("!Sub '${Nope.Arn}'", "template-references-resolve fail app.yml:6 refers to Nope, which is not declared"),
        (
            "!If [Nope, 1, 2]",
            "template-references-resolve fail app.yml:6 refers to condition Nope, which is not declared",
        ),
        ("!FindInMap [A, b, c]", "template-references-resolve fail app.yml:6 Fn::FindInMap finds no 'A'"),
        ("!Select [5, [a]]", "template-well-formed fail app.yml:6 Fn::Select: Fn::Select takes element 5 of 1"),
        ("!Cidr [10.0.0.0/30, 9, 8]", "template-well-formed fail app.yml:6 Fn::Cidr"),
        ("!Join [',', [[a]]]", "template-well-formed fail app.yml:6 Fn::Join: got a list or mapping among the values"),
        ("!Sub ['${X}', {X: [1]}]", "template-well-formed fail app.yml:6 Fn::Sub got a list or mapping for a variable"),
        ("!Join [',']", "template-well-formed fail app.yml:6 Fn::Join: expected a list of two"),
        ("!Frobnicate x", "template-functions-known unknown app.yml:6 Fn::Frobnicate is not a function"),
        (
            "!ImportValue nope",
            "template-imports-resolve fail app.yml:6 imports nope, which no stack that was read exports",
        ),
    ],
)
def test_bad_expression_is_one_problem_with_its_line(expression: str, said: str) -> None:
    """What CloudFormation would refuse is one problem at its line, and the value stays unknown."""
    found = evaluation(
        source("app", f"Resources:\n  R:\n    Type: Test::It\n    Properties:\n\n      P: {expression}\n")
    )
    assert len(found.problems) == 1
    assert messages(found)[0].startswith(said)
    assert isinstance(prop(found.worlds[0], "app.R", "P"), Unknown)
