"""AWS IAM: what a role, user or group may do in all, the known ways to escalate, and who uses a role."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from stackproof.model import Claim, Fact, Inventory, Resource, Value, all_of, any_of
from stackproof.resources import policies

DEFAULTS: Final[dict[str, dict[str, Value]]] = {
    "AWS::IAM::AccessKey": {"Status": "Active"},  # IAM API reference, CreateAccessKey: a new key is active
}

# Ways in which a principal reaches rights that it was not given: each set of actions, on any resource, is enough.
# After Rhino Security Labs' published list of AWS privilege escalation methods, one line per method.
ESCALATIONS: Final[tuple[tuple[str, ...], ...]] = (
    ("iam:CreatePolicyVersion",),
    ("iam:SetDefaultPolicyVersion",),
    ("iam:CreateAccessKey",),
    ("iam:CreateLoginProfile",),
    ("iam:UpdateLoginProfile",),
    ("iam:AttachUserPolicy",),
    ("iam:AttachGroupPolicy",),
    ("iam:AttachRolePolicy",),
    ("iam:PutUserPolicy",),
    ("iam:PutGroupPolicy",),
    ("iam:PutRolePolicy",),
    ("iam:AddUserToGroup",),
    ("iam:UpdateAssumeRolePolicy",),
    ("iam:DeleteRolePermissionsBoundary",),
    ("iam:DeleteUserPermissionsBoundary",),
    ("sts:AssumeRole",),
    ("lambda:UpdateFunctionCode",),
    ("lambda:UpdateFunctionConfiguration",),
    ("glue:UpdateDevEndpoint",),
    ("ssm:SendCommand",),
    ("ssm:StartSession",),
    ("cloudformation:UpdateStack",),
    ("codebuild:UpdateProject", "codebuild:StartBuild"),
    ("iam:PassRole", "lambda:CreateFunction", "lambda:InvokeFunction"),
    ("iam:PassRole", "lambda:CreateFunction", "lambda:AddPermission"),
    ("iam:PassRole", "lambda:CreateFunction", "lambda:CreateEventSourceMapping"),
    ("iam:PassRole", "lambda:CreateFunction", "lambda:CreateFunctionUrlConfig"),
    ("iam:PassRole", "ec2:RunInstances"),
    ("iam:PassRole", "ec2:AssociateIamInstanceProfile"),
    ("iam:PassRole", "ecs:RegisterTaskDefinition", "ecs:RunTask"),
    ("iam:PassRole", "ecs:RegisterTaskDefinition", "ecs:CreateService"),
    ("iam:PassRole", "ecs:RegisterTaskDefinition", "ecs:UpdateService"),
    ("iam:PassRole", "cloudformation:CreateStack"),
    ("iam:PassRole", "glue:CreateDevEndpoint"),
    ("iam:PassRole", "glue:CreateJob", "glue:StartJobRun"),
    ("iam:PassRole", "datapipeline:CreatePipeline", "datapipeline:PutPipelineDefinition"),
    ("iam:PassRole", "codebuild:CreateProject", "codebuild:StartBuild"),
    ("iam:PassRole", "sagemaker:CreateNotebookInstance"),
    ("iam:PassRole", "sagemaker:CreateTrainingJob"),
    ("iam:PassRole", "states:CreateStateMachine", "states:StartExecution"),
    ("iam:PassRole", "batch:RegisterJobDefinition", "batch:SubmitJob"),
    ("iam:PassRole", "scheduler:CreateSchedule"),
    ("iam:PassRole", "autoscaling:CreateLaunchConfiguration", "autoscaling:CreateAutoScalingGroup"),
)

# Service principal prefix -> the resource types that name a role which that service assumes.
USERS_OF_ROLES: Final[dict[str, tuple[str, ...]]] = {
    "lambda": ("AWS::Lambda::Function",),
    "ecs-tasks": ("AWS::ECS::TaskDefinition", "AWS::Events::Rule"),
    "ecs": ("AWS::ECS::Service",),
    "ec2": ("AWS::IAM::InstanceProfile",),
    "states": ("AWS::StepFunctions::StateMachine",),
    "events": ("AWS::Events::Rule",),
    "scheduler": ("AWS::Scheduler::Schedule",),
    "pipes": ("AWS::Pipes::Pipe",),
    "apigateway": (
        "AWS::ApiGateway::Account",
        "AWS::ApiGateway::Method",
        "AWS::ApiGateway::RestApi",
        "AWS::ApiGateway::Authorizer",
        "AWS::ApiGatewayV2::Integration",
        "AWS::ApiGatewayV2::Authorizer",
    ),
    "monitoring.rds": ("AWS::RDS::DBInstance", "AWS::RDS::DBCluster"),
    "rds": ("AWS::RDS::DBInstance", "AWS::RDS::DBCluster", "AWS::RDS::DBProxy"),
    "backup": ("AWS::Backup::BackupSelection",),
    "vpc-flow-logs": ("AWS::EC2::FlowLog",),
    "firehose": ("AWS::KinesisFirehose::DeliveryStream",),
    "cloudtrail": ("AWS::CloudTrail::Trail",),
    "cognito-idp": ("AWS::Cognito::UserPool",),
    "amplify": ("AWS::Amplify::App", "AWS::Amplify::Branch"),
    "codebuild": ("AWS::CodeBuild::Project",),
    "codepipeline": ("AWS::CodePipeline::Pipeline",),
    "application-autoscaling": ("AWS::ApplicationAutoScaling::ScalableTarget",),
}


def granted_documents(identity: Resource, inventory: Inventory) -> Iterator[Fact]:
    """Every policy document that a role, user or group gets from the system: its own, attached and managed ones.

    An attached policy that cannot be followed comes as an unknown document; AWS's own managed policies do not come.
    """
    yield from policies.identity_documents(identity)
    for kind in ("Role", "User", "Group"):
        for policy in inventory.pointing_to(identity, "AWS::IAM::Policy", "AWS::IAM::ManagedPolicy", at=f"{kind}s"):
            yield policy["PolicyDocument"]
        for policy in inventory.pointing_to(identity, f"AWS::IAM::{kind}Policy", at=f"{kind}Name"):
            yield policy["PolicyDocument"]
    for arn in identity["ManagedPolicyArns"].items():
        managed = inventory.target(arn)
        if isinstance(managed, Resource):
            yield managed["PolicyDocument"]


def escalates(documents: list[Fact]) -> Claim:
    """Hold when the documents grant every action of at least one way to escalate, on any resource."""
    statements = [statement for document in documents for statement in policies.statements(document)]
    grants = [(s, g) for s in statements if (g := _grants_anywhere(s)).holds is not False]
    denials = [(s, d) for s in statements if (d := _denies_everywhere(s)).holds is not False]
    if not grants:
        return any_of(_grants_anywhere(s) for s in statements)

    def may(action: str) -> Claim:
        allowed = any_of(policies.covers(s, action) & granted for s, granted in grants)
        return allowed & ~any_of(policies.covers(s, action) & denied for s, denied in denials)

    known = {action: may(action) for action in sorted({a for way in ESCALATIONS for a in way})}
    return any_of(all_of(known[action] for action in way) for way in ESCALATIONS)


def _grants_anywhere(statement: Fact) -> Claim:
    return policies.boundless(statement) & policies.allows(statement) & statement["Condition"].absent()


def _denies_everywhere(statement: Fact) -> Claim:
    return policies.everything(statement) & policies.denies(statement) & statement["Condition"].absent()
