"""Loops, includes and macros change the template before it is evaluated."""

from __future__ import annotations

from pathlib import Path

from selftest.sources.evaluating import PROD, evaluation, messages, prop, resource, source, world
from stackproof.model import Cause, Reference, Unknown
from stackproof.sources import StackSource, TemplateFile, evaluate

LOOP = """Transform: AWS::LanguageExtensions
Parameters:
  Zones: {Type: CommaDelimitedList, Default: "a,b-1"}
Conditions:
  Fn::ForEach::Flags:
    - Zone
    - !Ref Zones
    - "Is&{Zone}": !Equals ["${Zone}", a]
Resources:
  Fn::ForEach::Buckets:
    - Zone
    - !Ref Zones
    - "Bucket&{Zone}":
        Type: AWS::S3::Bucket
        DeletionPolicy: !If [Isa, Retain, Delete]
        Properties:
          BucketName: !Sub "files-${Zone}"
          Zone: !Ref Zone
          Fn::ForEach::Inner:
            - Key
            - [X, Y]
            - "Prop${Key}": "${Zone}/${Key}"
  User:
    Type: T
    Properties: {Arn: !GetAtt Bucketb1.Arn, Flag: !If [Isb1, 1, 2]}
Outputs:
  Fn::ForEach::Names:
    - Zone
    - [a]
    - "Name${Zone}": {Value: !Ref "Bucket${Zone}"}
"""


def test_loops_are_written_out() -> None:
    """Loops make resources, conditions, outputs and properties, nested too, at the lines of their bodies."""
    found = world(LOOP)
    assert [r.address for r in found.inventory.resources] == ["app", "app.Bucketa", "app.Bucketb1", "app.User"]
    bucket = resource(found, "app.Bucketb1")
    assert bucket.properties == {"BucketName": "files-b-1", "Zone": "b-1", "PropX": "b-1/X", "PropY": "b-1/Y"}
    assert bucket.attributes["DeletionPolicy"] == "Retain"
    assert (bucket.where("").line, bucket.where("PropY").line) == (13, 22)
    assert prop(found, "app.User", "Arn") == Reference("app.Bucketb1", "Arn")
    assert prop(found, "app.User", "Flag") == 2
    assert resource(found, "app").at("Outputs[0].OutputValue").value == Reference("app.Bucketa")
    assert "Transform" not in found.documents[0].content


def test_loop_over_an_unknown_list_leaves_a_gap() -> None:
    """What a loop over an undecided list makes is unknown: a gap, one problem, and unknown references."""
    found = evaluation(source("app", LOOP.replace(', Default: "a,b-1"', "")))
    first = found.worlds[0]
    assert {p.outcome.value for p in found.problems} == {"unknown"}
    assert first.inventory.of_type("AWS::S3::Bucket").exists().holds is None
    assert resource(first, "app.User")["Arn"].equals("x").holds is None


def test_local_include_is_read_where_it_stands(tmp_path: Path) -> None:
    """An included file merges into its mapping; its positions are those of the included file."""
    (tmp_path / "mappings.yml").write_text("Mappings: {M: {a: {b: 7}}}\n")
    (tmp_path / "part.json").write_text('{\n\t"Shared": {\n\t\t"Deep": {"Fn::FindInMap": ["M", "a", "b"]}\n\t}\n}')
    (tmp_path / "app.yml").write_text("""
Transform: {Name: AWS::Include, Parameters: {Location: mappings.yml}}
Resources:
  R:
    Type: T
    Properties:
      Own: 1
      Fn::Transform: {Name: AWS::Include, Parameters: {Location: ./part.json}}
  Remote:
    Type: T
    Properties:
      Fn::Transform: {Name: AWS::Include, Parameters: {Location: s3://bucket/part.yml}}
""")
    found = evaluate([StackSource("app", TemplateFile.read(tmp_path / "app.yml", tmp_path))], PROD)
    first = found.worlds[0]
    assert resource(first, "app.R").properties == {"Own": 1, "Shared": {"Deep": 7}}
    assert str(resource(first, "app.R").where("Shared.Deep")) == "part.json:3"
    assert resource(first, "app.Remote")["Anything"].value == Unknown(
        Cause.OUT_OF_SCOPE, "s3://bucket/part.yml is not read"
    )
    assert [(p.id, p.where.line) for p in found.problems] == [("template-readable", 12)]
    assert sorted(path.name for path in found.files) == ["app.yml", "mappings.yml", "part.json"]


def test_unknown_macro_makes_absence_unknown() -> None:
    """A macro that is not evaluated may add anything; what it replaces is unknown."""
    found = evaluation(
        source(
            "app",
            "Transform: [Mine, AWS::LanguageExtensions]\n"
            "Resources: {R: {Type: T, Properties: {P: {'Fn::Transform': {Name: Other}}}}}",
        )
    )
    first = found.worlds[0]
    assert [m.split(" it ")[0] for m in messages(found)] == [
        "template-transforms unknown app.yml:1 macro Mine is not evaluated;",
        "template-transforms unknown app.yml:2 macro Other is not evaluated;",
    ]
    assert prop(first, "app.R", "P") == Unknown(Cause.UNSUPPORTED_FUNCTION, "macro Other")
    assert first.inventory.of_type("AWS::S3::Bucket").exists().holds is None
    assert first.documents[0].content["Transform"] == ["Mine"]


def test_runaway_loops_end() -> None:
    """Loops that would make millions of resources stop with a problem."""
    numbers = ",".join(str(n) for n in range(200))
    text = f"""
Resources:
  Fn::ForEach::A:
    - A
    - [{numbers}]
    - Fn::ForEach::B:
        - B
        - [{numbers}]
        - "R${{A}}x${{B}}": {{Type: T, Properties: {{P: [1, 2, 3, 4, 5, 6, 7, 8]}}}}
"""
    found = evaluation(source("app", text))
    assert any("loops and includes make more than" in message for message in messages(found))
    assert found.worlds[0].inventory.of_type("X").exists().holds is None
