"""Stacks together: exports, nested stacks, cycles, and what is not read."""

from __future__ import annotations

from pathlib import Path

from selftest.sources.evaluating import PROD, evaluation, messages, prop, resource, source
from stackproof.model import Cause, Reference, Unknown
from stackproof.sources import StackSource, TemplateFile, evaluate

NETWORK = """
Parameters: {Env: {Type: String}}
Resources:
  Vpc: {Type: AWS::EC2::VPC, Properties: {CidrBlock: 10.0.0.0/16}}
  A:
    Type: AWS::EC2::Subnet
    Properties: {VpcId: !Ref Vpc, CidrBlock: !Select [0, !Cidr [!GetAtt Vpc.CidrBlock, 2, 8]]}
  B: {Type: AWS::EC2::Subnet, Properties: {VpcId: !Ref Vpc}}
Outputs:
  Vpc: {Value: !Ref Vpc, Export: {Name: !Sub "${Env}-Vpc"}}
  Subnets: {Value: !Join [",", [!Ref A, !Ref B]], Export: {Name: !Sub "${AWS::StackName}-Subnets"}}
"""
APP = """
Parameters: {Env: {Type: String}}
Resources:
  R:
    Type: T
    Properties:
      Vpc: {"Fn::ImportValue": !Sub "${Env}-Vpc"}
      Subnets: !Split [",", !ImportValue prod-network-Subnets]
"""


def test_import_keeps_the_identity_of_the_exported_resource() -> None:
    """What is imported points at the resource in the other stack, through joins and splits too."""
    found = evaluation(source("app", APP, Env="prod"), source("network", NETWORK, Env="prod"))
    world = found.worlds[0]
    assert found.problems == ()
    assert prop(world, "app.R", "Vpc") == Reference("network.Vpc")
    assert prop(world, "app.R", "Subnets") == [Reference("network.A"), Reference("network.B")]
    assert prop(world, "network.A", "CidrBlock") == "10.0.0.0/24"
    assert resource(world, "app").attributes["Imports"] == [
        {"Name": "prod-Vpc", "From": Reference("network")},
        {"Name": "prod-network-Subnets", "From": Reference("network")},
    ]
    document = world.documents[0].content["Resources"]
    assert document == {
        "R": {
            "Type": "T",
            "Properties": {
                "Vpc": {"Fn::ImportValue": "prod-Vpc"},
                "Subnets": {"Fn::Split": [",", {"Fn::ImportValue": "prod-network-Subnets"}]},
            },
        }
    }


def test_missing_export_fails_unless_something_was_not_read() -> None:
    """In a closed world a missing export is a failure; where a stack may be missing it is unknown."""
    assert (
        "template-imports-resolve fail app.yml:7 imports prod-Vpc"
        in messages(evaluation(source("app", APP, Env="prod")))[0]
    )
    alone = evaluation(source("app", APP, Env="prod"), open_world=True)
    assert {p.cause for p in alone.problems} == {Cause.UNRESOLVED_IMPORT}
    assert alone.worlds[0].inventory.of_type("AWS::EC2::VPC").exists().holds is None
    broken = evaluation(source("app", APP, Env="prod"), source("network", "a: [", Env="prod"))
    assert [str(p.outcome) for p in broken.problems] == ["unknown"] * 3


def test_stacks_that_import_from_each_other_are_a_cycle() -> None:
    """Neither of two stacks that import from each other can be created; equal export names are refused as well."""
    text = (
        "Resources: {{R: {{Type: T, Properties: {{P: !ImportValue {0}}}}}}}\n"
        "Outputs: {{O: {{Value: 1, Export: {{Name: {1}}}}}}}"
    )
    found = evaluation(
        source("a", text.format("y", "x")), source("b", text.format("x", "y")), source("c", text.format("x", "x"))
    )
    assert "template-no-cycles fail a.yml:1 stacks import from each other: a -> b -> a" in messages(found)
    assert "template-exports-unique fail c.yml:2 exports x, which a exports too" in messages(found)


def test_resources_in_a_circle_are_named() -> None:
    """A circle through Ref, GetAtt in a Sub and DependsOn is one problem that names its members."""
    text = """Resources:
  A: {Type: T, Properties: {P: !Ref B}}
  B: {Type: T, Properties: {P: !Sub "${C.Arn}"}}
  C: {Type: T, DependsOn: A}
  D: {Type: T, DependsOn: [A]}
"""
    found = evaluation(source("app", text))
    assert messages(found) == ["template-no-cycles fail app.yml:2 resources depend on each other: A -> B -> C -> A"]


