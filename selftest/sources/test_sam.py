"""SAM templates are expanded by AWS's translator and keep the author's lines."""

from __future__ import annotations

from selftest.sources.evaluating import evaluation, prop, resource, source, world
from stackproof.model import Cause, Reference, Unknown

SERVICE = """Transform: AWS::Serverless-2016-10-31
Parameters:
  Env: {Type: String, Default: prod}
Conditions:
  IsProd: !Equals [!Ref Env, prod]
Globals:
  Function:
    Runtime: python3.12
    Tracing: Active
Resources:
  Work:
    Type: AWS::Serverless::Function
    Properties:
      Handler: app.handler
      CodeUri: ./src
      MemorySize: !If [IsProd, 1024, 128]
      AutoPublishAlias: !Ref Env
      DeploymentPreference: {Type: AllAtOnce}
      Policies:
        - AWSXrayWriteOnlyAccess
        - Statement:
            - {Effect: Allow, Action: s3:GetObject, Resource: !Sub "${Files.Arn}/*"}
      Events:
        Get:
          Type: Api
          Properties: {Path: /x, Method: get}
        Tick:
          Type: Schedule
          Properties: {Schedule: rate(1 hour)}
  Files: {Type: AWS::S3::Bucket}
Outputs:
  Arn: {Value: !GetAtt Work.Arn}
"""


def test_function_is_expanded_with_resolved_properties() -> None:
    """Globals, conditions and parameters are in force; what sam package uploads is unknown."""
    found = world(SERVICE)
    work = resource(found, "app.Work")
    assert work.type == "AWS::Lambda::Function"
    assert work["MemorySize"].value == 1024
    assert work["Runtime"].value == "python3.12"
    assert work["Role"].value == Reference("app.WorkRole", "Arn")
    assert work.at("Code.S3Bucket").value == Unknown(Cause.NEEDS_LIVE, "the package of ./src")
    assert prop(found, "app.WorkAliasprod", "Name") == "prod"
    assert resource(found, "app").at("Outputs[0].OutputValue").value == Reference("app.Work", "Arn")
    policies = found.inventory.pointing_to(resource(found, "app.Files"), "AWS::IAM::Role")
    assert [role.address for role in policies] == ["app.WorkRole"]


def test_generated_parts_have_the_authors_lines() -> None:
    """A generated resource or property has the line of the event, global or property that it came from."""
    found = world(SERVICE)
    lines = {r.address.removeprefix("app."): r.where("").line for r in found.inventory.resources[1:]}
    deployment = next(name for name in lines if name.startswith("ServerlessRestApiDeployment"))
    assert lines == {
        "Work": 11,
        "WorkRole": 11,
        "WorkAliasprod": 11,
        next(name for name in lines if name.startswith("WorkVersion")): 11,
        "WorkGetPermissionProd": 24,
        "ServerlessRestApi": 24,
        deployment: 24,
        "ServerlessRestApiProdStage": 24,
        "WorkTick": 27,
        "WorkTickPermission": 27,
        "ServerlessDeploymentApplication": 18,
        "CodeDeployServiceRole": 18,
        "WorkDeploymentGroup": 11,
        "Files": 30,
    }
    work = resource(found, "app.Work")
    at = {path: work.where(path).line for path in ("MemorySize", "Runtime", "TracingConfig", "Code", "Handler")}
    assert at == {"MemorySize": 16, "Runtime": 8, "TracingConfig": 9, "Code": 15, "Handler": 14}
    role = resource(found, "app.WorkRole")
    assert role.where("Policies[0].PolicyDocument.Statement[0].Action").line == 22
    assert role.where("ManagedPolicyArns[1]").line == 19
    assert resource(found, "app.WorkTick").where("ScheduleExpression").line == 29


def test_expansion_is_the_same_each_time() -> None:
    """The translator's hashes do not change between runs, so equal documents stay equal."""
    first, second = world(SERVICE), world(SERVICE)
    assert first.documents[0].digest() == second.documents[0].digest()
    assert "Transform" not in first.documents[0].content


def test_translator_error_is_a_problem_at_the_resource() -> None:
    """What SAM refuses is a failure at the author's line; the rest of the template is still there, with a gap."""
    found = evaluation(source("app", SERVICE.replace("      Handler: app.handler\n", "")))
    assert [(p.id, str(p.outcome), p.where.line) for p in found.problems] == [("template-transforms", "fail", 11)]
    assert found.worlds[0].inventory.get("app.Files")
    assert found.worlds[0].inventory.of_type("AWS::Lambda::Function").exists().holds is None


def test_undecided_alias_is_unknown_not_refused() -> None:
    """When a parameter without a value stops the translation, that is unknown, and the parameter is named."""
    text = SERVICE.replace("{Type: String, Default: prod}", "{Type: String}").replace(
        "  IsProd: !Equals [!Ref Env, prod]", "  IsProd: !Equals [1, 1]"
    )
    found = evaluation(source("app", text))
    assert {(p.id, str(p.outcome)) for p in found.problems} == {("template-transforms", "unknown")}
    assert "app.Env" in found.problems[0].message