def test_nested_stack_is_evaluated_with_its_parameters(tmp_path: Path) -> None:
    """A nested stack is one resource with inner ones; values go in as parameters and come out as outputs."""
    (tmp_path / "nested").mkdir()
    (tmp_path / "nested" / "child.yml").write_text("""
Parameters: {Vpc: {Type: String}, Env: {Type: String}, Subnets: {Type: CommaDelimitedList}}
Conditions: {IsProd: !Equals [!Ref Env, prod]}
Resources:
  Group: {Type: AWS::EC2::SecurityGroup, Condition: IsProd, Properties: {VpcId: !Ref Vpc, S: !Ref Subnets}}
Outputs: {Group: {Value: !GetAtt Group.GroupId}}
""")
    (tmp_path / "root.yml").write_text("""
Resources:
  Vpc: {Type: AWS::EC2::VPC}
  A: {Type: AWS::EC2::Subnet}
  Child:
    Type: AWS::CloudFormation::Stack
    Properties:
      TemplateURL: ./nested/child.yml
      Parameters: {Vpc: !Ref Vpc, Env: prod, Subnets: !Join [",", [!Ref A, subnet-1]]}
  User: {Type: T, Properties: {Group: !GetAtt Child.Outputs.Group}}
""")
    found = evaluate([StackSource("app", TemplateFile.read(tmp_path / "root.yml", tmp_path))], PROD)
    world = found.worlds[0]
    assert found.problems == ()
    assert prop(world, "app.Child.Group", "VpcId") == Reference("app.Vpc")
    assert prop(world, "app.Child.Group", "S") == [Reference("app.A"), "subnet-1"]
    assert prop(world, "app.User", "Group") == Reference("app.Child.Group", "GroupId")
    assert str(resource(world, "app.Child.Group").where("VpcId")) == "nested/child.yml:5"
    assert resource(world, "app.Child").at("Outputs[0].OutputKey").value == "Group"
    assert [document.stack for document in world.documents] == ["app", "app.Child"]
    assert [path.name for path in found.files] == ["root.yml", "child.yml"]


def test_nested_stacks_that_are_not_read_leave_a_gap(tmp_path: Path) -> None:
    """A remote, missing or self-containing nested template is a problem, a gap, and unknown outputs."""
    (tmp_path / "root.yml").write_text("""
Resources:
  Remote: {Type: AWS::CloudFormation::Stack, Properties: {TemplateURL: https://x.s3.amazonaws.com/y.yml}}
  Missing: {Type: AWS::CloudFormation::Stack, Properties: {TemplateURL: missing.yml}}
  Again: {Type: AWS::CloudFormation::Stack, Properties: {TemplateURL: root.yml}}
  R: {Type: T, Properties: {P: !GetAtt Remote.Outputs.X}}
""")
    found = evaluate([StackSource("app", TemplateFile.read(tmp_path / "root.yml", tmp_path))], PROD)
    assert [(p.id, str(p.outcome), p.where.line) for p in found.problems] == [
        ("template-readable", "unknown", 3),
        ("template-readable", "unknown", 4),
        ("template-no-cycles", "fail", 5),
    ]
    assert found.worlds[0].inventory.of_type("AWS::S3::Bucket").exists().holds is None
    assert resource(found.worlds[0], "app.R")["P"].equals("x").holds is None


def test_same_input_gives_the_same_documents() -> None:
    """Two evaluations agree to the byte."""
    first, second = (evaluation(source("network", NETWORK), source("app", APP)) for _ in range(2))
    assert [d.digest() for w in first.worlds for d in w.documents] == [
        d.digest() for w in second.worlds for d in w.documents
    ]
    assert [repr(p) for p in first.problems] == [repr(p) for p in second.problems]


def test_given_unknown_stays_unknown() -> None:
    """A caller may hand in an Unknown for a parameter; its cause and detail arrive in the property."""
    hole = Unknown(Cause.NEEDS_LIVE, "output of another pipeline")
    text = "Parameters: {P: {Type: String}}\nResources: {R: {Type: T, Properties: {P: !Ref P}}}"
    assert prop(evaluation(source("app", text, P=hole)).worlds[0], "app.R", "P") == hole
